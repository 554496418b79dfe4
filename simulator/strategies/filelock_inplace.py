"""The peer filelock with a lock file beside, and the file written in place: who reads has to lock, too."""

from __future__ import annotations

from .filelock import Filelock

__all__ = ["STRATEGY"]


class InPlace(Filelock):
    """Edits and reads under a `filelock.FileLock` of a file beside."""

    name = "filelock-inplace"

    def _write(self, new: bytes) -> None:
        self._path.write_bytes(new)

    def read(self) -> bytes:
        """Read the file."""
        with self._lock:
            return self._path.read_bytes()


STRATEGY = InPlace
