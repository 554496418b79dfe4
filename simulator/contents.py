"""Contents that were read, kept for the story of what went wrong: one file a process, through shared memory.

Records tell a content by its digest. What is on the chain can be made again from the first content; a mix of two
contents cannot, so it is kept here by who read it. What is stored in the mapping survives the process, as records do.

Most of a module file never changes: what stands before the workers' lines, and what stands after them. A content that
has both is kept in a ring, by its middle alone; the newest are there. One that has not is odd, and so is one that
whoever read it says is: those are kept for good, pressed, until their part of the file is full.

    header: magic, length of a slot, where slots begin, where odd ones end | odd ones | slots

A worker may be killed between any two instructions, so nothing is believed whose digest is not that of its bytes.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Mapping
from mmap import ACCESS_WRITE, mmap
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .history import DIGEST_BYTES, digest
from .workload import MODULES

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BUDGET_BYTES", "Keeper", "load", "share", "trim"]

BUDGET_BYTES = 64 << 20
"""What all processes of a run together may keep."""

_MOST_BYTES = 2 << 20  # of one process: a thousand module files, which a kept run has to carry

_MAGIC = b"lfcont\0\1"
_HEADER = struct.Struct("@8sQQQ")  # magic, length of a slot, where slots begin, where odd ones end
_ODD, _ODD_AT = struct.Struct("@Q"), 24
_ENTRY = struct.Struct("@16sI4x")  # digest, length of what follows: padded, so that lengths are stored in one go
_ALIGN = 8


def share(processes: int) -> int:
    """What each of so many processes may keep, in bytes."""
    return min(BUDGET_BYTES // max(processes, 1), _MOST_BYTES)


class Keeper:
    """Keeps what one process reads; `close` it, or let it be killed. Where there is no room, it keeps nothing."""

    def __init__(self, path: str, initial: bytes, size_bytes: int) -> None:
        self._head, self._tail = _unchanging(initial)
        self._start, self._fixed = len(self._head), len(self._head) + len(self._tail)
        self._middle = len(initial) - self._fixed + 12 * initial.count(MODULES)  # versions of so many more digits
        self._slot = _aligned(_ENTRY.size + self._middle)
        self._first = self._next = _aligned(max(size_bytes // 2, _HEADER.size))
        self._end = self._first + max(size_bytes - self._first, 0) // self._slot * self._slot
        self._odd = _HEADER.size
        self._map = _mapped(path, self._end)
        if self._map is not None:
            _HEADER.pack_into(self._map, 0, _MAGIC, self._slot, self._first, self._odd)

    def keep(self, name: bytes, content: bytes, *, odd: bool = False) -> None:
        """Keep `content`, whose digest is `name`; for good if it is `odd`, or looks so. Quick, unless it is."""
        size, at = len(content) - self._fixed, self._next
        if self._map is None:
            return
        usual = 0 <= size <= self._middle and content[: self._start] == self._head and content.endswith(self._tail)
        if odd or not usual:
            self._keep_for_good(name, content)
        elif at < self._end:
            part = _ENTRY.pack(name, size) + content[self._start : self._start + size]
            self._map[at : at + len(part)] = part
            self._next = at + self._slot if at + self._slot < self._end else self._first

    def _keep_for_good(self, name: bytes, content: bytes) -> None:
        if self._map is None or self._first - self._odd <= _ENTRY.size:
            return
        pressed = zlib.compress(content, 1)
        end = self._odd + _ENTRY.size + len(pressed)
        if end > self._first:
            return
        self._map[self._odd : end] = _ENTRY.pack(name, len(pressed)) + pressed
        self._odd = _aligned(end)
        _ODD.pack_into(self._map, _ODD_AT, self._odd)

    def close(self) -> None:
        """Let go of the file; what was kept is there already."""
        if self._map is not None:
            self._map.close()
        self._map = None


def _aligned(size_bytes: int) -> int:
    return -(-size_bytes // _ALIGN) * _ALIGN


def _unchanging(initial: bytes) -> tuple[bytes, bytes]:
    """What stands before the workers' lines, and what after them."""
    first, last = initial.find(MODULES), initial.rfind(MODULES)
    end = initial.find(b"\n", last)
    if first < 0 or end < 0:
        return initial, b""
    return initial[:first], initial[end:]


