"""The peer filelock as it is mostly used: a lock file beside, and a new file that takes the place of the old.

A reader needs no lock: it opens the old file or the new one. Not so on Windows, where a file that is open cannot be
replaced. And who locks the file itself, as Go does, locks one that is on its way out. It does not wait in the kernel,
but tries every 50 ms.
"""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING

from ._needs import no_library
from ._strategy import Times

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY", "Filelock"]


class Filelock:
    """Edits under a `filelock.FileLock` of a file beside; reads without, where that harms no edit."""

    name = "filelock"
    timeout_s: float | None = None

    def probe(self) -> str | None:
        """It needs the library."""
        return no_library("filelock")

    def open(self, path: str) -> None:
        """The lock is made, and not yet taken."""
        from filelock import FileLock

        self._path = Path(path)
        self._lock = FileLock(f"{path}.lock", timeout=-1 if self.timeout_s is None else self.timeout_s)

    def edit(self, transform: Callable[[bytes], bytes]) -> Times:
        """Edit the file; its `filelock.Timeout` is a `TimeoutError`."""
        with self._lock:
            locked_ns = perf_counter_ns()
            self._write(transform(self._path.read_bytes()))
            return Times(locked_ns, perf_counter_ns())

    def _write(self, new: bytes) -> None:
        beside = f"{self._path}.new"  # what a killed edit has left there is written over
        Path(beside).write_bytes(new)
        os.replace(beside, self._path)

    def read(self) -> bytes:
        """Read the file that has its place there."""
        with self._lock if sys.platform == "win32" else nullcontext():
            return self._path.read_bytes()

    def close(self) -> None:
        """Nothing is open."""


STRATEGY = Filelock
