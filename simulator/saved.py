"""A run in a directory: where each file of it lies, and how to read it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .history import History, digest
from .recorder import load
from .workload import KINDS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["errors", "initial", "read_history", "records", "shared"]


def shared(directory: Path) -> Path:
    """The file that all edit: the one that has its place there under one of Go's names."""
    there = (directory / name for name in KINDS)
    return next((path for path in there if path.exists()), directory / KINDS[0])


def initial(directory: Path) -> Path:
    """What it was before the first edit."""
    return directory / "initial"


def records(directory: Path, worker: int) -> Path:
    """The records of one worker."""
    return directory / f"worker{worker:03d}.records"


def errors(directory: Path, worker: int) -> Path:
    """What one worker said on stderr."""
    return directory / f"worker{worker:03d}.err"


def read_history(directory: Path) -> History:
    """Read the history of the run: all records, and the contents at its two ends."""
    operations = [op for path in sorted(directory.glob("*.records")) for op in load(path)]
    return History(digest(initial(directory).read_bytes()), digest(shared(directory).read_bytes()), operations)
