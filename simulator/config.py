"""What a run is asked to do, and what of it crosses to a worker process: frozen data."""

from __future__ import annotations

import json
import shlex
from typing import NamedTuple

__all__ = ["Config", "Task"]


class Config(NamedTuple):
    """One run, as the command line gives it."""

    workers: int
    readers: int
    duration_s: float | None  # how long to edit, or
    edits: int | None  # how many edits each worker tries; one of the two is None
    hold_ms: str  # a `distribution`, as text
    think_ms: str
    file: str | None  # a module file whose copy is edited; None writes one
    strategy: str  # or several, with commas, which take the workers in turn
    seed: int
    kill_rate: float = 0.0  # workers that are killed, and replaced, a second
    stop_rate: float = 0.0  # workers that are stopped for a moment, a second
    disk_full_rate: float = 0.0  # moments without any space left, a second
    peekers: int = 0  # processes that read without a lock
    arrival_rate: float = 0.0  # edits that are due a second, of all workers together; 0: each thinks, then edits
    ramp_s: float = 0.0  # so long it takes until all have begun
    limit: int = 0  # how many editors may wait at once; 0 is no limit
    timeout_s: float | None = None  # how long an edit waits for the lock at most
    start: str = "spawn"  # how processes are started: "spawn" or "forkserver"

    @property
    def strategies(self) -> tuple[str, ...]:
        """The names of the lockers."""
        return tuple(self.strategy.split(","))

    def strategy_of(self, worker: int) -> str:
        """The locker of one worker; workers take them in turn, and so do readers."""
        names = self.strategies
        return names[(worker if worker < self.workers else worker - self.workers) % len(names)]

    @property
    def size(self) -> int:
        """How many processes work at a time."""
        return self.workers + self.readers + self.peekers

    @property
    def shifting(self) -> bool:
        """Does each edit move all that stands behind it? Where workers are killed; `workload` says why."""
        return self.kill_rate > 0

    def command(self) -> str:
        """The command line that repeats the run."""
        words = ["python", "-m", "simulator", "--workers", str(self.workers)]
        words += ["--edits", str(self.edits)] if self.edits else ["--duration", _told(self.duration_s or 0.0)]
        for option, value, usual in (
            ("--readers", self.readers, 0),
            ("--peekers", self.peekers, 0),
            ("--arrival-rate", self.arrival_rate, 0),
            ("--hold-ms", self.hold_ms, "0"),
            ("--think-ms", self.think_ms, "exp:1"),
            ("--ramp", self.ramp_s, 0),
            ("--limit", self.limit, 0),
            ("--timeout", self.timeout_s, None),
            ("--start", self.start, "spawn"),
            ("--file", self.file, None),
            ("--strategy", self.strategy, "lockedfile"),
            ("--kill-rate", self.kill_rate, 0),
            ("--stop-rate", self.stop_rate, 0),
            ("--disk-full", self.disk_full_rate, 0),
        ):
            if value != usual:
                words += [option, _told(value) if isinstance(value, float) else str(value)]
        return shlex.join([*words, "--seed", str(self.seed)])


def _told(number: float) -> str:
    return repr(number).removesuffix(".0")  # all digits, so that the run is the same


class Task(NamedTuple):
    """What one process does. Crosses as one argument of JSON; whose place it takes it is told with the start."""

    process: int  # its number, in the order of starting
    path: str  # the file that all edit
    records: str  # the file that the records of this process go to
    gate: str  # the file through which only so many may go to wait at once
    initial: str  # what was in the file at first
    contents: str  # the file in which this process keeps what it reads,
    keep_bytes: int  # and how long that may get
    config: Config

    def to_json(self) -> str:
        """Give it as one line."""
        return json.dumps(self._asdict() | {"config": self.config._asdict()})

    @classmethod
    def from_json(cls, text: str) -> Task:
        """Make it from what `to_json` gave."""
        values = json.loads(text)
        return cls(**values | {"config": Config(**values["config"])})
