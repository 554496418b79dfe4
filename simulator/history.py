"""What happened in a run, as data: operations, and the content before the first and after the last.

Contents stand as digests. All times are of `time.perf_counter_ns`, one clock for all processes of a machine; where
`time.monotonic_ns` is not the same one, as on Windows before Python 3.13, that goes in steps of 15.6 ms.
"""

from __future__ import annotations

from enum import IntEnum
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "DIGEST_BYTES",
    "NOTHING",
    "Faults",
    "History",
    "Kind",
    "Operation",
    "Outcome",
    "Why",
    "by_lock",
    "digest",
    "withdrawn",
]

DIGEST_BYTES = 16

NOTHING = bytes(DIGEST_BYTES)
"""Where a digest would stand: nothing was read, or written."""


def digest(content: bytes) -> bytes:
    """16 bytes that stand for `content`: SHA-256, cut."""
    return sha256(content).digest()[:DIGEST_BYTES]


class Kind(IntEnum):
    """What an operation is."""

    EDIT = 1
    READ = 2
    PEEK = 3
    """A read that takes no lock; it may see half an edit, and that is nobody's fault."""


class Outcome(IntEnum):
    """How an operation ended, in Jepsen's words."""

    INFO = 1
    """Unknown: it was begun, and its worker never told the end, as when it was killed."""
    OK = 2
    """It happened."""
    FAIL = 3
    """It did not happen; `Why` says why."""


class Why(IntEnum):
    """Why an operation failed."""

    NONE = 0
    """It raised; or it did not fail."""
    OVER = 1
    """The run was over when it had the lock at last."""
    TIMEOUT = 2
    """It gave up at its deadline."""
    TURNED_AWAY = 3
    """As many as may wait at once were waiting; it did not ask for the lock."""
    REFUSED = 4
    """The locker saw that somebody else had been quicker, and did nothing; it is tried again."""
    LOCKED = 5
    """The system let nobody read who had not the lock, as Windows does; it was a read without one."""


class Operation(NamedTuple):
    """One edit or read of one worker. A time is 0 where that point was not reached, or is not known."""

    worker: int
    sequence: int
    kind: Kind
    outcome: Outcome
    invoked_ns: int
    locked_ns: int  # not before the lock was really held
    released_ns: int  # not after it was really released
    returned_ns: int
    read: bytes  # digest of the content it read
    written: bytes  # digest of the content it wrote, or was about to write
    read_size_bytes: int
    version: int  # the N of the v0.0.N that it wrote
    recovered: bool = False  # it found what an interrupted edit had left, and put that right first
    why: Why = Why.NONE
    due_ns: int = 0  # when it should have begun, where operations come by a clock of their own (an open loop)
    writing_ns: int = 0  # when the transform had answered: bytes change from here on, not before

    @property
    def begun_ns(self) -> int:
        """What a wait is counted from: when it should have begun, else when it did."""
        return self.due_ns or self.invoked_ns


def by_lock(operation: Operation) -> tuple[int, int]:
    """Sort key: in the order in which they had the lock.

    By both times: on a coarse clock one that seems to take no time comes before one that begins at the same tick.
    """
    return operation.locked_ns, operation.released_ns


def withdrawn(operation: Operation) -> bool:
    """Was this edit given up because the run was over when it had the lock at last?"""
    return operation.why is Why.OVER


class Faults(NamedTuple):
    """What was done to the workers of a run, counted."""

    kills: int = 0
    kills_in_edit: int = 0  # of them, those of workers that had the lock, and had told what they would write
    replaced: int = 0
    freezes: int = 0
    frozen_s: float = 0.0  # all freezes together
    disk_fulls: int = 0  # moments in which there was no space left


class History(NamedTuple):
    """A whole run: what a verdict is made from."""

    initial: bytes  # digest of the content before the first operation
    final: bytes  # and after the last
    operations: Sequence[Operation]
    missed: int = 0  # operations that were due before the end of the run, and not even begun by then
