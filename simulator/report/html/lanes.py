"""Lanes of workers over a stretch of time: who waited, who held the lock, who was writing, who read.

Told apart by shape as well as by colour: a wait is a thin line, of dots while due and not begun, a hold a low bar
and writing a tall one, a read an outline of dashes, and a cross stands where an operation failed, or where its worker
was last heard of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...history import Kind, Operation, Outcome, Why, withdrawn
from ..terminal import duration
from .axis import Axis, Tick, linear
from .chart import frame, stretched
from .markup import Markup, element, joined, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

__all__ = ["ended_ns", "lanes"]

_LANE_PX = 20
_TITLED = 300  # of more operations than that none has a text of its own
_CROSSES = 300
_CROSS = "M-4-4L4 4M-4 4L4-4"
_BAR_PX = {"holding": 8, "writing": 14, "reading": 8, "untold": 4}


class _Stretch(NamedTuple):
    """A part of one operation, as shares of the width."""

    look: str
    lane: int
    left: float
    right: float


def ended_ns(operation: Operation) -> int:
    """The last that was heard of it."""
    return max(
        operation.returned_ns, operation.released_ns, operation.writing_ns, operation.locked_ns, operation.begun_ns
    )


def lanes(
    title: str,
    note: str,
    operations: Sequence[Operation],
    workers: Sequence[int],
    from_ns: int,
    to_ns: int,
    about: Sequence[Operation],
) -> Markup:
    """A figure of these operations, a lane for each of these workers; those it is `about` are framed."""
    lane_of = {worker: number for number, worker in enumerate(workers)}

    def share(time_ns: int) -> float:
        return (time_ns - from_ns) / (to_ns - from_ns)

    height = _LANE_PX * len(workers)
    titled = len(operations) <= _TITLED
    drawn = (
        [_operation(op, lane_of[op.worker], share) for op in operations]
        if titled
        else _merged(operations, lane_of, share)
    )
    stripes = [_box(0.0, 1.0, lane * _LANE_PX, _LANE_PX, "stripe") for lane in range(0, len(workers), 2)]
    frames = [_frame(op, lane_of[op.worker], share) for op in about if op.worker in lane_of]
    crosses = [
        _cross(op, lane_of[op.worker], share) for op in operations if _broken(op) and 0 <= share(ended_ns(op)) <= 1
    ]
    content = joined(stretched(*stripes, *drawn, *frames, height=height), *crosses)
    axis, unit_ns = _time_axis(to_ns - from_ns)
    ticks = [(tick.value * unit_ns / (to_ns - from_ns), tick) for tick in axis.ticks]
    names = Axis("worker", len(workers), 0, tuple(Tick(lane + 0.5, str(worker)) for worker, lane in lane_of.items()))
    return frame(
        title,
        content,
        ticks,
        names,
        axis.label,
        note=note,
        entries=_legend(operations),
        height_px=height,
    )


def _time_axis(long_ns: int) -> tuple[Axis, float]:
    """From the left end on, in a unit that fits, and that unit in nanoseconds."""
    unit, unit_ns = next(
        (unit, ns) for unit, ns in (("s", 1e9), ("ms", 1e6), ("µs", 1e3), ("ns", 1.0)) if long_ns >= ns
    )
    axis = linear(f"{unit} from the left end", [long_ns / unit_ns])
    return axis._replace(ticks=tuple(tick for tick in axis.ticks if tick.value <= long_ns / unit_ns)), unit_ns


def _seen(op: Operation, lane: int, share: Callable[[int], float]) -> Iterator[_Stretch]:
    """What of it lies within the width."""
    for part in _stretches(op, lane, share):
        if part.left < 1 and part.right > 0:
            yield part._replace(left=max(0.0, part.left), right=min(1.0, part.right))


def _stretches(op: Operation, lane: int, share: Callable[[int], float]) -> Iterator[_Stretch]:
    if op.kind is not Kind.EDIT:
        if op.returned_ns:
            yield _Stretch("reading", lane, share(op.begun_ns), share(op.returned_ns))
        return
    if op.due_ns:
        yield _Stretch("late", lane, share(op.due_ns), share(op.invoked_ns))
    if op.locked_ns or op.why is Why.TIMEOUT:
        yield _Stretch("waiting", lane, share(op.invoked_ns), share(op.locked_ns or op.returned_ns))
    elif op.returned_ns:
        yield _Stretch("untold", lane, share(op.invoked_ns), share(op.returned_ns))
    if op.locked_ns:
        until_ns = op.released_ns or ended_ns(op)
        yield _Stretch("holding", lane, share(op.locked_ns), share(until_ns))
        if op.writing_ns and op.outcome is not Outcome.FAIL:
            yield _Stretch("writing", lane, share(op.writing_ns), share(until_ns))


def _operation(op: Operation, lane: int, share: Callable[[int], float]) -> Markup:
    parts = [element("path", d=_path(part), class_=part.look) for part in _seen(op, lane, share)]
    return element("g", element("title", _told(op)), *parts)


def _merged(operations: Sequence[Operation], lane_of: dict[int, int], share: Callable[[int], float]) -> list[Markup]:
    """A path for each lane and look, where what cannot be seen apart is one."""
    last: dict[tuple[str, int], _Stretch] = {}
    done: list[_Stretch] = []
    for op in operations:
        for part in _seen(op, lane_of[op.worker], share):
            before = last.get((part.look, part.lane))
            if before and part.left - before.right < 0.001:
                part = part._replace(left=before.left, right=max(before.right, part.right))  # noqa: PLW2901 - it goes on
            elif before:
                done.append(before)
            last[part.look, part.lane] = part
    paths: dict[str, list[str]] = {look: [] for look in ("late", "waiting", "holding", "writing", "reading", "untold")}
    for part in [*done, *last.values()]:
        paths[part.look].append(_path(part))
    return [element("path", d="".join(parts), class_=look) for look, parts in paths.items() if parts]


def _path(part: _Stretch) -> str:
    left, right, middle = part.left * 1000, part.right * 1000, (part.lane + 0.5) * _LANE_PX
    if part.look in {"waiting", "late"}:
        return f"M{left:.2f} {middle:g}H{right:.2f}"
    high = _BAR_PX[part.look]
    return f"M{left:.2f} {middle - high / 2:g}H{right:.2f}v{high}H{left:.2f}z"


def _box(left: float, right: float, top: float, high: float, look: str) -> Markup:
    return element("rect", x=left * 1000, y=top, width=(right - left) * 1000, height=high, class_=look)


def _frame(op: Operation, lane: int, share: Callable[[int], float]) -> Markup:
    left, right = share(op.begun_ns), share(ended_ns(op))
    return _box(max(0.0, left - 0.003), min(1.0, right + 0.003), lane * _LANE_PX + 1, _LANE_PX - 2, "about")


def _broken(op: Operation) -> bool:
    return op.outcome is Outcome.INFO or (op.outcome is Outcome.FAIL and not withdrawn(op))


def _cross(op: Operation, lane: int, share: Callable[[int], float]) -> Markup:
    mark = element("path", element("title", _told(op)), d=_CROSS, class_="broken")
    return element("svg", mark, x=percent(share(ended_ns(op))), y=(lane + 0.5) * _LANE_PX, class_="at")


def _told(op: Operation) -> str:
    lines = [f"worker {op.worker}, {op.kind.name.lower()} {op.sequence}: {_end(op)}"]
    if op.locked_ns:
        lines.append(f"waited {duration(op.locked_ns - op.begun_ns)}")
        if op.released_ns:
            lines.append(f"held {duration(op.released_ns - op.locked_ns)}")
    elif op.returned_ns:
        lines.append(f"took {duration(op.returned_ns - op.begun_ns)}")
    return "\n".join(lines)


def _end(op: Operation) -> str:
    if op.outcome is Outcome.OK:
        return f"wrote v0.0.{op.version}" if op.kind is Kind.EDIT else "done"
    if op.outcome is Outcome.INFO:
        return "never told its end"
    return op.why.name.lower().replace("_", " ") if op.why else "failed"


_NAMES = {
    "late": "due, and not begun",
    "waiting": "waiting",
    "holding": "holding the lock",
    "writing": "writing",
    "reading": "reading",
    "untold": "an edit whose locker tells no times",
}


def _legend(operations: Sequence[Operation]) -> list[tuple[str, Markup]]:
    """What there is in the lanes, and no more."""
    looks = {part.look for op in operations for part in _stretches(op, 0, float)}
    entries = [(name, element("path", d=_sample(look), class_=look)) for look, name in _NAMES.items() if look in looks]
    if any(map(_broken, operations)):
        cross = element("path", d=_CROSS, class_="broken", transform="translate(14 6)")
        entries.append(("failed, or last heard of", cross))
    return entries


def _sample(look: str) -> str:
    high = _BAR_PX.get(look)
    return f"M0 {6 - high / 2:g}h28v{high}h-28z" if high else "M0 6h28"
