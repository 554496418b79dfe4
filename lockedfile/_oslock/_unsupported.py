"""Systems without a lock that belongs to the open file: say so, rather than lock less.

Solaris and AIX have only fcntl(2) locks, which Python's `fcntl.flock` would quietly use in its place: they
do not exclude threads, and any close of the file drops them. WebAssembly runtimes have none.
"""

from __future__ import annotations

import errno
import os

__all__ = [
    "AT_ONCE",
    "EXCLUSIVE",
    "HEARS_SIGNALS",
    "JOURNAL_FLAGS",
    "NONBLOCK",
    "OPEN_FLAGS",
    "SHARED",
    "UNLOCKED",
    "access_at_birth",
    "call_back",
    "cannot_lock",
    "give_access",
    "ignore_signals",
    "is_locked",
    "is_taken",
    "lock",
    "most_bytes",
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


def trusts(owner: int, fd: int, status: os.stat_result) -> bool:
    return False


def access_at_birth(source: int, status: os.stat_result) -> int:
    return 0o600


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
