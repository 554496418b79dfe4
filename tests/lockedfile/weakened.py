"""The library with one promise broken at a time: what the tests must be able to catch."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from lockedfile import LockedFile, _writeback
from lockedfile._oslock import EXCLUSIVE, OPEN_FLAGS, UNLOCKED, lock, pwrite
from lockedfile._record import Record
from tests.lockedfile.protocols import JOURNAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Transform: TypeAlias = Callable[[bytes], bytes]
    Editor: TypeAlias = Callable[[str, Transform], object]

_EDIT = os.O_RDWR | os.O_CREAT | OPEN_FLAGS

# What `edit_leaking` left open, for the test to close.
LEAKED: list[int] = []


def _edit(path: str, transform: Transform, replace: Callable[[int, bytes, bytes, str], None], flags: int = 0) -> None:
    """Lock, read, write by `replace`, release; and no look whether the file is still the one at the path."""
    fd = os.open(path, _EDIT | flags, 0o666)
    try:
        lock(fd, EXCLUSIVE)
        old = os.read(fd, 1 << 24)
        new = transform(old)
        replace(fd, old, new, path)
        lock(fd, UNLOCKED)
    finally:
        os.close(fd)


def edit_without_inode_check(path: str, transform: Transform) -> None:
    """Edits whatever it opened, be it at the path or not."""
    _edit(path, transform, _writeback.replace)


def edit_in_any_process(path: str, transform: Transform) -> None:
    """Writes, and unlocks, in a forked child too."""
    _edit(path, transform, _writeback.replace)


def edit_truncating_at_open(path: str, transform: Transform) -> None:
    """Loses the content before it has the lock."""
    _edit(path, transform, _writeback.replace, os.O_TRUNC)


def edit_rewriting_all(path: str, transform: Transform) -> None:
    """Writes what is there already, and does not put back."""
    _edit(path, transform, _rewrite)


def _rewrite(fd: int, old: bytes, new: bytes, _path: str) -> None:
    """Overwrites before it grows."""
    _write(fd, new[: len(old)], 0)
    _write(fd, new[len(old) :], len(old))
    os.ftruncate(fd, len(new))


def _write(fd: int, data: bytes, offset: int) -> None:
    while data:
        taken = pwrite(fd, data, offset)
        data, offset = data[taken:], offset + taken


def edit_without_putting_back(path: str, transform: Transform) -> None:
    """Grows first, but a write that fails leaves what was written."""
    _edit(path, transform, _grow_and_overwrite)


def _grow_and_overwrite(fd: int, old: bytes, new: bytes, _path: str) -> None:
    _write(fd, new[len(old) :], len(old))
    for start, end in _writeback.changed_spans(old, new):
        _write(fd, new[start:end], start)
    os.ftruncate(fd, len(new))


def edit_without_lock(path: str, transform: Transform) -> None:
    """Reads and writes as if it were alone."""
    fd = os.open(path, _EDIT, 0o666)
    try:
        old = os.read(fd, 1 << 24)
        _writeback.replace(fd, old, transform(old), path)
    finally:
        os.close(fd)


def edit_by_rename(path: str, transform: Transform) -> None:
    """Locks, and then renames a new file over the path."""

    def rename(_fd: int, _old: bytes, new: bytes, path: str) -> None:
        with open(f"{path}.new", "wb") as file:
            file.write(new)
        os.replace(f"{path}.new", path)

    _edit(path, transform, rename)


def edit_leaking(path: str, transform: Transform) -> None:
    """Does not close when the transform raises."""
    fd = os.open(path, _EDIT, 0o666)
    LEAKED.append(fd)
    _writeback.replace(fd, b"", transform(b""), path)
    os.close(LEAKED.pop())


def edit_inheritably(path: str, transform: Transform) -> None:
    """Leaves its descriptor to every child, and closes without unlocking."""
    fd = os.open(path, _EDIT, 0o666)
    try:
        os.set_inheritable(fd, True)
        lock(fd, EXCLUSIVE)
        old = os.read(fd, 1 << 24)
        _writeback.replace(fd, old, transform(old), path)
    finally:
        os.close(fd)


def spans_of_whole_pages(old: bytes, new: bytes) -> list[tuple[int, int]]:
    """Spans that are not narrowed to the bytes that differ."""
    shared = min(len(old), len(new))
    pages = [(start, min(start + 4096, shared)) for start in range(0, shared, 4096)]
    return [(start, end) for start, end in pages if old[start:end] != new[start:end]]


def spans_short_of_the_end(old: bytes, new: bytes) -> list[tuple[int, int]]:
    """Spans that miss the last byte which both have."""
    return _writeback.changed_spans(old[:-1], new[: len(old) - 1])


class FileUnlockingAnywhere(LockedFile):
    """Unlocks in a forked child too."""

    def close(self) -> None:
        """Unlock and close, whoever we are."""
        lock(self.fileno(), UNLOCKED)
        io.FileIO.close(self)


class FileOnlyClosing(LockedFile):
    """Leaves the unlocking to the system, which waits for the last copy of the descriptor."""

    def close(self) -> None:
        """Close."""
        io.FileIO.close(self)


class FileTruncatingAtOpen(LockedFile):
    """Opens with O_TRUNC, before it has the lock."""

    def __init__(self, path: str, mode: str = "wb") -> None:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC))
        super().__init__(path, mode)


class MutexAmongThreads:
    """Excludes the threads of one process, and nobody else."""

    def __init__(self, path: str) -> None:
        from threading import Lock

        self.path = path
        self._lock = Lock()

    def acquire(self) -> None:
        """Wait for the lock."""
        self._lock.acquire()

    def release(self) -> None:
        """Give it back."""
        self._lock.release()


def settled_whatever_the_mark(record: Record, content: bytes) -> bytes | None:
    """Takes any end of the right length for the mark."""
    return record.settled(content[: record.end] + record.mark)


def settled_whatever_the_rest(record: Record, content: bytes) -> bytes | None:
    """Puts its spans in without a look at what is around them."""
    if content[record.end :] != record.mark:
        return None
    whole = bytearray(content[: record.old_size])
    for start, before, _ in record.spans:
        whole[start : start + len(before)] = before
    return bytes(whole)


def edit_marking_last(path: str, transform: Transform) -> None:
    """Has a journal, and marks the file only when it has overwritten it."""

    def replace(fd: int, old: bytes, new: bytes, path: str) -> None:
        record = Record.of(old, new, durable=False)
        with open(f"{path}{JOURNAL}", "wb") as journal:
            journal.write(record.pack())
        for start, _, after in record.spans:
            _write(fd, after, start)
        _write(fd, record.tail, record.old_size)
        _write(fd, record.mark, record.end)
        os.ftruncate(fd, len(new))
        os.unlink(f"{path}{JOURNAL}")

    _edit(path, transform, replace)


def edit_laying_late(path: str, transform: Transform) -> None:
    """Marks and overwrites the file before its journal is there."""

    def replace(fd: int, old: bytes, new: bytes, path: str) -> None:
        record = Record.of(old, new, durable=False)
        _write(fd, record.mark, record.end)
        _write(fd, record.tail, record.old_size)
        with open(f"{path}{JOURNAL}", "wb") as journal:
            journal.write(record.pack())
        for start, _, after in record.spans:
            _write(fd, after, start)
        os.ftruncate(fd, len(new))
        os.unlink(f"{path}{JOURNAL}")

    _edit(path, transform, replace)
