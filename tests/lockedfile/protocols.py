"""The ways to edit that have each promises of their own, by names that a child process can be told."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lockedfile import Edit, Edited

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lockedfile.weakened import Transform

JOURNAL = ".lockedfile-journal"
"""What the journal's name adds to that of its file."""


def journal_of(path: Path) -> Path:
    """Where the journal of the file at `path` lies."""
    return path.with_name(path.name + JOURNAL)


def beside(path: Path) -> list[str]:
    """What lies beside the file at `path`, less what tests put there."""
    return sorted(set(os.listdir(path.parent)) - {path.name, "source", "trace", "contents", "go"})


def edit_durably(path: str, transform: Transform) -> Edited:
    """An edit that a power cut does not tear."""
    return Edit(path, transform, durable=True)


def edit_as_go(path: str, transform: Transform) -> Edited:
    """An edit without a journal: Go's own protocol."""
    return Edit(path, transform, crash_safe=False)
