"""Every call of an edit, and of a recovery, is killed and failed: what `syscalls` does, on any system, without strace.

The calls are those that the library makes, met within its own process at the seam to the system. Most of those that
are killed are so in effect, as `seam` explains; some, by a real SIGKILL or TerminateProcess.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import environment
from .changes import CHANGES
from .children import ChildError, Children
from .company import MODES, Company
from .fault import KILLS
from .inside import Inside
from .tally import Tally

if TYPE_CHECKING:
    from .lane import Plan, Result

__all__ = ["NAME", "PROVES", "cannot_run", "run"]

NAME = "calls"
PROVES = (
    "On any system: whichever call of the library fails, or has its process killed before it, amid it or after it, the "
    "next user reads the old content or the new, and nothing is left beside the file."
)

_CHANGES_IN_SHORT = ("growing", "to nothing", "insertion that shifts pages", "shrinking across a page")
_AT_A_TIME = 64  # cases that one process plays, and another one judges
_IN_EARNEST_AT_A_TIME = 8
_IN_EARNEST = {False: 16, True: 400}


def cannot_run() -> str | None:
    """It can anywhere."""
    return None


def run(plan: Plan) -> Result:
    """All cases, or a sample of them in which each call of each operation meets each fault."""
    tally, complete = Tally(NAME, PROVES, plan.seed), False
    with Children() as children:
        try:
            _try_all(plan, children, tally)
            complete = True
        except ChildError as error:
            tally.state("did not work", str(error))
        except KeyboardInterrupt:
            pass  # what was found until now is told
    return tally.result(environment.versions(plan.directory), complete=complete)


def _try_all(plan: Plan, children: Children, tally: Tally) -> None:
    stage = Inside(plan.directory, children, plan.variant)
    company = Company(plan, children, stage)
    cases = company.cases(MODES, CHANGES if plan.long else _CHANGES_IN_SHORT)
    for story in company.failed:
        tally.state("failed without a fault", story, "without a fault")
    company.count(tally, cases, _AT_A_TIME)
    if plan.variant and tally.failed:
        return
    killed = [case for case in cases if case.fault.what in KILLS][: _IN_EARNEST[plan.long]]
    company.count(tally, killed, _IN_EARNEST_AT_A_TIME, stage.in_earnest())
    tally.apart("of them killed in earnest", len(killed))
