"""A trial of one job: record the scenario, cut the power many times, judge; and cut it again during recoveries."""

from __future__ import annotations

import sys
from random import Random
from typing import TYPE_CHECKING, NamedTuple

if sys.platform != "linux":
    raise ImportError("needs Linux")

from .cut import cuts, last_flush, survivors
from .disk import RestoredDisk, read_pages
from .file_systems import make
from .history import mark_at
from .judging import judge
from .pages import changed_by
from .recording import record
from .scenario import RECOVERIES, scenario
from .system import DoesNotMountError
from .verdict import REPAIRED, Verdict, verdict

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .cut import Cut
    from .history import Mark
    from .job import Job
    from .pages import Pages
    from .recording import Recording
    from .verdict import Finding

__all__ = ["Outcome", "State", "judged", "trial"]

_DEEPER = 4  # states of a recording from which recovery is recorded, and cut again
_SHARE_OF_DEEPER = 3  # one state in so many is one of those
_WRITE_BACK = (0.0, 0.3, 0.5)  # while it recovers: its steps are few
_FEW = 4  # of the moments in which the file system mounts, and nothing else happens, one in so many


class State(NamedTuple):
    """A disk as a power cut has left it, and what is needed to judge it."""

    job: Job
    pages: Pages
    marks: tuple[Mark, ...]
    cut: Cut


class Outcome(NamedTuple):
    """What came of one state."""

    verdict: Verdict | None
    apart: str | None = None  # why there is no verdict: it says nothing of the library
    state: State | None = None  # if it is of interest


def trial(job: Job, directory: Path) -> Iterator[Outcome]:
    """The outcomes, one after the other. Raises what the machine refuses: then there is no more."""
    random = Random(f"{job.file_system} {job.scenario} {job.seed}")
    scene = scenario(job.scenario, job.seed)
    base = _empty(job, directory / "made")
    recording = record(job, base, scene.turns, (scene.first,), directory, prepare=True)
    again = job.states // _SHARE_OF_DEEPER if job.mode == "durable" else 0
    repaired: list[State] = []
    with RestoredDisk(job.system, directory) as disk:
        for outcome in _outcomes(job, disk, recording, job.states - again, random, ""):
            if outcome.state and outcome.verdict and outcome.verdict.name.endswith(REPAIRED):
                repaired.append(outcome.state)
            yield outcome
        for state in random.sample(repaired, min(_DEEPER, len(repaired))):
            allowed = mark_at(state.marks, state.cut.at).allowed
            turns = (random.choice(RECOVERIES)._replace(write_back=random.choice(_WRITE_BACK)),)
            recovery = record(job, state.pages, turns, allowed, directory, prepare=False)
            before = f"in recovery, after a first {state.cut}, "
            yield from _outcomes(job, disk, recovery, again // _DEEPER, random, before)


def _empty(job: Job, image: Path) -> Pages:
    make(job.system, image)
    try:
        return read_pages(image)
    finally:
        image.unlink()


def _outcomes(
    job: Job, disk: RestoredDisk, recording: Recording, count: int, random: Random, before: str
) -> Iterator[Outcome]:
    log, marks = recording.log, recording.marks
    for failure in recording.failures:
        yield Outcome(Verdict("failed", f"{before}{failure}"))
    pages = dict(recording.base)
    safe = 0
    for cut in cuts(log, _moments(recording), count, random):
        flushed = last_flush(log, cut.at)
        pages.update(changed_by((write for write in log[safe:flushed] if write), pages))
        safe = flushed
        outcome = judged(disk, State(job, pages, marks, cut), changed_by(survivors(log, cut), pages))
        if outcome.verdict and outcome.verdict.story:
            outcome = outcome._replace(verdict=Verdict(outcome.verdict.name, f"{before}{outcome.verdict.story}"))
        yield outcome


def _moments(recording: Recording) -> list[int]:
    """When the power may fail, as positions in the log."""
    marks = recording.marks
    begun = marks[1].position if len(marks) > 1 else 0
    moments = range(marks[0].position, len(recording.log) + 1)
    return [at for at in moments if mark_at(marks, at).promised and (at >= begun or at % _FEW == 0)]


def judged(disk: RestoredDisk, state: State, changed: Pages) -> Outcome:
    """What comes of the state, its pages changed by `changed`."""
    disk.restore(state.pages, changed)
    try:
        with disk.mounted() as path:
            given = verdict(_found(path, state.job), state.marks, state.cut)
    except DoesNotMountError as error:
        return Outcome(None, f"{state.job.file_system} did not mount: {error}")
    if given.story or given.name.endswith(REPAIRED):
        return Outcome(given, state=state._replace(pages={**state.pages, **changed}))
    return Outcome(given)


def _found(path: Path, job: Job) -> Finding | Exception:
    try:
        return judge(path, crash_safe=job.mode != "go")
    except (OSError, RuntimeError) as error:
        return error
