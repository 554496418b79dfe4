"""From a history to numbers: waits, holds, hand-offs, throughput, fairness. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from .history import Kind, Operation, Outcome, by_lock, withdrawn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .history import History

__all__ = ["ENDLESS_NS", "Bucket", "Fairness", "Numbers", "Quantiles", "measure", "quantiles"]


ENDLESS_NS = 1 << 62
"""Where a bucket has no upper bound."""


class Quantiles(NamedTuple):
    """Of durations in nanoseconds: how many, and by nearest rank what so many of them do not exceed; 0 of none."""

    number: int
    p50: int
    p90: int
    p99: int
    p999: int
    max: int


class Bucket(NamedTuple):
    """How many durations lie from `from_ns` on and below `to_ns`."""

    from_ns: int
    to_ns: int
    number: int


class Fairness(NamedTuple):
    """How evenly the workers got the lock."""

    jain: float  # Jain's index of edits per worker: 1 if all have as many, 1/workers if one has all
    fewest: int  # edits of the worker that has the fewest
    most: int
    again: float  # share of acquisitions by the very worker that had just released
    longest_wait_ns: int
    longest_wait_worker: int | None
    overtaken: int  # edits that others made during that wait


class Numbers(NamedTuple):
    """All that is measured in a run."""

    elapsed_ns: int  # from the first call of an edit to the last return of one
    edits_per_s: float
    wait: Quantiles  # from asking for the lock, or, in an open loop, from when that was due, until having it
    service_wait: Quantiles  # from asking for it in any case: what one measures who forgets those that came late
    hold: Quantiles  # from having it until releasing it
    handoff: Quantiles  # from one's release until the next one, who was waiting, has it
    edit: Quantiles  # whole edits that were committed, from when they were due or called until they returned
    read: Quantiles  # whole reads, of readers
    waits: tuple[Bucket, ...]
    fairness: Fairness
    missed: int  # edits that were due before the end, and not even begun by then


def measure(history: History, workers: int) -> Numbers:
    """Measure the edits that `workers` editors committed, and the waits of those too that came too late for the run.

    A hand-off includes what readers do between the two. A wait that ended with its worker is of unknown length.
    """
    edits = [op for op in history.operations if op.kind is Kind.EDIT]
    holders = sorted((op for op in edits if op.locked_ns), key=by_lock)
    committed = sorted((op for op in edits if op.outcome is Outcome.OK), key=_had_lock_ns)
    waited = [op for op in holders if op.outcome is Outcome.OK or withdrawn(op)]
    reads = [op for op in history.operations if op.kind is Kind.READ and op.outcome is Outcome.OK]
    timed = edits or history.operations  # those who only read may go on for a moment when the last edit is made
    ends = [op.returned_ns for op in timed if op.returned_ns]
    elapsed_ns = max(ends) - min(op.invoked_ns for op in timed) if ends else 0
    waits = [op.locked_ns - op.begun_ns for op in waited]
    return Numbers(
        elapsed_ns=elapsed_ns,
        edits_per_s=len(committed) / (elapsed_ns / 1e9) if elapsed_ns else 0.0,
        wait=quantiles(waits),
        service_wait=quantiles([op.locked_ns - op.invoked_ns for op in waited]),
        hold=quantiles([op.released_ns - op.locked_ns for op in committed if op.locked_ns]),
        handoff=quantiles([b.locked_ns - a.released_ns for a, b in _handed_over(holders)]),
        edit=quantiles([op.returned_ns - op.begun_ns for op in committed]),
        read=quantiles([op.returned_ns - op.invoked_ns for op in reads]),
        waits=_buckets(waits),
        fairness=_fairness(committed, waited, workers),
        missed=history.missed,
    )


def _had_lock_ns(operation: Operation) -> int:
    """When it had the lock; of one that does not tell, a time at which it had had it."""
    return operation.locked_ns or operation.returned_ns


def quantiles(durations_ns: Sequence[int]) -> Quantiles:
    """Sort the durations and pick."""
    if not durations_ns:
        return Quantiles(0, 0, 0, 0, 0, 0)
    ordered, last = sorted(durations_ns), len(durations_ns) - 1

    def at(per_mille: int) -> int:
        return ordered[min(last, -(-per_mille * len(ordered) // 1000) - 1)]

    return Quantiles(len(ordered), at(500), at(900), at(990), at(999), ordered[last])


def _handed_over(holders: list[Operation]) -> list[tuple[Operation, Operation]]:
    """Neighbours where the later one was waiting already when the earlier one released."""
    return [
        (a, b)
        for a, b in pairwise(holders)
        if b.invoked_ns < a.released_ns <= b.locked_ns
        and (a.outcome is Outcome.OK or withdrawn(a))  # of one that failed it is not known when it released
    ]


def _buckets(durations_ns: list[int]) -> tuple[Bucket, ...]:
    """In steps of 1, 2, 5, 10, 20, ... from a microsecond on, from the first bucket that is used to the last."""
    bounds = [0] + [step * 10**power for power in range(3, 12) for step in (1, 2, 5)]
    counts = Counter(bisect_right(bounds, duration) - 1 for duration in durations_ns)
    if not counts:
        return ()
    used = range(min(counts), max(counts) + 1)
    return tuple(Bucket(bounds[n], bounds[n + 1] if n + 1 < len(bounds) else ENDLESS_NS, counts[n]) for n in used)


def _fairness(committed: list[Operation], waited: list[Operation], workers: int) -> Fairness:
    edits = Counter(op.worker for op in committed)
    counts = [edits[worker] for worker in range(workers)]
    squares = sum(count * count for count in counts)
    again = sum(a.worker == b.worker for a, b in pairwise(committed))
    longest = max(waited, key=lambda op: op.locked_ns - op.begun_ns, default=None)
    overtaken = 0
    if longest:
        locked = [_had_lock_ns(op) for op in committed if op.worker != longest.worker]
        overtaken = bisect_left(locked, longest.locked_ns) - bisect_left(locked, longest.begun_ns)
    return Fairness(
        jain=sum(counts) ** 2 / (len(counts) * squares) if squares else 0.0,
        fewest=min(counts),
        most=max(counts),
        again=again / (len(committed) - 1) if len(committed) > 1 else 0.0,
        longest_wait_ns=longest.locked_ns - longest.begun_ns if longest else 0,
        longest_wait_worker=longest.worker if longest else None,
        overtaken=overtaken,
    )
