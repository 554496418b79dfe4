"""A scan: one run for each value of an option, the curve of it, and the response time law beside it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..cycle import reason_against_law
from ..model.laws import response_time_s
from .document import document
from .terminal import duration

if TYPE_CHECKING:
    from ..cycle import Cycle
    from .account import Account
    from .document import Json

__all__ = ["Law", "Point", "Scan", "cells", "law_of", "law_told", "scanned"]

SCHEMA = 1
"""Raised when a name goes away or changes its meaning; new names may come without."""


class Point(NamedTuple):
    """One value, and what a run with it gave."""

    value: float
    account: Account  # without its history, which is large
    cycle: Cycle | None


class Scan(NamedTuple):
    """All that was measured."""

    option: str  # whose values they are, without its dashes
    command: str  # that repeats it
    points: tuple[Point, ...]
    interrupted: bool


class Law(NamedTuple):
    """What the law says of a run, beside what was measured."""

    predicted_s: float  # N/X - Z
    measured_s: float
    error: float  # as a share of what was measured


def law_of(point: Point) -> Law | None:
    """Apply it; None where it says nothing."""
    config, cycle = point.account.config, point.cycle
    if cycle is None or reason_against_law(config):
        return None
    predicted_s = response_time_s(config.workers, cycle.per_s, cycle.pause_s)
    return Law(predicted_s, cycle.response_s, predicted_s / cycle.response_s - 1)


def cells(point: Point) -> list[str]:
    """Value, verdict, rate, waits and fairness, as they are told."""
    numbers = point.account.numbers
    waits = (numbers.wait.p50, numbers.wait.p99, numbers.wait.max)
    times = [duration(wait) if numbers.wait.number else "-" for wait in waits]
    result = point.account.verdict.result.value
    return [f"{point.value:,g}", result, f"{numbers.edits_per_s:,.0f}", *times, f"{numbers.fairness.jain:.3f}"]


def law_told(point: Point) -> list[str]:
    """N, X, Z, what the law makes of them, what was measured, and by how much it is off."""
    law, cycle = law_of(point), point.cycle
    if law is None or cycle is None:
        return ["-"] * 6
    times = [duration(time_s * 1e9) for time_s in (cycle.pause_s, law.predicted_s, law.measured_s)]
    return [f"{point.account.config.workers:,}", f"{cycle.per_s:,.0f}", *times, f"{law.error:+.1%}"]


def scanned(scan: Scan) -> dict[str, Json]:
    """All of it as plain data for JSON: the document of each run, and the law."""
    return {
        "schema": SCHEMA,
        "command": scan.command,
        "option": scan.option,
        "interrupted": scan.interrupted,
        "points": [_point(point) for point in scan.points],
    }


def _point(point: Point) -> Json:
    law = law_of(point)
    return {
        "value": point.value,
        "cycle": dict(point.cycle._asdict()) if point.cycle else None,
        "response_time_law": dict(law._asdict()) if law else None,
        "run": document(point.account),
    }
