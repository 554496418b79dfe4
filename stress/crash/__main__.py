"""`python -m stress.crash`: run the lanes, one after the other, and say what they found."""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

from .arguments import PROGRAM, USAGE, requested
from .lane import LANES, Plan
from .report import as_json, as_markdown, as_table, read_json
from .telling import progress_of, tell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .arguments import Request
    from .lane import Lane, Result

_BROKEN = 1
_CANNOT = 3
_STOPPED = 130  # 128 and the number of SIGINT, as shells say it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; the exit code."""
    request = requested(arguments)
    if request.list:
        sys.stdout.write(_listed())
        return 0
    results: list[Result] = []
    cannot: dict[str, str] = {}
    if request.join:
        return _join(request, results)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what is mounted must be unmounted then, too
    try:
        _run(request, results, cannot)
    except KeyboardInterrupt:
        tell("stopped")
        return _STOPPED
    except OSError as error:
        tell(f"{PROGRAM}: {error}")
        return USAGE
    finally:
        if results or cannot:
            _report(request, results, cannot)
    return exit_code(results, cannot, in_ci=os.environ.get("CI") == "true")


def _join(request: Request, results: list[Result]) -> int:
    """One report of several runs, as the long form takes its time."""
    for path in request.join:
        try:
            results += read_json(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            tell(f"{PROGRAM}: cannot join {path}: {error}")
            return USAGE
    _report(request, results, {})
    return exit_code(results, {}, in_ci=False)


def exit_code(results: Sequence[Result], cannot: dict[str, str], *, in_ci: bool) -> int:
    """The worst of what the lanes found."""
    if any(not result.holds for result in results if result.complete or result.failed) or (cannot and in_ci):
        return _BROKEN
    if not all(result.complete for result in results):
        return _STOPPED
    return _CANNOT if cannot else 0


def _run(request: Request, results: list[Result], cannot: dict[str, str]) -> None:
    for name in _chosen(request):
        lane = _lane(name)
        reason = lane.cannot_run()
        if reason:
            cannot[name] = reason
            tell(f"{name}: cannot run here: {reason}")
            continue
        with (
            TemporaryDirectory(prefix=f"lockedfile-{name}-", dir=request.directory) as directory,
            progress_of(name) as progress,
        ):
            plan = Plan(request.long, request.seed, request.variant, Path(directory).resolve(), progress)
            results.append(lane.run(plan))
        if not results[-1].complete:
            return


def _chosen(request: Request) -> tuple[str, ...]:
    if request.lanes:
        return request.lanes
    if request.variant:
        from .variants import VARIANTS

        return (VARIANTS[request.variant].caught_by,)
    return LANES


def _lane(name: str) -> Lane:
    return cast("Lane", import_module(f"{__package__}.{name}"))


def _report(request: Request, results: Sequence[Result], cannot: dict[str, str]) -> None:
    output = sys.stderr if request.json == "-" else sys.stdout
    output.write(f"{as_table(results, cannot, request.variant)}repeat: {request.command}\n")
    output.flush()
    document = as_json(results, cannot, request.command)
    if request.json == "-":
        sys.stdout.write(document)
    elif request.json:
        Path(request.json).write_text(document, encoding="utf-8")
    if request.report:
        (request.report / "crash-report.json").write_text(document, encoding="utf-8")
        markdown = as_markdown(results, cannot, request.command)
        (request.report / "crash-report.md").write_text(markdown, encoding="utf-8")


def _listed() -> str:
    from .variants import VARIANTS

    lanes = "".join(f"  {name:10}  {_lane(name).PROVES}\n" for name in LANES)
    variants = "".join(
        f"  {name}: {variant.lacks}; caught by {variant.caught_by}\n" for name, variant in VARIANTS.items()
    )
    return f"lanes:\n{lanes}variants, each the library without one of its steps:\n{variants}"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before there was anything to report, or a second one
        sys.exit(_STOPPED)
