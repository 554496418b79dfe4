"""A run in a directory: where each file of it lies, and how to read it back."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .contents import load as load_contents
from .history import History, digest
from .recorder import load, missed
from .workload import KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

__all__ = [
    "contents",
    "disk",
    "errors",
    "final",
    "gate",
    "initial",
    "litter",
    "read_contents",
    "read_history",
    "records",
    "report",
    "seal",
    "shared",
]

_OF_A_PROCESS = re.compile(r"process\d+\.(records|err|contents)").fullmatch


def shared(directory: Path) -> Path:
    """The file that all edit: the one that has its place there under one of Go's names."""
    there = (place / name for place in (disk(directory), directory) for name in KINDS)
    return next((path for path in there if path.exists()), directory / KINDS[0])


def final(directory: Path) -> bytes:
    """What is in the file that all edit; nothing if a locker has lost it."""
    try:
        return shared(directory).read_bytes()
    except FileNotFoundError:
        return b""


def disk(directory: Path) -> Path:
    """Where a small disk is mounted for as long as a run goes on that is to have it full at times."""
    return directory / "disk"


def initial(directory: Path) -> Path:
    """What it was before the first edit."""
    return directory / "initial"


def gate(directory: Path) -> Path:
    """The file through which only so many may go to wait at once."""
    return directory / "gate"


def report(directory: Path) -> Path:
    """All figures of the run."""
    return directory / "run.json"


def seal(directory: Path) -> Path:
    """The checksums of all other files."""
    return directory / "seal.json"


def records(directory: Path, process: int) -> Path:
    """The records of one process, as they were started; they say themselves which worker it was."""
    return directory / f"process{process:04d}.records"


def contents(directory: Path, process: int) -> Path:
    """What one process has read, as far as it was kept."""
    return directory / f"process{process:04d}.contents"


def errors(directory: Path, process: int) -> Path:
    """What one process said on stderr."""
    return directory / f"process{process:04d}.err"


def litter(directory: Path) -> tuple[str, ...]:
    """The names of all files that are not of the run itself: what a locker has left there."""
    own = {place(directory).name for place in (initial, shared, gate, report, seal, disk)}
    names = sorted(path.name for path in directory.iterdir())
    return tuple(name for name in names if name not in own and not _OF_A_PROCESS(name))


def read_contents(directory: Path) -> Mapping[bytes, bytes]:
    """What the processes of the run kept of what they read, by digest; it is looked up in the files when asked for."""
    return load_contents(directory, initial(directory).read_bytes())


def read_history(directory: Path) -> History:
    """Read the history of the run: all records, and the contents at its two ends."""
    sequences: dict[int, int] = {}  # a worker that was killed goes on in the records of another process
    paths = sorted(directory.glob("process*.records"), key=lambda path: (len(path.name), path.name))
    operations = [op for path in paths for op in load(path, sequences)]
    return History(
        digest(initial(directory).read_bytes()),
        digest(final(directory)),
        operations,
        missed=sum(map(missed, paths)),
    )
