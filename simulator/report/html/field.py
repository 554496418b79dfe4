"""A field for each worker and slice of time: the more edits it made then, the stronger."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from .axis import Axis, Tick
from .chart import frame, stretched
from .markup import Markup, element

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["field"]

_ROWS = 64
_LEVELS = 4
_HIGH_PX = 384


def field(edits: Mapping[tuple[int, int], int], workers: int, slices: int, x: Axis) -> Markup:
    """A figure of edits by worker and slice; a row is a worker, or as many of them together as there must be."""
    together = -(-workers // _ROWS)
    rows = -(-workers // together)
    counts: Counter[tuple[int, int]] = Counter()
    for (worker, at), count in edits.items():
        counts[worker // together, at] += count
    most = max(counts.values(), default=1)
    levels = [[-(-_LEVELS * counts[row, at] // most) for at in range(slices)] for row in range(rows)]
    paths = [element("path", d="".join(_path(levels, level)), class_=f"h{level}") for level in range(1, _LEVELS + 1)]
    whose = "a worker" if together == 1 else f"{together} workers"
    note = f"A row is {whose}, and the more edits in a moment, the stronger its field; an empty one had none."
    ticks = [(x.share(tick.value), tick) for tick in x.ticks]
    high_px = rows * max(6, min(20, _HIGH_PX // rows))
    return frame(
        "Who edited when", stretched(*paths, height=rows), ticks, _names(rows, together), x.label,
        note=note, entries=_samples(most), height_px=high_px,
    )  # fmt: skip


def _names(rows: int, together: int) -> Axis:
    step = next(step for step in (1, 2, 4) if rows / step <= 16)
    return Axis("worker", rows, 0, tuple(Tick(row + 0.5, str(row * together)) for row in range(0, rows, step)))


def _path(levels: list[list[int]], wanted: int) -> Iterator[str]:
    """A rectangle for each run of neighbours of that level."""
    for row, line in enumerate(levels):
        width, at = 1000 / len(line), 0
        for level, run in groupby(line):
            long = len(list(run))
            if level == wanted:
                yield f"M{at * width:.1f} {row}h{long * width:.1f}v.9H{at * width:.1f}z"
            at += long


def _samples(most: int) -> Iterator[tuple[str, Markup]]:
    for level in range(1, _LEVELS + 1):
        low, high = (level - 1) * most // _LEVELS + 1, level * most // _LEVELS
        if low <= high:
            told = f"{low:,}" if low == high else f"{low:,} to {high:,}"
            yield f"{told} edit{'s' * (high > 1)}", element("rect", width=28, height=12, class_=f"h{level}")
