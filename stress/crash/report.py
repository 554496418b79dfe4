"""The report: what the lanes found, as a table, as Markdown and as plain data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from .lane import Result

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["as_json", "as_markdown", "as_table", "read_json"]

SCHEMA = 1  # raised when a name is dropped or comes to mean something else

_HEAD = ("lane", "states", "what was left", "reported apart", "failed", "seconds")


def as_table(results: Sequence[Result], cannot: Mapping[str, str], variant: str | None = None) -> str:
    """For a terminal: each lane with its counts, a line each; the stories of what failed; and what it comes to."""
    lines = []
    for result in results:
        lines.append(f"{_name(result)}: {result.tried:,} states, {result.failed:,} failed, {result.seconds:.0f} s")
        lines += [f"  {count:>9,}  {name}" for name, count in result.states.items()]
        lines += [f"  {count:>9,}  {name} (apart)" for name, count in result.apart.items()]
    for result in results:
        lines += ["", *_stories(result)] if result.failed else []
    lines += [f"{lane} cannot run here: {reason}" for lane, reason in cannot.items()]
    if results:
        lines.append(_sum(results, variant))
    return "".join(f"{line}\n" for line in lines)


def _sum(results: Sequence[Result], variant: str | None) -> str:
    failed = sum(result.failed for result in results)
    if variant:
        return f"{variant} is caught" if failed else f"{variant} is not caught"
    if failed:
        return f"{failed:,} failed"
    return "all of it holds" if all(result.holds for result in results) else "nothing failed, but not all was tried"


def _name(result: Result) -> str:
    return result.lane if result.complete else f"{result.lane} (stopped early)"


def as_markdown(results: Sequence[Result], cannot: Mapping[str, str], command: str) -> str:
    """For people who were not there."""
    versions = {name: version for result in results for name, version in result.versions.items()}
    lines = ["# What the crash harness found", "", f"By `{command}`.", "", _cells(_HEAD), "|---" * len(_HEAD) + "|"]
    lines += [_cells(_row(result)) for result in results]
    lines += ["", "## What each lane proves", ""]
    lines += [f"- **{result.lane}**: {result.proves}" for result in results]
    lines += [f"- **{lane}** could not run: {reason}" for lane, reason in cannot.items()]
    for result in results:
        lines += ["", f"## Failures of {result.lane}", "", *_stories(result)] if result.failed else []
    lines += ["", "## With", "", *(f"- {name} {version}" for name, version in sorted(versions.items()))]
    return "".join(f"{line}\n" for line in lines)


def read_json(document: str) -> list[Result]:
    """The results that a JSON has; raises `ValueError` if it is none of ours."""
    try:
        told = json.loads(document)
        names = Result._fields
        return [
            Result(**{name: lane[name] for name in names} | {"failures": tuple(lane["failures"])})
            for lane in told["lanes"]
        ]
    except (KeyError, TypeError) as error:
        raise ValueError(f"it is not what --json writes: {error!r}") from error


def as_json(results: Sequence[Result], cannot: Mapping[str, str], command: str) -> str:
    """For programs."""
    lanes = [{**result._asdict(), "tried": result.tried, "holds": result.holds} for result in results]
    document = {"schema": SCHEMA, "command": command, "lanes": lanes, "cannot_run": dict(cannot)}
    return json.dumps(document, indent=2) + "\n"


def _row(result: Result) -> tuple[str, ...]:
    counts = (_counts(result.states), _counts(result.apart))
    return (_name(result), f"{result.tried:,}", *counts, f"{result.failed:,}", f"{result.seconds:.0f}")


def _counts(counts: Mapping[str, int]) -> str:
    return "<br>".join(f"{count:,} {name}" for name, count in counts.items()) or "-"


def _cells(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"


def _stories(result: Result) -> list[str]:
    shown = [f"- {story}" for story in result.failures]
    hidden = result.failed - len(result.failures)
    return [f"{result.lane}, seed {result.seed}:", *shown, *([f"- and {hidden:,} more"] if hidden else [])]
