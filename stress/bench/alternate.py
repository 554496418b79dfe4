"""Two editors timed in turns, in one process: `python -m stress.bench.alternate PATH N NAME NAME`, of `editors`.

For a difference of a few hundredths, less than two processes differ by chance. Each makes some edits, N times; printed
are the nanoseconds that one edit took of each, by the median of the turns.
"""

from __future__ import annotations

import sys
from itertools import repeat
from statistics import median
from time import monotonic_ns

from .editors import editor
from .transforms import swap

__all__ = ["main"]

_EDITS_A_TURN = 20


def main() -> None:
    """Time them, and print."""
    path, turns, names = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
    transform = swap(path)
    edits = [editor(name) for name in names]
    took_ns: list[list[float]] = [[] for _ in names]
    for turn in range(turns + 1):
        for edit, its_ns in zip(edits, took_ns, strict=True):
            start_ns = monotonic_ns()
            for _ in repeat(None, _EDITS_A_TURN):
                edit(path, transform)
            if turn:  # the first one warms up
                its_ns.append((monotonic_ns() - start_ns) / _EDITS_A_TURN)
    sys.stdout.write(" ".join(str(median(its_ns)) for its_ns in took_ns) + "\n")


if __name__ == "__main__":
    main()
