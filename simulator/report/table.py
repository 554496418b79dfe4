"""The run as a table: a row for each operation, in CSV as RFC 4180 has it. docs/outputs.md tells the columns."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from ..history import NOTHING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..history import Operation
    from .account import Account

__all__ = ["COLUMNS", "rows"]

_TIMES = ("due_ns", "invoked_ns", "locked_ns", "writing_ns", "released_ns", "returned_ns")

COLUMNS = (
    "worker", "sequence", "strategy", "kind", "outcome", "why",
    *_TIMES, "wait_ns", "hold_ns",
    "version", "read_size_bytes", "read_digest", "written_digest", "recovered",
)  # fmt: skip
"""The names in the first line."""


class _Line:
    """A file of one line, which is what a `csv.writer` can write to."""

    def write(self, line: str) -> str:
        """Hand it back: `writerow` returns what this does."""
        return line


def rows(account: Account) -> Iterator[str]:
    """The header, then operations by worker and sequence; each line with its end. What is not known is empty."""
    # The csv module's types have it that writerow returns nothing that one could use.
    told = csv.writer(_Line()).writerow
    begin_ns = min((op.invoked_ns for op in account.history.operations), default=0)
    yield str(told(COLUMNS))
    for op in sorted(account.history.operations, key=_place):
        yield str(told(_row(op, account.config.strategy_of(op.worker), begin_ns)))


def _place(op: Operation) -> tuple[int, int]:
    return op.worker, op.sequence


def _row(op: Operation, strategy: str, begin_ns: int) -> tuple[object, ...]:
    times = (op.due_ns, op.invoked_ns, op.locked_ns, op.writing_ns, op.released_ns, op.returned_ns)
    return (
        op.worker, op.sequence, _encodable(strategy), op.kind.name.lower(), op.outcome.name.lower(),
        op.why.name.lower() if op.why else "",
        *(time_ns - begin_ns if time_ns else "" for time_ns in times),
        op.locked_ns - op.begun_ns if op.locked_ns else "",
        op.released_ns - op.locked_ns if op.locked_ns and op.released_ns else "",
        op.version or "", op.read_size_bytes if op.read != NOTHING else "",
        _hex(op.read), _hex(op.written), int(op.recovered),
    )  # fmt: skip


def _hex(digest: bytes) -> str:
    return digest.hex() if digest != NOTHING else ""


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
