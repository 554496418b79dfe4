"""The one record of a journal: what an edit is about to change, and which states it can leave behind.

An edit in flight looks like this; E is the larger of the two sizes:

    |<- kept, and spans: old bytes or new ones ->|<- tail: zeros or new bytes ->|<- mark ->|
    0                                     smaller size                          E        E + 64

The mark is 64 blanks and tabs that spell a random number. The record has the same number, so that a file which ends
in the mark was left by the edit that laid this record, and by no other: not by an earlier one, not by one of another
file, and not by a program that knows of no journal and edited since. Blanks, because the go command, which may come
upon them, reads over them.
"""

from __future__ import annotations

from binascii import crc32
from os import urandom
from struct import Struct, error

from ._writeback import changed_spans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

__all__ = ["HEAD_BYTES", "LEAST_MARK_BYTES", "MARK_BYTES", "Record"]

MARK_BYTES = 64

# For people: a journal that is found says what it is.
_TITLE = (
    b"lockedfile journal 1\n"
    b"An edit of the file beside this one was interrupted. The next program that opens it through the Python package\n"
    b"lockedfile makes that file whole again, and removes this journal. Until then, leave both as they are.\n"
)

# How the mark spells a byte.
_BLANKS = tuple(f"{byte:08b}".replace("0", " ").replace("1", "\t").encode() for byte in range(256))

# Bytes in all, durable?, old size, new size, the mark's number, checksum of what is kept in the size that both share,
# checksum of what the shorter new content cuts off, how many spans.
_HEAD = Struct("<Q?QQ8sIII")
_SPAN = Struct("<QQ")  # where it starts, and its size; then its old bytes and its new ones; after all spans, the tail
_CHECKSUM = Struct("<I")  # of all before it

HEAD_BYTES = len(_TITLE) + _HEAD.size

# A mark that was cut shorter than this could be somebody's blanks, unless the cut is where a write can be cut.
LEAST_MARK_BYTES = 16

# Disks write sectors whole, or multiples of them.
_SECTOR = 512


