"""Rooms that are too small: full disks, a quota and a limit; each real, and taken away again in all cases."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

__all__ = ["KINDS", "Kind", "Room", "RoomError"]

_KB = 1024
_ON_IMAGE = ("-o", "loop,nobarrier")  # no power is cut here, so nothing has to reach the disk below
_LIMIT_S = 60.0  # for a command that hangs


class RoomError(Exception):
    """A room could not be made."""


class Room(Protocol):
    """A place with little room, or a directory where processes get a limit."""

    directory: Path

    def tighten(self, free_bytes: int) -> None:
        """Leave about so much room; whole blocks, as the file system counts them."""

    def loosen(self) -> None:
        """Give it room again."""


class Kind(NamedTuple):
    """A kind of room, and what a call says that does not fit in it."""

    name: str
    error: str
    cannot: Callable[[], str | None]
    room: Callable[[Path], AbstractContextManager[Room]]


class _Disk:
    """A file system of its own, with a file that fills it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._filler = directory / "filler"

    def tighten(self, free_bytes: int) -> None:
        with self._filler.open("wb", buffering=0) as filler:
            for block_bytes in (16 * _KB, _KB):
                with suppress(OSError):
                    while filler.write(bytes(block_bytes)):
                        pass
            filler.truncate(max(0, filler.tell() - free_bytes))
        _run("sync", "-f", str(self.directory))  # what was freed is had again only then

    def loosen(self) -> None:
        self._filler.unlink(missing_ok=True)
        _run("sync", "-f", str(self.directory))


class _Quota:
    """A subvolume of btrfs with a limit, which is set from the mount point, as there it does not hold."""

    def __init__(self, mounted: Path) -> None:
        self._mounted = mounted
        self.directory = mounted / "limited"
        _run("btrfs", "quota", "enable", str(mounted))
        _run("btrfs", "subvolume", "create", str(self.directory))
        self._group, _ = self._used()

    def tighten(self, free_bytes: int) -> None:
        self._limit(str(int(self._used()[1]) + free_bytes))

    def loosen(self) -> None:
        self._limit("none")

    def _used(self) -> list[str]:
        """The subvolume's group, and how many bytes it uses."""
        lines = _run("btrfs", "qgroup", "show", "--raw", "--sync", "-f", str(self.directory)).splitlines()
        return lines[-1].split()[:2]

    def _limit(self, size: str) -> None:
        _run("btrfs", "qgroup", "limit", size, self._group, str(self._mounted))


class _Limited:
    """Any directory: the limit is that of the process that edits."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def tighten(self, free_bytes: int) -> None:
        pass

    def loosen(self) -> None:
        pass


@contextmanager
def _limit(directory: Path) -> Iterator[Room]:
    yield _Limited(directory)


@contextmanager
def _tmpfs(directory: Path) -> Iterator[Room]:
    with _mounted(directory, "-t", "tmpfs", "-o", "size=64k", "tmpfs"):
        yield _Disk(directory)


@contextmanager
def _ext4(directory: Path) -> Iterator[Room]:
    with _image(directory, 2, "mkfs.ext4", "-q", "-m", "0") as image, _mounted(directory, *_ON_IMAGE, str(image)):
        yield _Disk(directory)


@contextmanager
def _btrfs(directory: Path) -> Iterator[Room]:
    with _image(directory, 120, "mkfs.btrfs", "-q") as image, _mounted(directory, *_ON_IMAGE, str(image)):
        yield _Quota(directory)


@contextmanager
def _image(directory: Path, size_mb: int, *make: str) -> Iterator[Path]:
    image = directory.with_name(f"{directory.name}.image")
    with image.open("wb") as file:
        file.truncate(size_mb * _KB * _KB)
    try:
        _run(*make, str(image))
        yield image
    finally:
        image.unlink()


@contextmanager
def _mounted(directory: Path, *options: str) -> Iterator[None]:
    """A loop device that mount attached is detached with its last use."""
    _run("mount", *options, str(directory))
    try:
        yield
    finally:
        try:
            _run("umount", str(directory))
        except RoomError:  # somebody is in it: it goes when they do
            _run("umount", "-l", str(directory))


def _run(*command: str) -> str:
    """What it printed. In a process group of its own, so that a Ctrl-C does not stop it halfway."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=_LIMIT_S,
        check=False,
        stdin=subprocess.DEVNULL,
        process_group=0,
    )
    if done.returncode:
        raise RoomError(f"{' '.join(command)}: {done.stderr.strip()}")
    return done.stdout


def _needs(*programs: str) -> Callable[[], str | None]:
    def cannot() -> str | None:
        if sys.platform != "linux" or os.geteuid() != 0:
            return "needs root on Linux"
        missing = [program for program in programs if shutil.which(program) is None]
        return f"needs {', '.join(missing)}" if missing else None

    return cannot


def _nothing() -> str | None:
    return None


KINDS = {
    kind.name: kind
    for kind in (
        Kind("limit", "EFBIG", _nothing, _limit),
        Kind("tmpfs", "ENOSPC", _needs("mount"), _tmpfs),
        Kind("ext4", "ENOSPC", _needs("mount", "mkfs.ext4"), _ext4),
        Kind("quota", "EDQUOT", _needs("mount", "mkfs.btrfs", "btrfs"), _btrfs),
    )
}
"""By name."""
