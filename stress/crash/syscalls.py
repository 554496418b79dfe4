"""Every system call of an edit, and of a recovery, is killed and failed, one process a case.

First each scene is played under strace, without a fault, to learn which calls it makes on the file, its journal and
their directory. Then again, once for each of these calls and each fault. A fresh process judges what is left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import environment, tracing
from .children import ChildError, Children
from .company import Company
from .tally import Tally

if TYPE_CHECKING:
    from .lane import Plan, Result

__all__ = ["NAME", "PROVES", "cannot_run", "run"]

NAME = "syscalls"
PROVES = (
    "Whichever system call of an edit or of a recovery is killed or fails, the next user reads the old content or the "
    "new, and nothing is left beside the file; an error means the old one, unless it came after the commit, or says "
    "that the outcome is unknown."
)

_AT_A_TIME = 16  # cases that one process judges


def cannot_run() -> str | None:
    """Why not here; None if it can."""
    return tracing.cannot_trace()


def run(plan: Plan) -> Result:
    """All cases, or a sample of them in which each call of each operation meets each fault."""
    tally = Tally(NAME, PROVES, plan.seed)
    versions = environment.versions(plan.directory) | {"strace": tracing.version()}
    complete = False
    with Children() as children:
        try:
            _try_all(Company(plan, children), tally)
            complete = True
        except ChildError as error:
            tally.state("did not work", str(error))
        except KeyboardInterrupt:
            pass  # what was found until now is told
    return tally.result(versions, complete=complete)


def _try_all(company: Company, tally: Tally) -> None:
    cases = company.cases()
    for story in company.failed:
        tally.state("failed without a fault", story, "without a fault")
    company.count(tally, cases, _AT_A_TIME)
