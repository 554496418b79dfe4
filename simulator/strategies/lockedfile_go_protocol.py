"""`lockedfile.Edit` with no journal: Go's own protocol, which a kill in the middle of writing tears."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lockedfile

from .lockedfile import Lockedfile

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY"]


class GoProtocol(Lockedfile):
    """Edits as Go does, and the reads of all."""

    name = "lockedfile-go-protocol"

    def edit(self, transform: Callable[[bytes], bytes]) -> lockedfile.Edited:
        """Edit the file."""
        return lockedfile.Edit(self._path, transform, timeout=self.timeout_s, crash_safe=False)


STRATEGY = GoProtocol
