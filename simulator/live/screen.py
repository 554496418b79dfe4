"""The whole screen of a terminal, drawn again at each look, and given back as it was.

On the terminal's other screen: there nothing is scrolled, nothing that was on it is lost, and a new size leaves no
remains. A picture is put over the last one in one go, so that it does not flicker.
"""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from ..output import can_show
from .marks import ASCII, STYLES, UNICODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO, TypeAlias

    from rich.console import Console

    from ..row import Row
    from .marks import Marks

    Picture: TypeAlias = Callable[[int, int], list[Row]]

__all__ = ["HINT", "can_draw", "has_rich", "marks_for", "screen"]


HINT = "For a live view: pip install 'lockedfile[simulator]'\n"
"""For whom only that is missing."""


def can_draw(stream: TextIO) -> bool:
    """Is it a terminal that can put the cursor where it wants?"""
    if not stream.isatty() or os.environ.get("TERM") in {"dumb", "unknown"}:
        return False
    if not has_rich():
        return True
    from rich.console import Console

    return not Console(file=stream).legacy_windows


def has_rich() -> bool:
    """Is there what knows of terminals and their colours?"""
    return find_spec("rich") is not None


def marks_for(stream: TextIO) -> Marks:
    """Shapes, where the terminal is said to have them."""
    return UNICODE if can_show("".join(UNICODE), stream) else ASCII


@contextmanager
def screen(stream: TextIO) -> Iterator[Callable[[Picture], None]]:
    """Take the screen for as long as the block lasts; what it gives draws a picture that fits it."""
    from rich.console import Console

    console = Console(file=stream)
    codes = _codes(console)

    def draw(make: Picture) -> None:
        size = console.size
        stream.write(_drawn(make(size.width, size.height), size.width, size.height, codes))
        stream.flush()

    try:
        console.set_alt_screen(True)
        console.show_cursor(False)
        yield draw
    finally:
        with suppress(OSError):  # nobody there to give it back to
            console.show_cursor(True)
            console.set_alt_screen(False)


def _codes(console: Console) -> dict[str, tuple[str, str]]:
    """What goes before and after a text in a style, on this terminal."""
    from rich.color import ColorSystem

    system = ColorSystem.STANDARD if console.color_system else None
    codes = {}
    for name, definition in STYLES.items():
        style = console.get_style(definition or "none")
        before, _, after = (
            (style.without_color if console.no_color else style).render("|", color_system=system).partition("|")
        )
        codes[name] = before, after
    return codes


def _drawn(lines: list[Row], columns: int, rows: int, codes: dict[str, tuple[str, str]]) -> str:
    """All that is to be sent, in one string. rich could do it, at ten times the cost, which the run would pay for."""
    rest = "\n\x1b[J" if len(lines) < rows else ""
    return "\x1b[H" + "\n".join(_coded(line, columns, codes) for line in lines) + rest


def _coded(line: Row, columns: int, codes: dict[str, tuple[str, str]]) -> str:
    told = "".join(f"{codes[style][0]}{text}{codes[style][1]}" for text, style in line if text)
    # Not after a line that fills the row: the cursor still stands on its last letter then.
    return told + ("\x1b[K" if sum(len(text) for text, _ in line) < columns else "")
