"""The whole screen of a terminal, drawn again at each look, and given back as it was.

On the terminal's other screen: there nothing is scrolled, nothing that was on it is lost, and a new size leaves no
remains. A picture is put over the last one in one go, so that it does not flicker.
"""

from __future__ import annotations

import locale
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .marks import ASCII, STYLES, UNICODE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TextIO

    from rich.console import Console, ConsoleOptions, ConsoleRenderable, RenderResult

    from .marks import Line, Marks

__all__ = ["can_draw", "marks_for", "screen"]


def can_draw(stream: TextIO) -> bool:
    """Is it a terminal that can put the cursor where it wants, and is there what draws on it?"""
    if not stream.isatty() or os.environ.get("TERM") in {"dumb", "unknown"}:
        return False
    try:
        import rich.live  # noqa: F401 - asked for, and not used here
    except ImportError:
        return False
    return True


def marks_for(stream: TextIO) -> Marks:
    """Shapes, where the terminal is said to have them."""
    said = next((value for name in ("LC_ALL", "LC_CTYPE", "LANG") if (value := os.environ.get(name))), "")
    if said in {"C", "POSIX"}:  # Python writes UTF-8 all the same, to terminals that may have none
        return ASCII
    try:
        "".join(UNICODE).encode(stream.encoding or locale.getpreferredencoding(False))
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


@contextmanager
def screen(stream: TextIO) -> Iterator[Callable[[Callable[[int, int], list[Line]]], None]]:
    """Take the screen for as long as the block lasts; what it gives draws a picture that fits it."""
    from rich.console import Console
    from rich.live import Live

    console = Console(file=stream)
    view = Live(console=console, screen=True, auto_refresh=False, redirect_stdout=False, redirect_stderr=False)
    paint = _painter(console)

    def draw(make: Callable[[int, int], list[Line]]) -> None:
        view.update(paint(make), refresh=True)

    try:
        with view:
            yield draw
    finally:
        if console.is_alt_screen:  # interrupted while it gave the screen back
            console.set_alt_screen(False)
            console.show_cursor(True)


def _painter(console: Console) -> Callable[[Callable[[int, int], list[Line]]], ConsoleRenderable]:
    from rich.segment import Segment

    styles = {name: console.get_style(style) if style else None for name, style in STYLES.items()}

    class Painted:
        """Lines, as rich wants them: nothing here is to be measured or wrapped."""

        def __init__(self, make: Callable[[int, int], list[Line]]) -> None:
            self._make = make

        def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
            for line in self._make(options.size.width, options.size.height):
                for text, style in line:
                    yield Segment(text, styles[style])
                yield Segment.line()

    return Painted
