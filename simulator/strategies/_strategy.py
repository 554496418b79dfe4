"""What a locker under test is: a few methods, and what its edits may tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Held", "Refused", "Strategy", "Times", "has_deadline", "is_blind"]


class Refused(Exception):  # noqa: N818 - not an error
    """The locker saw that somebody else had been quicker, and did nothing; the edit is tried again."""


class Held(Protocol):
    """When an edit had the lock, on `time.perf_counter_ns`; such as a `lockedfile.Edited`.

    One that also has a true `recovered` found what an interrupted edit had left, and put that right first.
    """

    @property
    def locked_ns(self) -> int:
        """Not before the lock was really held."""

    @property
    def released_ns(self) -> int:
        """Not after it was really released."""


class Times(NamedTuple):
    """A `Held` of one that has nothing else to tell."""

    locked_ns: int
    released_ns: int


class Strategy(Protocol):
    """A way to edit a file that others edit.

    It may have two attributes more. One that has `timeout_s: float | None`, as a rule None on the class, can be told
    before `open` how long to wait for the lock at most, and then raises `TimeoutError`. Of one whose `blind` is true it
    is not known what its edits read and wrote, nor when they had the lock; its `transform` is not the edit itself.
    """

    name: str

    def probe(self) -> str | None:
        """Why it cannot run here, and what to do about that, in one line; `None` if it can."""

    def open(self, path: str) -> None:
        """Get ready to edit and read the file at `path`."""

    def edit(self, transform: Callable[[bytes], bytes]) -> Held | None:
        """Replace the content by `transform(content)`; raise if, and only if, the old one is still there.

        What `transform` raises is raised. `Refused` says that somebody was quicker. Returned is when it had the lock,
        if it can tell; None counts the lock as held from the call of `transform` to its return.
        """

    def read(self) -> bytes:
        """Read the whole content, at one moment."""

    def close(self) -> None:
        """Be done with the file."""


def has_deadline(strategy: Strategy) -> bool:
    """Can it be told how long to wait?"""
    return hasattr(strategy, "timeout_s")


def is_blind(strategy: Strategy) -> bool:
    """Is it unknown what its edits read and wrote?"""
    return bool(getattr(strategy, "blind", False))
