"""flock(2): the lock belongs to the open file, so it excludes threads as it does processes.

Not `fcntl.lockf`: its locks belong to the process, do not exclude threads, are dropped when any
descriptor of the file is closed, and the go command does not see them.
"""

from __future__ import annotations

import errno
import os
import sys

assert sys.platform != "win32"

from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EXCLUSIVE", "NONBLOCK", "OPEN_FLAGS", "SHARED", "cannot_lock", "lock", "pwrite", "unlock"]

EXCLUSIVE, SHARED = LOCK_EX, LOCK_SH

# O_NONBLOCK: opening a FIFO must not wait for its other end. It does not touch flock, nor regular files.
# O_NOCTTY: opening a terminal must not make it ours.
NONBLOCK = os.O_NONBLOCK
OPEN_FLAGS = os.O_CLOEXEC | os.O_NOCTTY | NONBLOCK

_NO_LOCKING = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}

lock: Callable[[int, int], None] = flock
pwrite: Callable[[int, bytes, int], int] = os.pwrite


def unlock(fd: int) -> None:
    flock(fd, LOCK_UN)


def cannot_lock(error: OSError) -> bool:
    return error.errno in _NO_LOCKING
