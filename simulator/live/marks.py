"""How things are drawn: what each state of a worker looks like, with letters for those who see no colours or shapes.

A picture is lines, a line is pieces, a piece is text in the style of its name. Nothing here knows of a terminal.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from ..lanes import Doing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ..row import Row

__all__ = ["ASCII", "STYLES", "UNICODE", "Marks", "legend", "line_text", "runs"]

STYLES = {
    "": "",
    "head": "bold",
    "dim": "bright_black",
    "good": "bold green",
    "bad": "bold red",
    "unsure": "bold yellow",
    "curve": "cyan",
    Doing.ABSENT.name: "bright_black",
    Doing.THINKING.name: "bright_black",
    Doing.WAITING.name: "yellow",
    Doing.HOLDING.name: "bold green",
    Doing.WRITING.name: "bold magenta",
    Doing.READING.name: "cyan",
    Doing.FROZEN.name: "bold blue",
    Doing.KILLED.name: "bold red",
    Doing.GONE.name: "bright_black",
}
"""What a terminal with colours makes of the names."""

_WORDS = {Doing.ABSENT: "not started"}


class Marks(NamedTuple):
    """The characters to draw with."""

    states: str  # by `Doing`
    curve: str  # from least to most
    done: str  # of a bar
    left: str
    arrow: str
    micro: str


UNICODE = Marks(states="_·─█▓▒*x~", curve="▁▂▃▄▅▆▇█", done="━", left="─", arrow="→", micro="µ")
ASCII = Marks(states="_.-HWR*x~", curve="_.:-=+*#", done="#", left="-", arrow=">", micro="u")


def runs(states: Sequence[Doing], marks: Marks) -> Row:
    """A character each, in as few pieces as can be."""
    pieces: list[tuple[str, str]] = []
    for doing in states:
        mark, style = marks.states[doing], doing.name
        if pieces and pieces[-1][1] == style:
            pieces[-1] = (pieces[-1][0] + mark, style)
        else:
            pieces.append((mark, style))
    return tuple(pieces)


def legend(states: Iterable[Doing], marks: Marks, columns: int, *, usual: Sequence[Doing]) -> list[Row]:
    """How many are in each state; those of `usual` always. As many lines as that takes."""
    counts = Counter(states)
    lines: list[list[tuple[str, str]]] = [[]]
    used = 0
    for doing in (*usual, *(other for other in Doing if other not in usual and counts[other])):
        text = f" {_WORDS.get(doing, doing.name.lower())} {counts[doing]}"
        size = len(text) + 1 + (2 if lines[-1] else 0)
        if lines[-1] and used + size > columns:
            lines.append([])
            used, size = 0, size - 2
        pieces = lines[-1]
        pieces += [("  ", "")] if pieces else []
        pieces += [(marks.states[doing], doing.name), (text, "")]
        used += size
    return [tuple(pieces) for pieces in lines]


def line_text(line: Row) -> str:
    """What it says."""
    return "".join(text for text, _ in line)
