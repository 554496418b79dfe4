"""The demo on a terminal of its own, with a window that can be resized; POSIX only."""

from __future__ import annotations

import os
import re
import sys

if sys.platform == "win32":
    raise ImportError("POSIX only")

import fcntl
import struct
import termios

from simulator.cli import main
from tests.lockedfile.processes import until
from tests.lockedfile.terminal import Terminal

NEXT, LEFT = " ", "\x1b[D"
ENTER_SCREEN, LEAVE_SCREEN = "\x1b[?1049h", "\x1b[?1049l"


def demo() -> int:
    """Run the command line, as a program does."""
    os.environ.setdefault("TERM", "xterm")
    return main(["demo", *sys.argv[1:]])


def dumb_demo() -> int:
    """Run it on a terminal that only prints."""
    os.environ["TERM"] = "dumb"
    return demo()


class Screen(Terminal):
    """A terminal with a window of some size, and the settings that it had in the beginning."""

    _drawn = 0  # how much of what was shown is one of the screens that were waited for

    def resize(self, columns: int, lines: int) -> None:
        """Make the window as large, which tells the program."""
        fcntl.ioctl(self._keys, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def is_as_before(self) -> bool:
        """Do letters show, line by line, and is the first screen back, with its cursor?"""
        flags = termios.tcgetattr(self._keys)[3]
        shown = self.shown()
        back = shown.count(ENTER_SCREEN) == shown.count(LEAVE_SCREEN) and shown.count("?25l") == shown.count("?25h")
        return bool(flags & termios.ECHO and flags & termios.ICANON) and back

    def pids(self) -> set[int]:
        """Which processes it has shown."""
        return {int(pid) for pid in re.findall(r"pid (\d+)", self.shown())}

    def step(self, number: int) -> None:
        """Let one more step happen, and see it."""
        self.press(NEXT)
        self.until_drawn(number)

    def until_drawn(self, number: int) -> None:
        """Wait for a screen with this number, drawn to its last row."""
        begin = self._drawn
        drawn = re.compile(rf" {number}\x1b\[0m\x1b\[K\r*\n.*?\x1b\[J", re.DOTALL)
        until(lambda: drawn.search(self.shown(), begin) or self.process.poll() is not None, f"step {number}")
        found = drawn.search(self.shown(), begin)
        assert found, self.shown()
        self._drawn = found.end()
