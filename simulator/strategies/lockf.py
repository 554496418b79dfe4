"""POSIX's own kind of lock, fcntl(2) by way of `fcntl.lockf`, and the file written in place.

On Linux and the BSDs it is another lock than flock(2): Go, `lockedfile` and their like do not see it, nor it them.
"""

from __future__ import annotations

from importlib import import_module
from time import perf_counter_ns
from typing import TYPE_CHECKING

from ._needs import no_fcntl
from ._strategy import Times

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY"]


class Lockf:
    """Edits and reads under a `fcntl.lockf` of the file."""

    name = "lockf"

    def probe(self) -> str | None:
        """It needs the system call."""
        return no_fcntl("fcntl(2)")

    def open(self, path: str) -> None:
        """Nothing stays open: with any descriptor of the file that is closed, this process loses its lock."""
        self._fcntl = import_module("fcntl")  # so, as mypy for Windows knows none
        self._path = path

    def edit(self, transform: Callable[[bytes], bytes]) -> Times:
        """Edit the file."""
        with open(self._path, "r+b") as file:
            self._fcntl.lockf(file, self._fcntl.LOCK_EX)
            locked_ns = perf_counter_ns()
            new = transform(file.read())
            file.seek(0)
            file.write(new)
            file.truncate()
            file.flush()  # what is left for the end is to close, and so to unlock
            return Times(locked_ns, perf_counter_ns())

    def read(self) -> bytes:
        """Read the file."""
        with open(self._path, "rb") as file:
            self._fcntl.lockf(file, self._fcntl.LOCK_SH)
            return file.read()

    def close(self) -> None:
        """Nothing is open."""


STRATEGY = Lockf
