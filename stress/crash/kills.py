"""Editors in a crowd are killed and frozen at instants by chance: the simulator does it, and its checker judges."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any, NamedTuple

from simulator.process import CAN_FREEZE
from stress.simulated import simulated

from . import environment
from .tally import Tally

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from .lane import Plan, Result

__all__ = ["NAME", "PROVES", "Run", "cannot_run", "judge", "run", "runs_of"]

NAME = "kills"
PROVES = (
    "In a crowd of 32 editors of which some are killed and frozen, again and again, no read is torn and no update "
    "lost; and the same without a journal is seen to be torn."
)

_WITHOUT_JOURNAL = "lockedfile-go-protocol"
_WORKERS = 32

_STARTING_S = 120.0  # of 32 processes and their judging, on a slow machine
_MOST_TRIES = 4  # until a kill tears a file that has no journal


class Run(NamedTuple):
    """One run of the simulator."""

    strategy: str
    readers: int
    kill_rate: int
    stop_rate: int
    duration_s: int

    @property
    def words(self) -> list[str]:
        """As the simulator wants it; nobody is frozen where nobody can be."""
        return [
            *("--strategy", self.strategy, "--workers", str(_WORKERS), "--readers", str(self.readers)),
            *("--kill-rate", str(self.kill_rate), "--duration", str(self.duration_s)),
            *(("--stop-rate", str(self.stop_rate)) if CAN_FREEZE else ()),
        ]


_SHORT = (Run("lockedfile", 0, 20, 0, 4), Run("lockedfile", 4, 20, 10, 4), Run("lockedfile-durable", 0, 20, 0, 4))
_LONG = (
    *(Run("lockedfile", readers, rate, stops, 10) for readers in (0, 8) for rate in (5, 40) for stops in (0, 20)),
    *(Run("lockedfile-durable", readers, rate, 0, 10) for readers in (0, 4) for rate in (5, 40)),
)
_TEETH = Run(_WITHOUT_JOURNAL, 0, 20, 0, 4)


def cannot_run() -> str | None:
    """It can anywhere."""
    return None


def runs_of(*, long: bool) -> tuple[Run, ...]:
    """The runs that must be VALID."""
    return _LONG if long else _SHORT


def run(plan: Plan) -> Result:
    """Some runs that must be VALID, then some without a journal until one is INVALID."""
    tally = Tally(NAME, PROVES, plan.seed)
    complete = False
    if plan.variant:
        tally.state("did not work", "the workers of the simulator cannot be weakened; see its strategies")
    else:
        try:
            _run_all(plan, tally)
            complete = True
        except KeyboardInterrupt:
            pass  # what was found until now is told
    return tally.result(environment.versions(plan.directory), complete=complete)


def _run_all(plan: Plan, tally: Tally) -> None:
    random = Random(plan.seed)
    valid = runs_of(long=plan.long)
    for done, one in enumerate(valid):
        plan.progress(done, len(valid) + 1, f"{one.strategy}, {one.kill_rate} kills a second")
        judge(_told(one, random.randrange(1_000_000), plan.directory / f"{done}"), tally)
    plan.progress(len(valid), len(valid) + 1, f"{_WITHOUT_JOURNAL}, until it is torn")
    for attempt in range(_MOST_TRIES):
        told = _told(_TEETH, random.randrange(1_000_000), plan.directory / f"teeth-{attempt}")
        if told.get("verdict", {}).get("result") == "INVALID":
            tally.apart("seen to be torn without a journal")
            return
    tally.state("not torn without a journal", f"{_MOST_TRIES} runs of {_WITHOUT_JOURNAL} were not seen to be torn")


def judge(told: Mapping[str, Any], tally: Tally) -> None:
    """Count what a run told that must be VALID."""
    if "verdict" not in told:
        tally.state("did not work", told["error"])
        return
    verdict, evidence = told["verdict"], told["verdict"]["evidence"]
    story = None
    if verdict["result"] != "VALID":
        story = f"{verdict['result']}: {verdict['reason']}"
    elif told["litter"]:
        story = f"left behind: {', '.join(told['litter'])}"
    elif told["failures"]:
        story = f"workers failed: {told['failures'][0]}"
    tally.state(verdict["result"], story and f"{told['command']}: {story}")
    tally.apart("kills", told["faults"]["kills"])
    tally.apart("of them amid an edit", told["faults"]["kills_in_edit"])
    tally.apart("freezes", told["faults"]["freezes"])
    tally.apart("edits judged", evidence["committed"] + evidence["unknown"])
    tally.apart("recoveries", evidence["recovered"])


def _told(one: Run, seed: int, directory: Path) -> dict[str, Any]:
    return simulated([*one.words, "--seed", str(seed)], directory, within_s=one.duration_s + _STARTING_S)
