"""The process that carries out one job. A JSON says which: `job`, `directory` to work in, `keep` for failed states.

It prints a JSON a line: `{"verdict": name, "story": why or null, "kept": path or null}`, or `{"apart": why}`. All that
it mounts is in a view of its own, and ends with it, as its loop devices do: nothing is left, even if it is killed.
"""

from __future__ import annotations

import json
import pickle
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic_ns

from .job import Job
from .judging import warm_up
from .system import die_with_parent, private_mounts
from .trial import Outcome, trial

__all__ = ["main"]

_LONGEST_NS = 40_000_000_000  # for a machine that has much else to do


def main() -> None:
    """Carry out the job of the command line."""
    request = json.loads(sys.argv[1])
    job = Job(**request["job"])
    keep = Path(request["keep"]) if request["keep"] else None
    die_with_parent()
    private_mounts()
    if job.variant:
        from stress.crash.variants import VARIANTS

        VARIANTS[job.variant].weaken()
    warm_up()
    began_ns = monotonic_ns()
    with TemporaryDirectory(prefix="job-", dir=request["directory"]) as directory:
        Path(directory).chmod(0o755)  # for the judge that is nobody
        for number, outcome in enumerate(trial(job, Path(directory))):
            _tell(outcome, keep / f"{job.name}-{number}" if keep else None)
            if monotonic_ns() - began_ns > _LONGEST_NS:
                _tell(Outcome(None, "recordings given up for lack of time"), None)
                break


def _tell(outcome: Outcome, keep: Path | None) -> None:
    if outcome.verdict is None:
        line = {"apart": outcome.apart}
    else:
        name, story = outcome.verdict
        kept = bool(story and outcome.state and keep)
        line = {"verdict": name, "story": story, "kept": str(keep) if kept else None}
        if kept and keep:
            keep.write_bytes(pickle.dumps(outcome.state))
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()
