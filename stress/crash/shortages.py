"""Shortages: an edit for which there is too little room, or just enough; which there are, and what is right in each.

    it raised   the old content, and the error is the one of its kind of room and names the path
    it did not  the new content
    killed      while it failed, or before: the old content or the new

Without a journal, which is Go's protocol, the error may also say that the old content could not be put back, as to
overwrite takes room where a file system copies on write.

A reader who comes while there is still no room reads one of the two, although there may be no room to recover in. And
once there is room: nothing but the file is there, it is the same inode with the same access, and the edit can be made.
"""

from __future__ import annotations

import binascii
import errno
import re
from typing import TYPE_CHECKING, NamedTuple

from .changes import CHANGES
from .judge import difference, kind, unbroken
from .verdict import NOT_PUT_BACK, Verdict, said

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from .changes import Change
    from .children import Answer
    from .fault import Fault
    from .judge import Finding, Identity, Rest

__all__ = ["MODES", "OPERATIONS", "Seen", "Shortage", "all_of", "verdict"]

OPERATIONS = ("edit", "write")
MODES = ("default", "durable", "go")

_KB = 1024
_FREE_BYTES = tuple(size * _KB for size in (0, 1, 4, 8, 12, 20, 28, 44))
_MOST_ON_DISK_BYTES = 32 * _KB  # of a content that is to fit on the smallest disk

# Where the limit of a process lies, from the end of the longer content: before it, at it, in the mark that an edit in
# flight ends in, and past that.
_ABOUT_THE_END = (-4000, -1, 0, 1, 33, 63, 64, 4000)


class Shortage(NamedTuple):
    """An edit, and how much room there is for it."""

    kind: str
    room_bytes: int  # the limit for files, or what is free
    operation: str
    mode: str
    change: str

    def __str__(self) -> str:
        return f"{self.kind} {self.room_bytes}, {self.operation}, {self.mode}, {self.change}"


class Seen(NamedTuple):
    """What came of one."""

    path: Path
    answer: Answer
    rest: Rest
    read: Answer  # of who came while there was no room
    found: Finding
    before: Identity
    after: Identity


def all_of(name: str, operations: Iterable[str] = OPERATIONS, modes: Iterable[str] = MODES) -> list[Shortage]:
    """All that there are in one kind of room."""
    return [
        Shortage(name, room_bytes, operation, mode, change)
        for change in CHANGES
        for room_bytes in _rooms(name, change)
        for operation in operations
        for mode in modes
    ]


def _rooms(name: str, change: str) -> list[int]:
    longest = max(len(CHANGES[change].old), len(CHANGES[change].new))
    if name != "limit":
        return list(_FREE_BYTES) if longest <= _MOST_ON_DISK_BYTES else []
    limits = {0, 100, longest // 2, *(longest + more for more in _ABOUT_THE_END)}
    return sorted(limit for limit in limits if limit >= 0)


def verdict(shortage: Shortage, seen: Seen, killed: Fault | None, *, rooms_error: str) -> Verdict:
    """What to make of one."""
    change = CHANGES[shortage.change]
    left = kind(seen.found.content, change)
    outcome = "after a kill" if seen.answer.killed else "after an error" if seen.answer.error else "with success"
    if shortage.mode == "go" and NOT_PUT_BACK in said(seen.answer):
        return Verdict("not put back by an edit without a journal, which said so", None)
    wrong = (
        _torn(seen, change, left)
        or _wrongly_ended(seen, left, rooms_error)
        or _unfinished(seen)
        or _wrongly_read(seen, change, left)
        or unbroken(seen.found, seen.before, seen.after)
    )
    if not wrong:
        return Verdict(f"{left} {outcome}", None)
    why = re.split("[:;]", wrong)[0]
    return Verdict(
        f"{left} {outcome}",
        f"{shortage}{', ' if killed else ''}{killed or ''}: {wrong}",
        f"{shortage.kind} {shortage.mode} {why}",
    )


def _torn(seen: Seen, change: Change, left: str) -> str | None:
    if left != "torn":
        return None
    return f"the file is torn: {difference(seen.found.content, change)}{said(seen.answer)}"


def _wrongly_ended(seen: Seen, left: str, rooms_error: str) -> str | None:
    error = seen.answer.error
    if error is None:
        return "it succeeded, and yet the content is old" if left == "old" and not seen.answer.killed else None
    if left == "new":
        return f"it raised, and yet the content is new{said(seen.answer)}"
    if error["errno"] != getattr(errno, rooms_error):
        return f"it raised another error{said(seen.answer)}"
    if error["filename"] != str(seen.path):
        return f"the error does not name the file{said(seen.answer)}"
    return None


def _unfinished(seen: Seen) -> str | None:
    """Who was not killed has put back all by itself, as programs that know of no journal see the file too."""
    if seen.answer.killed or NOT_PUT_BACK in said(seen.answer):
        return None
    if seen.rest.content != seen.found.content:
        return f"it was not killed, and left the file in flight{said(seen.answer)}"
    return f"it was not killed, and left its journal{said(seen.answer)}" if seen.rest.journal else None


def _wrongly_read(seen: Seen, change: Change, left: str) -> str | None:
    """The reader that came while there was no room."""
    if seen.read.error:
        return f"there is no reading it without room{said(seen.read)}"
    content = binascii.a2b_base64(seen.read.told["content"])
    if kind(content, change) != left:
        return f"a reader without room got something else than one with it: {difference(content, change)}"
    return None
