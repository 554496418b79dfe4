"""Several runs, one after another, kept as they come: what was measured stays, whenever it ends."""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..crew import RunError
from ..output import note
from .judging import CannotRunError, emptied, judged_run, kept_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ..config import Config
    from ..lanes import Snapshot
    from ..report import Account

__all__ = ["Ending", "Step", "in_turn", "light"]

_CLEAR = "\x1b[K"  # what an earlier, longer line has left
_PAUSE_S = 0.5  # between two runs: for what the last one has left the machine to do


class Step(NamedTuple):
    """One run."""

    what: str  # it is of: if a run of it cannot be done, no other one is tried
    told: str  # what it is called while it goes on
    config: Config


class Ending(NamedTuple):
    """How the series went."""

    interrupted: bool
    failed: dict[str, str]  # what could not be done, and why


def in_turn(steps: Sequence[Step], keep: Callable[[Step, Account], None], *, quiet: bool) -> Ending:
    """Do the runs; `keep` gets the account of each. One that is ended early is not kept, and is the last."""
    failed: dict[str, str] = {}
    with suppress(KeyboardInterrupt), kept_directory(None) as directory:
        return Ending(_interrupted(steps, keep, directory, failed, quiet=quiet), failed)
    return Ending(True, failed)


def _interrupted(
    steps: Sequence[Step],
    keep: Callable[[Step, Account], None],
    directory: Path,
    failed: dict[str, str],
    *,
    quiet: bool,
) -> bool:
    for number, step in enumerate(steps, 1):
        if step.what in failed:
            continue
        if number > 1:
            time.sleep(_PAUSE_S)
        line = _Progress(f"{number:>{len(str(len(steps)))}}/{len(steps)} {step.told}: ", quiet=quiet)
        try:
            account = _run(step, directory, line.watch)
        except (RunError, CannotRunError) as error:
            failed[step.what] = str(error)
            line.done(f"could not be done: {error}")
            continue
        if account.interrupted:
            line.done("stopped")
            return True
        keep(step, account)
        line.done(f"{account.verdict.result.value}, {account.numbers.edits_per_s:,.0f} edits/s")
    return False


def _run(step: Step, directory: Path, watch: Callable[[Snapshot], None]) -> Account:
    emptied(directory)
    return judged_run(step.config, directory, watch)


def light(account: Account) -> Account:
    """Give the account without its history, which is large, and not needed for figures."""
    return account._replace(history=account.history._replace(operations=()))


class _Progress:
    """A line for each run; on a terminal it is written over until the run is done."""

    def __init__(self, told: str, *, quiet: bool) -> None:
        self._say = _ignore if quiet else note
        self._alive = not quiet and sys.stderr.isatty()
        self._told = f"\r{told}" if self._alive else ""
        if not self._alive:
            self._say(told)

    def watch(self, snapshot: Snapshot) -> None:
        """Say how far the run is."""
        if self._alive:
            self._say(f"{self._told}{snapshot.phase} {snapshot.elapsed_s:.1f} s, {snapshot.edits:,} edits{_CLEAR}")

    def done(self, result: str) -> None:
        """Say what came of it."""
        self._say(f"{self._told}{result}{_CLEAR if self._alive else ''}\n")


def _ignore(_: str) -> None:
    """Say nothing."""
