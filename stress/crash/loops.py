"""Processes that edit one large file in loops are killed at instants by chance, on any system.

A few edit at once. One is killed, and another one takes its place; whoever comes next undoes what it has left half
done, and may be killed at that. In the end all are killed, and a fresh process judges what is left.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Protocol

from . import environment
from .children import ChildError, Children
from .counters import counts_in
from .editors import Crew, EditorError
from .judge import finding
from .tally import Tally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from .judge import Finding
    from .lane import Plan, Result

    class Told(Protocol):
        """What an editor has said until its end."""

        @property
        def acknowledged(self) -> int: ...
        @property
        def torn(self) -> bool: ...
        @property
        def failure(self) -> str: ...


__all__ = ["NAME", "PROVES", "cannot_run", "played", "run", "wrong"]

NAME = "loops"
PROVES = (
    "Of processes that edit a large file in loops and are killed at any instant, none leaves it torn, and no "
    "edit that was acknowledged is lost; without a journal it is seen to be torn. On any system."
)

_MODES = ("default", "durable")
_ROUNDS = {False: 2, True: 40}  # of each mode
_MOST_TRIES = 10  # rounds, until a kill tears a file that has no journal


def cannot_run() -> str | None:
    """It can anywhere."""
    return None


def run(plan: Plan) -> Result:
    """Some rounds with a journal, then some without one until a file is torn."""
    tally, complete = Tally(NAME, PROVES, plan.seed), False
    if plan.variant:
        tally.state("did not work", "these processes cannot be weakened; see the lane calls")
        return tally.result(environment.versions(plan.directory), complete=True)
    with Children() as children:
        try:
            _run_all(plan, children, tally)
            complete = True
        except (ChildError, EditorError) as error:
            tally.state("did not work", str(error))
        except KeyboardInterrupt:
            pass  # what was found until now is told
    return tally.result(environment.versions(plan.directory), complete=complete)


def _run_all(plan: Plan, children: Children, tally: Tally) -> None:
    random = Random(plan.seed)
    modes = _MODES * _ROUNDS[plan.long]
    for done, mode in enumerate(modes):
        plan.progress(done, len(modes) + 1, f"{mode}, {tally.failed:,} failed")
        crew, story = played(plan.directory / f"{done}", mode, random, children)
        kills = len(crew.all)
        for _ in range(kills - 1):
            tally.state("whole after a kill")
        tally.state("whole after a kill" if story is None else "broken", story and f"{mode}: {story}")
        tally.apart("edits acknowledged", sum(one.edits for one in crew.all))
        tally.apart("edits undone", sum(one.recoveries for one in crew.all))
    plan.progress(len(modes), len(modes) + 1, "without a journal, until it is torn")
    for attempt in range(_MOST_TRIES):
        crew, story = played(plan.directory / f"go-{attempt}", "go", random, children)
        if story is not None and story.startswith("torn"):
            tally.apart("seen to be torn without a journal")
            return
    tally.state("not torn without a journal", f"{_MOST_TRIES} rounds of kills tore nothing")


def played(directory: Path, mode: str, random: Random, children: Children) -> tuple[Crew, str | None]:
    """A round: those who edited and were killed; and what is wrong, if anything is."""
    directory.mkdir()
    with Crew(directory, mode, random) as crew:
        crew.kill_all()
    found = finding(children.ask({"do": "judge", "path": str(crew.path)}).told, crew.path)
    return crew, wrong(crew.all, found)


def wrong(editors: Sequence[Told], found: Finding) -> str | None:
    """What is, in what a fresh process found after all were killed; None if all is well."""
    counts = counts_in(found.content)
    if found.error and not found.error.startswith("JournalError"):
        return f"failed: the judge could not work: {found.error}"
    if counts is None or found.error:
        return f"torn: a fresh process found {len(found.content):,} bytes that nobody wrote {found.error}"
    for one, count in zip(editors, counts, strict=True):
        if one.torn:
            return "torn: another editor came upon it"
        if one.failure:
            return f"failed: {one.failure}"
        if count < one.acknowledged:
            return f"lost: an editor acknowledged edit {one.acknowledged}, and {count} are there"
        if count > one.acknowledged + 1:
            return f"too many: an editor acknowledged edit {one.acknowledged}, and {count} are there"
    if found.beside or not found.edits:
        return f"left behind: {', '.join(found.beside)}" if found.beside else "a further edit did not do what it should"
    return None
