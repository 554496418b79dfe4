"""Keys one by one, the size of the window, and a screen that is given back as it was."""

from __future__ import annotations

import importlib
import os
import select
import signal
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from ..live.console import Console, next_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["HAS_KEYS", "ConsoleKeys", "Keys", "Pressed", "keys", "whole_screen"]

try:
    _termios: Any = importlib.import_module("termios")
except ImportError:  # such as on Windows
    _termios = None

HAS_KEYS = _termios is not None or sys.platform == "win32"
"""Can single keys be read on this system?"""

_ENTER_SCREEN = "\x1b[?1049h\x1b[?25l"  # another screen than the one with the shell's lines, and no cursor
_LEAVE_SCREEN = "\x1b[?25h\x1b[?1049l"


class Pressed(Protocol):
    """Whoever knows what is pressed."""

    def next(self, within_s: float | None) -> str:
        """The next key; empty if none came in time."""


class Keys:
    """Reads keys; a change of the window's size comes as the key `resize`, the end of all keys as `end`."""

    def __init__(self, source: int, wakes: int) -> None:
        self._source, self._wakes = source, wakes
        self._typed = ""

    def next(self, within_s: float | None) -> str:
        """The next key; empty if none came in time."""
        if not self._typed:
            woken = self._read(within_s)
            if woken or not self._typed:
                return woken
        size = 3 if self._typed.startswith("\x1b[") else 1  # an arrow is three letters
        key, self._typed = self._typed[:size], self._typed[size:]
        return key

    def _read(self, within_s: float | None) -> str:
        """Wait for what is typed; give what is none."""
        ready, _, _ = select.select([self._source, self._wakes], [], [], within_s)
        if self._wakes in ready:
            os.read(self._wakes, 512)
            return "resize"
        if self._source in ready:
            self._typed = os.read(self._source, 64).decode("ascii", "replace")
            return "" if self._typed else "end"
        return ""


class ConsoleKeys:
    """Reads keys of a console of Windows; they come as those of other terminals."""

    _AS_THERE: ClassVar[dict[str, str]] = {"left": "\x1b[D", "right": "\x1b[C", "\b": "\x7f"}

    def __init__(self, console: Console) -> None:
        self._console = console

    def next(self, within_s: float | None) -> str:
        """The next key; empty if none came in time."""
        key = next_key(self._console, within_s)
        return self._AS_THERE.get(key, key)


@contextmanager
def keys() -> Iterator[Pressed]:
    """Have keys come one by one, unseen, until the end of the block, whatever ends it."""
    if sys.platform != "win32":
        source = sys.stdin.fileno()
        before = _termios.tcgetattr(source)
        wakes, waker = os.pipe()
        os.set_blocking(wakes, False)
        os.set_blocking(waker, False)
        handler = signal.signal(signal.SIGWINCH, _nothing)
        wakeup = signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
        try:
            _termios.tcsetattr(source, _termios.TCSADRAIN, _by_key(before))
            yield Keys(source, wakes)
        finally:
            with suppress(_termios.error):  # the terminal has gone
                _termios.tcsetattr(source, _termios.TCSADRAIN, before)
            signal.set_wakeup_fd(wakeup)
            signal.signal(signal.SIGWINCH, handler)
            os.close(wakes)
            os.close(waker)
    else:
        import msvcrt

        yield ConsoleKeys(msvcrt)


def _by_key(attributes: list[Any]) -> list[Any]:
    changed = [*attributes[:6], list(attributes[6])]
    changed[3] &= ~(_termios.ICANON | _termios.ECHO)
    changed[6][_termios.VMIN], changed[6][_termios.VTIME] = 1, 0
    changed[6][_termios.VSUSP] = b"\0"  # Ctrl-Z would leave the shell with this screen
    return changed


def _nothing(_number: int, _frame: FrameType | None) -> None:
    """Be woken, no more."""


@contextmanager
def whole_screen() -> Iterator[None]:
    """Use the whole window until the end of the block, and then show again what was there."""
    try:
        sys.stdout.write(_ENTER_SCREEN)
        sys.stdout.flush()
        yield
    finally:
        with suppress(OSError):
            sys.stdout.write(_LEAVE_SCREEN)
            sys.stdout.flush()
