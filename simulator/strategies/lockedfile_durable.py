"""`lockedfile.Edit` that also stands a power cut: every step of it waits for the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lockedfile

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY"]


class Durable:
    """Durable edits, reads through `lockedfile.read`."""

    name = "lockedfile-durable"

    def probe(self) -> str | None:
        """It runs wherever files can be locked; where not, the first edit says why."""
        return None

    def open(self, path: str) -> None:
        """Nothing stays open between edits."""
        self._path = path

    def edit(self, transform: Callable[[bytes], bytes]) -> lockedfile.Edited:
        """Edit the file."""
        return lockedfile.Edit(self._path, transform, durable=True)

    def read(self) -> bytes:
        """Read the file."""
        return lockedfile.read(self._path)

    def close(self) -> None:
        """Nothing is open."""


STRATEGY = Durable
