"""From real runs of few workers to parameters: what is run, and what is read off. Pure, but for `look_cost`.

What is measured where:

    1 worker                open, hold, close, loop, oversleep: nobody else is there
    4, and then 16 workers  the same number of edits a second in all, so that hardly anybody waits: caches get colder
    1 worker, a long file   what a byte costs
    4 workers, no rest      what waiting in line costs: the time of the cores that the edits themselves do not explain
"""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from importlib import import_module
from itertools import pairwise
from math import log, log2
from statistics import median
from struct import pack
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

from .. import distribution
from ..config import Config
from ..history import Kind, Outcome
from ..stats import quantiles
from .parameters import Parameters

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..history import History, Operation

__all__ = ["EACH_S", "LONG_FILE_BYTES", "LookCost", "Sample", "look_cost", "parameters_from", "runs"]

EACH_S = 1.5
"""How long each run of a calibration takes."""

LONG_FILE_BYTES = 300_000
"""How long the long file is, about."""

_SWITCH_S = 5e-6  # assumed: a switch between threads, all in all
_SLICE_S = 0.0014  # assumed: the scheduler's on two cores; few threads run for so long
_LEAST_S = 1e-6
_LEAST_LINE_S = 2e-5
_MOST_HOLDS = 500
_OUTLIER = 4  # a hold of so many times the median was interrupted, which the model does by itself
_LOCKS = (50, 450)
_ROUNDS = 40
_LEAVING = 0.15  # of the cost of a wait, after the lock came; as in `line`


class Sample(NamedTuple):
    """A run of the calibration, and what it took."""

    config: Config
    history: History
    cpu_s: float  # of all workers, their start included


class LookCost(NamedTuple):
    """What one look around costs, and each lock in the list; and what each mark adds to a system call."""

    look_s: float
    per_lock_s: float
    walk_per_lock_s: float


class _Costs(NamedTuple):
    """Medians, in seconds, of a run in which hardly anybody waits."""

    open_s: float
    hold_s: float
    close_s: float
    size_bytes: int

    @property
    def all_s(self) -> float:
        return self.open_s + self.hold_s + self.close_s


def runs(seed: int, long_file: str) -> tuple[Config, ...]:
    """What is to be run, in the order in which `parameters_from` takes it."""

    def config(workers: int, think_ms: str, *, readers: int = 0, once: bool = False, file: str | None = None) -> Config:
        duration_s, edits = (None, 1) if once else (EACH_S, None)
        return Config(workers, readers, duration_s, edits, "0", think_ms, file, "lockedfile", seed)

    return (
        config(4, "exp:1", once=True),  # what starting takes
        config(1, "exp:1"),
        config(4, "exp:4", readers=1),
        config(16, "exp:16"),
        config(1, "exp:1", file=long_file),
        config(4, "exp:0.1"),
    )


def parameters_from(samples: Sequence[Sample], look: LookCost) -> Parameters:
    """Read it off; `samples` are those of `runs`, in that order."""
    start, alone, four, sixteen, long, busy = samples
    start_s = start.cpu_s / start.config.size
    one, others = _costs(alone), [(_costs(sample), sample.config.size) for sample in (four, sixteen)]
    after = _costs(long)
    per_byte_s = max(0.0, (after.hold_s - one.hold_s) / max(1, after.size_bytes - one.size_bytes))
    doubling = _doubling(one, others, per_byte_s)
    number = len(_edits(alone.history))
    loop_s = max(_LEAST_S, (alone.cpu_s - start_s) / number - one.all_s)
    rests = _gaps_s(alone.history)
    asked_s = distribution.parse(alone.config.think_ms).mean_ms / 1e3
    reads = quantiles([op.returned_ns - op.invoked_ns for op in four.history.operations if op.kind is Kind.READ])
    growth = 1 + doubling * log2(four.config.size)
    line_s = max(_LEAST_LINE_S, _waiting_s(busy, start_s, one, loop_s) / growth)
    return Parameters(
        open_s=one.open_s,
        holds_s=_holds(alone.history),
        close_s=one.close_s,
        loop_s=loop_s,
        read_s=max(_LEAST_S, reads.p50 / 1e9 / growth - one.open_s - one.close_s),
        oversleep_s=max(0.0, median(rests) - asked_s * log(2) - loop_s),
        doubling=doubling,
        per_byte_s=per_byte_s,
        line_s=line_s,
        look_s=look.look_s,
        look_per_lock_s=look.per_lock_s,
        walk_per_lock_s=look.walk_per_lock_s,
        wake_s=max(_SWITCH_S, _quick_handoff_s(busy.history) - _LEAVING * line_s * growth),
        switch_s=_SWITCH_S,
        slice_s=_SLICE_S,
    )


