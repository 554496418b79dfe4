"""The bare system calls of an edit: no answer checked, nothing rolled back; the least that Python can do."""

from __future__ import annotations

import os
import sys
from os import close, fstat, ftruncate, read, stat, unlink
from os import open as os_open
from typing import TYPE_CHECKING

assert sys.platform != "win32"

from fcntl import LOCK_EX, LOCK_UN, flock  # noqa: E402 - after the assert, which tells mypy where there is flock

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["bare_durable_edit", "bare_edit", "checked_edit"]

pwrite = os.pwrite

_MARK = b" " * 64
_sync_data = getattr(os, "fdatasync", os.fsync)  # macOS has only the one
_FLAGS = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC


def bare_edit(path: str, transform: Callable[[bytes], bytes]) -> None:
    """The calls that no edit in place under flock can do without."""
    fd = os_open(path, _FLAGS, 0o666)
    flock(fd, LOCK_EX)
    new = transform(read(fd, fstat(fd).st_size))
    pwrite(fd, new, 0)
    flock(fd, LOCK_UN)
    close(fd)


def checked_edit(path: str, transform: Callable[[bytes], bytes]) -> None:
    """The same and a stat of the path: is the locked file still the one there? Go does not ask."""
    fd = os_open(path, _FLAGS, 0o666)
    flock(fd, LOCK_EX)
    opened, named = fstat(fd), stat(path)
    if opened.st_ino != named.st_ino or opened.st_dev != named.st_dev:
        raise RuntimeError(f"{path} was replaced while it was measured")
    new = transform(read(fd, opened.st_size))
    pwrite(fd, new, 0)
    flock(fd, LOCK_UN)
    close(fd)


def bare_durable_edit(path: str, transform: Callable[[bytes], bytes]) -> None:
    """The calls of a durable edit that keeps the size, its five syncs among them, with no journal worth the name."""
    fd = os_open(path, _FLAGS, 0o666)
    flock(fd, LOCK_EX)
    size = fstat(fd).st_size
    new = transform(read(fd, size))
    journal = os_open(path + ".journal", _FLAGS | os.O_EXCL, 0o600)
    pwrite(journal, new, 0)
    os.fsync(journal)
    close(journal)
    directory = os_open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(directory)
    close(directory)
    pwrite(fd, _MARK, size)
    os.fsync(fd)
    pwrite(fd, new, 0)
    _sync_data(fd)
    ftruncate(fd, size)
    os.fsync(fd)
    unlink(path + ".journal")
    flock(fd, LOCK_UN)
    close(fd)
