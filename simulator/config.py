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
    hold_ms: float
    think_ms: float
    file: str | None  # a module file whose copy is edited; None writes one
    strategy: str
    seed: int
    kill_rate: float = 0.0  # workers that are killed, and replaced, a second
    stop_rate: float = 0.0  # workers that are stopped for a moment, a second

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
            ("--hold-ms", self.hold_ms, 0),
            ("--think-ms", self.think_ms, 1),
            ("--file", self.file, None),
            ("--strategy", self.strategy, "lockedfile"),
            ("--kill-rate", self.kill_rate, 0),
            ("--stop-rate", self.stop_rate, 0),
        ):
            if value != usual:
                words += [option, _told(value) if isinstance(value, float) else str(value)]
        return shlex.join([*words, "--seed", str(self.seed)])


def _told(number: float) -> str:
    return repr(number).removesuffix(".0")  # all digits, so that the run is the same


class Task(NamedTuple):
    """What one process does. Crosses as one argument of JSON; whose place it takes it is told with the start."""

    process: int  # its number, in the order of starting
    workers: int  # those with a lower number edit, the others read
    strategy: str
    path: str  # the file that all edit
    records: str  # the file that the records of this process go to
    duration_s: float | None
    hold_ms: float
    think_ms: float
    shifting: bool
    seed: int

    def to_json(self) -> str:
        """Give it as one line."""
        return json.dumps(self._asdict())

    @classmethod
    def from_json(cls, text: str) -> Task:
        """Make it from what `to_json` gave."""
        return cls(**json.loads(text))
