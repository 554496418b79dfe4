"""The write log: what a disk was told, in order. A `Write`, or None: a flush, after which all before it is safe.

A file of it is a run of records, each a head and the bytes that were written; its reader gets what is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["FLUSH_RECORD", "Log", "Write", "read_log", "write_record"]

_HEAD = Struct("<BQI")  # is it a write, offset, length
FLUSH_RECORD = _HEAD.pack(0, 0, 0)


class Write(NamedTuple):
    """Bytes for the disk, at an offset; both in whole sectors."""

    offset: int
    data: bytes


Log = Sequence[Write | None]


def write_record(offset: int, data: bytes | memoryview) -> bytes:
    """A write, as it stands in the file of a log."""
    return _HEAD.pack(1, offset, len(data)) + data


def read_log(path: Path) -> list[Write | None]:
    """The log that the file at `path` holds."""
    records = path.read_bytes()
    log: list[Write | None] = []
    position = 0
    while position + _HEAD.size <= len(records):
        is_write, offset, length = _HEAD.unpack_from(records, position)
        position += _HEAD.size
        log.append(Write(offset, records[position : position + length]) if is_write else None)
        position += length
    return log
