"""The phases of taking turns: among equals, and of writers among readers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .child import module
from .peers import PEERS, installed
from .samples import rounds
from .together import together

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .samples import Round

__all__ = ["fairness_rounds", "writer_rounds"]

_TIMEOUT_S = "60"  # of all but the bare flock; none is to wait so long
_EQUALS = 4
_EQUALS_HOLD_MS = 2

_READERS = 8
_WRITERS = 2
_HOLD_MS = 10
_THINK_MS = 5
_WRITER_THINK_MS = 50  # a writer who comes at once again would keep all readers in step, and so its way open


def fairness_rounds(directory: Path, duration_ms: int) -> Iterator[Round]:
    """The fewest turns of one process as a share of the most, of some that ask again as soon as they have let go."""
    path = directory / "shared"
    path.touch()
    lockers = ["lockedfile", "flock", *filter(installed, PEERS)]
    return rounds({f"fairness_{name}_share": partial(_share, name, path, duration_ms) for name in lockers})


def _share(name: str, path: Path, duration_ms: int) -> float:
    command = _taker(name, path, _EQUALS_HOLD_MS, 0, duration_ms)
    turns = [int(line.split()[0]) for line in together([command] * _EQUALS, duration_ms)]
    return min(turns) / max(turns)


def writer_rounds(directory: Path, duration_ms: int) -> Iterator[Round]:
    """Milliseconds of the longest wait of a writer among readers who are so many that they nearly always overlap.

    One that has not ended when the time is over counts as far as it has come.
    """
    path = directory / "read"
    path.touch()
    contestants = ("lockedfile", "flock")
    return rounds({f"writer_{name}_ms": partial(_longest_ms, name, path, duration_ms) for name in contestants})


def _longest_ms(name: str, path: Path, duration_ms: int) -> float:
    writer = _taker(name, path, _HOLD_MS, _WRITER_THINK_MS, duration_ms)
    reader = _taker(f"{name}-shared", path, _HOLD_MS, _THINK_MS, duration_ms)
    told = together([writer] * _WRITERS + [reader] * _READERS, duration_ms)
    return max(int(line.split()[1]) for line in told[:_WRITERS]) / 1e6


def _taker(name: str, path: Path, *milliseconds: int) -> list[str]:
    timeout_s = "inf" if name.startswith("flock") else _TIMEOUT_S
    return module("stress.bench.taker", name, timeout_s, str(path), *map(str, milliseconds))
