"""Axes of charts: from a value to its place, and where the ticks are."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

__all__ = ["Axis", "Tick", "linear", "logarithmic", "percentiles", "plainly"]


class Tick(NamedTuple):
    """A mark on an axis."""

    value: float
    text: str
    minor: bool = False  # its text goes first where there is little room


class Axis(NamedTuple):
    """What an axis says, and from where to where it goes."""

    label: str
    low: float
    high: float
    ticks: tuple[Tick, ...]
    log: bool = False

    def share(self, value: float) -> float:
        """How far along the axis the value lies, from 0 to 1; what is beyond an end lies there."""
        low, high = self.low, self.high
        if self.log:
            low, high, value = log10(low), log10(high), log10(max(value, low))
        return min(1.0, max(0.0, (value - low) / (high - low)))


def plainly(value: float) -> str:
    """A number as people write it: digits in threes, and no more of them than it has."""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:.3g}"


def linear(
    label: str,
    values: Iterable[float],
    told: Callable[[float], str] = plainly,
    *,
    at: Sequence[float] = (),
    whole: bool = False,
) -> Axis:
    """From zero to a round number that none of the values exceeds; ticks `at` these values, else at round ones.

    With `whole`, steps between ticks are whole numbers.
    """
    most = max(values, default=0.0)
    step = _round_step(most / 4 if most > 0 else 1.0)
    if whole:
        step = max(1.0, step)
    steps = max(1, ceil(most / step - 1e-9))
    ticks = tuple(Tick(value, told(value)) for value in (at or [number * step for number in range(steps + 1)]))
    return Axis(label, 0.0, steps * step, ticks)


def _round_step(least: float) -> float:
    power: float = 10.0 ** floor(log10(least))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= least * (1 - 1e-9))


def logarithmic(
    label: str, values: Iterable[float], told: Callable[[float], str] = plainly, *, at: Sequence[float] = ()
) -> Axis:
    """Around the values that are above zero, to round numbers; ticks `at` these values, else at powers of ten."""
    above = [value for value in values if value > 0] or [1.0]
    if at:
        low, high = min(*above, *at), max(*above, *at)
        return Axis(
            label, low, high if high > low else low * 10, tuple(Tick(value, told(value)) for value in at), log=True
        )
    rounds = [
        step * 10.0**power
        for power in range(floor(log10(min(above))), ceil(log10(max(above))) + 2)
        for step in (1, 2, 5)
    ]
    low = max(value for value in rounds if value <= min(above) * (1 + 1e-9))
    high = min(value for value in rounds if value >= max(above) * (1 - 1e-9) and value > low)
    inside = [value for value in rounds if low <= value <= high]
    tens = [value for value in inside if abs(log10(value) - round(log10(value))) < 1e-9]
    shown = tens if len(tens) > 2 else inside
    return Axis(label, low, high, tuple(Tick(value, told(value)) for value in shown), log=True)


def percentiles(number: int) -> Axis:
    """Of so many values, by 1/(1-q) as HdrHistogram has them: 90 %, 99 %, 99.9 % are as far from each other."""
    high = max(10.0, float(number))
    ticks = [Tick(1.0, "0 %"), *([Tick(2.0, "50 %", minor=True)] if high <= 1000 else []), Tick(10.0, "90 %")]
    power = 2
    while 10.0**power <= high:
        digits = max(0, power - 2)
        ticks.append(Tick(10.0**power, f"{100 - 10.0 ** (2 - power):.{digits}f} %", minor=power % 2 == 1))
        power += 1
    return Axis("percentile", 1.0, high, tuple(ticks), log=True)
