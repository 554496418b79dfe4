"""What happens between the system calls of an edit: the process is killed, or the kernel writes back what it likes.

Wraps the calls in `os` that alter files; to be done before lockedfile is imported, which takes them from there.
"""

from __future__ import annotations

import ctypes
import os

TYPE_CHECKING = False  # typing costs more to import than all of this takes
if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random
    from typing import Any

__all__ = ["BetweenCalls"]

_ALTERING = ("open", "write", "pwrite", "ftruncate", "fchmod", "fchown", "fsync", "fdatasync", "unlink")
_SIGKILL = 9
_WRITE_BACK = 1 | 2 | 4  # of sync_file_range(2): wait, write, wait


class BetweenCalls:
    """Lets things happen once it is armed; before that, and after `disarm`, the calls are as ever."""

    def __init__(self, bystander: str, likely: float, random: Random) -> None:
        self._likely, self._random = likely, random  # how likely the kernel writes something back after a call
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._bystander_fd = os.open(bystander, os.O_RDWR | os.O_CREAT)
        self._armed = False
        self._left: int | None = None  # calls before the one that is killed
        self._after = False
        self._calls = {name: getattr(os, name) for name in _ALTERING}
        for name, call in self._calls.items():
            setattr(os, name, self._wrapped(call))

    def arm(self, kill_at: tuple[int, bool] | None) -> None:
        """From the next call on; `kill_at` says before or after which one, if any, the process is killed."""
        self._left, self._after = kill_at or (None, False)
        self._armed = True

    def disarm(self) -> None:
        """Nothing happens any more."""
        self._armed = False

    def _wrapped(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*arguments: Any, **options: Any) -> Any:
            if not self._armed:
                return call(*arguments, **options)
            if self._left == 0 and not self._after:
                os.kill(os.getpid(), _SIGKILL)
            result = call(*arguments, **options)
            if self._left == 0:
                os.kill(os.getpid(), _SIGKILL)
            if self._left is not None:
                self._left -= 1
            if self._random.random() < self._likely:
                self._write_back(arguments[0])
            return result

        return wrapper

    def _write_back(self, first_argument: object) -> None:
        """As may happen at any time: the data of this file, and no flush; what is not data; or everything."""
        what = self._random.random()
        if what < 0.4 and isinstance(first_argument, int):
            self._libc.sync_file_range(first_argument, ctypes.c_long(0), ctypes.c_long(0), _WRITE_BACK)
        elif what < 0.8:  # somebody else's fsync, with which the file system's journal is written
            self._calls["pwrite"](self._bystander_fd, b"%016x" % self._random.getrandbits(64), 0)
            self._calls["fsync"](self._bystander_fd)
        else:
            self._libc.syncfs(self._bystander_fd)