class Record:
    """What one edit changes. Sizes and positions are in bytes; a span is its start, its old bytes and its new bytes."""

    # `end` is where the mark begins.
    __slots__ = ("_cut", "_kept", "durable", "end", "mark", "new_size", "number", "old_size", "spans", "tail")

    def __init__(
        self,
        durable: bool,
        sizes: tuple[int, int],
        number: bytes,
        checksums: tuple[int, int],
        spans: list[tuple[int, bytes, bytes]],
        tail: bytes,
    ) -> None:
        self.durable = durable
        self.old_size, self.new_size = old_size, new_size = sizes
        self.end = old_size if old_size > new_size else new_size
        self.number = number
        self.mark = b"".join([_BLANKS[byte] for byte in number])
        self._kept, self._cut = checksums
        self.spans = spans
        self.tail = tail

    @classmethod
    def of(cls, old: bytes, new: bytes, *, durable: bool) -> Self:
        """The record of the edit from `old` to `new`."""
        old_size, new_size = len(old), len(new)
        shared = old_size if old_size < new_size else new_size
        ranges = [_trimmed(old, new, start, end) for start, end in changed_spans(old, new)]
        spans = [(start, old[start:end], new[start:end]) for start, end in ranges]
        checksums = _outside(old, ranges, shared), crc32(old[shared:])
        return cls(durable, (old_size, new_size), urandom(8), checksums, spans, new[shared:])

    def pack(self) -> bytes:
        """The record as the content of a journal."""
        parts: list[bytes] = []
        for start, before, after in self.spans:
            parts += (_SPAN.pack(start, len(before)), before, after)
        parts.append(self.tail)
        body = b"".join(parts)
        size = HEAD_BYTES + len(body) + _CHECKSUM.size
        count = len(self.spans)
        head = _HEAD.pack(size, self.durable, self.old_size, self.new_size, self.number, self._kept, self._cut, count)
        packed = _TITLE + head + body
        return packed + _CHECKSUM.pack(crc32(packed))

    @staticmethod
    def size_of(head: bytes) -> int | None:
        """How many bytes the record has that begins so; None if that is no record."""
        if len(head) < HEAD_BYTES or not head.startswith(_TITLE):
            return None
        size: int = _HEAD.unpack_from(head, len(_TITLE))[0]
        return size

    @classmethod
    def unpack(cls, packed: bytes) -> Self | None:
        """The record that was packed; None if it is not a whole one, as of an edit that was killed while laying it."""
        if cls.size_of(packed) != len(packed):
            return None
        try:
            _, durable, old_size, new_size, number, kept, cut, count = _HEAD.unpack_from(packed, len(_TITLE))
            if _CHECKSUM.unpack(packed[-_CHECKSUM.size :]) != (crc32(packed[: -_CHECKSUM.size]),):
                return None
            at, spans = HEAD_BYTES, []
            for _ in range(count):
                start, size = _SPAN.unpack_from(packed, at)
                at += _SPAN.size
                if at + 2 * size > len(packed):
                    return None
                spans.append((start, packed[at : at + size], packed[at + size : at + 2 * size]))
                at += 2 * size
        except error:
            return None
        tail = packed[at : -_CHECKSUM.size]
        return cls(durable, (old_size, new_size), number, (kept, cut), spans, tail)

    def settled(self, content: bytes) -> bytes | None:
        """What the file has to hold instead of `content`; None if this edit is not what left it so.

        The old content, unless all was written and only the mark was still to go when the power failed.
        """
        shared = min(self.old_size, self.new_size)
        mark = content[self.end :]
        tail = content[self.old_size : self.new_size]
        spans = [(start, content[start : start + len(before)], before, after) for start, before, after in self.spans]
        if (
            not self._is_marked(content, mark)
            or _outside(content, [(start, start + len(now)) for start, now, _, _ in spans], shared) != self._kept
            or not all(_either(now, before, after) for _, now, before, after in spans)
            or not _either(tail, self.tail[: len(tail)], bytes(len(tail)))
        ):
            return None
        is_old = all(now == before for _, now, before, _ in spans)
        is_new = all(now == after for _, now, _, after in spans) and tail == self.tail
        cut = content[self.new_size : self.old_size]
        is_uncut = crc32(cut) == self._cut
        if is_uncut and (is_old or mark == self.mark):
            return self._with(content[: self.old_size], ((start, before) for start, before, _ in self.spans))
        # Nothing writes to what is only cut off; but a disk may have the zeros that are behind an end before that end.
        if is_new and (is_uncut or (self.durable and b"\0" in cut)):
            return content[: self.new_size]
        return None

    def _is_marked(self, content: bytes, mark: bytes) -> bool:
        """Can what stands behind the longer content be the mark, or what is left of it where the writing was cut?"""
        whole = len(mark) == MARK_BYTES
        cut = len(mark) >= LEAST_MARK_BYTES or len(content) % _SECTOR == 0
        if mark and (whole or cut) and mark == self.mark[: len(mark)]:
            return True
        if not self.durable or not (whole or cut) or len(content) <= self.old_size:
            return False
        # A power cut: the disk has the size and not yet the bytes, or a block of zeros before the size.
        return _either(mark, self.mark[: len(mark)], bytes(len(mark))) if mark else not any(content[self.old_size :])

    @staticmethod
    def _with(content: bytes, parts: Iterable[tuple[int, bytes]]) -> bytes:
        whole = bytearray(content)
        for start, part in parts:
            whole[start : start + len(part)] = part
        return bytes(whole)


def _trimmed(old: bytes, new: bytes, start: int, end: int) -> tuple[int, int]:
    """The range less the sectors at its ends in which nothing changes: a small journal is the quicker to write."""
    while old[start : start + _SECTOR] == new[start : start + _SECTOR]:
        start += _SECTOR
    while end - start > _SECTOR and old[end - _SECTOR : end] == new[end - _SECTOR : end]:
        end -= _SECTOR
    return start, end


def _outside(content: bytes, ranges: list[tuple[int, int]], size: int) -> int:
    """The checksum of the first `size` bytes less those in `ranges`."""
    view, at, checksum = memoryview(content), 0, 0
    for start, end in ranges:
        checksum = crc32(view[at:start], checksum)
        at = end
    return crc32(view[at:size], checksum)


def _either(content: bytes, one: bytes, other: bytes) -> bool:
    """Is each byte that of `one` or that of `other`?"""
    if content in (one, other):
        return True
    if not len(content) == len(one) == len(other):
        return False
    for at in range(0, len(content), _SECTOR):
        sector, first, second = content[at : at + _SECTOR], one[at : at + _SECTOR], other[at : at + _SECTOR]
        if sector not in (first, second) and not all(
            now in pair for now, *pair in zip(sector, first, second, strict=True)
        ):
            return False
    return True
