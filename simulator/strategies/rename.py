"""The classic mistake: flock(2) on the file itself, and a new file that takes its place.

Who waited for the lock then has that of a file which is no longer there, reads its old content, and replaces the new
one. It would have to look, once it has the lock, whether its file still is the one at the path.
"""

from __future__ import annotations

import os
from importlib import import_module
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING

from ._needs import no_fcntl
from ._strategy import Times

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY"]


class Rename:
    """Edits and reads under a flock of the file that was there when it was asked for."""

    name = "rename"

    def probe(self) -> str | None:
        """It needs the system call."""
        return no_fcntl("flock(2)")

    def open(self, path: str) -> None:
        """Nothing stays open between edits."""
        self._fcntl = import_module("fcntl")  # so, as mypy for Windows knows none
        self._path = path

    def edit(self, transform: Callable[[bytes], bytes]) -> Times:
        """Edit the file, as far as it is still there."""
        with open(self._path, "rb") as file:
            self._fcntl.flock(file, self._fcntl.LOCK_EX)
            locked_ns = perf_counter_ns()
            beside = f"{self._path}.{os.getpid()}"  # its own, as the lock keeps nobody out
            Path(beside).write_bytes(transform(file.read()))
            os.rename(beside, self._path)
            return Times(locked_ns, perf_counter_ns())

    def read(self) -> bytes:
        """Read the file."""
        with open(self._path, "rb") as file:
            self._fcntl.flock(file, self._fcntl.LOCK_SH)
            return file.read()

    def close(self) -> None:
        """Nothing is open."""


STRATEGY = Rename
