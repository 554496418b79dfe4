"""The demo as it is watched: on a screen with keys, or as a transcript."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

from ..output import can_show
from .frame import rows
from .paint import Look, painted
from .terminal import HAS_KEYS, Pressed, keys, whole_screen
from .transcript import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .moment import Moment

__all__ = ["SLOW_S", "look", "on_screen", "transcript", "with_keys"]

SLOW_S = 0.5
"""Between two steps that follow each other by themselves."""

_NEXT, _BACK, _AUTO, _QUIT = (" ", "\r", "\n", "\x1b[C"), ("b", "\x7f", "\x1b[D"), ("a",), ("q", "\x1b", "\x04", "end")

_HELP = "space: next step   b: back   a: go on by itself   q: quit"
_AUTO_HELP = "it goes on by itself   space: stop   q: quit"
_LAST_HELP = "the end   b: back   q: quit"


def with_keys() -> bool:
    """Are there keys to press, and somebody to see what they do?"""
    return HAS_KEYS and sys.stdin.isatty() and sys.stdout.isatty() and _has_window()


def _has_window() -> bool:
    """Is it a terminal that has one? On Windows the null device says that it is a terminal, too."""
    try:
        os.get_terminal_size(sys.stdout.fileno())
    except OSError:
        return False
    return True


def look() -> Look:
    """What stdout can show."""
    colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
    return Look(colour, ascii=not can_show("✓▶■│", sys.stdout))


def _window() -> tuple[int, int]:
    """Columns and rows; where nobody has said, what a terminal has had for fifty years."""
    columns, lines = os.get_terminal_size(sys.stdout.fileno())
    return columns or 80, lines or 24


def transcript(moments: Iterator[Moment], slow_s: float) -> Moment | None:
    """Print one moment after the other; the last one."""
    last = None
    for moment in moments:
        if last and slow_s:
            time.sleep(slow_s)
        sys.stdout.write(text(moment, look()))
        sys.stdout.flush()
        last = moment
    return last


def on_screen(moments: Iterator[Moment], slow_s: float | None) -> Moment | None:
    """Show one moment after the other, at a key, or by itself every `slow_s`; the last one, if it came to that."""
    if os.environ.get("TERM", "dumb") == "dumb":
        with keys() as pressed:
            return _by_key(moments, pressed, slow_s)
    with keys() as pressed, whole_screen():
        return _Screen(moments, pressed, slow_s).run()


def _by_key(moments: Iterator[Moment], pressed: Pressed, slow_s: float | None) -> Moment | None:
    """A transcript that goes on at a key: for a terminal that only prints."""
    sys.stdout.write(f"({_HELP})\n")
    for moment in moments:
        sys.stdout.write(text(moment, look()))
        sys.stdout.flush()
        if moment.verdict:
            return moment
        while (key := pressed.next(slow_s)) not in (*_NEXT, ""):
            if key in _QUIT:
                return None
            if key in _AUTO:
                slow_s = SLOW_S
                break
    return None


class _Screen:
    """What has been seen so far, and which of it is being looked at."""

    def __init__(self, moments: Iterator[Moment], pressed: Pressed, slow_s: float | None) -> None:
        self._moments, self._pressed = moments, pressed
        self._slow_s = slow_s or SLOW_S
        self._auto = slow_s is not None
        self._seen: list[Moment] = [next(moments)]
        self._at = 0

    def run(self) -> Moment | None:
        """Until somebody quits."""
        while True:
            self._draw()
            if self._is_end():
                self._auto = False
            key = self._pressed.next(self._slow_s if self._auto else None)
            if key in _QUIT:
                return self._seen[-1] if self._seen[-1].verdict else None
            if key in _AUTO:
                self._auto = not self._auto
            elif key in _BACK:
                self._auto, self._at = False, max(0, self._at - 1)
            elif key == "" or (key in _NEXT and not self._auto):
                self._go_on()
            elif key in _NEXT:
                self._auto = False

    def _is_end(self) -> bool:
        return bool(self._seen[self._at].verdict)

    def _go_on(self) -> None:
        if self._at + 1 < len(self._seen):
            self._at += 1
        elif not self._is_end():
            self._seen.append(next(self._moments))
            self._at += 1

    def _draw(self) -> None:
        width, height = _window()
        footer = _LAST_HELP if self._is_end() else _AUTO_HELP if self._auto else _HELP
        looks = look()
        shown = rows(self._seen[self._at], width, height, looks, footer)
        # Each row over the one that was there, and then the rest of it away: nothing flickers.
        sys.stdout.write("\x1b[H" + "\r\n".join(painted(row, looks) + "\x1b[K" for row in shown) + "\x1b[J")
        sys.stdout.flush()
