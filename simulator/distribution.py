"""Durations by chance: `5` is always 5 ms, `exp:5` is 5 ms on average, and so on. Pure, given a source of chance."""

from __future__ import annotations

from math import exp, isfinite
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

__all__ = ["FORMS", "Distribution", "parse"]

FORMS = "5, exp:5, uniform:1-10, normal:5,1 or lognormal:5,0.5"
"""Examples of all that `parse` takes, for messages."""

_MOST_MS = 1_000_000.0
_MOST_SIGMA = 5.0


class Distribution(NamedTuple):
    """A way to draw milliseconds; make it by `parse`."""

    kind: str
    a: float
    b: float = 0.0

    @property
    def mean_ms(self) -> float:
        """The mean, in milliseconds; that a normal one is cut off at 0 is left out."""
        if self.kind == "uniform":
            return (self.a + self.b) / 2
        return self.a * exp(self.b**2 / 2) if self.kind == "lognormal" else self.a

    @property
    def zero(self) -> bool:
        """Is it always 0?"""
        return self.a == 0 and self.b == 0

    def draw(self, chance: Random) -> float:
        """Milliseconds, 0 or more."""
        drawn = _DRAWS[self.kind](chance, self.a, self.b) if not self.zero else 0.0
        return min(max(drawn, 0.0), _MOST_MS)


_DRAWS: dict[str, Callable[[Random, float, float], float]] = {
    "constant": lambda _chance, a, _b: a,
    "exp": lambda chance, a, _b: chance.expovariate(1 / a),
    "uniform": lambda chance, a, b: chance.uniform(a, b),
    "normal": lambda chance, a, b: chance.gauss(a, b),
    "lognormal": lambda chance, a, b: a * chance.lognormvariate(0.0, b),
}


def parse(text: str) -> Distribution:
    """Understand `text`; `ValueError` with one line if it means nothing.

    `5`: always 5 ms. `exp:5`: exponential, mean 5 ms. `uniform:1-10`: between 1 and 10 ms. `normal:5,1`: mean 5 ms and
    standard deviation 1 ms, never below 0. `lognormal:5,0.5`: median 5 ms, and 0.5 the deviation of its logarithm.
    """
    kind, colon, parameters = text.partition(":")
    if not colon:
        return Distribution("constant", _number(text, text))
    if kind == "exp":
        mean = _number(parameters, text)
        return Distribution("exp", mean) if mean else Distribution("constant", 0.0)
    comma = {"uniform": "-", "normal": ",", "lognormal": ","}.get(kind)
    if comma is None:
        raise ValueError(f"{text} is not a distribution that is known; use one such as {FORMS}")
    a, found, b = parameters.partition(comma)
    if not found:
        raise ValueError(f"{text} has one number, and {kind} needs two; use one such as {FORMS}")
    made = Distribution(kind, _number(a, text), _number(b, text))
    if kind == "uniform" and made.a > made.b:
        raise ValueError(f"{text}: the first number is larger than the second")
    if kind == "lognormal" and made.b > _MOST_SIGMA:
        raise ValueError(f"{text}: the second number is the deviation of the logarithm, {_MOST_SIGMA:g} at most")
    return made


def _number(word: str, text: str) -> float:
    try:
        number = float(word)
    except ValueError:
        raise ValueError(f"{text} is not a duration in ms; use one such as {FORMS}") from None
    if not isfinite(number) or not 0 <= number <= _MOST_MS:
        raise ValueError(f"{word} is not 0 or more, up to {_MOST_MS:,.0f}")
    return number
