"""No lock at all, as most programs edit a file: the weakened variant that a sound checker must catch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY"]


class Unlocked:
    """Reads the file, and writes it over."""

    name = "none"

    def probe(self) -> str | None:
        """It runs everywhere."""
        return None

    def open(self, path: str) -> None:
        """Nothing stays open between edits."""
        self._path = Path(path)

    def edit(self, transform: Callable[[bytes], bytes]) -> None:
        """Edit the file, whoever else does."""
        self._path.write_bytes(transform(self._path.read_bytes()))

    def read(self) -> bytes:
        """Read whatever is there."""
        return self._path.read_bytes()

    def close(self) -> None:
        """Nothing is open."""


STRATEGY = Unlocked
