"""A simulator's worker's loop, timed: `python -m stress.bench.recorded yes|no DIRECTORY N`, with records or without.

Without, nothing is hashed either: the same strategy and the same edit of a go.mod, N times, in a loop.
"""

from __future__ import annotations

import sys
from itertools import repeat
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic_ns
from typing import TYPE_CHECKING

from simulator.contents import Keeper, share
from simulator.editor import Editor
from simulator.recorder import Recorder
from simulator.strategies import load
from simulator.workload import module_file, raiser

if TYPE_CHECKING:
    from collections.abc import Callable

    from simulator.strategies import Strategy

__all__ = ["main"]

_WORKERS = 32  # lines in the go.mod
_WORKER = 7
_WARM_UP = 20  # one edit in so many is made before the clock starts


def main() -> None:
    """Time so many edits, and print how many a second makes."""
    recorded, directory, edits = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with TemporaryDirectory(dir=directory) as name:
        path = Path(name) / "go.mod"
        path.write_bytes(module_file(_WORKERS, seed=0))
        strategy = load("lockedfile")
        strategy.open(str(path))
        edit = (_recorded if recorded == "yes" else _bare)(strategy, path)
        for _ in repeat(None, edits // _WARM_UP + 1):
            edit()
        start_ns = monotonic_ns()
        for _ in repeat(None, edits):
            edit()
        sys.stdout.write(f"{edits * 1e9 / (monotonic_ns() - start_ns)}\n")


def _recorded(strategy: Strategy, path: Path) -> Callable[[], object]:
    keeper = Keeper(f"{path}.contents", path.read_bytes(), share(1))
    return Editor(strategy, Recorder(f"{path}.records", _WORKER), _WORKER, keeper=keeper).operate


def _bare(strategy: Strategy, _path: Path) -> Callable[[], object]:
    raised = raiser(_WORKER)
    return lambda: strategy.edit(lambda content: raised(content)[0])


if __name__ == "__main__":
    main()
