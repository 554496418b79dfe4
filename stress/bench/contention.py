"""The phase of contention: some processes edit one file in a tight loop, for the same time from the same moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .child import module
from .claims import PROCESSES
from .contents import go_sum
from .samples import rounds
from .together import together

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .samples import Round

__all__ = ["contention_rounds"]

_FILE_BYTES = 2048


def contention_rounds(directory: Path, duration_ms: int) -> Iterator[Round]:
    """Edits per second that so many processes make of one file of 2 KB, all together."""
    path = directory / "contended"
    path.write_bytes(go_sum(_FILE_BYTES))

    def contestant(processes: int) -> Callable[[], float]:
        return lambda: _edits_per_s(path, processes, duration_ms)

    return rounds({f"processes_{processes}_edits_per_s": contestant(processes) for processes in PROCESSES})


def _edits_per_s(path: Path, processes: int, duration_ms: int) -> float:
    command = module("stress.bench.contender", str(path), str(duration_ms))
    return sum(map(int, together([command] * processes, duration_ms))) * 1e3 / duration_ms
