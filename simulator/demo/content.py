"""The bytes of the file as people can read them: lines, each with its offset, and what changed in them."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["Line", "Piece", "lines", "summary"]

_TAB = "    "
# Zeros where nothing has been written yet, the mark at the end, a tab, or letters.
_TOKENS = re.compile(rb"\0{2,}|[ \t]{16,}\Z|\t|[^\0\t]+|\0")
_MARK = re.compile(rb"[ \t]{16,}\Z")


class Piece(NamedTuple):
    """A part of a line, and whether these bytes are new at this place."""

    text: str
    changed: bool


class Line(NamedTuple):
    """One line: where in the file it begins, and its parts."""

    offset: int
    pieces: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The whole of it."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def changed(self) -> bool:
        """Is any of it new?"""
        return any(piece.changed for piece in self.pieces)


def lines(before: bytes | None, after: bytes) -> list[Line]:
    """The lines of `after`, in which is marked what is not as it was in `before`; None: nothing is marked."""
    found, offset = [], 0
    for line in after.splitlines(keepends=True):
        changed = [before is not None and before[at : at + 1] != after[at : at + 1] for at in _range(offset, line)]
        found.append(Line(offset, tuple(_pieces(line.rstrip(b"\n"), changed))))
        offset += len(line)
    return found


def _range(offset: int, line: bytes) -> range:
    return range(offset, offset + len(line))


def _pieces(line: bytes, changed: list[bool]) -> list[Piece]:
    pieces: list[Piece] = []
    for token in _TOKENS.finditer(line):
        text, start, end = token[0], token.start(), token.end()
        if text == b"\t":
            pieces.append(Piece(_TAB, changed[start]))
        elif not text.strip(b"\0"):
            pieces.append(Piece(f"<{len(text)} bytes of zero>", any(changed[start:end])))
        elif _MARK.fullmatch(text):
            pieces.append(Piece(f"<the mark: {len(text)} blanks and tabs>", any(changed[start:end])))
        else:
            pieces += [Piece(chr(byte), changed[start + at]) for at, byte in enumerate(text)]
    return _joined(pieces)


def _joined(pieces: list[Piece]) -> list[Piece]:
    """Neighbours that are alike are one."""
    joined: list[Piece] = []
    for piece in pieces:
        if joined and joined[-1].changed == piece.changed:
            joined[-1] = Piece(joined[-1].text + piece.text, piece.changed)
        else:
            joined.append(piece)
    return joined


def summary(before: bytes | None, after: bytes) -> str:
    """How long the file is, and what came of it in this step."""
    size = f"{len(after)} bytes"
    if before is None or before == after:
        return size
    if len(after) < len(before):
        return f"{size}, {len(before) - len(after)} cut off"
    changed = sum(before[at : at + 1] != after[at : at + 1] for at in range(len(after)))
    return f"{size}, {changed} of them new"
