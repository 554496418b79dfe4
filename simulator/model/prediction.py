"""Predicted beside measured, how far off the one is, and what that says about where nothing can be measured. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..stats import Numbers
    from .parameters import Parameters, Scenario

__all__ = ["FIGURES", "Comparison", "Figures", "Prediction", "Range", "error", "figures_of", "range_of"]

_LEAST_DOUBT = 0.1


class Figures(NamedTuple):
    """What is predicted; waits in seconds."""

    edits_per_s: float
    wait_p50_s: float
    wait_p90_s: float
    wait_p99_s: float
    wait_max_s: float
    jain: float


FIGURES = Figures._fields


class Comparison(NamedTuple):
    """One load, measured and predicted."""

    workers: int
    foreign: float  # how many cores other programs used meanwhile
    measured: Figures
    predicted: Figures


class Range(NamedTuple):
    """Between what a figure is believed to be."""

    least: float
    most: float


def figures_of(numbers: Numbers) -> Figures:
    """Those of a run, real or not."""
    wait, fairness = numbers.wait, numbers.fairness
    return Figures(numbers.edits_per_s, wait.p50 / 1e9, wait.p90 / 1e9, wait.p99 / 1e9, wait.max / 1e9, fairness.jain)


def error(predicted: float, measured: float) -> float:
    """By which share of what was measured the prediction is too high; infinite where nothing was."""
    return predicted / measured - 1 if measured else (0.0 if not predicted else float("inf"))


def range_of(variants: Sequence[float], comparisons: Sequence[Comparison], figure: str) -> Range:
    """Between what the figure lies, if the model is as wrong there as it was where it could be compared.

    `variants` are the predictions under all that is assumed; around all of them is what the comparisons leave in doubt.
    """
    ratios = [
        getattr(each.measured, figure) / getattr(each.predicted, figure)
        for each in comparisons
        if getattr(each.predicted, figure) and getattr(each.measured, figure)
    ]
    least = min([1 - _LEAST_DOUBT, *ratios])
    most = max([1 + _LEAST_DOUBT, *ratios])
    return Range(min(variants) * least, max(variants) * most)


class Prediction(NamedTuple):
    """What is told in the end."""

    scenario: Scenario
    parameters: Parameters
    figures: Figures
    variant: Figures  # if caches do not get colder with more workers than were ever measured
    reached_s: float  # of the model's time
    took_s: float
    comparisons: tuple[Comparison, ...]

    def range(self, figure: str) -> Range:
        """Between what one of the figures is believed to be."""
        found = range_of([getattr(self.figures, figure), getattr(self.variant, figure)], self.comparisons, figure)
        return found._replace(most=min(1.0, found.most)) if figure == "jain" else found
