"""The disk that is made as a power cut has left it, again and again: one image in memory, one loop device on it."""

from __future__ import annotations

import errno
import mmap
import os
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if sys.platform != "linux":
    raise ImportError("needs Linux")

from .pages import PAGE, ZEROS
from .system import flush_buffers, forget_btrfs, loop_device, mounted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import Self

    from .file_systems import FileSystem
    from .pages import Pages

__all__ = ["NAME", "RestoredDisk", "read_pages", "write_image"]

NAME = "go.mod"
"""Of the file that is edited, in the directory `d` of the file system."""


def write_image(image: Path, system: FileSystem, pages: Pages) -> None:
    """A new file with these pages, as large as the file system."""
    with image.open("wb") as file:
        for number, page in pages.items():
            file.seek(number * PAGE)
            file.write(page)
        file.truncate(system.size_mib << 20)


def read_pages(path: Path) -> dict[int, bytes]:
    """The pages of a sparse file, a whole number of pages long, that are not all zeros."""
    pages: dict[int, bytes] = {}
    with path.open("rb") as file:
        for start, end in _data_ranges(file.fileno()):
            for offset in range(start - start % PAGE, end, PAGE):
                page = os.pread(file.fileno(), PAGE, offset)
                if page != ZEROS:
                    pages[offset // PAGE] = page
    return pages


def _data_ranges(fd: int) -> Iterator[tuple[int, int]]:
    end = 0
    while True:
        try:
            start = os.lseek(fd, end, os.SEEK_DATA)
        except OSError as error:
            if error.errno == errno.ENXIO:  # nothing but a hole from here on
                return
            raise
        end = os.lseek(fd, start, os.SEEK_HOLE)
        yield start, end


class RestoredDisk:
    """A disk whose content can be set, and which is read anew each time that it is mounted."""

    def __init__(self, system: FileSystem, directory: Path) -> None:
        self._system = system
        self._image = directory / "restored"
        self._mount = directory / "mount"
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            write_image(self._image, self._system, {})
            fd = os.open(self._image, os.O_RDWR)
            try:
                self._memory = stack.enter_context(mmap.mmap(fd, 0))
            finally:
                os.close(fd)
            self._mount.mkdir(exist_ok=True)
            self._device, self._fd = stack.enter_context(loop_device(self._image, direct=False))
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def restore(self, pages: Pages, changed: Pages) -> None:
        """It holds `pages`, but for those that are `changed`, and nothing else."""
        memory = self._memory
        memory.madvise(mmap.MADV_REMOVE)  # zeros, also where the last state's file system wrote
        for number, page in pages.items():
            memory[number * PAGE : (number + 1) * PAGE] = page
        for number, page in changed.items():
            memory[number * PAGE : (number + 1) * PAGE] = page
        flush_buffers(self._fd, self._device)

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        """The path of the edited file. Raises `DoesNotMountError`."""
        try:
            with mounted(self._device, self._mount, self._system.name):
                yield self._mount / "d" / NAME
        finally:
            if self._system.name == "btrfs":
                forget_btrfs(self._device)
