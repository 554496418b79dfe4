"""A saved run, moment by moment: the same snapshots that were there to be seen, but of any time. Pure.

What a worker was doing is told by the times of its operations. Of one that never told its end, the state is the last
one that is known, until it cannot be so any more: another one has the lock.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from typing import TYPE_CHECKING

from .follow import Memory
from .history import NOTHING, Kind, Operation, Outcome
from .lanes import Doing, Lane, Snapshot

if TYPE_CHECKING:
    from .config import Config
    from .follow import Sight
    from .history import History

__all__ = ["Playback"]


class Playback:
    """A history that can be looked at, at any time of it; quickest forwards."""

    def __init__(self, history: History, config: Config, *, blind: bool = False) -> None:
        self._history, self._config, self._blind = history, config, blind
        self._ended = sorted((op for op in history.operations if op.returned_ns), key=lambda op: op.returned_ns)
        self._endless = [op for op in history.operations if not op.returned_ns and op.written != NOTHING]
        self._locks = sorted(op.locked_ns for op in history.operations if op.locked_ns and op.kind is Kind.EDIT)
        self._by_worker: defaultdict[int, list[Operation]] = defaultdict(list)
        for op in history.operations:
            self._by_worker[op.worker].append(op)
        for operations in self._by_worker.values():
            operations.sort(key=lambda op: op.invoked_ns)
        self._begins = {worker: [op.invoked_ns for op in ops] for worker, ops in self._by_worker.items()}
        self.begin_ns = min((op.invoked_ns for op in history.operations), default=0)
        self.end_ns = max((max(op[4:8]) for op in history.operations), default=0)
        self._rewind()

    def _rewind(self) -> None:
        self._memory = Memory(self._history.initial, blind=self._blind)
        self._taken = self._edits = self._now_ns = 0

    def at(self, now_ns: int) -> tuple[Snapshot, Sight]:
        """What was to be seen then."""
        if now_ns < self._now_ns:
            self._rewind()
        self._now_ns = now_ns
        until = bisect_right(self._ended, now_ns, lo=self._taken, key=lambda op: op.returned_ns)
        fresh, self._taken = self._ended[self._taken : until], until
        self._edits += sum(op.worker < self._config.workers for op in fresh)
        self._memory.take(fresh)
        lanes, under_way = [], {op.written for op in self._endless}
        for worker in range(self._config.size):
            number = bisect_right(self._begins.get(worker, ()), now_ns)
            operation = self._by_worker[worker][number - 1] if number else None
            lanes.append(self._lane(operation, number, now_ns))
            if operation and operation.written != NOTHING:
                under_way.add(operation.written)
        self._memory.judge.passed(under_way)
        kills = sum(lane.doing is Doing.KILLED for lane in lanes)
        elapsed_s = (now_ns - self.begin_ns) / 1e9
        return Snapshot("replay", elapsed_s, now_ns, tuple(lanes), self._edits, kills), self._memory.sight()

    def _lane(self, op: Operation | None, number: int, now_ns: int) -> Lane:
        if op is None:
            return Lane(Doing.THINKING, 0, 0)
        for end_ns, doing, since_ns in reversed(self._stages(op)):
            if now_ns >= since_ns and now_ns < end_ns:
                return Lane(doing, since_ns, number - 1)
        return Lane(Doing.THINKING, op.returned_ns, number)

    def _stages(self, op: Operation) -> list[tuple[int, Doing, int]]:
        """The ends, kinds and beginnings of what can be told apart in an operation."""
        endless = 1 << 62
        end_ns = op.returned_ns or endless
        if op.kind is not Kind.EDIT:
            return [(end_ns, Doing.READING, op.invoked_ns)]
        if not op.locked_ns:
            return [(end_ns, Doing.WAITING, op.invoked_ns)]
        free_ns = op.released_ns or op.returned_ns
        killed = []
        if op.outcome is Outcome.INFO and not free_ns:
            last_ns = max(op.locked_ns, op.writing_ns)
            later = bisect_right(self._locks, last_ns)
            free_ns = self._locks[later] if later < len(self._locks) else self.end_ns
            killed = [(endless, Doing.KILLED, free_ns)]
        writing_ns = op.writing_ns or free_ns
        return [
            (op.locked_ns, Doing.WAITING, op.invoked_ns),
            (writing_ns, Doing.HOLDING, op.locked_ns),
            (free_ns, Doing.WRITING, writing_ns),
            *killed,
        ]
