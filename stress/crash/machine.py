"""Edits, kills, recoveries, foreign edits, planted journals: Hypothesis looks for an order that breaks the model."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import environment
from .tally import Tally

if TYPE_CHECKING:
    from .lane import Plan, Result

__all__ = ["NAME", "PROVES", "cannot_run", "run"]

NAME = "machine"
PROVES = (
    "Whatever the order of edits, kills, recoveries that are killed, edits by programs that know no journal, and "
    "journals that are damaged or turn up again: who reads gets a content that the model allows."
)

_ROOT = Path(__file__).parents[2]
_EXAMPLES = {False: 320, True: 2000}
_MOST_FOR_VARIANT = 4000  # it ends when it has caught it
_AT_ONCE = 40  # examples in one process
_LONGEST_S = 600.0  # for one process, on a slow machine


def cannot_run() -> str | None:
    """It needs fork, and Hypothesis."""
    if not hasattr(os, "fork"):
        return "needs fork(2)"
    if importlib.util.find_spec("hypothesis") is None:
        return "needs hypothesis; install lockedfile[test]"
    return None


def run(plan: Plan) -> Result:
    """One process after another, each with a seed of its own; the first failure ends it."""
    tally = Tally(NAME, PROVES, plan.seed)
    examples, complete = _MOST_FOR_VARIANT if plan.variant else _EXAMPLES[plan.long], True
    try:
        for done in range(0, examples, _AT_ONCE):
            plan.progress(done, examples, "examples")
            if not _count(tally, plan, done):
                break
    except KeyboardInterrupt:
        complete = False
    return tally.result(environment.versions(plan.directory), complete=complete)


def _count(tally: Tally, plan: Plan, done: int) -> bool:
    """Some examples more; did they hold?"""
    asked = {"seed": plan.seed + done, "examples": _AT_ONCE, "variant": plan.variant, "shrink": True}
    child = subprocess.Popen(
        [sys.executable, "-m", "stress.crash.model", json.dumps(asked)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=_ROOT,
        env={**os.environ, "TMPDIR": str(plan.directory)},
        process_group=0,
    )
    try:
        output, errors = child.communicate(timeout=_LONGEST_S)
    finally:
        if child.poll() is None and sys.platform != "win32":
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
    if child.returncode:
        raise RuntimeError(f"the state machine ended with {child.returncode}: {errors.strip()[-500:]}")
    told = json.loads(output)
    for name, count in told["counts"].items():
        for _ in range(count):
            tally.state(name)
    if told["story"]:
        tally.state("broken", f"seed {asked['seed']}: {told['story']}")
    return not told["story"]
