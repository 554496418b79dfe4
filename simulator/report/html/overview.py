"""The whole run at a glance: rate, number waiting, and who edited when, in slices of time."""

from __future__ import annotations

from collections import Counter
from itertools import accumulate, groupby, pairwise
from typing import TYPE_CHECKING

from ...history import Kind, Outcome, Why
from .axis import Axis, Tick, linear
from .chart import Series, frame, line_chart, side_by_side, stretched
from .markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ...history import Operation
    from ..account import Account

__all__ = ["overview", "waiting"]

_SLICES = 120
_ROWS = 64
_LEVELS = 4


def overview(account: Account) -> Markup:
    """Curves and a map of all the run."""
    begin_ns = min(op.begun_ns for op in account.history.operations)
    end_ns = max(max(op.begun_ns, op.returned_ns, op.released_ns) for op in account.history.operations)
    slice_ns = max(1.0, (end_ns - begin_ns) / _SLICES)

    def slice_of(time_ns: int) -> int:
        return min(_SLICES - 1, int((time_ns - begin_ns) / slice_ns))

    edits = Counter(
        (op.worker, slice_of(op.released_ns))
        for op in account.history.operations
        if op.kind is Kind.EDIT and op.outcome is Outcome.OK
    )
    edited = (op for op in account.history.operations if op.kind is Kind.EDIT)
    spans = [(op.begun_ns, until_ns) for op in edited if (until_ns := _waited_until(op))]
    x = linear("s since the begin", [(end_ns - begin_ns) / 1e9])
    x = x._replace(high=max(1e-9, (end_ns - begin_ns) / 1e9))
    x = x._replace(ticks=tuple(tick for tick in x.ticks if tick.value <= x.high * 1.001))
    rates = Counter[int]()
    for (_, number), count in edits.items():
        rates[number] += count
    width_s = slice_ns / 1e9
    return joined(
        element("h2", "The whole run"),
        side_by_side(
            _curve("Edits per second", "edits/s", [rates[number] / width_s for number in range(_SLICES)], x, width_s),
            _curve("Workers waiting", "workers", waiting(spans, begin_ns, slice_ns, _SLICES), x, width_s),
        ),
        _map(edits, account.config.workers, x),
    )


def _waited_until(op: Operation) -> int:
    """When it had the lock, or gave up; 0 if that is not known."""
    return op.locked_ns or (op.returned_ns if op.why is Why.TIMEOUT else 0)


def _curve(title: str, unit: str, values: Sequence[float], x: Axis, width_s: float) -> Markup:
    points = [((number + 0.5) * width_s, value) for number, value in enumerate(values)]
    note = f"Mean of each {width_s * 1e3:.3g} ms."
    return line_chart(title, [Series(unit, points)], x, linear(unit, values), note=note)


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


def _map(edits: Counter[tuple[int, int]], workers: int, x: Axis) -> Markup:
    """Rows are workers, or so many of them together; a darker or lighter field has more edits."""
    together = -(-workers // _ROWS)
    rows = -(-workers // together)
    fields: Counter[tuple[int, int]] = Counter()
    for (worker, number), count in edits.items():
        fields[worker // together, number] += count
    most = max(fields.values(), default=1)

    def level(row: int, number: int) -> int:
        return -(-_LEVELS * fields[row, number] // most)

    paths = [
        element("path", d="".join(_runs(rows, lambda row, number: level(row, number) == wanted)), class_=f"h{wanted}")  # noqa: B023 - used at once
        for wanted in range(1, _LEVELS + 1)
    ]
    row_px = max(6, min(20, 384 // rows))
    step = next(step for step in (1, 2, 4, 8, 16, 32, 64) if rows / step <= 16)
    names = Axis("worker", rows, 0, tuple(Tick(row + 0.5, str(row * together)) for row in range(0, rows, step)))
    whose = "a worker" if together == 1 else f"{together} workers"
    note = f"A row is {whose}, and the more edits in a moment, the stronger its field; an empty field had none."
    ticks = [(x.share(tick.value), tick) for tick in x.ticks]
    picture = stretched(*paths, height=rows)
    return frame(
        "Who edited when", picture, ticks, names, x.label, note=note, entries=_samples(most), height_px=rows * row_px
    )


def _runs(rows: int, chosen: Callable[[int, int], bool]) -> Iterable[str]:
    """A rectangle for each run of neighbours that are chosen."""
    width = 1000 / _SLICES
    for row in range(rows):
        for is_chosen, numbers in groupby(range(_SLICES), lambda number: chosen(row, number)):  # noqa: B023 - used at once
            if is_chosen:
                first, *others = numbers
                yield f"M{first * width:.1f} {row}h{(len(others) + 1) * width:.1f}v.9H{first * width:.1f}z"


def _samples(most: int) -> list[tuple[str, Markup]]:
    named = []
    for level in range(1, _LEVELS + 1):
        low, high = (level - 1) * most // _LEVELS + 1, level * most // _LEVELS
        if low <= high:
            sample = element("rect", width=28, height=12, class_=f"h{level}")
            named.append((f"{low:,}" if low == high else f"{low:,} to {high:,} edits", sample))
    return named
