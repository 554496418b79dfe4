"""The cycle of a worker, edit and pause in turn, as a run has it. Pure.

What ties it to the throughput is the interactive response time law (`model.laws`). It takes no assumption about chance,
so a run that it does not hold for has measured something wrong, or had its N workers at work for a part of the time.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from .history import Kind

if TYPE_CHECKING:
    from .config import Config
    from .history import History, Operation

__all__ = ["Cycle", "cycle", "reason_against_law"]


class Cycle(NamedTuple):
    """What the editors of a run did, on average; whether an edit was committed is all one."""

    per_s: float  # X, the edits that ended, of all editors together
    response_s: float  # R, from the call to the return
    pause_s: float  # Z, from the return to the next call: the thinking, and what the worker itself needs


def cycle(history: History) -> Cycle | None:
    """Measure it; None if no editor got as far as a second edit."""
    by_worker: dict[int, list[Operation]] = defaultdict(list)
    for op in history.operations:
        if op.kind is Kind.EDIT and op.returned_ns:
            by_worker[op.worker].append(op)
    ended = [op for ops in by_worker.values() for op in ops]
    pauses_ns = [
        b.invoked_ns - a.returned_ns
        for ops in by_worker.values()
        for a, b in pairwise(sorted(ops, key=lambda op: op.invoked_ns))
    ]
    if not pauses_ns:
        return None
    elapsed_ns = max(op.returned_ns for op in ended) - min(op.invoked_ns for op in ended)
    return Cycle(
        per_s=len(ended) / elapsed_ns * 1e9,
        response_s=sum(op.returned_ns - op.invoked_ns for op in ended) / len(ended) / 1e9,
        pause_s=sum(pauses_ns) / len(pauses_ns) / 1e9,
    )


def reason_against_law(config: Config) -> str | None:
    """Why the law says nothing about such a run, if so."""
    if config.arrival_rate:
        return "in an open loop edits come by a clock of their own"
    if config.ramp_s:
        return "with a ramp not all workers are there from the beginning"
    if config.kill_rate:
        return "a worker that is killed has no response"
    return None
