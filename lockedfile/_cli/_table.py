"""What `holders` shows of one moment: a table for people, data for programs."""

from __future__ import annotations

from .._holders import program
from ._text import shortened, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .. import Holder

__all__ = ["entry", "state", "table"]

_HEAD = ("FILE", "PID", "MODE", "STATE", "COMMAND")
_GAP = "  "


def state(holder: Holder) -> str:
    """What it does with the lock, in a word or two."""
    if holder.waiting:
        return "waits"
    if holder.mode == "unknown" and holder.pid is not None:
        return "may hold"  # it has the file open; more the system does not tell
    return "holds"


def table(found: Mapping[str, Sequence[Holder]], width: int | None = None) -> str:
    """Lines with aligned columns, none longer than `width`; empty if nobody was found."""
    rows = [
        (
            shown(path),
            "unknown" if holder.pid is None else str(holder.pid),
            holder.mode,
            state(holder),
            program(holder.command),
        )
        for path, holders in found.items()
        for holder in holders
    ]
    if not rows:
        return ""
    widths = [max(len(cell) for cell in column) for column in zip(_HEAD, *rows, strict=True)]
    lines = (
        _GAP.join(
            cell.rjust(size) if head == "PID" else cell.ljust(size)
            for head, cell, size in zip(_HEAD, row, widths, strict=True)
        ).rstrip()
        for row in (_HEAD, *rows)
    )
    return "".join(f"{line if width is None else shortened(line, width)}\n" for line in lines)


def entry(holder: Holder) -> dict[str, object]:
    """A holder as data."""
    return {
        "pid": holder.pid,
        "command": holder.command,
        "mode": holder.mode,
        "waiting": holder.waiting,
        "since": holder.since,
    }
