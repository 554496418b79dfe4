"""The bare flock(2) as a locker: the system call on a descriptor that stays open, and with a deadline an alarm."""

from __future__ import annotations

import os
import signal
import sys
from math import inf
from typing import TYPE_CHECKING, NoReturn

assert sys.platform != "win32"

from fcntl import LOCK_EX, LOCK_SH, LOCK_UN, flock  # noqa: E402 - after the assert, which tells mypy where there is flock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["flocker"]


def flocker(path: str, timeout_s: float, *, shared: bool = False) -> tuple[Callable[[], object], Callable[[], object]]:
    """How to take the lock of the file at `path`, and how to give it back."""
    kind = LOCK_SH if shared else LOCK_EX
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    if timeout_s != inf:
        signal.signal(signal.SIGALRM, _expire)

    def acquire() -> None:
        flock(fd, kind)

    def acquire_in_time() -> None:
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
        flock(fd, kind)
        signal.setitimer(signal.ITIMER_REAL, 0)

    return acquire if timeout_s == inf else acquire_in_time, lambda: flock(fd, LOCK_UN)


def _expire(_number: int, _frame: object) -> NoReturn:
    raise TimeoutError
