"""Runs that are going on, to be interrupted or killed: the command line in a process, with an ear on what it says."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lockedfile import interrupts
from tests.simulator.hasty import LAUNCHED

if TYPE_CHECKING:
    from typing import Self

__all__ = ["POLITE", "Run", "started"]

ROOT = Path(__file__).parents[2]
_HASTY = [sys.executable, "-c", "from tests.simulator.hasty import main; main()"]

POLITE = ["SIGINT"] if sys.platform == "win32" else ["SIGINT", "SIGTERM", "SIGHUP"]
"""The signals that ask for an end; Windows has no other that could be sent, but to end a process for good."""


class Run:
    """A run that is going on; leaving the block kills it, if it is still there."""

    def __init__(self, directory: Path, arguments: tuple[str, ...], grace_s: float) -> None:
        self._name = directory.name
        self.workers: list[int] = []
        self.process = subprocess.Popen(
            [*_HASTY, str(grace_s), *arguments],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
            env={**os.environ, "TMPDIR": str(directory), interrupts.NAME: self._name},
        )  # fmt: skip

    def until(self, said: str, least_s: float) -> None:
        """Go on until it says a line that begins so, of a time of the run no earlier, if it tells one."""
        assert self.process.stderr
        for line in self.process.stderr:
            if line.startswith(LAUNCHED):
                self.workers.append(int(line.split()[1]))
            elif line.startswith(said) and (not least_s or float(line.split()[1]) >= least_s):
                return
        raise AssertionError("it ended before it was at work")

    def send(self, name: str) -> None:
        """Send it a signal."""
        if sys.platform == "win32":
            interrupts.interrupt(self._name)
        else:
            os.kill(self.process.pid, getattr(signal, name))

    def end(self) -> tuple[str, str]:
        """What it said, when it has ended."""
        return self.process.communicate(timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.end()


def started(directory: Path, *arguments: str, until: str = "running", least_s: float = 0.0, grace_s: float = 10) -> Run:
    """Start the command line, with `directory` for what it leaves for a while; come back when it says such a line."""
    run = Run(directory, arguments, grace_s)
    run.until(until, least_s)
    return run
