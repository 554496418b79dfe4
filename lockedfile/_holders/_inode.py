"""An open file as the kernel's lists of locks name it, which is not as `stat` does.

The device of a lock is that of the whole file system. `st_dev` may be another one: on btrfs it is the subvolume's, and
on overlayfs that of a layer. So is `st_ino` on overlayfs. On btrfs two files, of two subvolumes, can have the same name
in those lists; they are twins, and told apart by their status.
"""

from __future__ import annotations

import os
import sys
from stat import S_ISREG

from ._proc import device_of_mount, field, read_text

__all__ = ["Inode"]


def _named(device: int) -> str:
    if sys.platform == "win32":
        raise NotImplementedError
    return f"{os.major(device):02x}:{os.minor(device):02x}"


class Inode:
    """An open file by its device and number. The kernel has told both, if `is_certain`; `has_twins`: it may have."""

    __slots__ = ("_status", "device", "has_twins", "is_certain", "number")

    def __init__(self, fd: int) -> None:
        self._status = os.fstat(fd)
        own_device = _named(self._status.st_dev)
        device = number = None
        try:
            info = read_text(f"/proc/self/fdinfo/{fd}")
            number = field(info, "ino")  # since Linux 5.14
            device = device_of_mount(read_text("/proc/self/mountinfo"), field(info, "mnt_id") or "")
        except OSError:
            pass  # there is no /proc
        self.is_certain = device is not None and number is not None
        self.device, self.number = device or own_device, int(number or self._status.st_ino)
        self.has_twins = not self.is_certain or device != own_device

    @property
    def is_regular(self) -> bool:
        """Is it one that holds bytes, and not a directory or the like?"""
        return S_ISREG(self._status.st_mode)

    @property
    def name(self) -> str:
        """As the lists have it."""
        return f"{self.device}:{self.number}"

    def is_at(self, place: str) -> bool:
        """Is it itself, and not its twin, that is there?"""
        if not self.has_twins:
            return True
        try:
            return os.path.samestat(os.stat(place), self._status)
        except OSError:
            return True  # we may not look, or it was closed meanwhile
