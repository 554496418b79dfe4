"""How many entries the log of a served disk has now: a number in a page that processes share."""

from __future__ import annotations

import mmap
import os
from struct import Struct

TYPE_CHECKING = False  # typing costs more to import than all of this takes
if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Position"]

_COUNT = Struct("<Q")


class Position:
    """Set by the server, before it answers the kernel; read by who edits."""

    def __init__(self, path: Path) -> None:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.ftruncate(fd, mmap.PAGESIZE)
            self._page = mmap.mmap(fd, mmap.PAGESIZE)
        finally:
            os.close(fd)

    def get(self) -> int:
        """The count now."""
        count: int = _COUNT.unpack_from(self._page)[0]
        return count

    def set(self, count: int) -> None:
        """It is `count` now."""
        _COUNT.pack_into(self._page, 0, count)
