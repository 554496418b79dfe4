"""One worker: the code that runs in a child process, as `python -m simulator.worker TASK`.

It says through its records that it is ready, and obeys lines on its standard input: `start NS WORKER EDITS DUE` begins
at that time of `time.perf_counter_ns`, the same for all workers, in the place of that worker, with so many edits to try
(0 is no limit), of which the last was due then, in an open loop, if there was another in that place before; `stop` ends
it after the operation under way. The end of its input means that whoever started it is gone, so it goes too.

A worker that takes the place of one that was killed goes on from what the file says: whether the last edit of the other
was made or not, the next version is one higher than the one that is there.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from pathlib import Path
from time import perf_counter_ns
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

from .config import Task
from .contents import Keeper
from .distribution import parse
from .editor import Editor, Peeker, Reader
from .gate import Gate
from .history import Why
from .recorder import Recorder
from .strategies import load

if TYPE_CHECKING:
    from collections.abc import Callable

    from .editor import Operator
    from .strategies import Strategy

__all__ = ["main"]

# After an operation that came to nothing: so that a file that is broken for good, or a gate that is full, does not make
# a loop without a breath.
_PAUSE_S = 0.001

# How long an operation under way may still take when nobody is left to wait for it.
_ORPHAN_S = 2.0


class _Patient(Protocol):
    """A strategy that can be told how long to wait."""

    timeout_s: float | None


class _Orders:
    """What the starter says on standard input."""

    def __init__(self) -> None:
        self.start_ns = self.edits = self.due_ns = 0
        self.worker: int | None = None
        self.started, self.stop = threading.Event(), threading.Event()

    def obey(self) -> None:
        """Read the lines until nobody is left to send any; then end this process, whatever it does."""
        words = b""
        # os.read, not sys.stdin: a thread that waits inside a buffered file would keep the interpreter from ending.
        while part := os.read(0, 64):
            words += part
            while b"\n" in words:
                line, words = words.split(b"\n", 1)
                self._obey(line.split())
        self._obey([b"stop"])
        time.sleep(_ORPHAN_S)
        os._exit(1)

    def _obey(self, words: list[bytes]) -> None:
        match words:
            case [b"start", start_ns, worker, edits, due_ns]:
                self.start_ns, self.edits, self.due_ns, self.worker = (
                    int(start_ns),
                    int(edits),
                    int(due_ns),
                    int(worker),
                )
            case [b"stop"]:
                self.stop.set()
        self.started.set()

    def wait_until(self, time_ns: int) -> None:
        """Until that time of `perf_counter_ns`, or the order to stop."""
        left_ns = time_ns - perf_counter_ns()
        if left_ns > 0:
            self.stop.wait(left_ns / 1e9)


class _Shift:
    """The work of one worker in its place, from its begin to its end."""

    def __init__(self, task: Task, orders: _Orders, worker: int, recorder: Recorder) -> None:
        config = task.config
        self._orders, self._recorder, self._config = orders, recorder, config
        self._chance = random.Random(f"{config.seed}/{task.process}")
        self._think = parse(config.think_ms)
        self._begin_ns = orders.start_ns + int(config.ramp_s * 1e9 * worker / config.size)
        duration_ns = int(config.duration_s * 1e9) if config.duration_s else sys.maxsize
        self._end_ns = min(orders.start_ns + duration_ns, sys.maxsize)
        # In an open loop only edits come by the clock; whoever reads, reads on and on.
        self._arrivals_per_s = config.arrival_rate / config.workers if worker < config.workers else 0.0
        self._left = orders.edits or sys.maxsize
        self._failure: str | None = None

    def work(self, operator: Operator) -> str | None:
        """Operate until time, number or order; the last error, if there was one."""
        self._orders.wait_until(self._begin_ns)
        if self._arrivals_per_s:
            self._open_loop(operator)
        else:
            self._closed_loop(operator)
        return self._failure

    def _goes_on(self) -> bool:
        return bool(self._left) and not self._orders.stop.is_set() and perf_counter_ns() < self._end_ns

    def _closed_loop(self, operator: Operator) -> None:
        """Each operation after the one before, and a pause."""
        think, wait = self._think, self._orders.stop.wait
        due_ns = 0
        while self._goes_on():
            first_ns = due_ns or perf_counter_ns()
            if self._tried(operator, due_ns) is Why.REFUSED:  # it is tried again at once, and has been due since then
                due_ns = first_ns
                continue
            due_ns = 0
            if not think.zero:
                wait(think.draw(self._chance) / 1e3)

    def _open_loop(self, operator: Operator) -> None:
        """Operations are due at instants by chance (a Poisson process), whether the one before has ended or not."""
        due_ns = self._next_due(self._orders.due_ns or self._begin_ns)
        while self._goes_on() and due_ns < self._end_ns:
            self._orders.wait_until(due_ns)
            if not self._goes_on():
                break
            while self._tried(operator, due_ns) is Why.REFUSED and self._goes_on():
                pass
            due_ns = self._next_due(due_ns)
        self._count_missed(due_ns)

    def _next_due(self, after_ns: int) -> int:
        return after_ns + int(self._chance.expovariate(self._arrivals_per_s) * 1e9)

    def _count_missed(self, due_ns: int) -> None:
        """Tell of those that were due by now: a queue that grew too long is not to look like a short one."""
        until_ns, missed = min(perf_counter_ns(), self._end_ns), 0
        while missed < self._left and due_ns < until_ns:
            missed += 1
            due_ns = self._next_due(due_ns)
        self._recorder.miss(missed)

    def _tried(self, operator: Operator, due_ns: int) -> Why:
        why = Why.NONE
        try:
            why = operator.operate(due_ns)
        except Exception as error:  # noqa: BLE001 - it is recorded as failed, and told at the end
            self._failure = f"{type(error).__name__}: {error}"
            self._orders.stop.wait(_PAUSE_S)
        if why in {Why.TURNED_AWAY, Why.TIMEOUT, Why.LOCKED}:
            self._orders.stop.wait(_PAUSE_S)
        if why is not Why.REFUSED:
            self._left -= 1
        return why


def main(argument: str) -> None:
    """Do the task; the last error of an operation, if there was one, goes to stderr."""
    task = Task.from_json(argument)
    orders = _Orders()
    threading.Thread(target=orders.obey, daemon=True).start()
    strategies = {name: _opened(name, task) for name in task.config.strategies}
    gate = Gate(task.gate, task.config.limit)
    recorder = Recorder(task.records, task.process)
    keeper = Keeper(task.contents, Path(task.initial).read_bytes(), task.keep_bytes)
    recorder.ready()
    orders.started.wait()
    failure = None
    if orders.worker is not None:
        recorder.take(orders.worker)
        strategy = strategies[task.config.strategy_of(orders.worker)]
        place = _Place(task, orders.worker, strategy, recorder, keeper, gate)
        operator = place.operator(orders.stop.is_set)
        failure = _Shift(task, orders, orders.worker, recorder).work(operator)
    if failure:
        sys.stderr.write(f"{failure}\n")
    for strategy in strategies.values():
        strategy.close()
    keeper.close()
    recorder.close()


def _opened(name: str, task: Task) -> Strategy:
    strategy = load(name)
    if task.config.timeout_s is not None:
        cast("_Patient", strategy).timeout_s = task.config.timeout_s
    strategy.open(task.path)
    return strategy


class _Place(NamedTuple):
    """The place of a worker, and what it has there."""

    task: Task
    worker: int
    strategy: Strategy
    recorder: Recorder
    keeper: Keeper
    gate: Gate

    def operator(self, over: Callable[[], bool]) -> Operator:
        """What it does there: editors come first, then readers, then those that peek."""
        config = self.task.config
        if self.worker >= config.workers + config.readers:
            return Peeker(self.task.path, self.recorder, self.keeper)
        if self.worker >= config.workers:
            return Reader(self.strategy, self.recorder, self.keeper)
        hold, chance = parse(config.hold_ms), random.Random(f"{config.seed}/{self.task.process}/hold")
        return Editor(
            self.strategy,
            self.recorder,
            self.worker,
            hold_s=None if hold.zero else lambda: hold.draw(chance) / 1e3,
            shifting=config.shifting,
            gate=self.gate if config.limit else None,
            over=over,
            keeper=self.keeper,
        )


if __name__ == "__main__":
    if hasattr(signal, "SIGBREAK"):  # unlike Ctrl-C, Ctrl-Break is for all at a console of Windows
        signal.signal(signal.SIGBREAK, signal.SIG_IGN)
    main(sys.argv[1])
    sys.stderr.flush()
    os._exit(0)  # not sys.exit: taking an interpreter down in good order, for each of many workers, makes the end slow
