"""What each worker finds in its own line tells which of its edits happened, whatever others did in between.

Nobody else raises that line, so each edit finds there what the worker's edit before it wrote:

    finds as much as the last that returned wrote    all is well; one of unknown end between them did not happen
    finds one more, and one of unknown end wrote it  that one happened
    finds less                                       a lost update, and nothing can excuse it
    finds more than anybody wrote                    it was read in the middle of a write, or one that failed is there

What is there at the end is judged in the same way. It takes no digests, and no order but that of one worker's edits.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from .history import Kind, Operation, Outcome
from .verdict import Anomaly, Flaw

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Followed", "follow"]


class Followed(NamedTuple):
    """The edits that happened, of each worker in its order, and what cannot be."""

    happened: dict[int, list[Operation]]
    flaws: tuple[Anomaly, ...]


def follow(operations: Iterable[Operation], first: Mapping[int, int], last: Mapping[int, int] | None) -> Followed:
    """Follow each worker's line from its version in the first content to that in the last one, if that has any."""
    edits: defaultdict[int, list[Operation]] = defaultdict(list)
    for op in operations:
        if op.kind is Kind.EDIT and op.version:  # else it did not come so far as to read
            edits[op.worker].append(op)
    happened: dict[int, list[Operation]] = {}
    flaws: list[Anomaly] = []
    for worker, version in first.items():
        thread = _Thread(version)
        for op in sorted(edits[worker], key=lambda op: op.invoked_ns):
            thread.found(op.version - 1, op)
            thread.did(op)
        if last:
            thread.found(last[worker], None)
        happened[worker] = thread.happened
        flaws += thread.flaws
    return Followed(happened, tuple(sorted(flaws, key=_time)))


def _time(anomaly: Anomaly) -> int:
    return max((op.invoked_ns for op in anomaly.witness), default=0)


class _Thread:
    """One worker's line."""

    def __init__(self, version: int) -> None:
        self._version = self._highest = version
        self._unsure: Operation | None = None  # of unknown end, and nobody has looked since
        self._failed: Operation | None = None
        self.happened: list[Operation] = []
        self.flaws: list[Anomaly] = []

    def found(self, version: int, by: Operation | None) -> None:
        """An edit of the worker finds that version, or it is there at the end."""
        unsure, self._unsure = self._unsure, None
        if version == self._version:
            return
        if unsure and unsure.version == version == self._version + 1:
            self.happened.append(unsure)
        elif not self._version < version <= self._highest:  # else what was lost is back again: a flaw was told before
            self.flaws.append(self._flaw(version, (by,) if by else ()))
        self._version = version
        self._highest = max(self._highest, version)

    def _flaw(self, version: int, by: tuple[Operation, ...]) -> Anomaly:
        if version < self._version:
            what = "an edit returned, yet its worker found less in its line later"
            if not by:
                what = "an edit returned, yet what it wrote is not there at the end"
            return Anomaly(Flaw.LOST, what, (*self.happened[-1:], *by))
        if self._failed and self._failed.version == version:
            return Anomaly(Flaw.FAILED, "an edit failed, yet what it was to write is there", (self._failed, *by))
        return Anomaly(Flaw.TORN, "a worker's line has a version that no edit wrote", by)

    def did(self, op: Operation) -> None:
        """Thereupon the edit ended so, or did not tell how."""
        if op.outcome is Outcome.OK:
            self.happened.append(op)
            self._version = op.version
            self._highest = max(self._highest, op.version)
        elif op.outcome is Outcome.INFO:
            self._unsure = op
        else:
            self._failed = op
