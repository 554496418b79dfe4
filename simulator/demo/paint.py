"""Rows of text with styles, and how a terminal shows them."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, NamedTuple

from .moment import Mark

if TYPE_CHECKING:
    from ..row import Row

__all__ = ["Look", "painted", "wrapped"]

_COLOURED = {
    "bold": "1", "dim": "2", "title": "1", "good": "1;32", "bad": "1;31", "code": "36", "call": "1;33",
    "changed": "30;42", "now": "1;30;46", "waits": "1;30;43", "done": "32", "refused": "31", "todo": "2",
    "skipped": "2", "dead": "1;97;41",
}  # fmt: skip
_PLAIN = {
    "bold": "1", "dim": "2", "title": "1", "good": "1", "bad": "1", "call": "1", "changed": "7", "now": "1;7",
    "waits": "7", "refused": "1", "todo": "2", "skipped": "2", "dead": "7",
}  # fmt: skip

_SIGNS = {
    Mark.TODO: "·", Mark.DONE: "✓", Mark.NOW: "▶", Mark.REFUSED: "✗", Mark.WAITS: "■", Mark.SKIPPED: "–", # noqa: RUF001
    Mark.DEAD: "×", # noqa: RUF001 - these are what they look like
}  # fmt: skip
_ASCII_SIGNS = {
    Mark.TODO: ".", Mark.DONE: "+", Mark.NOW: ">", Mark.REFUSED: "!", Mark.WAITS: "#", Mark.SKIPPED: "-",
    Mark.DEAD: "x",
}  # fmt: skip

_MEANINGS = {
    Mark.NOW: "now",
    Mark.DONE: "done",
    Mark.REFUSED: "refused",
    Mark.WAITS: "asleep",
    Mark.SKIPPED: "passed over",
    Mark.DEAD: "killed",
}


class Look(NamedTuple):
    """What the terminal, or the file, can show."""

    colour: bool = False
    ascii: bool = False

    def sign(self, mark: Mark) -> str:
        """One letter that stands for a mark."""
        return (_ASCII_SIGNS if self.ascii else _SIGNS)[mark]

    @property
    def legend(self) -> str:
        """What the letters stand for."""
        return "   ".join(f"{self.sign(mark)} {meaning}" for mark, meaning in _MEANINGS.items())

    @property
    def bar(self) -> str:
        """What stands between the offset and the line."""
        return "|" if self.ascii else "│"


def wrapped(text: str, width: int, style: str = "", indent: str = "") -> list[Row]:
    """`text` in rows of at most `width`, all but the first with an indentation."""
    parts = textwrap.wrap(text, max(10, width), subsequent_indent=indent, break_on_hyphens=False)
    return [((part, style),) for part in parts]


def painted(row: Row, look: Look) -> str:
    """A row with the codes of a terminal."""
    codes = _COLOURED if look.colour else _PLAIN
    return "".join(f"\x1b[{codes[style]}m{text}\x1b[0m" if codes.get(style) else text for text, style in row)
