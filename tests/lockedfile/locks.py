"""Who holds a file's lock, and who waits for it: asked of the system, not of the library."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

from tests.lockedfile.processes import until

if sys.platform == "win32":
    from lockedfile import _oslock
else:
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# Does the system tell who waits for a lock? Under Wine the file is there too, but Wine's locks are not in it.
TELLS = sys.platform == "linux" and os.path.exists("/proc/locks")

# Where the system does not tell who waits, a moment has to do: too short, and the test sees less, but never fails.
_MOMENT_S = 0.2


def state(path: str | Path) -> str:
    """`free`, `shared` or `exclusive`: what a newcomer with its own descriptor finds."""
    fd = os.open(path, os.O_RDWR)
    try:
        return "free" if _try(fd, exclusive=True) else "shared" if _try(fd, exclusive=False) else "exclusive"
    finally:
        os.close(fd)


def _try(fd: int, *, exclusive: bool) -> bool:
    try:
        if sys.platform == "win32":
            fail_immediately = 0x1
            _oslock.lock(fd, (_oslock.EXCLUSIVE if exclusive else _oslock.SHARED) | fail_immediately)
            _oslock.lock(fd, _oslock.UNLOCKED)
        else:
            fcntl.flock(fd, (fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            fcntl.flock(fd, fcntl.LOCK_UN)
    except OSError:
        return False
    return True


def waiters(path: str | Path) -> int:
    """How many wait for the flock of the file at `path`, by Linux' list of all locks."""
    inode = _inode(path)
    with open("/proc/locks", encoding="ascii") as listing:
        locks = [line.split() for line in listing]
    return sum(1 for lock in locks if lock[1:3] == ["->", "FLOCK"] and lock[6].endswith(f":{inode}"))


def _inode(path: str | Path) -> str:
    """The number in the list of locks; on overlay file systems `stat` may give another."""
    fd = os.open(path, os.O_RDONLY)
    try:
        with open(f"/proc/self/fdinfo/{fd}", encoding="ascii") as info:
            facts = dict(line.split(maxsplit=1) for line in info)
        return facts.get("ino:", str(os.fstat(fd).st_ino)).strip()
    finally:
        os.close(fd)


def until_waiting(path: str | Path, count: int = 1, *, unless: Callable[[], object] = lambda: False) -> None:
    """Return once `count` wait for the lock of the file at `path`, or `unless()` is true."""
    if TELLS:
        until(lambda: unless() or waiters(path) >= count, f"{count} waiting for the lock of {path}")
    else:
        threading.Event().wait(_MOMENT_S)
