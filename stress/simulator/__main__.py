"""`python -m stress.simulator`: run the simulator with each locker, again and again, and say what it found."""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from stress.crash.telling import progress_of, tell
from stress.simulated import simulated

from .arguments import PROGRAM, USAGE, requested
from .lockers import as_table, found, holds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .arguments import Request
    from .lockers import Found

_BROKEN, _CANNOT, _STOPPED = 1, 3, 130
_AROUND_S = 120.0  # starting and judging, on a slow machine


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code."""
    request = requested(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    rows: list[Found] = []
    stopped = False
    try:
        with TemporaryDirectory(prefix="simulated-") as directory, progress_of("simulator") as progress:
            for strategy in request.strategies:
                rows.append(_runs(request, strategy, Path(directory), len(rows), progress))
    except KeyboardInterrupt:
        tell("stopped")
        stopped = True
    try:
        _report(request, rows)
    except OSError as error:
        tell(f"{PROGRAM}: {error}")
        return USAGE
    return _STOPPED if stopped else exit_code(rows, in_ci=os.environ.get("CI") == "true")


def exit_code(rows: Sequence[Found], *, in_ci: bool) -> int:
    """The worst of what was found."""
    cannot = any(row.cannot for row in rows)
    if not holds(rows) or (cannot and in_ci):
        return _BROKEN
    return _CANNOT if cannot else 0


def _runs(
    request: Request, strategy: str, directory: Path, before: int, progress: Callable[[int, int, str], None]
) -> Found:
    """All runs of one strategy, up to the first if it cannot run."""
    chance = Random(f"{request.seed}/{strategy}")
    told = []
    for number in range(request.runs):
        progress(before * request.runs + number, len(request.strategies) * request.runs, strategy)
        words = ["--strategy", strategy, "--workers", str(request.workers), "--duration", str(request.duration_s)]
        words += ["--seed", str(chance.randrange(1_000_000))]
        with TemporaryDirectory(dir=directory) as own:
            told.append(simulated(words, Path(own) / "run", within_s=request.duration_s + _AROUND_S))
        if told[-1].get("code") == _CANNOT:
            break
    return found(strategy, told)


def _report(request: Request, rows: Sequence[Found]) -> None:
    output = sys.stderr if request.json == "-" else sys.stdout
    if rows:
        output.write(f"{as_table(rows)}{_summed(rows)}\n")
    output.write(f"repeat: {request.command}\n")
    if request.json:
        figures = json.dumps({"command": request.command, "lockers": [row._asdict() for row in rows]}, indent=2) + "\n"
        if request.json == "-":
            sys.stdout.write(figures)
        else:
            Path(request.json).write_text(figures, encoding="utf-8")


def _summed(rows: Sequence[Found]) -> str:
    if not holds(rows):
        return "some were not found what they are to be"
    return f"each{' that can run here' if any(row.cannot for row in rows) else ''} was found what it is to be"


if __name__ == "__main__":
    sys.exit(main())
