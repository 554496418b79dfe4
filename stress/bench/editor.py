"""One timed editor: `python -m stress.bench.editor NAME same|append PATH N`, of `editors`.

In a process of its own, as Go's is: what the benchmark did before, to the allocator of its process for one, must
not help.
"""

from __future__ import annotations

import sys
from itertools import repeat
from time import monotonic_ns
from typing import TYPE_CHECKING

from .editors import editor
from .transforms import append, swap

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

_WARM_UP = 20  # one edit in so many is made before the clock starts, as in main.go


def main() -> None:
    """Time so many edits, and print the nanoseconds that one took."""
    name, kind, path, edits = sys.argv[1:]
    sys.stdout.write(f"{_time(editor(name), path, append if kind == 'append' else swap(path), int(edits))}\n")


def _time(
    edit: Callable[[str, Callable[[bytes], bytes]], object],
    path: str,
    transform: Callable[[bytes], bytes],
    edits: int,
) -> float:
    for _ in repeat(None, edits // _WARM_UP + 1):
        edit(path, transform)
    start_ns = monotonic_ns()
    for _ in repeat(None, edits):
        edit(path, transform)
    return (monotonic_ns() - start_ns) / edits


if __name__ == "__main__":
    main()
