"""The command line on a terminal of its own, where keys are pressed; POSIX only."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    raise ImportError("POSIX only")

import fcntl
import os
import pty
import subprocess
import termios
import threading
from typing import TYPE_CHECKING

from lockedfile._cli import entry
from tests.lockedfile import program
from tests.lockedfile.processes import LIMIT_S, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Self

CTRL_C, CTRL_BACKSLASH = "\x03", "\x1c"


class Terminal:
    """A program in the foreground of a new terminal, as a login shell would start it."""

    def __init__(self, *arguments: object, main: Callable[[], object] = entry, cwd: Path | None = None) -> None:
        self._keys, screen = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-m", __name__, *program.command(main, *arguments)],
            stdin=screen,
            stdout=screen,
            stderr=screen,
            start_new_session=True,
            cwd=cwd,
            env=program.environment(),
        )
        os.close(screen)
        self._shown = b""
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def _watch(self) -> None:
        try:
            while part := os.read(self._keys, 4096):
                self._shown += part
        except OSError:  # so Linux says that nobody has the other side open
            pass

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._keys, keys.encode())

    def shown(self) -> str:
        """All that was shown until now."""
        return self._shown.decode().replace("\r\n", "\n")

    def until_shown(self, text: str) -> None:
        """Wait until that is on the screen."""
        until(lambda: text in self.shown() or self.process.poll() is not None, f"{text!r} on the terminal")
        assert text in self.shown(), self.shown()

    def end(self) -> int:
        """Wait for the program, and for all that it has started; its exit code."""
        code = self.process.wait(LIMIT_S)
        self._watcher.join(LIMIT_S)
        assert not self._watcher.is_alive(), "something still has the terminal open"
        return code

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT_S)
        os.close(self._keys)  # which hangs up on who is left
        self._watcher.join(LIMIT_S)


def main() -> None:
    """Make the terminal ours, and become the program."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    settings = termios.tcgetattr(0)
    settings[3] |= termios.NOFLSH  # or a key that sends a signal takes with it what is just being shown
    termios.tcsetattr(0, termios.TCSANOW, settings)
    os.execv(sys.argv[1], sys.argv[1:])


if __name__ == "__main__":
    main()
