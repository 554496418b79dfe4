"""Records that survive a killed worker: one file a worker, written through shared memory.

What is stored in the mapping is the kernel's at once, whatever becomes of the process. A record is filled in the order
of its events, and its outcome is last, so that one left unfinished reads as unknown:

    begin   due, invoked, outcome INFO; then the count in the header takes it in
    intend  locked, what was read, what will be written; then that this is told: before a byte of the file changes
    write   when that is about to begin
    end     locked and released as the locker measured them, returned, why; then the outcome

A worker may be killed between any two instructions. So numbers are stored in the machine's own form, which it does in
one go, and digests, which it does not, count only once they are told: nothing half-stored is ever believed.

A file is a header of 64 bytes (magic, worker, ready, count, editing, missed), then records of 96 bytes.
"""

from __future__ import annotations

import os
import struct
from mmap import ACCESS_READ, ACCESS_WRITE, mmap
from typing import TYPE_CHECKING, NamedTuple

from .history import NOTHING, Kind, Operation, Outcome, Why
from .lanes import Doing

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Glance", "Recorder", "State", "load", "missed", "peek"]

_MAGIC = b"lfrec\0\0\3"
_HEADER = struct.Struct("@8sII")  # magic, worker, ready
_HEADER_BYTES = 64
_WORKER, _WORKER_AT, _READY_AT = struct.Struct("@I"), 8, 12
_COUNT, _COUNT_AT = struct.Struct("@Q"), 16
_EDITING_AT = 24
_MISSED_AT = 32

# begin: invoked, due, kind, outcome | intend: locked, read size, version, read, written, told | write: writing
# end: locked, released, returned, recovered, why | outcome
_RECORD = struct.Struct("@qqqqqqIIBBBBB3x16s16s")
_TIME = struct.Struct("@q")
_TIMES = struct.Struct("@qq")
_INTENT = struct.Struct("@q24xII")
_KIND = struct.Struct("@BB")
_DIGESTS = struct.Struct("@16s16s")
_INVOKED_AT, _DUE_AT, _LOCKED_AT, _WRITING_AT, _RELEASED_AT = 0, 8, 16, 24, 32
_KIND_AT, _OUTCOME_AT, _TOLD_AT, _RECOVERED_AT, _WHY_AT, _DIGESTS_AT = 56, 57, 58, 59, 60, 64

_FIRST_RECORDS = 1024


class Recorder:
    """Writes one worker's records; `close` it, or let it be killed."""

    def __init__(self, path: str, worker: int) -> None:
        self._file = open(path, "x+b")  # noqa: SIM115 - open for as long as the recorder is
        self._count = 0
        self._map = self._mapped(_FIRST_RECORDS)
        _HEADER.pack_into(self._map, 0, _MAGIC, worker, 0)

    def _mapped(self, records: int) -> mmap:
        self._records = records
        size_bytes = _HEADER_BYTES + records * _RECORD.size
        self._file.truncate(size_bytes)
        if hasattr(os, "posix_fallocate"):  # so that a full disk is an error here, and not a signal later
            os.posix_fallocate(self._file.fileno(), 0, size_bytes)
        return mmap(self._file.fileno(), size_bytes, access=ACCESS_WRITE)

    def ready(self) -> None:
        """Tell who looks that this worker waits for the start."""
        self._map[_READY_AT] = 1

    def take(self, worker: int) -> None:
        """The records are this worker's, whoever they were to be of."""
        _WORKER.pack_into(self._map, _WORKER_AT, worker)

    def begin(self, kind: Kind, invoked_ns: int, due_ns: int = 0) -> None:
        """An operation is about to be called; in an open loop it was due then."""
        if self._count == self._records:
            self._map.close()
            self._map = self._mapped(2 * self._records)
        self._at = at = _HEADER_BYTES + self._count * _RECORD.size
        _TIMES.pack_into(self._map, at + _INVOKED_AT, invoked_ns, due_ns)
        _KIND.pack_into(self._map, at + _KIND_AT, kind, Outcome.INFO)
        self._count += 1
        _COUNT.pack_into(self._map, _COUNT_AT, self._count)

    def intend(self, locked_ns: int, read: bytes, size_bytes: int, written: bytes, version: int) -> None:
        """The content is read, and the new one is about to be written."""
        _INTENT.pack_into(self._map, self._at + _LOCKED_AT, locked_ns, size_bytes, version)
        _DIGESTS.pack_into(self._map, self._at + _DIGESTS_AT, read, written)
        self._map[self._at + _TOLD_AT] = 1
        self._map[_EDITING_AT] = 1

    def write(self, writing_ns: int) -> None:
        """The new content is handed over, to be written."""
        _TIME.pack_into(self._map, self._at + _WRITING_AT, writing_ns)

    def end(
        self,
        outcome: Outcome,
        locked_ns: int,
        released_ns: int,
        returned_ns: int,
        *,
        recovered: bool = False,
        why: Why = Why.NONE,
    ) -> None:
        """The call has returned, or raised; it may have `recovered` what an interrupted edit had left."""
        self._map[_EDITING_AT] = 0
        _TIME.pack_into(self._map, self._at + _LOCKED_AT, locked_ns)
        _TIMES.pack_into(self._map, self._at + _RELEASED_AT, released_ns, returned_ns)
        if recovered:
            self._map[self._at + _RECOVERED_AT] = 1
        if why:
            self._map[self._at + _WHY_AT] = why
        self._map[self._at + _OUTCOME_AT] = outcome

    def miss(self, operations: int) -> None:
        """So many operations more were due before the end, and were not begun."""
        _COUNT.pack_into(self._map, _MISSED_AT, operations)

    def close(self) -> None:
        """Let go of the file; what was recorded is there already."""
        self._map.close()
        self._file.close()


