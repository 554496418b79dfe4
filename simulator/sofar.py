"""A verdict while the run goes on: what the records have told so far. Pure; what it remembers is bounded.

It looks for the two flaws that can be seen as operations come in, in whatever order they do:

- Two committed edits that read the same content: a lost update.
- A content read that no edit wrote: a torn read. A writer tells what it will write before it writes, so whoever has
  read it comes later; once all has been taken in that was told when the reader's record was seen, and no writer of it
  is found among those edits, ended or not, there is none.

Contents are forgotten when the next edit has replaced them and many have come since. Order, overlaps, what failed edits
left, and the end of the file are for `checker`, which sees all; so VALID here is "so far", and no more.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from .checker import Flaw, Result
from .history import NOTHING

if TYPE_CHECKING:
    from collections.abc import Collection

__all__ = ["Judge", "SoFar"]

_REMEMBERED = 1 << 16  # contents that were replaced


class SoFar(NamedTuple):
    """A verdict that is not the last word."""

    edits: int  # judged
    blind: int  # edits that told nothing of what they read and wrote
    flaw: Flaw | None
    what: str  # the first thing that was wrong

    @property
    def result(self) -> Result:
        """In the words of the checker."""
        if self.flaw:
            return Result.INVALID
        return Result.VALID if self.edits else Result.UNKNOWN


class _Reading(NamedTuple):
    content: bytes
    worker: int
    replaces: bool  # as a committed edit does


class Judge:
    """Takes in operations as they become known; between two calls of `passed`, all that was told when it began."""

    def __init__(self, initial: bytes, *, blind: bool = False, remembered: int = _REMEMBERED) -> None:
        """`blind`: there are edits that do not tell their contents, so nobody can say that no edit wrote one."""
        self._blind, self._remembered = blind, remembered
        self._standing = {initial}  # contents that were written, and not replaced yet
        self._replaced: dict[bytes, int] = {}  # contents, and by which worker
        self._order: deque[bytes] = deque()  # of these
        self._open: list[_Reading] = []  # whose writer is not known yet, from before this pass
        self._fresh: list[_Reading] = []  # and from this pass
        self._forgot = False
        self._edits = self._blinds = 0
        self._found: tuple[Flaw, str] | None = None

    def committed(self, worker: int, read: bytes, written: bytes) -> None:
        """An edit has returned."""
        if written == NOTHING:
            self._blinds += 1
            return
        self._edits += 1
        if written not in self._replaced:
            self._standing.add(written)
        if not self._settled(_Reading(read, worker, replaces=True)):
            self._fresh.append(_Reading(read, worker, replaces=True))

    def looked(self, worker: int, read: bytes) -> None:
        """Something was read, and nothing came of it: by a reader, or by an edit that failed."""
        reading = _Reading(read, worker, replaces=False)
        if not self._settled(reading):
            self._fresh.append(reading)

    def passed(self, under_way: Collection[bytes]) -> None:
        """All is taken in that was told when this pass began; `under_way` is what edits without an end will write."""
        for reading in self._open:
            if not self._settled(reading):
                self._ended(reading, known=reading.content in under_way)
        self._open = [reading for reading in self._fresh if not self._settled(reading)]
        self._fresh = []

    def so_far(self) -> SoFar:
        """What to say now."""
        flaw, what = self._found or (None, "")
        return SoFar(self._edits, self._blinds, flaw, what)

    def _settled(self, reading: _Reading) -> bool:
        content = reading.content
        if content in self._standing:
            if reading.replaces:
                self._replace(content, reading.worker)
            return True
        if content in self._replaced:
            if reading.replaces:
                self._lost(reading, self._replaced[content])
            return True
        if self._blind and reading.replaces:
            self._replace(content, reading.worker)
        return self._blind

    def _ended(self, reading: _Reading, *, known: bool) -> None:
        """Of a reading whose writer is not among those that ended: it has not, or there is none."""
        if known and reading.replaces:
            self._replace(reading.content, reading.worker)
        elif not known and (reading.replaces or not self._forgot):
            self._torn(reading)

    def _replace(self, content: bytes, worker: int) -> None:
        self._standing.discard(content)
        self._replaced[content] = worker
        self._order.append(content)
        if len(self._order) > self._remembered:
            self._forgot = True
            del self._replaced[self._order.popleft()]

    def _lost(self, reading: _Reading, other: int) -> None:
        who = f"workers {other} and {reading.worker}" if other != reading.worker else f"two edits of worker {other}"
        self._found = self._found or (Flaw.LOST, f"{who} read the same content")

    def _torn(self, reading: _Reading) -> None:
        self._found = self._found or (Flaw.TORN, f"worker {reading.worker} read a content that no edit wrote")
