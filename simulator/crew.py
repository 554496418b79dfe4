"""The worker processes of a run: spawn them, tell them what to do, look at them, and end every one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from time import monotonic_ns
from typing import TYPE_CHECKING, NamedTuple

from . import saved
from .config import Config, Task
from .recorder import State, peek

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Crew", "RunError", "Snapshot"]

_READY_S = 60.0  # for all workers to be ready
_LEAD_S = 0.05  # from the order to start until the start: longer than it takes to tell all
_GRACE_S = 10.0  # after the order to stop, for the operations under way, beside what they hold the lock
_LOOK_S = 0.1  # between two looks

if sys.platform == "win32":
    _PROCESS_GROUP, _CREATION_FLAGS = None, subprocess.CREATE_NEW_PROCESS_GROUP
else:
    _PROCESS_GROUP, _CREATION_FLAGS = 0, 0


class RunError(Exception):
    """The run could not be done; the message says why, in one line."""


class Snapshot(NamedTuple):
    """What is going on, for those who watch."""

    phase: str  # "starting", "running" or "stopping"
    elapsed_s: float  # of the phase
    workers: int  # ready, or still there
    edits: int  # operations ended
    waits_ns: tuple[tuple[int, int], ...]  # who waits for the lock, the longest first: for how long, and which worker
    holding: int  # the workers that have it


def _allow_open_files(number: int) -> None:
    """Raise the limit of open files to what the run needs, as far as the system lets us."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


class Crew:
    """The worker processes of one run: editors first, then readers."""

    def __init__(self, config: Config, directory: Path) -> None:
        self._config, self._directory = config, directory
        self._size = config.workers + config.readers
        self._processes: list[subprocess.Popen[bytes]] = []
        self._killed: set[int] = set()
        self.startup_s = 0.0

    def spawn(self, watch: Callable[[Snapshot], None]) -> None:
        """Start all, and wait until each is ready. Raises `RunError`."""
        begun = time.monotonic()
        _allow_open_files(2 * self._size + 64)
        for worker in range(self._size):
            self._processes.append(self._spawned(worker))
            if worker % 16 == 0:
                self._look(watch, "starting", begun)
        while not all(state.ready for state in self._look(watch, "starting", begun)):
            dead = [worker for worker, process in enumerate(self._processes) if process.poll() is not None]
            if dead:
                raise RunError(f"worker {dead[0]} did not start: {self._said(dead[0])}")
            if time.monotonic() - begun > _READY_S:
                raise RunError(f"the workers were not ready within {_READY_S:.0f} s; use fewer")
            time.sleep(_LOOK_S / 2)
        self.startup_s = time.monotonic() - begun

    def _spawned(self, worker: int) -> subprocess.Popen[bytes]:
        config = self._config
        task = Task(
            worker=worker,
            reads=worker >= config.workers,
            strategy=config.strategy,
            path=str(saved.shared(self._directory)),
            records=str(saved.records(self._directory, worker)),
            duration_s=config.duration_s,
            edits=config.edits,
            hold_ms=config.hold_ms,
            think_ms=config.think_ms,
            seed=config.seed,
        )
        try:
            with saved.errors(self._directory, worker).open("wb") as errors:
                # A group of its own: Ctrl-C at the terminal is for the run, which then stops its workers in good order.
                return subprocess.Popen(
                    [sys.executable, "-m", "simulator.worker", task.to_json()],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    process_group=_PROCESS_GROUP,
                    creationflags=_CREATION_FLAGS,
                )
        except OSError as error:
            raise RunError(f"cannot start worker {worker} of {self._size}: {error.strerror}") from error

    def work(self, watch: Callable[[Snapshot], None]) -> None:
        """Give the start, and wait until all editors are done."""
        self._tell(f"start {monotonic_ns() + int(_LEAD_S * 1e9)}")
        begun = time.monotonic()
        while any(process.poll() is None for process in self._processes[: self._config.workers]):
            if self._config.duration_s and time.monotonic() - begun > _LEAD_S + self._config.duration_s:
                return
            self._look(watch, "running", begun)
            time.sleep(_LOOK_S)

    def stop(self, watch: Callable[[Snapshot], None]) -> None:
        """Tell all to end after the operation under way, and give them time for it."""
        self._tell("stop")
        begun = time.monotonic()
        grace_s = _GRACE_S + self._config.hold_ms / 1e3
        while self._present() and time.monotonic() - begun < grace_s:
            self._look(watch, "stopping", begun)
            time.sleep(_LOOK_S / 10)

    def reap(self) -> None:
        """End who is still there. Nobody is left behind when this returns, however often somebody interrupts it."""
        while True:
            with suppress(KeyboardInterrupt):
                self._reap()
                return

    def _reap(self) -> None:
        for worker, process in enumerate(self._processes):
            if process.poll() is None:
                self._killed.add(worker)
                process.kill()
        for process in self._processes:
            process.wait()
            with suppress(OSError):
                process.stdin.close()  # type: ignore[union-attr]  # it is a pipe

    def _tell(self, order: str) -> None:
        for process in self._processes:
            with suppress(OSError):  # ended already
                os.write(process.stdin.fileno(), f"{order}\n".encode())  # type: ignore[union-attr]  # it is a pipe

    def _look(self, watch: Callable[[Snapshot], None], phase: str, begun: float) -> list[State]:
        states = [peek(saved.records(self._directory, worker)) for worker in range(self._size)]
        now = monotonic_ns()
        waits = [(now - s.waiting_since_ns, n) for n, s in enumerate(states) if s.waiting_since_ns]
        watch(
            Snapshot(
                phase=phase,
                elapsed_s=time.monotonic() - begun,
                workers=sum(s.ready for s in states) if phase == "starting" else self._present(),
                edits=sum(s.operations for s in states[: self._config.workers]),
                waits_ns=tuple(sorted(waits, reverse=True)),
                holding=sum(s.holding for s in states),
            )
        )
        return states

    def _present(self) -> int:
        return sum(process.poll() is None for process in self._processes)

    def _said(self, worker: int) -> str:
        lines = saved.errors(self._directory, worker).read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it said nothing")

    def lost(self) -> tuple[str, ...]:
        """Who did not end as it should, a line each."""
        found = []
        for worker, process in enumerate(self._processes):
            if worker in self._killed:
                found.append(f"worker {worker} did not stop and was killed")
            elif process.returncode < 0:
                found.append(f"worker {worker} was killed by signal {-process.returncode}")
            elif process.returncode:
                found.append(f"worker {worker} ended with exit code {process.returncode}: {self._said(worker)}")
        return tuple(found)

    def failures(self) -> tuple[str, ...]:
        """What those said of failed operations who ended as they should, a line each."""
        ended_well = [worker for worker, process in enumerate(self._processes) if process.returncode == 0]
        texts = {
            worker: saved.errors(self._directory, worker).read_text(errors="replace").strip() for worker in ended_well
        }
        return tuple(f"worker {worker}: {text}" for worker, text in texts.items() if text)
