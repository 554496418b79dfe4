"""The errors that are ours; what the operating system refuses stays the `OSError` it is."""

from __future__ import annotations

from errno import ETIMEDOUT
from os import fsdecode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._holders import Holder

__all__ = ["JournalError", "LockTimeout", "LockUnsupported", "LockedFileError", "WouldDeadlock", "name_file"]


class LockedFileError(Exception):
    """Root of the errors that this package defines."""


class LockTimeout(LockedFileError, TimeoutError):
    """The lock was not free within the time that was given. Nothing was read or written.

    An `OSError` with `errno` `ETIMEDOUT` and the path as `filename`, as every `TimeoutError` is.
    """

    def __init__(
        self, operation: str, path: str | bytes, timeout: float, waited: float, holders: tuple[Holder, ...], by: str
    ) -> None:
        super().__init__(ETIMEDOUT, f"no lock {_after(timeout)}; held by {by}", path)
        self.operation = operation
        """What was to be done: Edit, read, write, open, or acquire."""
        self.path = path
        self.timeout = timeout
        """How long it was to wait, in seconds."""
        self.waited = waited
        """How long it did wait, in seconds; never less."""
        self.holders = holders
        """Who held the lock then, as far as the system tells."""

    def __str__(self) -> str:
        return f"{self.operation} {fsdecode(self.path)}: {self.strerror}"

    def __reduce__(self) -> tuple[object, ...]:
        by = str(self.strerror).partition("; held by ")[2]
        return type(self), (self.operation, self.path, self.timeout, self.waited, self.holders, by), self.__dict__


def _after(timeout: float) -> str:
    if timeout == 0:
        return "at once"
    return f"after {timeout:.1f} s" if timeout >= 0.1 else f"after {timeout:g} s"


class WouldDeadlock(LockedFileError):
    """To wait for this lock would be to wait for ever. Nothing was read or written.

    Either whoever asks holds the file already, or the one who holds it waits, maybe by way of others, for a file that
    whoever asks holds.
    """

    def __init__(self, operation: str, path: str | bytes, why: str, circle: tuple[Holder, ...] = ()) -> None:
        super().__init__(operation, path, why, circle)
        self.operation = operation
        """What was to be done: Edit, read, write, open, or acquire."""
        self.path = path
        self.circle = circle
        """The processes that wait for each other, ours first; empty if it is one thread, or one task, alone."""

    def __str__(self) -> str:
        return f"{self.operation} {fsdecode(self.path)}: {self.args[2]}"


def _reduced(error: OSError) -> str | tuple[object, ...]:
    """What it is pickled as: with the number of Windows, which `OSError` does not keep, and its message is by it."""
    number = getattr(error, "winerror", None)
    if number is None:
        return OSError.__reduce__(error)
    return type(error), (error.errno, error.strerror, error.filename, number), error.__dict__


class LockUnsupported(LockedFileError, OSError):
    """The system, or the file system that holds `filename`, cannot lock.

    Has `errno`, `strerror` and `filename` as every `OSError` has. Nothing was read or written.
    """

    __reduce__ = _reduced


class JournalError(LockedFileError, OSError):
    """No journal can be kept for an edit of `filename`, or one that is there can neither be believed nor ignored.

    Also where the path came to name another file while the transform of an edit ran. Has `errno`, `strerror` and
    `filename` as every `OSError` has. Nothing was written.
    """

    __reduce__ = _reduced


def name_file(error: OSError, path: str | bytes) -> None:
    """Let `error` name its file: calls on a descriptor do not know the path, people need it."""
    if error.filename is None:
        if error.errno is None:  # a message alone, which the name would hide
            error.strerror = str(error)
        error.filename = path
