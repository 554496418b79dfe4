"""`lockedfile.Edit` with no journal: Go's own protocol, which a kill in the middle of writing tears."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lockedfile

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY"]


class GoProtocol:
    """Edits as Go does, reads through `lockedfile.read`."""

    name = "lockedfile-go-protocol"

    def probe(self) -> str | None:
        """It runs wherever files can be locked; where not, the first edit says why."""
        return None

    def open(self, path: str) -> None:
        """Nothing stays open between edits."""
        self._path = path

    def edit(self, transform: Callable[[bytes], bytes]) -> lockedfile.Edited:
        """Edit the file."""
        return lockedfile.Edit(self._path, transform, crash_safe=False)

    def read(self) -> bytes:
        """Read the file."""
        return lockedfile.read(self._path)

    def close(self) -> None:
        """Nothing is open."""


STRATEGY = GoProtocol
