"""Waits as a histogram, and as a curve over percentiles."""

from __future__ import annotations

from math import floor
from typing import TYPE_CHECKING

from ...history import Kind, Outcome, withdrawn
from ...stats import ENDLESS_NS
from ..terminal import duration
from .axis import Tick, linear, logarithmic, percentiles
from .chart import Column, Series, column_chart, line_chart, side_by_side
from .markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...history import Operation
    from ..account import Account

__all__ = ["curve", "waits"]

_STEPS = 32  # points of a curve in a power of ten
_TICKED = 7  # with as many bounds, only those at powers of ten are named


def waits(account: Account) -> Markup:
    """How waits are spread, and how bad the worst of them are."""
    if not account.numbers.waits:
        return Markup()
    return joined(element("h2", "Waits"), side_by_side(_histogram(account), _percentiles(account)))


def _histogram(account: Account) -> Markup:
    buckets = account.numbers.waits
    bounds = [bucket.from_ns for bucket in buckets] + [buckets[-1].to_ns]
    columns = [
        Column(
            f"{_shortly(bucket.from_ns)} to {_bound(bucket.to_ns)}",
            bucket.number,
            f"{bucket.number:,} waits",
            _few(bucket.number),
        )
        for bucket in buckets
    ]
    ticks = [
        Tick(at, _bound(bound)) for at, bound in enumerate(bounds) if len(bounds) < _TICKED or str(bound)[0] == "1"
    ]
    y = linear("waits", [bucket.number for bucket in buckets], whole=True)
    note = "How many waits lasted how long. Each column is about twice as long a wait as the one before it."
    return column_chart("Histogram of waits", columns, ticks, y, x_label="wait", note=note)


def _bound(time_ns: int) -> str:
    return _shortly(time_ns) if time_ns < ENDLESS_NS else "more"


def _shortly(time_ns: float) -> str:
    """A round duration without the zeros behind its point."""
    number, unit = duration(time_ns).split(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {unit}"


def _few(number: int) -> str:
    """A count in little room."""
    return "" if not number else f"{number:,}" if number < 10_000 else f"{number / 1e3:,.0f}k"


def _percentiles(account: Account) -> Markup:
    by_name = _durations(account)
    series = [Series(name, curve(values)) for name, values in by_name if values]
    number = max((len(values) for _, values in by_name), default=1)
    y = logarithmic("duration", [value for one in series for _, value in one.points], _shortly)
    note = "What so many of them do not exceed; each step to the right is a percentile ten times as rare."
    return line_chart("Durations by percentile", series, percentiles(number), y, note=note, marked=False)


def _durations(account: Account) -> list[tuple[str, list[int]]]:
    edits = [op for op in account.history.operations if op.kind is Kind.EDIT and op.locked_ns]
    waited = [op for op in edits if op.outcome is Outcome.OK or withdrawn(op)]
    named = [("wait", [op.locked_ns - op.begun_ns for op in waited])]
    if account.config.arrival_rate:
        named.append(("service wait", [op.locked_ns - op.invoked_ns for op in waited]))
    named.append(("hold", [op.released_ns - op.locked_ns for op in edits if op.outcome is Outcome.OK]))
    named.append(("read", [op.returned_ns - op.invoked_ns for op in account.history.operations if _read(op)]))
    return named


def _read(operation: Operation) -> bool:
    return operation.kind is Kind.READ and operation.outcome is Outcome.OK


def curve(durations_ns: Sequence[int]) -> list[tuple[float, float]]:
    """Points of 1/(1-q) and the q-quantile, by nearest rank, as close as they can be seen apart."""
    ordered = sorted(durations_ns)
    number = len(ordered)
    points: dict[int, float] = {}
    step = 0
    while (rarity := 10 ** (step / _STEPS)) < number:
        points.setdefault(max(0, number - floor(number / rarity) - 1), rarity)
        step += 1
    points.setdefault(number - 1, float(max(1, number)))
    return [(rarity, ordered[rank]) for rank, rarity in points.items()] if ordered else []
