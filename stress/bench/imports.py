"""The phase of the import: a bare interpreter, and one that imports lockedfile and does nothing else."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import median
from time import monotonic_ns
from typing import TYPE_CHECKING

import lockedfile

from .child import run
from .samples import rounds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .samples import Round

__all__ = ["import_rounds"]


def import_rounds(pairs: int) -> Iterator[Round]:
    """Milliseconds from the start to the end of each interpreter; a round is the median of so many pairs of runs."""
    where = str(Path(lockedfile.__file__).parents[1])
    importing = f"import sys; sys.path.insert(0, {where!r}); import lockedfile"
    _run_ms(importing)  # its byte code is there from now on
    singles = rounds({"import_nothing_ms": lambda: _run_ms("pass"), "import_lockedfile_ms": lambda: _run_ms(importing)})
    while True:
        some = [next(singles) for _ in range(pairs)]
        yield {name: median(one[name] for one in some) for name in some[0]}


def _run_ms(program: str) -> float:
    start_ns = monotonic_ns()
    run([sys.executable, "-S", "-I", "-c", program])
    return (monotonic_ns() - start_ns) / 1e6
