"""The report: what the lanes found, as a table, as Markdown and as plain data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .lane import Result

__all__ = ["as_json", "as_markdown", "as_table"]

SCHEMA = 1  # raised when a name is dropped or comes to mean something else

_HEAD = ("lane", "states", "what was left", "reported apart", "failed", "seconds")


def as_table(results: Sequence[Result], cannot: Mapping[str, str]) -> str:
    """For a terminal; below it the stories of what failed, and the lanes that cannot run."""
    rows = [_HEAD, *map(_row, results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    for result in results:
        lines += ["", *_stories(result)] if result.failed else []
    lines += [f"{lane} cannot run here: {reason}" for lane, reason in cannot.items()]
    return "".join(f"{line}\n" for line in lines)


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


def as_json(results: Sequence[Result], cannot: Mapping[str, str], command: str) -> str:
    """For programs."""
    lanes = [{**result._asdict(), "tried": result.tried, "holds": result.holds} for result in results]
    document = {"schema": SCHEMA, "command": command, "lanes": lanes, "cannot_run": dict(cannot)}
    return json.dumps(document, indent=2) + "\n"


def _row(result: Result) -> tuple[str, ...]:
    name = result.lane if result.complete else f"{result.lane} (stopped early)"
    counts = (_counts(result.states), _counts(result.apart))
    return (name, f"{result.tried:,}", *counts, f"{result.failed:,}", f"{result.seconds:.0f}")


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items()) or "-"


def _cells(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"


def _stories(result: Result) -> list[str]:
    shown = [f"- {story}" for story in result.failures]
    hidden = result.failed - len(result.failures)
    return [f"{result.lane}, seed {result.seed}:", *shown, *([f"- and {hidden:,} more"] if hidden else [])]
