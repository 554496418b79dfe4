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

__all__ = ["EXCLUSIVE", "NONBLOCK", "OPEN_FLAGS", "SHARED", "UNLOCKED", "cannot_lock", "lock", "pwrite"]

EXCLUSIVE, SHARED, UNLOCKED = LOCK_EX, LOCK_SH, LOCK_UN

# O_NONBLOCK: opening a FIFO must not wait for its other end. It does not touch flock, nor regular files.
# O_NOCTTY: opening a terminal must not make it ours.
NONBLOCK = os.O_NONBLOCK
OPEN_FLAGS = os.O_CLOEXEC | os.O_NOCTTY | NONBLOCK

_NO_LOCKING = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}

# The call itself, not a function around it: before the first line of a function of ours a signal handler may raise,
# and a lock would not be given back.
lock: Callable[[int, int], None] = flock
pwrite: Callable[[int, bytes, int], int] = os.pwrite


def cannot_lock(error: OSError) -> bool:
    return error.errno in _NO_LOCKING
