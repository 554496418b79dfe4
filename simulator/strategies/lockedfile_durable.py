"""`lockedfile.Edit` that also stands a power cut: every step of it waits for the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lockedfile

from .lockedfile import Lockedfile

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY"]


class Durable(Lockedfile):
    """Durable edits, and the reads of all."""

    name = "lockedfile-durable"

    def edit(self, transform: Callable[[bytes], bytes]) -> lockedfile.Edited:
        """Edit the file."""
        return lockedfile.Edit(self._path, transform, timeout=self.timeout_s, durable=True)


STRATEGY = Durable
