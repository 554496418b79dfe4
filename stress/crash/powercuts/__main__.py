"""`python -m stress.crash.powercuts`: power cuts of one's choice, or one kept state again."""

from __future__ import annotations

import argparse
import pickle
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stress.crash.lane import Plan
from stress.crash.report import as_table
from stress.crash.telling import progress_of
from stress.crash.variants import VARIANTS

from .file_systems import FILE_SYSTEMS
from .job import MODES, Job
from .lane import NAME, cannot_run, run_jobs
from .scenario import SCENARIOS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .trial import State

_BROKEN, _USAGE, _CANNOT = 1, 2, 3
_STOPPED = 130  # 128 and the number of SIGINT, as shells say it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code."""
    asked = _parser().parse_args(arguments)
    reason = cannot_run()
    if reason:
        sys.stderr.write(f"{NAME}: cannot run here: {reason}\n")
        return _CANNOT
    if asked.judge:
        return _judge_again(asked.judge)
    todo = [
        Job(system, scenario, asked.seed, asked.states, asked.mode, asked.variant)
        for system in asked.file_system or FILE_SYSTEMS
        for scenario in asked.scenario or SCENARIOS
    ]
    if asked.keep:
        asked.keep.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="lockedfile-powercuts-") as directory, progress_of(NAME) as progress:
        plan = Plan(False, asked.seed, asked.variant, Path(directory), progress)
        result = run_jobs(todo, plan, asked.keep and asked.keep.resolve())
    sys.stdout.write(as_table([result], {}))
    if not result.complete and not result.failed:
        return _STOPPED
    return 0 if result.holds else _BROKEN


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m stress.crash.powercuts",
        description="Power cuts of one's choice, or a kept state again.",
        allow_abbrev=False,
    )
    parser.add_argument("--file-system", action="append", choices=tuple(FILE_SYSTEMS), help="default: each")
    parser.add_argument("--scenario", action="append", choices=tuple(SCENARIOS), help="default: each")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of what is left to chance (default: 1)")
    parser.add_argument(
        "--states", type=_count, default=60, metavar="N", help="of each scenario on each file system (default: 60)"
    )
    parser.add_argument(
        "--mode", choices=MODES, default="durable", help="of the edits; only durable ones promise anything"
    )
    parser.add_argument("--variant", choices=tuple(VARIANTS), metavar="NAME", help="take this step out of the library")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the states that failed there")
    parser.add_argument("--judge", type=Path, metavar="PATH", help="a state that was kept: mount it, show it, judge it")
    return parser


def _count(word: str) -> int:
    if not word.isdecimal() or int(word) == 0:
        raise argparse.ArgumentTypeError(f"{word} is not a whole number of 1 or more")
    return int(word)


def _judge_again(kept: Path) -> int:
    from .again import judged_again

    try:
        state: State = pickle.loads(kept.read_bytes())
    except (OSError, pickle.UnpicklingError, EOFError) as error:
        sys.stderr.write(f"python -m stress.crash.powercuts: cannot judge {kept}: {error}\n")
        return _USAGE
    failed, text = judged_again(state)
    sys.stdout.write(text)
    return _BROKEN if failed else 0


if __name__ == "__main__":
    sys.exit(main())
