"""Which lockers and mixes are to be found what, and what was found."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["EXPECTED", "Found", "as_table", "found", "holds"]

_SOUND = (
    "lockedfile",
    "lockedfile-durable",
    "lockedfile-go-protocol",
    "portalocker",
    "filelock",
    "filelock-inplace",
    "lockf",
    "go",
    "lockedfile,lockedfile-durable,lockedfile-go-protocol",
    "lockedfile,go",
    "lockedfile,portalocker",
    "filelock,filelock-inplace",
)
_WRONG = (
    "none",
    "rename",
    "lockedfile,none",
    "lockedfile,rename",
    "lockedfile,filelock",
    "lockedfile,filelock-inplace",
    "lockedfile,lockf",
    "portalocker,lockf",
)

EXPECTED = {**dict.fromkeys(_SOUND, "VALID"), **dict.fromkeys(_WRONG, "INVALID")}
"""The verdict on each, as all who edit take the same lock and heed the same file, or do not."""

_CANNOT = 3  # the exit code of the simulator


class Found(NamedTuple):
    """What came of all runs of one."""

    strategy: str
    expected: str
    verdicts: dict[str, int]  # how often each
    edits: int  # judged, all runs together
    stories: tuple[str, ...]  # of the runs that were found something else, the command and the reason
    cannot: str | None  # why it cannot run here

    @property
    def runs(self) -> int:
        """How many there were."""
        return sum(self.verdicts.values())

    @property
    def holds(self) -> bool:
        """Was each found what it is to be?"""
        return self.runs > 0 and self.verdicts == {self.expected: self.runs}


def found(strategy: str, runs: Sequence[Mapping[str, Any]]) -> Found:
    """What these runs told of a strategy."""
    expected = EXPECTED[strategy]
    verdicts: Counter[str] = Counter()
    stories, edits, cannot = [], 0, None
    for told in runs:
        if "verdict" not in told:
            cannot = told["error"] if told["code"] == _CANNOT else cannot
            verdicts["did not work"] += told["code"] != _CANNOT
            stories += [told["error"]] if told["code"] != _CANNOT else []
            continue
        verdict = told["verdict"]
        verdicts[verdict["result"]] += 1
        edits += verdict["evidence"]["committed"]
        if verdict["result"] != expected:
            stories.append(f"{told['command']}: {verdict['result']}: {verdict['reason']}")
        elif expected == "VALID" and told["failures"]:
            stories.append(f"{told['command']}: {told['failures'][0]}")
    return Found(strategy, expected, dict(+verdicts), edits, tuple(stories), cannot)


def holds(rows: Sequence[Found]) -> bool:
    """Was each that can run here found what it is to be, with nothing to tell of?"""
    return bool(rows) and all(row.holds and not row.stories for row in rows if not row.cannot)


def as_table(rows: Sequence[Found]) -> str:
    """A line each, then what was not as it is to be."""
    width = max(len(row.strategy) for row in rows)
    lines = [f"{'locker':{width}}  to be    runs  {'found':20}  edits judged"]
    for row in rows:
        counts = ", ".join(f"{count} {verdict}" for verdict, count in sorted(row.verdicts.items())) or "-"
        lines.append(f"{row.strategy:{width}}  {row.expected:7}  {row.runs:4}  {counts:20}  {row.edits:12,}")
    for row in rows:
        lines += [f"{row.strategy} cannot run here: {row.cannot}"] if row.cannot else []
        lines += [f"{row.strategy}: {story}" for story in row.stories]
    return "".join(f"{line}\n" for line in lines)
