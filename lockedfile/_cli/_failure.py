"""The line that says what went wrong: operation, path, cause, next step."""

from __future__ import annotations

import errno
import os

from ._streams import say
from ._text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .. import LockTimeout, WouldDeadlock

__all__ = ["failed"]

_NEXT = {
    errno.ENOENT: "check the name",
    errno.ENOTDIR: "check the name",
    errno.EISDIR: "name a file",
    errno.EINVAL: "name a file",
    errno.EACCES: "check its permissions, and those of its directory, with ls -l",
    errno.EPERM: "check its owner and attributes, with ls -l and lsattr",
    errno.EROFS: "use a copy on a file system that can be written to",
    errno.ENOSPC: "make room, and try again",
    errno.EDQUOT: "make room, and try again",
    errno.EFBIG: "raise the limit on the size of files (ulimit -f), and try again",
    errno.ENAMETOOLONG: "use a shorter name",
    errno.ELOOP: "see with ls -l where the links lead",
    errno.EMFILE: "raise the limit on open files (ulimit -n)",
}

# Are there the programs, and the manual, that this names?
_HAS_TOOLS = hasattr(os, "fork")


def failed(operation: str, path: str, error: Exception, *, code: int, conflict_code: int) -> int:
    """Say why `operation` on `path` failed; the exit code: `conflict_code` if the lock was not had in time."""
    from .. import LockedFileError, LockTimeout, WouldDeadlock

    if isinstance(error, LockTimeout):
        cause = _in_time(error)
        code = conflict_code
    elif isinstance(error, WouldDeadlock):
        cause = _in_circle(error)
    elif isinstance(error, OSError):
        cause = error.strerror or str(error)
        if not isinstance(error, LockedFileError) and "; " not in cause:  # what we say ourselves says what to do
            cause += f"; {_advice(error)}"
    elif isinstance(error, MemoryError):
        cause = "its content does not fit into memory"
    elif isinstance(error, ValueError) and "\0" in path:
        cause = "no name has a null character in it; check the name"
    else:
        cause = f"{type(error).__name__}: {error}; this is unforeseen, please report it"
    notes = "".join(f"; {note}" for note in getattr(error, "__notes__", ()))
    cause = cause.replace("with crash_safe=False, and not durable,", "with --no-journal")
    say(f"lockedfile: {operation} {shown(path)}: {cause}{notes}")
    return code


def _advice(error: OSError) -> str:
    if _HAS_TOOLS:
        return _NEXT.get(error.errno or 0, "see errno(3)")
    number = getattr(error, "winerror", None)
    unknown = f"look up error {error.errno}" if number is None else f"look up Windows error {number}"
    return _NEXT.get(error.errno or 0, unknown).partition(", with ")[0].partition(" (")[0]


def _in_time(error: LockTimeout) -> str:
    advice = "wait longer with --timeout" if error.timeout else "wait for it with --timeout"
    return f"{error.strerror}; {advice}"


def _in_circle(error: WouldDeadlock) -> str:
    return f"{error.args[2]}; end one of those who wait for each other"
