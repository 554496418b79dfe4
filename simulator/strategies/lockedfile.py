"""This project's own `lockedfile.Edit`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lockedfile

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY", "Lockedfile"]


class Lockedfile:
    """Edits through `lockedfile.Edit`, reads through `lockedfile.read`."""

    name = "lockedfile"
    timeout_s: float | None = None

    def probe(self) -> str | None:
        """It runs wherever files can be locked; where not, the first edit says why."""
        return None

    def open(self, path: str) -> None:
        """Nothing stays open between edits."""
        self._path = path

    def edit(self, transform: Callable[[bytes], bytes]) -> lockedfile.Edited:
        """Edit the file."""
        return lockedfile.Edit(self._path, transform, timeout=self.timeout_s)

    def read(self) -> bytes:
        """Read the file."""
        return lockedfile.read(self._path, timeout=self.timeout_s)

    def close(self) -> None:
        """Nothing is open."""


STRATEGY = Lockedfile
