"""What the model is fed with, in seconds, and how that grows with the number of workers. Pure."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from ..config import Config

__all__ = ["Parameters", "Scenario"]


class Parameters(NamedTuple):
    """What things cost one worker on this machine that is alone, and by how much more they cost a crowd.

    Times of a core, if nothing else is said.
    """

    open_s: float  # from asking for the lock until it is tried
    holds_s: tuple[float, ...]  # of edits that were measured: from having the lock until giving it back
    close_s: float  # from giving the lock back until the call returns
    loop_s: float  # what a worker does between two edits
    read_s: float  # a whole read, in the lock
    oversleep_s: float  # no time of a core: how much longer than asked for a worker sleeps
    doubling: float  # by how much all this grows, as a share, each time that the workers double: caches get colder
    per_byte_s: float  # by how much a hold grows with each byte of the file
    line_s: float  # what it costs to wait in line, all together
    look_s: float  # one look around of one who waits, at a list of locks that is empty
    look_per_lock_s: float  # and what each lock in the list adds
    walk_per_lock_s: float  # what each mark adds to a system call on the locks of the file
    wake_s: float  # until an idle core runs
    switch_s: float  # from one thread to the next
    slice_s: float  # how long a thread runs, if another one could

    def growth(self, workers: int) -> float:
        """How many times as much everything costs each of so many workers."""
        return 1 + self.doubling * log2(max(1, workers))

    @property
    def hold_s(self) -> float:
        """The mean of the holds."""
        return sum(self.holds_s) / len(self.holds_s)


class Scenario(NamedTuple):
    """What is to be predicted."""

    config: Config
    cores: int
    foreign: float = 0.0  # how many cores other programs want
    has_line: bool = True  # the turnstile of lockedfile; without it there is the kernel's queue alone
    size_bytes: int = 0  # of the file
    base_bytes: int = 0  # of the file at which the holds were measured
