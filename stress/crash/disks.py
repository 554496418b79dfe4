"""Edits for which there is no room: past a limit, on full disks, over a quota; and killed while that happens.

Each is made in a room that was tightened for it. A reader comes while it is still tight. Then there is room again, and
a fresh process judges, and makes the edit.
"""

from __future__ import annotations

import os
from random import Random
from typing import TYPE_CHECKING

from . import crowd, environment, tracing
from .children import ChildError, Children
from .narrow import Narrow
from .rooms import KINDS, RoomError
from .shortages import all_of
from .tally import Tally

if TYPE_CHECKING:
    from .lane import Plan, Result
    from .shortages import Shortage

__all__ = ["NAME", "PROVES", "cannot_run", "run"]

NAME = "disks"
PROVES = (
    "Where there is no room for an edit, by a limit, a full disk or a quota, it raises that error and the old content "
    "stays, also if it is killed meanwhile; and with room again the edit goes through."
)

_AT_A_TIME = 16  # shortages for which one room is made
_KILLED_AT_A_TIME = 2  # each is played once for each of its calls
_IN_SHORT = 2  # rooms of each kind
_KILLED = ("growing", "from nothing", "insertion that shifts pages", "everything else")  # of these changes
_KILLED_MODES = ("default", "durable")


def cannot_run() -> str | None:
    """Why not here; None if it can. In CI it must have every kind of room, elsewhere it tells which it had not."""
    reasons = {name: kind.cannot() for name, kind in KINDS.items()}
    missing = "; ".join(f"{name} {reason}" for name, reason in reasons.items() if reason)
    return tracing.cannot_trace() or (missing if missing and os.environ.get("CI") == "true" else None)


def run(plan: Plan) -> Result:
    """All shortages in all rooms, or a sample of them; then some, killed at each of their calls."""
    tally = Tally(NAME, PROVES, plan.seed)
    complete = False
    with Children() as children:
        try:
            _try_all(Narrow(plan, children), children, tally, plan)
            complete = True
        except (ChildError, RoomError) as error:
            tally.state("did not work", str(error))
        except KeyboardInterrupt:
            pass  # what was found until now is told
    return tally.result(environment.versions(plan.directory) | {"strace": tracing.version()}, complete=complete)


def _try_all(narrow: Narrow, children: Children, tally: Tally, plan: Plan) -> None:
    for name in KINDS.keys() - set(_had()):
        tally.apart(f"kind of room not had: {name}, which {KINDS[name].cannot()}")
    batches = _batches(plan)
    for done, verdicts in enumerate(crowd.each(children, narrow.judged, batches), start=1):
        for one in verdicts:
            tally.state(one.state, one.story, one.alike)
        plan.progress(done, len(batches), f"{tally.judged:,} judged, {tally.failed:,} failed")
        if plan.variant and tally.failed:
            break


def _had() -> list[str]:
    return [name for name, kind in KINDS.items() if kind.cannot() is None]


def _batches(plan: Plan) -> list[tuple[bool, list[Shortage]]]:
    """Are they killed, and which they are: of one kind each, so that they can be in one room."""
    random = Random(plan.seed)
    found: list[tuple[bool, list[Shortage]]] = []
    for name in _had():
        killed = [one for one in all_of(name, ("edit",), _KILLED_MODES) if one.change in _KILLED]
        for kill, some, size in ((False, all_of(name), _AT_A_TIME), (True, killed, _KILLED_AT_A_TIME)):
            random.shuffle(some)
            rooms = [(kill, some[at : at + size]) for at in range(0, len(some), size)]
            found += rooms if plan.long else rooms[:_IN_SHORT]
    random.shuffle(found)
    return found
