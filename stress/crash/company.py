"""The company that plays the scenes of the lanes `syscalls` and `calls`: learns what there is to try, and tries it."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from . import crowd
from .changes import CHANGES
from .judge import find, identity, kind, rest
from .product import cases_of, sample
from .scenes import EDITS, Scene, flights
from .stage import Stage
from .verdict import NOT_REACHED, Seen, Verdict, said, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from .children import Answer, Children
    from .fault import Call
    from .judge import Rest
    from .lane import Plan
    from .tally import Tally
    from .verdict import Case

__all__ = ["MODES", "Company"]

MODES = ("default", "durable")

_RECOVERIES = ("read", "recover", "edit")
_FLIGHTS_IN_SHORT = 24  # of the files in flight that the short form recovers


class Company:
    """Its work is given to threads, each of which waits for one child at a time."""

    def __init__(self, plan: Plan, children: Children, stage: Stage | None = None) -> None:
        self._plan = plan
        self._children = children
        self._random = Random(plan.seed)
        self.failed: list[str] = []  # stories of what fails without a fault
        self._stage = stage or Stage(plan.directory, children, plan.variant)

    def cases(self, modes: Sequence[str] = MODES, changes: Iterable[str] = CHANGES) -> list[Case]:
        """What is to be tried, in an order of chance. Raises `ChildError`."""
        resting = [Scene(doing, mode, change) for doing in EDITS for mode in modes for change in changes]
        learnt = self._learn("edits", resting)
        kills, errors = self._stage.kills, self._stage.errors
        edits = [(scene, calls) for scene, calls in learnt.items() if scene.operation == "edit"]
        flying = self._in_flight([one for scene, calls in edits for one in flights(scene, calls, kills)])
        learnt |= self._learn("recoveries", [one._replace(operation=doing) for one in flying for doing in _RECOVERIES])
        cases = [case for scene, calls in learnt.items() for case in cases_of(scene, calls, kills, errors)]
        self._random.shuffle(cases)
        return cases if self._plan.long else sample(cases)

    def count(self, tally: Tally, cases: Sequence[Case], at_a_time: int, stage: Stage | None = None) -> None:
        """Play the cases, so many at a time, and count what came of them; with a variant, until it is caught."""
        batches = [cases[at : at + at_a_time] for at in range(0, len(cases), at_a_time)]
        judged = crowd.each(self._children, lambda batch: self.judged(batch, stage), batches)
        for done, verdicts in enumerate(judged, start=1):
            for one in verdicts:
                if one.state == NOT_REACHED:
                    tally.apart(NOT_REACHED)
                else:
                    tally.state(one.state, one.story, one.alike)
            self._plan.progress(min(done * at_a_time, len(cases)), len(cases), f"{tally.failed:,} failed")
            if self._plan.variant and tally.failed:
                break

    def judged(self, cases: Sequence[Case], stage: Stage | None = None) -> list[Verdict]:
        """Play the cases one after the other, then let one fresh process judge them all."""
        stage = stage or self._stage
        paths = [stage.lay(case.scene) for case in cases]
        before = list(map(identity, paths))
        played = _played(stage, cases, paths)
        found = find(self._children, paths, self._plan.variant)
        verdicts = [
            verdict(case, Seen(path, answer, left, finding, was, identity(path)))
            if came
            else Verdict(NOT_REACHED, None)
            for case, path, was, (answer, came, left), finding in zip(cases, paths, before, played, found, strict=True)
        ]
        stage.clear(paths)
        return verdicts

    def _in_flight(self, scenes: list[Scene]) -> list[Scene]:
        """The files in flight are made, each is found out to be whole as old or as new."""
        if not self._plan.long:
            scenes = self._random.sample(scenes, min(len(scenes), _FLIGHTS_IN_SHORT))
        left = dict(one for some in crowd.each(self._children, self._left_by, self._batches(scenes)) for one in some)
        # What is torn is no scene: it shows as the edit that was killed.
        return [scene._replace(left=left[scene]) for scene in scenes if left[scene] != "torn"]

    def _left_by(self, scenes: Sequence[Scene]) -> list[tuple[Scene, str]]:
        self._stage.kill(scenes)
        paths = list(map(self._stage.lay, scenes))
        found = find(self._children, paths, self._plan.variant)
        self._stage.clear(paths)
        return [(scene, kind(one.content, CHANGES[scene.change])) for scene, one in zip(scenes, found, strict=True)]

    def _learn(self, what: str, scenes: Sequence[Scene]) -> dict[Scene, list[Call]]:
        learnt: dict[Scene, list[Call]] = {}
        for some in crowd.each(self._children, self._calls_of, self._batches(scenes)):
            learnt.update(some)
            self._plan.progress(len(learnt), len(scenes), f"learning the calls of {what}")
        return {scene: learnt[scene] for scene in scenes}

    def _calls_of(self, scenes: Sequence[Scene]) -> list[tuple[Scene, list[Call]]]:
        paths = list(map(self._stage.lay, scenes))
        played = self._stage.play([(scene, path, None) for scene, path in zip(scenes, paths, strict=True)])
        for scene, (answer, _) in zip(scenes, played, strict=True):
            if answer.error:
                self.failed.append(f"{scene}: there is no fault, and yet it fails{said(answer)}")
        self._stage.clear(paths)
        return [(scene, calls) for scene, (_, calls) in zip(scenes, played, strict=True)]

    def _batches(self, scenes: Sequence[Scene]) -> list[Sequence[Scene]]:
        """As many at a time as the stage plays at once."""
        size = self._stage.at_once
        return [scenes[at : at + size] for at in range(0, len(scenes), size)]


def _played(stage: Stage, cases: Sequence[Case], paths: Sequence[Path]) -> list[tuple[Answer, bool, Rest]]:
    """What came of the children; did the fault come; and what did they leave?"""
    played = stage.play([(case.scene, path, case.fault) for case, path in zip(cases, paths, strict=True)])
    return [
        (answer, answer.killed or any(call.injected for call in calls), rest(path))
        for path, (answer, calls) in zip(paths, played, strict=True)
    ]
