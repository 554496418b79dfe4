"""How the lock was shared: edits and the longest wait of each worker."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from ...history import Kind, Outcome, withdrawn
from ..terminal import duration
from .axis import Tick, linear, plainly
from .chart import Column, column_chart, side_by_side
from .markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..account import Account

__all__ = ["shares"]


def shares(account: Account) -> Markup:
    """Columns of edits and of longest waits, a worker each."""
    edits: Counter[int] = Counter()
    longest: dict[int, int] = {}
    for op in account.history.operations:
        if op.kind is Kind.EDIT and (op.outcome is Outcome.OK or withdrawn(op)):
            edits[op.worker] += op.outcome is Outcome.OK
            if op.locked_ns:
                longest[op.worker] = max(longest.get(op.worker, 0), op.locked_ns - op.begun_ns)
    workers, fairness = account.config.workers, account.numbers.fairness
    spread = (
        f"{fairness.fewest:,} to {fairness.most:,} edits a worker; Jain's index {fairness.jain:.3f}, where 1 is even"
    )
    again = f"{fairness.again:.0%} of edits were by the worker that had just made one"
    return joined(
        element("h2", "Fairness"),
        side_by_side(
            _chart("Edits of each worker", edits, workers, "edits", note=f"{spread}; {again}."),
            _chart("Longest wait of each worker", longest, workers, "ms", note=_longest(account)),
        ),
    )


def _longest(account: Account) -> str:
    fairness = account.numbers.fairness
    if fairness.longest_wait_worker is None:
        return "Nobody waited."
    waited = f"Worker {fairness.longest_wait_worker} waited {duration(fairness.longest_wait_ns)}"
    return f"{waited}, while others made {fairness.overtaken:,} edit{'' if fairness.overtaken == 1 else 's'}."


def _chart(title: str, values: Mapping[int, int], workers: int, unit: str, *, note: str) -> Markup:
    scale = 1e6 if unit == "ms" else 1.0
    told = duration if unit == "ms" else (lambda value: f"{value:,} edits")
    every = [(worker, values.get(worker, 0)) for worker in range(workers)]
    columns = [
        Column(f"worker {worker}", value / scale, told(value), plainly(value / scale)) for worker, value in every
    ]
    y = linear(unit, [column.value for column in columns], whole=unit == "edits")
    return column_chart(title, columns, _ticks(workers), y, x_label="worker", note=note)


def _ticks(workers: int) -> list[Tick]:
    """Numbers in the middle of their columns, about a dozen of them."""
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 10**9) if workers / step <= 14)
    return [Tick(worker + 0.5, str(worker), minor=worker // step % 2 == 1) for worker in range(0, workers, step)]