def _edits(history: History) -> list[Operation]:
    return [op for op in history.operations if op.kind is Kind.EDIT and op.outcome is Outcome.OK]


def _costs(sample: Sample) -> _Costs:
    edits = _edits(sample.history)
    return _Costs(
        open_s=median(op.locked_ns - op.invoked_ns for op in edits) / 1e9,
        hold_s=median(op.released_ns - op.locked_ns for op in edits) / 1e9,
        close_s=median(op.returned_ns - op.released_ns for op in edits) / 1e9,
        size_bytes=edits[0].read_size_bytes,
    )


def _holds(history: History) -> tuple[float, ...]:
    holds = [(op.released_ns - op.locked_ns) / 1e9 for op in _edits(history)]
    most = _OUTLIER * median(holds)
    return tuple(sorted(hold for hold in holds if hold <= most))[:: max(1, len(holds) // _MOST_HOLDS)]


def _doubling(one: _Costs, others: Iterable[tuple[_Costs, int]], per_byte_s: float) -> float:
    """The slope of a line through one worker: how costs grow with the logarithm of how many there are."""
    above = below = 0.0
    for costs, workers in others:
        grown = (costs.all_s - (costs.size_bytes - one.size_bytes) * per_byte_s) / one.all_s - 1
        above += grown * log2(workers)
        below += log2(workers) ** 2
    return max(0.0, above / below)


def _gaps_s(history: History) -> list[float]:
    """From the end of each edit to the beginning of the same worker's next one."""
    lanes = defaultdict(list)
    for op in _edits(history):
        lanes[op.worker].append(op)
    return [(b.invoked_ns - a.returned_ns) / 1e9 for lane in lanes.values() for a, b in pairwise(lane)]


def _handoffs_s(history: History) -> list[float]:
    edits = sorted(_edits(history), key=lambda op: op.locked_ns)
    return [(b.locked_ns - a.released_ns) / 1e9 for a, b in pairwise(edits) if b.invoked_ns < a.released_ns]


def _quick_handoff_s(history: History) -> float:
    handoffs = _handoffs_s(history)
    return sorted(handoffs)[len(handoffs) // 4] if handoffs else 0.0  # those for whom a core was idle


def _waiting_s(busy: Sample, start_s: float, one: _Costs, loop_s: float) -> float:
    """What a wait cost in the busy run: what the cores did there beyond starting and editing."""
    edits, waits = len(_edits(busy.history)), len(_handoffs_s(busy.history))
    holds_s = _costs(busy)
    editing_s = edits * (one.open_s + holds_s.hold_s + one.close_s + loop_s)
    return (busy.cpu_s - start_s * busy.config.size - editing_s) / max(1, waits)


def look_cost() -> LookCost:
    """Measure it here: lock bytes of a file, few and many, and look at the list as one who waits does. Linux only."""
    few, many = (_look_at(number) for number in _LOCKS)
    more = _LOCKS[1] - _LOCKS[0]
    per_lock_s, walk_s = (max(0.0, (b - a) / more) for a, b in zip(few, many, strict=True))
    return LookCost(max(_LEAST_S, few[0] - _LOCKS[0] * per_lock_s), per_lock_s, walk_s)


def _look_at(number: int) -> tuple[float, float]:
    """With so many locks: how long a look takes, and how long a question about a lock."""
    fcntl = import_module("fcntl")  # the rest of this module is for all systems

    from lockedfile._holders import locks  # what is measured is ours, and no other way to it looks as one who waits

    def asked() -> None:
        fcntl.fcntl(files[0], fcntl.F_OFD_GETLK, pack("hhqqi0q", fcntl.F_WRLCK, 0, 2 * number + 1, 1, 0))

    with tempfile.NamedTemporaryFile() as file, ExitStack() as stack:
        files = [os.open(file.name, os.O_RDWR) for _ in range(number)]
        for fd in files:
            stack.callback(os.close, fd)
        for place, fd in enumerate(files):
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, pack("hhqqi0q", fcntl.F_RDLCK, 0, 2 * place, 1, 0))
        return _timed_s(locks), _timed_s(asked)


def _timed_s(call: Callable[[], object]) -> float:
    """The median of some rounds."""
    times = []
    for _ in range(_ROUNDS):
        began_s = perf_counter()
        call()
        times.append(perf_counter() - began_s)
    return median(times)
