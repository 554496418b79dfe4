"""The records of a run, read while they grow: waits, the verdict so far, and who had the lock last.

A pass reads of each process what it has told until then. A look does as much of a pass as fits into its time, and the
next one goes on from there: so a look costs the run next to nothing, and where more is told than can be read, the
figures stay behind, and say by how much.
"""

from __future__ import annotations

import os
from collections import deque
from contextlib import suppress
from time import perf_counter_ns
from typing import TYPE_CHECKING, NamedTuple

from . import saved
from .histogram import Histogram
from .history import NOTHING, Kind, Operation, Outcome, by_lock, digest, withdrawn
from .recorder import Glance
from .sofar import Judge, SoFar

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from typing import Self

    from .stats import Quantiles

__all__ = ["Follower", "Memory", "Sight"]

_LOOK_NS = 8_000_000  # that a look may take
_AT_ONCE = 256  # operations of one process, until the time is looked at again
_HOLDERS = 40  # that are remembered: no screen shows more


class Sight(NamedTuple):
    """What the records have told until now."""

    so_far: SoFar
    wait: Quantiles  # of edits, from asking for the lock until having it
    holders: tuple[int, ...]  # the workers whose edits had the lock last, the latest last
    behind: int  # operations that are told, and not yet read


class Memory:
    """What is made of operations, one after the other."""

    def __init__(self, initial: bytes, *, blind: bool = False) -> None:
        self.judge = Judge(initial, blind=blind)
        self._waits = Histogram()
        self._holders: deque[int] = deque(maxlen=_HOLDERS)

    def take(self, operations: Iterable[Operation]) -> None:
        """Take in operations that ended, in any order."""
        edits = []
        for op in operations:
            if op.kind is Kind.EDIT:
                if op.outcome is Outcome.OK:
                    edits.append(op)
                    self.judge.committed(op.worker, op.read, op.written)
                    if not op.locked_ns:
                        continue
                    self._waits.add(op.locked_ns - op.begun_ns)
                elif withdrawn(op):
                    self._waits.add(op.locked_ns - op.begun_ns)
                elif op.read != NOTHING:
                    self.judge.looked(op.worker, op.read)
            elif op.kind is Kind.READ and op.read != NOTHING:
                self.judge.looked(op.worker, op.read)
        edits.sort(key=by_lock)
        self._holders.extend(op.worker for op in edits[-_HOLDERS:])

    def sight(self, behind: int = 0) -> Sight:
        """What to show now."""
        return Sight(self.judge.so_far(), self._waits.quantiles(), tuple(self._holders), behind)


class _Records:
    """One process, and how much of it is read."""

    def __init__(self, path: Path) -> None:
        self._glance = Glance(path)
        self._read = 0
        self.will_write = NOTHING

    def fresh(self) -> list[Operation]:
        operations, self.will_write = self._glance.fresh(self._read, _AT_ONCE)
        self._read += len(operations)
        return operations

    def first_ns(self) -> int:
        return self._glance.first_ns()

    def worker(self) -> int:
        return self._glance.worker()

    def behind(self) -> int:
        return max(0, self._glance.count() - self._read - 1)

    def close(self) -> None:
        self._glance.close()


class Follower:
    """Reads the records in a directory, again and again; use it in a `with`."""

    def __init__(self, directory: Path, *, blind: bool = False) -> None:
        self._directory, self._blind = directory, blind
        self._memory: Memory | None = None
        self._known: dict[str, _Records] = {}
        self._done: set[str] = set()  # names of those that were killed, and are read
        self._written_by_dead: set[bytes] = set()  # or not: what the last edits of these were about to write
        self._replaced: list[str] = []  # names of those that were killed, and are read for the last time in this pass
        self._left: list[_Records] = []  # to be read in this pass

    def look(self) -> Sight:
        """Read on, for a moment, and tell."""
        if self._memory is None:  # the run is prepared by now
            self._memory = Memory(digest(saved.initial(self._directory).read_bytes()), blind=self._blind)
        until_ns = perf_counter_ns() + _LOOK_NS
        if not self._left:
            self._left = self._all()
        told: list[Operation] = []
        while self._left and perf_counter_ns() < until_ns:
            operations = self._left[-1].fresh()
            told += operations
            if len(operations) < _AT_ONCE:
                self._left.pop()
        self._memory.take(told)
        if not self._left:
            self._let_go()
            under_way = {records.will_write for records in self._known.values()}
            self._memory.judge.passed(under_way | self._written_by_dead)
        return self._memory.sight(sum(records.behind() for records in self._left))

    def _all(self) -> list[_Records]:
        for name in os.listdir(self._directory):
            if name.endswith(".records") and name not in self._known and name not in self._done:
                with suppress(OSError, ValueError):  # it is about to be made
                    self._known[name] = _Records(self._directory / name)
        latest: dict[int, str] = {}
        begun = [(first_ns, name) for name, records in self._known.items() if (first_ns := records.first_ns())]
        for _, name in sorted(begun):  # of others, no worker is told yet
            before = latest.get(worker := self._known[name].worker())
            if before is not None:
                self._replaced.append(before)
            latest[worker] = name
        return list(self._known.values())

    def _let_go(self) -> None:
        """Of those whose place another had before this pass read them: a run that kills has many of them.

        Not sooner, as one that is replaced may have told more since it was read; and what it was about to write, others
        may yet read.
        """
        for name in self._replaced:
            records = self._known.pop(name)
            self._done.add(name)
            self._written_by_dead.add(records.will_write)
            records.close()
        self._replaced = []

    def close(self) -> None:
        """Let go of all files."""
        for records in self._known.values():
            records.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
