"""Systems without a lock that belongs to the open file: say so, rather than lock less.

Solaris and AIX have only fcntl(2) locks, which Python's `fcntl.flock` would quietly use in its place: they
do not exclude threads, and any close of the file drops them. WebAssembly runtimes have none.
"""

from __future__ import annotations

import errno
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "AT_ONCE",
    "EXCLUSIVE",
    "HEARS_SIGNALS",
    "JOURNAL_FLAGS",
    "NONBLOCK",
    "OPEN_FLAGS",
    "SHARED",
    "UNLOCKED",
    "Owner",
    "access_at_birth",
    "call_back",
    "cannot_lock",
    "create",
    "diagnose",
    "give_access",
    "ignore_signals",
    "is_locked",
    "is_mapped",
    "is_taken",
    "located",
    "lock",
    "more_may_write",
    "most_bytes",
    "owner_of",
    "plain",
    "pwrite",
    "sync",
    "sync_data",
    "sync_directory",
    "trusts",
]

EXCLUSIVE, SHARED, UNLOCKED = 2, 0, -1
AT_ONCE = 4
NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
OPEN_FLAGS = JOURNAL_FLAGS = NONBLOCK


def lock(fd: int, kind: int) -> None:
    if kind != UNLOCKED:  # there is never a lock to give back
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


HEARS_SIGNALS = True


def call_back(thread: int) -> bool | None:
    return None


def pwrite(fd: int, data: bytes, offset: int) -> int:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def sync(fd: int) -> None:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


sync_data = sync


def most_bytes() -> int:
    return -1


def sync_directory(path: str | bytes) -> None:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


located = os.fspath
plain = os.fsdecode
diagnose: Callable[[OSError, str | bytes, int], bool] | None = None
Owner = int


def is_mapped(error: OSError) -> bool:
    return False


def owner_of(fd: int, status: os.stat_result) -> Owner:
    return status.st_uid


def more_may_write(found: os.stat_result, status: os.stat_result) -> bool:
    return True


def trusts(owner: Owner, fd: int, status: os.stat_result) -> bool:
    return False


def access_at_birth(source: int, status: os.stat_result) -> int:
    return 0o600


def create(path: str | bytes, flags: int, access: int) -> int:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def give_access(fd: int, source: int, status: os.stat_result) -> None:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def is_taken(error: OSError) -> bool:
    return False


def is_locked(fd: int) -> bool:
    return False


def ignore_signals() -> None:
    """Nothing: nobody waits."""


def cannot_lock(error: OSError) -> bool:
    return error.errno == errno.ENOSYS
