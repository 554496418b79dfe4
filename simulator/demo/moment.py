"""What the demo is made of: the seven steps, the calls of one step, and the moment after it; frozen data."""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import NamedTuple

__all__ = ["HAS_LOCK", "LEFT_OUT", "PARTS", "SLEEPS", "TITLES", "Call", "Lane", "Mark", "Mode", "Moment", "Step"]

HAS_LOCK, SLEEPS = "has the lock", "sleeps"
"""Two of the states of a process."""

LEFT_OUT = "left out"
"""What stands for the result of a call that is not made."""


class Mode(Enum):
    """What is shown."""

    LOCK = "with the lock"
    WITHOUT = "without the lock"
    KILL = "with a kill"


class Step(IntEnum):
    """The steps of one edit, as docs/flock-flow.md has them."""

    OPEN = 1
    TRY = 2
    BLOCKED = 3
    READ = 4
    TRANSFORM = 5
    WRITE = 6
    RELEASE = 7


TITLES = {
    Step.OPEN: "open",
    Step.TRY: "try the lock",
    Step.BLOCKED: "blocked",
    Step.READ: "read",
    Step.TRANSFORM: "transform",
    Step.WRITE: "write back",
    Step.RELEASE: "release",
}
"""The steps, as people read them."""

PARTS = {
    "journal": "the journal",
    "mark": "the mark",
    "grow": "past the old end",
    "overwrite": "what changes",
    "cut": "the cut",
    "drop": "the journal goes",
    "found": "a journal is there",
    "put back": "put back",
    "cut back": "undo",
    "clear": "the journal goes",
    "woken": "woken",
    "killed": "killed",
}
"""The parts of steps that have several; what stands between journal and drop belongs to step 6, after it to step 4."""


class Mark(Enum):
    """How far a process is with one step."""

    TODO = "todo"
    DONE = "done"
    NOW = "now"
    REFUSED = "refused"
    WAITS = "waits"
    SKIPPED = "skipped"
    DEAD = "dead"


class Call(NamedTuple):
    """One system call as it was made, and the lines of lockedfile that made it."""

    text: str
    result: str  # empty: it has not returned
    edit_line: int  # in _edit.py
    file: str  # where the call itself stands, inside the package
    line: int
    at_work: bool  # is it what the step is about, rather than a look around?

    def __str__(self) -> str:
        if self.result == LEFT_OUT:
            return f"{self.text} is left out"
        return f"{self.text} = {self.result}" if self.result else f"{self.text} ... waits"


class Lane(NamedTuple):
    """One process, and where it is."""

    name: str
    pid: int
    marks: tuple[Mark, ...]  # of the seven steps
    state: str  # what it does, in a word or two


class Moment(NamedTuple):
    """What is to be seen after one step."""

    number: int
    mode: Mode
    name: str  # whose step it was
    step: Step
    part: str  # one of PARTS, or empty
    calls: tuple[Call, ...]
    said: str
    before: bytes | None  # the file; None where the system lets nobody look who has not the lock
    after: bytes | None
    journal_bytes: int | None  # None: there is none
    lanes: tuple[Lane, ...]
    locks: tuple[str, ...]  # the kernel's list, its lines about this file
    has_list: bool  # does this system tell who has a lock?
    verdict: tuple[str, ...] = ()  # at the end
    well: bool = True  # did it end as it has to?

    @property
    def lane(self) -> Lane:
        """That of the process whose step it was."""
        return next(lane for lane in self.lanes if lane.name == self.name)

    @property
    def title(self) -> str:
        """The step, and its part."""
        if not self.number:
            return "before the first step"
        part = f": {PARTS[self.part]}" if self.part else ""
        return f"step {self.step:d} of 7, {TITLES[self.step]}{part}"
