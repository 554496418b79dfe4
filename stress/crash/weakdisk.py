"""Power cuts on the weakest disk that fsync(2) allows: a model, which needs no root and is quick."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import environment
from .children import Children
from .tally import Tally

if TYPE_CHECKING:
    from .lane import Plan, Result

__all__ = ["NAME", "PROVES", "cannot_run", "run"]

NAME = "weakdisk"
PROVES = (
    "On a disk that keeps no more than what fsync(2) promises, a durable edit is old or new after a power cut at any "
    "of its calls, or of its recovery's, and not lost once it has returned."
)

_SCRIPT = str(Path(__file__).with_name("weakest.py"))
_EACH = 3  # power cuts after one call
_ROUNDS = {False: 2, True: 60}


def cannot_run() -> str | None:
    """It needs fdatasync."""
    return "needs fdatasync(2)" if sys.platform in ("win32", "darwin") else None


def run(plan: Plan) -> Result:
    """Round after round, each with a seed of its own."""
    tally, complete = Tally(NAME, PROVES, plan.seed), False
    rounds = _ROUNDS[plan.long or plan.variant is not None]
    try:
        with Children() as children:
            for number in range(rounds):
                plan.progress(number, rounds, f"{tally.failed:,} failed")
                _count(tally, children, plan, number)
                if plan.variant and tally.failed:
                    break
        complete = True
    except KeyboardInterrupt:
        pass  # what was found until now is told
    return tally.result(environment.versions(plan.directory), complete=complete)


def _count(tally: Tally, children: Children, plan: Plan, number: int) -> None:
    directory = plan.directory / f"round {number}"
    directory.mkdir()
    asked = {"directory": str(directory), "seed": plan.seed + number, "each": _EACH, "variant": plan.variant}
    code, output, errors = children.run([sys.executable, "-S", "-I", _SCRIPT, json.dumps(asked)])
    if code:
        tally.state("did not work", f"seed {asked['seed']}: exit code {code}: {errors.strip()[-300:]}")
        return
    told = json.loads(output)
    stories = [f"seed {asked['seed']}: {story}" for story in told["stories"]]
    for name, count in told["counts"].items():
        bad = name not in ("whole", "repaired")
        for _ in range(count):
            tally.state(name, (stories.pop(0) if stories else "as above") if bad else None)
