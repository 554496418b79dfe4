"""Keys that are pressed while something is shown: read at once, not echoed, and the terminal left as it was.

Ctrl-C stays what it is. Where standard input is no terminal, no key is ever pressed.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["keys", "named"]

_ARROWS = {b"\x1b[D": "left", b"\x1b[C": "right", b"\x1bOD": "left", b"\x1bOC": "right"}


@contextmanager
def keys() -> Iterator[Callable[[float], list[str]]]:
    """Listen for as long as the block lasts; what it gives waits so many seconds at most, and tells the keys."""
    if not sys.stdin or not sys.stdin.isatty():
        yield _none
    elif sys.platform == "win32":
        yield _windows
    else:
        with _posix() as pressed:
            yield pressed


def _none(wait_s: float) -> list[str]:
    time.sleep(max(0.0, wait_s))
    return []


def named(typed: bytes) -> list[str]:
    """The keys in what a terminal sent: letters, and left and right."""
    found = []
    while typed:
        arrow = next((code for code in _ARROWS if typed.startswith(code)), None)
        if arrow:
            found.append(_ARROWS[arrow])
        elif typed[:1] != b"\x1b":
            found.append(typed[:1].decode("latin-1"))
        typed = typed[len(arrow or b"?") :]
    return found


if sys.platform == "win32":
    import msvcrt

    from .console import next_key

    def _windows(wait_s: float) -> list[str]:
        found, key = [], next_key(msvcrt, wait_s)
        while key:
            found.append(key)
            key = next_key(msvcrt, 0.0)
        return found

else:
    import select
    import termios
    import tty

    @contextmanager
    def _posix() -> Iterator[Callable[[float], list[str]]]:
        terminal = sys.stdin.fileno()
        before = termios.tcgetattr(terminal)

        def pressed(wait_s: float) -> list[str]:
            ready, _, _ = select.select([terminal], [], [], max(0.0, wait_s))
            return named(os.read(terminal, 64)) if ready else []

        try:
            tty.setcbreak(terminal, termios.TCSANOW)
            yield pressed
        finally:
            termios.tcsetattr(terminal, termios.TCSANOW, before)
