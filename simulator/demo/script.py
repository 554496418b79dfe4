"""Whose turn it is: the moments of a demo, one after the other, each as it happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .moment import HAS_LOCK, SLEEPS, Call, Lane, Mark, Mode, Moment, Step
from .player import line_of
from .stage import Actor, Stage, StageError
from .told import begun, gone, list_of, told
from .verdict import NOT_AS_IT_HAS_TO_BE, on_kill, on_lock, on_loss

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

__all__ = ["BASE", "NAMES", "moments"]

NAMES = "ABCD"
"""What the processes are called."""

BASE = b"module example.com/demo\n\ngo 1.25\n\nrequire (\n\tgolang.org/x/mod v0.30.0\n)\n"
"""What is in the file when the demo begins."""

_LINE_UP = "F_OFD_SETLKW"


def moments(mode: Mode, workers: int, directory: Path) -> Generator[Moment, None, None]:
    """Play the demo in the empty `directory`; each step is done when its moment is asked for.

    Raises `StageError` if a process does something else than it has to, and `OSError`.
    """
    (directory / "go.mod").write_bytes(BASE)
    locking = mode is not Mode.WITHOUT
    with Stage(directory, NAMES[:workers], locking=locking, crash_safe=locking) as stage:
        yield from _Play(mode, stage).moments()


class _Play:
    """What has happened so far."""

    def __init__(self, mode: Mode, stage: Stage) -> None:
        self._mode, self._stage = mode, stage
        self._actors = list(stage.actors.values())
        self._marks = {actor.name: [Mark.TODO] * len(Step) for actor in self._actors}
        self._number = 0
        self._line: list[Actor] = []  # those who wait, in their order
        self._holder = ""
        self._dead = ""
        self._heir = ""  # who has undone what the dead one has left
        self._last = stage.content()
        self._lost: dict[str, Moment] = {}  # whose line went, and when

    def moments(self) -> Iterator[Moment]:
        last = self._opening()
        for moment in self._without() if self._mode is Mode.WITHOUT else self._with():
            yield last
            last = moment
        yield self._judged(last)

    def _opening(self) -> Moment:
        lanes = tuple(map(self._lane, self._actors))
        said = begun(self._mode, len(lanes))
        return Moment(
            0, self._mode, lanes[0].name, Step.OPEN, "", (), said, None, self._last, None, lanes, (),
            self._stage.locks() is not None,
        )  # fmt: skip

    def _with(self) -> Iterator[Moment]:
        first, *others = self._actors
        for actor in self._actors:
            yield from self._steps(actor, Step.OPEN, Step.TRY)
        # Only now they begin to wait: who finds others waiting does not even try (docs/flock-flow.md).
        for actor in others:
            yield from self._steps(actor, Step.BLOCKED)
        if self._mode is Mode.KILL:
            yield from self._killed(first)
        else:
            yield from self._to_the_end(first)
        while self._line:
            actor = self._line.pop(0)
            yield self._moment(actor, Step.BLOCKED, "woken")
            yield from self._to_the_end(actor)

    def _without(self) -> Iterator[Moment]:
        for actor in self._actors:
            yield from self._steps(actor, Step.OPEN, Step.TRY, Step.READ)
        for actor in self._actors:
            yield from self._to_the_end(actor)

    def _to_the_end(self, actor: Actor) -> Iterator[Moment]:
        while actor.stop:
            yield self._step(actor)
        if actor.error or not actor.ended:
            raise StageError(f"process {actor.name} (pid {actor.process.pid}) did not end well: {actor.error}")

    def _killed(self, actor: Actor) -> Iterator[Moment]:
        while actor.stop != (Step.WRITE, "overwrite"):
            yield self._step(actor)
        actor.kill()
        self._dead = actor.name
        self._hand_on()
        self._last = BASE  # so that all that it has done to the file is marked as new
        yield self._moment(actor, Step.WRITE, "killed")

    def _steps(self, actor: Actor, *steps: Step) -> Iterator[Moment]:
        for step in steps:
            if not actor.stop or actor.stop[0] is not step:
                self._stage.find_ended()
                raise StageError(f"process {actor.name} (pid {actor.process.pid}) is at {actor.stop}, not at {step!r}")
            yield self._step(actor)

    def _step(self, actor: Actor) -> Moment:
        assert actor.stop is not None
        step, part = actor.stop
        self._stage.step(actor)
        if step is Step.RELEASE:
            self._hand_on()
        return self._moment(actor, step, part)

    def _hand_on(self) -> None:
        """The lock is free: see who gets it. Mostly that is the first, but who waits for long may change places."""
        self._holder = ""
        if self._line:
            woken = self._stage.until_one_is_woken(self._line)
            self._line.remove(woken)
            self._line.insert(0, woken)
            self._holder = woken.name

    def _moment(self, actor: Actor, step: Step, part: str) -> Moment:
        calls = actor.taken() if part != "killed" else (_killing(actor),)
        said = self._said(actor, step, part, calls)
        before, self._last = self._last, self._stage.content()
        lost = self._lost_between(before, self._last)
        self._enter(actor, step, part, calls)
        locks = self._stage.locks()
        self._number += 1
        moment = Moment(
            self._number, self._mode, actor.name, step, part, calls, said + gone(lost), before, self._last,
            self._stage.journal_bytes(), tuple(map(self._lane, self._actors)), tuple(locks or ()), locks is not None,
        )  # fmt: skip
        self._lost |= dict.fromkeys(lost, moment)
        return moment

    def _said(self, actor: Actor, step: Step, part: str, calls: tuple[Call, ...]) -> str:
        is_refused = step is Step.TRY and self._holder
        in_line = step is Step.BLOCKED and not part and any(_LINE_UP in call.text for call in calls)
        return told(
            self._mode, step, part, actor.name,
            holder=self._holder if is_refused else "",
            line=list_of([other.name for other in self._line]) if in_line else "",
            following=self._line[0].name if self._line else "",
            dead="" if self._heir else self._dead,
        )  # fmt: skip

    def _enter(self, actor: Actor, step: Step, part: str, calls: tuple[Call, ...]) -> None:
        """Note what came of the step."""
        marks = self._marks[actor.name]
        for at, mark in enumerate(marks):
            if mark in (Mark.NOW, Mark.WAITS):
                marks[at] = Mark.SKIPPED if self._is_left_out(at + 1) else Mark.DONE
            elif mark is Mark.TODO and at + 1 < step:
                marks[at] = Mark.SKIPPED
        marks[step - 1] = Mark.NOW
        if part == "killed":
            marks[step - 1 :] = [Mark.DEAD] * len(marks[step - 1 :])
        elif step is Step.TRY and self._mode is not Mode.WITHOUT:
            refused = any(call.result.startswith("-1") for call in calls)
            marks[step - 1] = Mark.REFUSED if refused else Mark.NOW
            self._holder = self._holder if refused else actor.name
        elif step is Step.BLOCKED:
            if part:
                self._holder = actor.name
            else:
                marks[step - 1] = Mark.WAITS
                self._line.append(actor)
        elif step is Step.RELEASE:
            marks[step - 1] = Mark.SKIPPED if self._is_left_out(step) else Mark.DONE
        if part == "clear":
            self._heir = actor.name

    def _is_left_out(self, step: int) -> bool:
        return self._mode is Mode.WITHOUT and step in (Step.TRY, Step.RELEASE)

    def _lane(self, actor: Actor) -> Lane:
        if actor.name == self._dead:
            state = "killed"
        elif actor.ended:
            state = "has ended"
        elif actor.name == self._holder:
            state = HAS_LOCK
        elif actor in self._line:
            state = SLEEPS
        else:
            state = ""
        return Lane(actor.name, actor.process.pid, tuple(self._marks[actor.name]), state)

    def _lost_between(self, before: bytes | None, after: bytes | None) -> list[str]:
        """Whose line was in the file, and is not."""
        if before is None or after is None or self._mode is not Mode.WITHOUT:
            return []
        return [name for name in self._marks if line_of(name) in before and line_of(name) not in after]

    def _judged(self, last: Moment) -> Moment:
        """The last moment, with the verdict on all."""
        names, content = list(self._marks), self._stage.content() or b""
        if self._mode is Mode.KILL:
            verdict = on_kill(names, content, self._dead, self._heir if last.journal_bytes is None else "")
        elif self._mode is Mode.WITHOUT:
            verdict = on_loss(names, content, self._lost)
        else:
            verdict = on_lock(names, content)
        return last._replace(verdict=verdict or (NOT_AS_IT_HAS_TO_BE,), well=bool(verdict))


def _killing(actor: Actor) -> Call:
    """The call that kills, which is ours."""
    return Call(f"kill({actor.process.pid}, SIGKILL)", "0", 0, "", 0, at_work=True)
