"""What each worker is doing at one moment, and what the records have told until then, as data for those who watch."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

__all__ = ["Doing", "Lane", "Snapshot"]


class Doing(IntEnum):
    """What a worker is at. What only its process can tell (it is frozen, or gone) goes before what its records tell."""

    ABSENT = 0
    """Its process has not yet said that it is ready."""
    THINKING = 1
    """Between two operations, or ready and waiting for the start."""
    WAITING = 2
    """It has asked for the lock."""
    HOLDING = 3
    """It has the lock, and has read."""
    WRITING = 4
    """It knows the new content: from here on bytes change."""
    READING = 5
    """A reader in the middle of a read; whether it still waits for the lock it does not tell."""
    FROZEN = 6
    """It was stopped, and is to go on."""
    KILLED = 7
    """It was killed, and nobody has taken its place yet."""
    GONE = 8
    """It has ended as it should."""


class Lane(NamedTuple):
    """One worker."""

    doing: Doing
    since_ns: int  # as its records tell; 0: not known
    operations: int  # ended, of the process that has the place now


class Snapshot(NamedTuple):
    """What is going on at one moment."""

    phase: str  # "starting", "running", "stopping", or "replay"
    elapsed_s: float  # of the phase
    now_ns: int  # of the clock of the records
    lanes: tuple[Lane, ...]  # by worker: editors first, then readers
    edits: int  # operations of editors that have ended, those of killed processes too
    kills: int  # until now

    @property
    def ready(self) -> int:
        """How many have said that they are."""
        return sum(lane.doing is not Doing.ABSENT for lane in self.lanes)
