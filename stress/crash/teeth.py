"""The library without each of its steps, one after the other: the lane that is to catch it must."""

from __future__ import annotations

import os
import sys
import time
from importlib import import_module
from typing import TYPE_CHECKING, cast

from . import environment
from .tally import Tally
from .variants import VARIANTS
from .variants import cannot_run as cannot_run_lane

if TYPE_CHECKING:
    from .lane import Lane, Plan, Result
    from .variants import Variant

__all__ = ["NAME", "PROVES", "cannot_run", "run"]

NAME = "teeth"
PROVES = "Each step of the protocol is needed, and the harness can fail: without it, a lane finds what is torn or lost."

_TRIES = 3  # of a lane that goes by chance


def cannot_run() -> str | None:
    """If none of its lanes can. In CI on Linux each must; elsewhere it tells which steps it could not take out."""
    lanes = sorted({one.caught_by for one in VARIANTS.values()})
    reasons = [f"{name} {reason}" for name in lanes if (reason := cannot_run_lane(name))]
    needs_all = os.environ.get("CI") == "true" and sys.platform == "linux"
    return "; ".join(reasons) or None if needs_all or len(reasons) == len(lanes) else None


def run(plan: Plan) -> Result:
    """All variants, or the one of the plan."""
    tally, complete = Tally(NAME, PROVES, plan.seed), False
    names = [plan.variant] if plan.variant else list(VARIANTS)
    try:
        for done, name in enumerate(names):
            plan.progress(done, len(names), f"without: {VARIANTS[name].lacks}")
            if reason := cannot_run_lane(VARIANTS[name].caught_by):
                tally.apart(f"not tried here: {name}, as {VARIANTS[name].caught_by} {reason}")
            elif not _count(tally, plan, VARIANTS[name]):
                break
        else:
            complete = True
    except KeyboardInterrupt:
        pass  # what was found until now is told
    return tally.result(environment.versions(plan.directory), complete=complete)


def _count(tally: Tally, plan: Plan, variant: Variant) -> bool:
    """Let its lane look for it; False after Ctrl-C."""
    began, tried = time.monotonic(), 0
    for attempt in range(_TRIES):
        directory = plan.directory / f"{variant.name}-{attempt}"
        directory.mkdir()
        result = _lane(variant.caught_by).run(
            plan._replace(
                long=False,
                seed=plan.seed + attempt,
                variant=variant.name,
                directory=directory,
                progress=lambda *_: None,
            )
        )
        tried += result.tried
        if result.failed:
            tally.state(f"caught by {variant.caught_by}")
            tally.apart(f"{variant.name} after {tried:,} states and {time.monotonic() - began:.0f} s")
            return True
        if not result.complete:
            return False
    tally.state("not caught", f"{variant.name}: {variant.lacks}, and {variant.caught_by} does not see it")
    return True


def _lane(name: str) -> Lane:
    return cast("Lane", import_module(f"{__package__}.{name}"))
