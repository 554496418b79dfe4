"""One worker: the code that runs in a child process, as `python -m simulator.worker TASK`.

It says through its records that it is ready, and obeys lines on its standard input: `start NS WORKER EDITS` begins at
that time of `time.monotonic_ns`, the same for all workers, in the place of that worker, with so many edits to try (0 is
no limit); `stop` ends it after the operation under way. The end of its input means that whoever started it is gone, so
it goes too.

A worker that takes the place of one that was killed goes on from what the file says: whether the last edit of the other
was made or not, the next version is one higher than the one that is there.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from functools import partial
from time import monotonic_ns
from typing import TYPE_CHECKING, Protocol

from .config import Task
from .history import NOTHING, Kind, Outcome, digest
from .recorder import Recorder
from .strategies import load
from .workload import WorkloadError, raiser

if TYPE_CHECKING:
    from collections.abc import Callable

    from .strategies import Strategy

__all__ = ["Editor", "Log", "main"]

# After a failed operation: so that a file that is broken for good does not make a loop without a breath.
_PAUSE_S = 0.001

# How long an operation under way may still take when nobody is left to wait for it.
_ORPHAN_S = 2.0


class Log(Protocol):
    """Where operations are noted: a `Recorder`, or what stands in for one."""

    def begin(self, kind: Kind, invoked_ns: int) -> None:
        """An operation is about to be called."""

    def intend(self, locked_ns: int, read: bytes, size_bytes: int, written: bytes, version: int) -> None:
        """The content is read, and the new one is about to be written."""

    def end(
        self, outcome: Outcome, locked_ns: int, released_ns: int, returned_ns: int, *, recovered: bool = False
    ) -> None:
        """The call has returned, or raised."""


class _Withdrawn(Exception):  # noqa: N818 - not an error
    """The run is over, and the edit that has the lock at last is not wanted any more."""


class Editor:
    """One worker's edits, each with its record."""

    def __init__(
        self,
        strategy: Strategy,
        log: Log,
        worker: int,
        *,
        hold_s: float = 0.0,
        shifting: bool = False,
        over: Callable[[], bool] = bool,
    ) -> None:
        self._strategy, self._log, self._hold_s, self._over = strategy, log, hold_s, over
        self._raised = raiser(worker, shifting=shifting)
        self._last, self._last_digest = b"", digest(b"")
        self._locked_ns = self._transformed_ns = 0

    def edit(self) -> None:
        """Edit once; raises what the strategy raises."""
        self._locked_ns = self._transformed_ns = 0
        self._log.begin(Kind.EDIT, monotonic_ns())
        try:
            held = self._strategy.edit(self._transform)
        except _Withdrawn:
            self._log.end(Outcome.FAIL, self._locked_ns, 0, monotonic_ns())
            return
        except Exception:
            self._log.end(Outcome.FAIL, self._locked_ns, self._transformed_ns, monotonic_ns())
            raise
        returned_ns = monotonic_ns()
        if held is None:  # the locker does not tell; while the transform ran it had the lock
            self._log.end(Outcome.OK, self._locked_ns, self._transformed_ns, returned_ns)
        else:
            recovered = getattr(held, "recovered", False)
            self._log.end(Outcome.OK, held.locked_ns, held.released_ns, returned_ns, recovered=recovered)

    def _transform(self, old: bytes) -> bytes:
        self._locked_ns = monotonic_ns()
        if self._over():
            raise _Withdrawn
        # Nobody else came between this worker's edits: the digest is known.
        read = self._last_digest if old == self._last else digest(old)
        try:
            new, version = self._raised(old)
        except WorkloadError:
            self._log.intend(self._locked_ns, read, len(old), NOTHING, 0)
            raise
        self._last, self._last_digest = new, digest(new)
        self._log.intend(self._locked_ns, read, len(old), self._last_digest, version)
        if self._hold_s:
            time.sleep(self._hold_s)
        self._transformed_ns = monotonic_ns()
        return new


def _read_once(strategy: Strategy, log: Log) -> None:
    log.begin(Kind.READ, monotonic_ns())
    try:
        content = strategy.read()
    except Exception:
        log.end(Outcome.FAIL, 0, 0, monotonic_ns())
        raise
    returned_ns = monotonic_ns()
    log.intend(0, digest(content), len(content), NOTHING, 0)
    log.end(Outcome.OK, 0, 0, returned_ns)


class _Orders:
    """What the starter says on standard input."""

    def __init__(self) -> None:
        self.start_ns = self.edits = 0
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
            case [b"start", start_ns, worker, edits]:
                self.start_ns, self.edits, self.worker = int(start_ns), int(edits), int(worker)
            case [b"stop"]:
                self.stop.set()
        self.started.set()


def _work(task: Task, operate: Callable[[], None], orders: _Orders) -> str | None:
    """Operate until time, number or order; the last error, if there was one."""
    chance = random.Random(f"{task.seed}/{task.process}")
    wait, stopped = orders.stop.wait, orders.stop.is_set
    end_ns = orders.start_ns + int(task.duration_s * 1e9) if task.duration_s else sys.maxsize
    left = orders.edits or sys.maxsize
    failure = None
    wait(max(0, orders.start_ns - monotonic_ns()) / 1e9)
    while left and not stopped() and monotonic_ns() < end_ns:
        try:
            operate()
        except Exception as error:  # noqa: BLE001 - it is recorded as failed, and told at the end
            failure = f"{type(error).__name__}: {error}"
            wait(_PAUSE_S)
        left -= 1
        if task.think_ms:
            wait(chance.expovariate(1e3 / task.think_ms))
    return failure


def main(argument: str) -> None:
    """Do the task; the last error of an operation, if there was one, goes to stderr."""
    task = Task.from_json(argument)
    orders = _Orders()
    threading.Thread(target=orders.obey, daemon=True).start()
    strategy = load(task.strategy)
    strategy.open(task.path)
    recorder = Recorder(task.records, task.process)
    recorder.ready()
    orders.started.wait()
    failure = None
    if orders.worker is not None:
        recorder.take(orders.worker)
        failure = _work(task, _operation(task, orders, strategy, recorder), orders)
    if failure:
        sys.stderr.write(f"{failure}\n")
    strategy.close()
    recorder.close()


def _operation(task: Task, orders: _Orders, strategy: Strategy, recorder: Recorder) -> Callable[[], None]:
    worker = orders.worker or 0
    if worker >= task.workers:
        return partial(_read_once, strategy, recorder)
    over, hold_s = orders.stop.is_set, task.hold_ms / 1e3
    return Editor(strategy, recorder, worker, hold_s=hold_s, shifting=task.shifting, over=over).edit


if __name__ == "__main__":
    main(sys.argv[1])
    sys.stderr.flush()
    os._exit(0)  # not sys.exit: taking an interpreter down in good order, for each of many workers, makes the end slow
