"""A run in a directory: where each file of it lies, and how to read it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .history import History, digest
from .recorder import load
from .workload import KINDS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["errors", "initial", "litter", "read_history", "records", "shared"]

_OF_A_PROCESS = re.compile(r"process\d+\.(records|err)").fullmatch


def shared(directory: Path) -> Path:
    """The file that all edit: the one that has its place there under one of Go's names."""
    there = (directory / name for name in KINDS)
    return next((path for path in there if path.exists()), directory / KINDS[0])


def initial(directory: Path) -> Path:
    """What it was before the first edit."""
    return directory / "initial"


def records(directory: Path, process: int) -> Path:
    """The records of one process, as they were started; they say themselves which worker it was."""
    return directory / f"process{process:04d}.records"


def errors(directory: Path, process: int) -> Path:
    """What one process said on stderr."""
    return directory / f"process{process:04d}.err"


def litter(directory: Path) -> tuple[str, ...]:
    """The names of all files that are not of the run itself: what a locker has left there."""
    own = {initial(directory).name, shared(directory).name}
    names = sorted(path.name for path in directory.iterdir())
    return tuple(name for name in names if name not in own and not _OF_A_PROCESS(name))


def read_history(directory: Path) -> History:
    """Read the history of the run: all records, and the contents at its two ends."""
    sequences: dict[int, int] = {}  # a worker that was killed goes on in the records of another process
    paths = sorted(directory.glob("process*.records"), key=lambda path: (len(path.name), path.name))
    operations = [op for path in paths for op in load(path, sequences)]
    return History(digest(initial(directory).read_bytes()), digest(shared(directory).read_bytes()), operations)
