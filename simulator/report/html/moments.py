"""Which moments of a run are worth a close look: witnesses, the longest wait, and a few edits as they mostly were."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from ...history import Kind, Operation, Outcome, by_lock, withdrawn
from ..terminal import duration
from .lanes import ended_ns, lanes
from .markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...verdict import Anomaly
    from ..account import Account

__all__ = ["Moment", "moments", "worth"]

_MARGIN = 0.08  # of what a moment is about, on both sides of it
_CLOSE = 24  # edits of a close look
_LANES = 32
_LANES_CLOSE = 16


class Moment(NamedTuple):
    """A stretch of time, what it shows, and which operations it is about."""

    title: str
    note: str
    from_ns: int
    to_ns: int
    about: tuple[Operation, ...] = ()
    lanes: int = _LANES


def moments(account: Account) -> Markup:
    """Lanes of the workers in each of these moments."""
    begin_ns = min(op.begun_ns for op in account.history.operations)
    drawn = [_drawn(moment, account, begin_ns) for moment in worth(account)]
    return joined(element("h2", "Who held the lock when"), *drawn) if drawn else Markup()


def worth(account: Account) -> Iterator[Moment]:
    """The moments, the most telling first."""
    seen: set[tuple[Operation, ...]] = set()
    for anomaly in account.verdict.anomalies:
        if anomaly.witness and anomaly.witness not in seen:
            seen.add(anomaly.witness)
            yield _of_witness(anomaly)
    holders = sorted((op for op in account.history.operations if op.kind is Kind.EDIT and op.locked_ns), key=by_lock)
    waited = [op for op in holders if op.outcome is Outcome.OK or withdrawn(op)]
    if waited:
        yield _longest_wait(max(waited, key=lambda op: op.locked_ns - op.begun_ns))
        yield _close_look([op for op in waited if op.outcome is Outcome.OK] or waited)


def _of_witness(anomaly: Anomaly) -> Moment:
    who = " and ".join(f"worker {op.worker}, {op.kind.name.lower()} {op.sequence}" for op in anomaly.witness)
    from_ns = min(op.locked_ns or op.begun_ns for op in anomaly.witness)
    title = f"Around the witness: {anomaly.flaw.value}"
    return _around(title, f"Framed: {who}.", from_ns, max(map(ended_ns, anomaly.witness)), anomaly.witness)


def _longest_wait(longest: Operation) -> Moment:
    waited = f"worker {longest.worker} waited {duration(longest.locked_ns - longest.begun_ns)}"
    until_ns = max(longest.locked_ns, longest.released_ns)
    return _around("The longest wait", f"Framed: {waited}.", longest.begun_ns, until_ns, (longest,))


def _close_look(holders: Sequence[Operation]) -> Moment:
    middle = len(holders) // 2
    few = holders[max(0, middle - _CLOSE // 2) : middle + _CLOSE // 2]
    note = f"{len(few)} edits in the middle of the run, and who waited meanwhile."
    moment = _around("A close look", note, few[0].locked_ns, max(map(ended_ns, few)), ())
    return moment._replace(lanes=_LANES_CLOSE)


def _around(title: str, note: str, from_ns: int, to_ns: int, about: tuple[Operation, ...]) -> Moment:
    margin_ns = max(1_000, int((to_ns - from_ns) * _MARGIN))
    return Moment(title, note, from_ns - margin_ns, to_ns + margin_ns, about)


def _drawn(moment: Moment, account: Account, begin_ns: int) -> Markup:
    """Of more workers than there are lanes: those it is about, then those that did most at that time."""
    from_ns = max(begin_ns, moment.from_ns)
    there = [op for op in account.history.operations if op.begun_ns <= moment.to_ns and ended_ns(op) >= from_ns]
    did: dict[int, int] = {}
    for op in there:
        did[op.worker] = did.get(op.worker, 0) + 1
    about = {op.worker for op in moment.about}
    ordered = sorted(did, key=lambda worker: (worker not in about, -did[worker], worker))
    chosen = sorted(ordered[: moment.lanes])
    shown = sorted((op for op in there if op.worker in set(chosen)), key=attrgetter("begun_ns"))
    left_out = f" {len(chosen)} of the {len(did)} that were at it are shown." if len(did) > len(chosen) else ""
    since = f" It begins {duration(from_ns - begin_ns)} after the run did." if from_ns > begin_ns else ""
    return lanes(moment.title, moment.note + left_out + since, shown, chosen, from_ns, moment.to_ns, moment.about)
