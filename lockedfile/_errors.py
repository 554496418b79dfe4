"""The errors that are ours; what the operating system refuses stays the `OSError` it is."""

from __future__ import annotations

__all__ = ["JournalError", "LockUnsupported", "LockedFileError", "name_file"]


class LockedFileError(Exception):
    """Root of the errors that this package defines."""


class LockUnsupported(LockedFileError, OSError):
    """The system, or the file system that holds `filename`, cannot lock.

    Has `errno`, `strerror` and `filename` as every `OSError` has. Nothing was read or written.
    """


class JournalError(LockedFileError, OSError):
    """No journal can be kept for an edit of `filename`, or one that is there can neither be believed nor ignored.

    Also where the path came to name another file while the transform of an edit ran. Has `errno`, `strerror` and
    `filename` as every `OSError` has. Nothing was written.
    """


def name_file(error: OSError, path: str | bytes) -> None:
    """Let `error` name its file: calls on a descriptor do not know the path, people need it."""
    if error.filename is None:
        if error.errno is None:  # a message alone, which the name would hide
            error.strerror = str(error)
        error.filename = path
