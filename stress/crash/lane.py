"""What a lane is: one way to harm an edit, and what came of it.

A lane is a module with `NAME`, `PROVES`, `cannot_run` and `run`. After Ctrl-C `run` ends what it started, unmounts what
it mounted, and returns what it has, with `complete=False`.
"""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - a NamedTuple looks its types up when it is read by people's tools
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["LANES", "Lane", "Plan", "Result"]

LANES = ("syscalls", "calls", "disks", "loops", "kills", "machine", "weakdisk", "powercuts", "teeth")
"""The modules of this package that are lanes; the quick ones first."""


class Plan(NamedTuple):
    """What a lane is asked to do."""

    long: bool
    seed: int
    variant: str | None  # of `variants`: the library without one of its steps; a lane ends when it has caught it
    directory: Path  # empty, and the lane's own
    progress: Callable[[int, int, str], None]  # done, of, what


class Result(NamedTuple):
    """What a lane found."""

    lane: str
    proves: str
    states: dict[str, int]  # what was left -> how often: {"old": 812, "new": 240}
    apart: dict[str, int]  # what says nothing of the library: {"did not mount": 3}
    failures: tuple[str, ...]  # the first ones, each a short story: what was cut where, what was read
    failed: int  # how many there were
    seconds: float
    versions: dict[str, str]
    seed: int
    complete: bool  # not after Ctrl-C

    @property
    def tried(self) -> int:
        """How many states were judged."""
        return sum(self.states.values())

    @property
    def holds(self) -> bool:
        """Was something judged, and nothing of it found torn, lost or littered?"""
        return self.failed == 0 and self.tried > 0


class Lane(Protocol):
    """A module that is one."""

    NAME: str
    PROVES: str  # one sentence

    @staticmethod
    def cannot_run() -> str | None:
        """Why it cannot run here, such as "needs root"; None if it can."""

    @staticmethod
    def run(plan: Plan) -> Result:
        """Harm, judge, count."""