def load(path: Path, sequences: dict[int, int] | None = None) -> list[Operation]:
    """All operations of one file, in order. `ValueError` if it is not such a file.

    `sequences` tells of each worker how many of its operations were loaded before; it is brought up to date.
    """
    content = path.read_bytes()
    if not any(content[:_HEADER_BYTES]):
        return []  # its worker was ended before it began
    worker, count = _counted(content, path)
    first = sequences.get(worker, 0) if sequences else 0
    operations = _operations(memoryview(content)[_HEADER_BYTES : _HEADER_BYTES + count * _RECORD.size], worker, first)
    if sequences is not None:
        sequences[worker] = first + count
    return operations


def _operations(records: bytes | memoryview, worker: int, first: int) -> list[Operation]:
    operations = []
    for sequence, values in enumerate(_RECORD.iter_unpack(records), first):
        invoked_ns, due_ns, locked_ns, writing_ns, released_ns, returned_ns, *others = values
        size_bytes, version, kind, outcome, told, recovered, why, read, written = others
        if not told:
            read = written = NOTHING
        operations.append(
            Operation(
                worker, sequence, _KINDS[kind], _OUTCOMES[outcome],
                invoked_ns, locked_ns, released_ns, returned_ns, read, written, size_bytes, version, bool(recovered),
                _WHYS[why], due_ns, writing_ns,
            )
        )  # fmt: skip
    return operations


_KINDS = {kind.value: kind for kind in Kind}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_WHYS = {why.value: why for why in Why}


def missed(path: Path) -> int:
    """How many operations this process did not even begin in time."""
    with path.open("rb") as file:
        header = file.read(_HEADER_BYTES)
    return int(_COUNT.unpack_from(header, _MISSED_AT)[0]) if header.startswith(_MAGIC) else 0


class State(NamedTuple):
    """What a worker is doing, as its records tell while it runs."""

    doing: Doing  # of what records can tell
    since_ns: int  # 0: not known
    operations: int  # ended

    @property
    def ready(self) -> bool:
        """Has it said so?"""
        return self.doing is not Doing.ABSENT

    @property
    def holding(self) -> bool:
        """Has it the lock, for an edit?"""
        return self.doing in {Doing.HOLDING, Doing.WRITING}

    @property
    def begun(self) -> int:
        """Operations, with the one under way."""
        return self.operations + (self.doing not in {Doing.ABSENT, Doing.THINKING})


_ABSENT = State(Doing.ABSENT, 0, 0)


