"""The company that plays the scenes of the lane `syscalls`: learns what there is to try, and tries it."""

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
    from .judge import Rest
    from .lane import Plan
    from .tracing import Call
    from .verdict import Case

__all__ = ["MODES", "Company"]

MODES = ("default", "durable")

_RECOVERIES = ("read", "recover", "edit")
_FLIGHTS_IN_SHORT = 24  # of the files in flight that the short form recovers


class Company:
    """Its work is given to threads, each of which waits for one child at a time."""

    def __init__(self, plan: Plan, children: Children) -> None:
        self._plan = plan
        self._children = children
        self._random = Random(plan.seed)
        self.failed: list[str] = []  # stories of what fails without a fault
        self._stage = Stage(plan.directory, children, plan.variant)

    def cases(self, modes: Sequence[str] = MODES, changes: Iterable[str] = CHANGES) -> list[Case]:
        """What is to be tried, in an order of chance. Raises `ChildError`."""
        resting = [Scene(doing, mode, change) for doing in EDITS for mode in modes for change in changes]
        learnt = self._learn("edits", resting)
        flying = self._in_flight(
            [one for scene, calls in learnt.items() if scene.operation == "edit" for one in flights(scene, calls)]
        )
        learnt |= self._learn("recoveries", [one._replace(operation=doing) for one in flying for doing in _RECOVERIES])
        cases = [case for scene, calls in learnt.items() for case in cases_of(scene, calls)]
        self._random.shuffle(cases)
        return cases if self._plan.long else sample(cases)

    def judged(self, cases: Sequence[Case]) -> list[Verdict]:
        """Play the cases one after the other, then let one fresh process judge them all."""
        paths = [self._stage.lay(case.scene) for case in cases]
        before = list(map(identity, paths))
        played = [self._played(case, path) for case, path in zip(cases, paths, strict=True)]
        found = find(self._children, paths, self._plan.variant)
        verdicts = [
            verdict(case, Seen(path, answer, left, finding, was, identity(path)))
            if came
            else Verdict(NOT_REACHED, None)
            for case, path, was, (answer, came, left), finding in zip(cases, paths, before, played, found, strict=True)
        ]
        self._stage.clear(paths)
        return verdicts

    def _played(self, case: Case, path: Path) -> tuple[Answer, bool, Rest]:
        """What came of the child; did the fault come; and what did it leave?"""
        answer, calls = self._stage.act(case.scene, path, case.fault)
        came = answer.killed or any(call.injected for call in calls)
        return answer, came, rest(path)

    def _in_flight(self, scenes: list[Scene]) -> list[Scene]:
        """The files in flight are made, each is found out to be whole as old or as new."""
        if not self._plan.long:
            scenes = self._random.sample(scenes, min(len(scenes), _FLIGHTS_IN_SHORT))
        left = dict(crowd.each(self._children, self._left_by, scenes))
        # What is torn is no scene: it shows as the edit that was killed.
        return [scene._replace(left=left[scene]) for scene in scenes if left[scene] != "torn"]

    def _left_by(self, scene: Scene) -> tuple[Scene, str]:
        self._stage.kill(scene)
        path = self._stage.lay(scene)
        (found,) = find(self._children, [path], self._plan.variant)
        self._stage.clear([path])
        return scene, kind(found.content, CHANGES[scene.change])

    def _learn(self, what: str, scenes: Sequence[Scene]) -> dict[Scene, list[Call]]:
        learnt: dict[Scene, list[Call]] = {}
        for scene, calls in crowd.each(self._children, self._calls_of, scenes):
            learnt[scene] = calls
            self._plan.progress(len(learnt), len(scenes), f"learning the calls of {what}")
        return {scene: learnt[scene] for scene in scenes}

    def _calls_of(self, scene: Scene) -> tuple[Scene, list[Call]]:
        path = self._stage.lay(scene)
        answer, calls = self._stage.act(scene, path, None)
        if answer.error:
            self.failed.append(f"{scene}: there is no fault, and yet it fails{said(answer)}")
        self._stage.clear([path])
        return scene, calls
