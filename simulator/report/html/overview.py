"""The whole run at a glance, in slices of time: its rate, how many waited, and who edited when."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, NamedTuple

from ...history import Kind, Outcome, Why
from .axis import Axis, linear
from .chart import Series, line_chart, side_by_side
from .field import field
from .markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ...history import Operation
    from ..account import Account

__all__ = ["overview", "waiting"]

_FEWEST, _MOST = 30, 120  # slices
_EDITS = 10  # in a slice, about, or a rate says little


class _Slices(NamedTuple):
    """All of the run, in equal parts."""

    begin_ns: int
    long_ns: int
    number: int

    @property
    def each_ns(self) -> float:
        return self.long_ns / self.number

    def of(self, time_ns: int) -> int:
        """The slice in which that is."""
        return min(self.number - 1, int((time_ns - self.begin_ns) / self.each_ns))


def overview(account: Account) -> Markup:
    """Curves and a map of all the run."""
    edits = [op for op in account.history.operations if op.kind is Kind.EDIT]
    done = [op for op in edits if op.outcome is Outcome.OK]
    slices = _sliced(account, len(done))
    made = Counter((op.worker, slices.of(op.released_ns or op.returned_ns)) for op in done)
    spans = [(op.invoked_ns, until_ns) for op in edits if (until_ns := _waited_until(op))]
    rates: Counter[int] = Counter()
    for (_, at), count in made.items():
        rates[at] += count
    per_s = [rates[at] / (slices.each_ns / 1e9) for at in range(slices.number)]
    waited = waiting(spans, slices.begin_ns, slices.each_ns, slices.number)
    x = _time_axis(slices.long_ns / 1e9)
    return joined(
        element("h2", "The whole run"),
        side_by_side(
            _curve("Edits per second", "edits/s", per_s, x, slices.each_ns),
            _curve("Workers waiting", "workers", waited, x, slices.each_ns),
        ),
        field(made, account.config.workers, slices.number, x),
    )


def _sliced(account: Account, edits: int) -> _Slices:
    begin_ns = min(op.begun_ns for op in account.history.operations)
    end_ns = max(max(op.begun_ns, op.returned_ns, op.released_ns) for op in account.history.operations)
    return _Slices(begin_ns, max(1, end_ns - begin_ns), min(_MOST, max(_FEWEST, edits // _EDITS)))


def _time_axis(long_s: float) -> Axis:
    axis = linear("s since the begin", [long_s])
    return axis._replace(high=long_s, ticks=tuple(tick for tick in axis.ticks if tick.value <= long_s * 1.001))


def _waited_until(op: Operation) -> int:
    """When it had the lock, or gave up; 0 if that is not known."""
    return op.locked_ns or (op.returned_ns if op.why is Why.TIMEOUT else 0)


def _curve(title: str, unit: str, values: Sequence[float], x: Axis, each_ns: float) -> Markup:
    points = [((at + 0.5) * each_ns / 1e9, value) for at, value in enumerate(values)]
    note = f"Mean of each {each_ns / 1e6:.3g} ms."
    return line_chart(title, [Series(unit, points)], x, linear(unit, values), note=note, marked=False)


def waiting(spans: Iterable[tuple[int, int]], begin_ns: int, slice_ns: float, slices: int) -> list[float]:
    """How many waited on average in each slice: from the spans of all waits, each looked at once."""
    # The time waited until t is the sum of t - begin over those begun by then, less that of t - end over those ended.
    numbers, sums = [0.0] * (slices + 1), [0.0] * (slices + 1)
    for span in spans:
        for time_ns, sign in zip(span, (1, -1), strict=True):
            place = min(float(slices), max(0.0, (time_ns - begin_ns) / slice_ns))
            edge = min(slices, int(place) + 1)
            numbers[edge] += sign
            sums[edge] += sign * place
    waited = [
        edge * number - total
        for edge, (number, total) in enumerate(zip(accumulate(numbers), accumulate(sums), strict=True))
    ]
    return [max(0.0, after - before) for before, after in pairwise(waited)]
