"""The workers on a screen: a lane each with its last moments, or a cell each, or shares of groups: what fits, whole.

lane    7 waiting  1.2 ms ···──█▓──    what it did, newest on the right; in columns, if there are many
cells   64 ──·─█──·──────·─...         one character a worker, 16, 32, 64, ... in a row
groups  0-127 █▒──────────────···      of so many workers, how large a share is in each state
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ..lanes import Doing
from ..report.terminal import duration
from .marks import runs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..lanes import Lane
    from ..row import Row
    from .marks import Marks

__all__ = ["crowd", "waits"]

_NARROW, _TELLING = 9, 44  # columns of the narrowest strip, and of a lane from which on it has words
_GAP = 2  # between two lanes
_LOUDEST = (
    Doing.WRITING, Doing.HOLDING, Doing.KILLED, Doing.FROZEN, Doing.READING, Doing.WAITING, Doing.THINKING,
    Doing.ABSENT, Doing.GONE,
)  # fmt: skip


def crowd(
    lanes: Sequence[Lane],
    moments: Sequence[Sequence[Doing]],
    *,
    now_ns: int,
    columns: int,
    rows: int,
    marks: Marks,
) -> list[Row]:
    """All workers in at most so many rows and columns; `moments` are earlier states of all, the newest last."""
    if rows < 1 or not lanes:
        return []
    label = len(str(len(lanes) - 1)) + 1
    abreast = -(-len(lanes) // rows)
    width = (columns + _GAP) // abreast - _GAP
    if width >= label + _NARROW:
        return _lanes(lanes, moments, now_ns, width, label, abreast, marks)
    across = _across(columns - label - 1)
    if across * rows >= len(lanes):
        return [
            ((f"{first:>{label}} ", "dim"), *runs([lane.doing for lane in lanes[first : first + across]], marks))
            for first in range(0, len(lanes), across)
        ]
    return _groups(lanes, columns, rows, marks)


def waits(lanes: Sequence[Lane], *, now_ns: int, columns: int, rows: int, marks: Marks) -> list[Row]:
    """Who waits longest now, a bar each."""
    waiting = sorted(
        ((now_ns - lane.since_ns, worker) for worker, lane in enumerate(lanes) if lane.doing is Doing.WAITING),
        key=lambda wait: (-wait[0], wait[1]),
    )
    lines: list[Row] = []
    for wait_ns, worker in waiting[:rows]:
        head = f"worker {worker:>4} waits {_told(wait_ns, marks):>7} "
        bar = int((columns - len(head)) * wait_ns / max(1, waiting[0][0]))
        lines.append(((head, ""), (marks.done * bar, Doing.WAITING.name)))
    return lines


def _told(time_ns: int, marks: Marks) -> str:
    return duration(max(0, time_ns)).replace("µ", marks.micro)


def _across(columns: int) -> int:
    """How many cells in a row: a number by which one can count."""
    return next((size for size in (256, 128, 64, 32, 16, 8) if size <= columns), max(1, columns))


def _lanes(
    lanes: Sequence[Lane],
    moments: Sequence[Sequence[Doing]],
    now_ns: int,
    width: int,
    label: int,
    abreast: int,
    marks: Marks,
) -> list[Row]:
    rows = -(-len(lanes) // abreast)
    lines: list[Row] = []
    for row in range(rows):
        pieces: list[tuple[str, str]] = []
        for worker in range(row, len(lanes), rows):
            if pieces:
                pieces.append((" " * _GAP, ""))
            pieces += _lane(worker, lanes[worker], moments, now_ns, width, label, marks)
        lines.append(tuple(pieces))
    return lines


def _lane(
    worker: int, lane: Lane, moments: Sequence[Sequence[Doing]], now_ns: int, width: int, label: int, marks: Marks
) -> list[tuple[str, str]]:
    head = f"{worker:>{label}} "
    pieces = [(head, "dim")]
    room = width - len(head)
    if width >= _TELLING:
        since = _told(now_ns - lane.since_ns, marks) if lane.since_ns and lane.doing is not Doing.THINKING else ""
        word = f"{lane.doing.name.lower():8} {since:>7} "
        pieces.append((word, lane.doing.name))
        room -= len(word)
    states = [moment[worker] for moment in moments[-room:] if worker < len(moment)]
    return [*pieces, (" " * (room - len(states)), ""), *runs(states, marks)]


def _groups(lanes: Sequence[Lane], columns: int, rows: int, marks: Marks) -> list[Row]:
    size = -(-len(lanes) // rows)
    last = len(lanes) - 1
    label = 2 * len(str(last)) + 2
    lines: list[Row] = []
    for first in range(0, len(lanes), size):
        group = [lane.doing for lane in lanes[first : first + size]]
        name = f"{first}-{first + len(group) - 1}"
        lines.append(((f"{name:>{label}} ", "dim"), *runs(_shares(group, columns - label - 1), marks)))
    return lines


def _shares(states: Sequence[Doing], columns: int) -> list[Doing]:
    """So many cells in the proportion of the states; one at least for each that is there, if there is room at all."""
    counts = Counter(states)
    there = [doing for doing in _LOUDEST if counts[doing]][: max(1, columns)]
    cells = {doing: max(1, counts[doing] * columns // len(states)) for doing in there}
    while sum(cells.values()) != columns and columns > 0:
        step = 1 if sum(cells.values()) < columns else -1
        least = min(cells, key=lambda doing: step * (cells[doing] - counts[doing] * columns / len(states)))
        cells[least] += step
    return [doing for doing, number in cells.items() for _ in range(number)]