def _mapped(path: str, size_bytes: int) -> mmap | None:
    """A new file of that length; nothing if all processes together have used up what they may, or the disk is full."""
    others = Path(path).parent.glob("process*.contents")
    if sum(other.stat().st_size for other in others) + size_bytes > BUDGET_BYTES:
        return None
    with open(path, "x+b") as file:
        try:
            file.truncate(size_bytes)
            if hasattr(os, "posix_fallocate"):  # so that a full disk is an error here, and not a signal later
                os.posix_fallocate(file.fileno(), 0, size_bytes)
            return mmap(file.fileno(), size_bytes, access=ACCESS_WRITE)
        except OSError:
            file.truncate(0)
            return None


def trim(path: Path) -> None:
    """Of a process that has ended, leave what it kept for good, to make room for others."""
    try:
        with path.open("r+b") as file:
            header = _header(file.read(_HEADER.size))
            if header:
                file.truncate(header.odd)
    except FileNotFoundError:
        pass


class _Header(NamedTuple):
    slot: int
    first: int
    odd: int


def _header(content: bytes) -> _Header | None:
    if len(content) < _HEADER.size or not content.startswith(_MAGIC):
        return None
    return _Header(*_HEADER.unpack_from(content)[1:])


class _Kept(Mapping[bytes, bytes]):
    """All that was kept, read from the files again when it is asked for."""

    def __init__(self, places: dict[bytes, list[tuple[Path, int, bool]]], initial: bytes) -> None:
        self._places, self._initial = places, initial

    def __getitem__(self, name: bytes) -> bytes:
        for path, at, odd in self._places[name]:
            content = _entry(path, at, odd, self._initial)
            if content is not None and digest(content) == name:
                return content
        raise KeyError(name)

    def __iter__(self) -> Iterator[bytes]:
        return (name for name in self._places if name in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _entry(path: Path, at: int, odd: bool, initial: bytes) -> bytes | None:
    try:
        with path.open("rb") as file:
            file.seek(at)
            _, size = _ENTRY.unpack(file.read(_ENTRY.size))
            if size > os.fstat(file.fileno()).st_size:  # damaged; and memory for as much is not everywhere for nothing
                return None
            part = file.read(size)
        if odd:
            return zlib.decompress(part)
    except (OSError, struct.error, zlib.error):
        return None
    head, tail = _unchanging(initial)
    return head + part + tail


def load(directory: Path, initial: bytes) -> Mapping[bytes, bytes]:
    """What the processes of the run in `directory` kept, by digest; `initial` is what the file was at first."""
    places: dict[bytes, list[tuple[Path, int, bool]]] = {}
    for path in sorted(directory.glob("process*.contents")):
        content = path.read_bytes()
        for at, odd in _offsets(content):
            places.setdefault(content[at : at + DIGEST_BYTES], []).append((path, at, odd))
    return _Kept(places, initial)


def _offsets(content: bytes) -> Iterator[tuple[int, bool]]:
    """Where entries may begin, and whether they were odd."""
    header = _header(content)
    if header is None:
        return
    at, end = _HEADER.size, min(header.odd, len(content))
    while at + _ENTRY.size <= end:
        if any(content[at : at + DIGEST_BYTES]):
            yield at, True
        at = _aligned(at + _ENTRY.size + _ENTRY.unpack_from(content, at)[1])
    for at in range(header.first, len(content) - _ENTRY.size + 1, header.slot or len(content)):
        if any(content[at : at + DIGEST_BYTES]):
            yield at, False
