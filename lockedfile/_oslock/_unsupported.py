"""Systems without a lock that belongs to the open file: say so, rather than lock less.

Solaris and AIX have only fcntl(2) locks, which Python's `fcntl.flock` would quietly use in its place: they
do not exclude threads, and any close of the file drops them. WebAssembly runtimes have none.
"""

from __future__ import annotations

import errno
import os

__all__ = ["EXCLUSIVE", "NONBLOCK", "OPEN_FLAGS", "SHARED", "UNLOCKED", "cannot_lock", "lock", "pwrite"]

EXCLUSIVE, SHARED, UNLOCKED = 2, 0, -1
NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)
OPEN_FLAGS = NONBLOCK


def lock(fd: int, kind: int) -> None:
    if kind != UNLOCKED:  # there is never a lock to give back
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def pwrite(fd: int, data: bytes, offset: int) -> int:
    raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))


def cannot_lock(error: OSError) -> bool:
    return error.errno == errno.ENOSYS
