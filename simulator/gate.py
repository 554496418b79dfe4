"""A gate that lets so many through at once: who comes to it full is turned away, not kept waiting.

A place is one byte of a file, and a lock on it; so the place of a process that is killed is free again at once.
"""

from __future__ import annotations

import os
import sys

__all__ = ["Gate"]


class Gate:
    """The gate in the file at `path`, as one process sees it; with 0 places it is always open."""

    def __init__(self, path: str, places: int) -> None:
        """Open the file; it is made where it is missing."""
        self._places, self._place, self._inside = places, 0, False
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600) if places else -1

    def enter(self) -> bool:
        """Go through, if a place is free."""
        for _ in range(self._places):
            if _take(self._file, self._place):
                self._inside = True
                return True
            self._place = (self._place + 1) % self._places
        return not self._places

    def leave(self) -> None:
        """Give the place back, if there is one to give."""
        if self._inside:
            self._inside = False
            _free(self._file, self._place)

    def close(self) -> None:
        """Be done with it."""
        if self._file >= 0:
            os.close(self._file)


if sys.platform == "win32":
    import msvcrt

    def _take(file: int, place: int) -> bool:
        os.lseek(file, place, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _free(file: int, place: int) -> None:
        os.lseek(file, place, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _take(file: int, place: int) -> bool:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
        except (BlockingIOError, PermissionError):  # which of them it is differs between systems
            return False
        return True

    def _free(file: int, place: int) -> None:
        fcntl.lockf(file, fcntl.LOCK_UN, 1, place)