def peek(path: Path) -> State:
    """Look once at a file that is being written."""
    try:
        glance = Glance(path)
    except (FileNotFoundError, ValueError):  # not made yet, or made and still empty
        return _ABSENT
    try:
        return glance.state()
    finally:
        glance.close()


class Glance:
    """A look at one process that takes next to no time, to be taken again and again; `close` it.

    Raises `FileNotFoundError`, or `ValueError` if the file is still empty.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._map = self._mapped()

    def _mapped(self) -> mmap:
        with self._path.open("rb") as file:
            return mmap(file.fileno(), 0, access=ACCESS_READ)

    def editing(self) -> bool:
        """Has it said what it will write, and not yet that it is done?"""
        return self._map[_EDITING_AT] == 1

    def worker(self) -> int:
        """Whose place it has."""
        return int(_WORKER.unpack_from(self._map, _WORKER_AT)[0])

    def count(self) -> int:
        """How many operations it has begun."""
        return int(_COUNT.unpack_from(self._map, _COUNT_AT)[0])

    def first_ns(self) -> int:
        """When its first operation was called; 0 if there is none."""
        return int(_TIME.unpack_from(self._map, _HEADER_BYTES + _INVOKED_AT)[0]) if self._known() else 0

    def state(self) -> State:
        """What it does now."""
        count = self._known()
        if count == 0:
            return State(Doing.THINKING, 0, 0) if self._map[_READY_AT] else _ABSENT
        values = _RECORD.unpack_from(self._map, _HEADER_BYTES + (count - 1) * _RECORD.size)
        invoked_ns, _, locked_ns, writing_ns, _, returned_ns, _, _, kind, outcome, *_ = values
        if outcome != Outcome.INFO:
            return State(Doing.THINKING, returned_ns, count)
        if kind != Kind.EDIT:
            return State(Doing.READING, invoked_ns, count - 1)
        if not locked_ns:
            return State(Doing.WAITING, invoked_ns, count - 1)
        return State(Doing.WRITING if writing_ns else Doing.HOLDING, writing_ns or locked_ns, count - 1)

    def last_due_ns(self) -> int:
        """When the last operation was due that it has begun; 0 if there is none, or it was not due at any time."""
        count = self._known()
        at = _HEADER_BYTES + (count - 1) * _RECORD.size + _DUE_AT
        return int(_TIME.unpack_from(self._map, at)[0]) if count else 0

    def fresh(self, first: int, most: int) -> tuple[list[Operation], bytes]:
        """Its operations from `first` on that have ended, `most` at most; and what the one under way will write.

        The sequence is one of this process alone. With `most` operations there may be more, and the content is nothing.
        """
        count = self._known()
        until = min(count, first + most)
        will_write = NOTHING
        if until == count > first:  # all before the last one are whole; of it the outcome counts, and what it has told
            at = _HEADER_BYTES + (count - 1) * _RECORD.size
            if self._map[at + _OUTCOME_AT] == Outcome.INFO:
                until -= 1
                if self._map[at + _TOLD_AT]:
                    _, will_write = _DIGESTS.unpack_from(self._map, at + _DIGESTS_AT)
        if until <= first:
            return [], will_write
        records = self._map[_HEADER_BYTES + first * _RECORD.size : _HEADER_BYTES + until * _RECORD.size]
        return _operations(records, self.worker(), first), will_write

    def _known(self) -> int:
        """The count, of which all are mapped: the file has grown before a record further on is counted."""
        count = self.count()
        if _HEADER_BYTES + count * _RECORD.size > len(self._map):
            self._map.close()
            self._map = self._mapped()
        return count

    def close(self) -> None:
        """Look no more."""
        self._map.close()


def _counted(content: bytes, path: Path) -> tuple[int, int]:
    if len(content) < _HEADER_BYTES or not content.startswith(_MAGIC):
        raise ValueError(f"{path}: not a file of records")
    _, worker, _ = _HEADER.unpack_from(content, 0)
    (count,) = _COUNT.unpack_from(content, _COUNT_AT)
    if len(content) < _HEADER_BYTES + count * _RECORD.size:
        raise ValueError(f"{path}: cut short, {count} records do not fit in {len(content)} bytes")
    return worker, count
