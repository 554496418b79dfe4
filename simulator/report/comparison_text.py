"""A comparison as text for a terminal of 80 columns, as a table in Markdown, and as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checker import Result
from ..expectation import unseen_by_go
from .comparison import best, ranked, rate, relative
from .terminal import duration

if TYPE_CHECKING:
    from .account import Account
    from .comparison import Comparison, Entry

__all__ = ["columns", "load_of", "markdown", "ratio_of", "remarks", "text"]

_NAME = 23  # columns
_HEADS = ("verdict", "edits/s", "wait p50", "p99", "max", "Jain")
_WIDTHS = (8, 9, 10, 10, 10, 7)


def text(comparison: Comparison) -> str:
    """The table, how many times as fast the best is, what was wrong with the others, and the command."""
    parts = [load_of(comparison), _table(comparison), _summary(comparison), "\n".join(remarks(comparison))]
    return "\n\n".join(part for part in parts if part) + f"\n\nrepeat    {comparison.command}\n"


def markdown(comparison: Comparison) -> str:
    """The table and the command, for a document."""
    heads = ["strategy", "verdict", "edits/s", "wait p50", "wait p99", "wait max", "Jain", "best/this"]
    rows = [
        [f"`{entry.strategy}`", *columns(entry), ratio_of(entry, comparison) or "-"] for entry in ranked(comparison)
    ]
    rows += [[f"`{absent.strategy}`", "cannot run here", *["-"] * 6] for absent in comparison.absent]
    lines = [heads, [":--", ":--", *["--:"] * 6], *rows]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{table}\n{load_of(comparison)}:\n`{comparison.command}`\n"


def load_of(comparison: Comparison) -> str:
    """What all of them had to do."""
    config, most = comparison.config, max((len(entry.rounds) for entry in comparison.entries), default=0)
    length = f"{config.edits:,} edits each" if config.edits else f"{config.duration_s:g} s each"
    rounds = f"median of {most} rounds in turns" if most > 1 else "one round"
    return f"{config.workers} workers, {length}, seed {config.seed}, {rounds}"


def columns(entry: Entry) -> list[str]:
    """The figures of a locker, as they are told."""
    times = [duration(entry.middle(wait)) if entry.middle(_waits) else "-" for wait in (_p50, _p99, _max)]
    return [entry.result.value, f"{entry.middle(rate):,.0f}", *times, f"{entry.middle(_jain):.3f}"]


def ratio_of(entry: Entry, comparison: Comparison) -> str:
    """How many times as many edits a second the best made; nothing of one that is not right."""
    first = best(comparison)
    if first is None or entry.result is not Result.VALID:
        return ""
    return "1.00" if entry is first else str(relative(first, entry) or "")


def remarks(comparison: Comparison) -> list[str]:
    """What is to be said beside the table, a line each."""
    lines = []
    for entry in ranked(comparison):
        found = [account.verdict for account in entry.rounds if account.verdict.result is entry.result]
        if entry.result is not Result.VALID:
            lines.append(f"{entry.strategy}: {entry.result.value}: {found[0].reason}")
        if len(entry.rounds) < comparison.wanted:
            lines.append(f"{entry.strategy}: {len(entry.rounds)} of {comparison.wanted} rounds")
        not_made = [f"{count:,} {what}" for what, count in _not_made(entry) if count]
        if not_made:
            lines.append(f"{entry.strategy}: edits not made: {', '.join(not_made)}")
        if "go" in entry.strategy.split(","):
            lines.append("go: each edit is a process of its own, and its start is in these figures")
    unseen = [entry.strategy for entry in ranked(comparison) if unseen_by_go(entry.strategy)]
    if unseen:
        lines.append(f"locks that the go command does not see: {', '.join(unseen)}")
    lines += [absent.reason for absent in comparison.absent]
    if comparison.interrupted:
        lines.append("stopped before its time; the run that was under way is not counted")
    return lines


def _not_made(entry: Entry) -> list[tuple[str, int]]:
    """Of all rounds together."""
    evidence = [account.verdict.evidence for account in entry.rounds]
    return [
        ("refused, as somebody had been quicker", sum(one.refused for one in evidence)),
        ("given up", sum(one.given_up for one in evidence)),
        ("turned away", sum(one.turned_away for one in evidence)),
        ("failed", sum(one.failed for one in evidence)),
    ]


def _table(comparison: Comparison) -> str:
    if not comparison.entries:
        return "Nothing was measured."
    lines = [_line("strategy", _HEADS)]
    for entry in ranked(comparison):
        name = entry.strategy
        if len(name) >= _NAME:  # too long for its column: a line of its own
            lines.append(name)
            name = ""
        lines.append(_line(name, columns(entry)))
    return "\n".join(lines)


def _line(name: str, cells: list[str] | tuple[str, ...]) -> str:
    verdict, *others = cells
    told = "".join(f"{cell:>{width}}" for cell, width in zip(others, _WIDTHS[1:], strict=True))
    return f"{name:{_NAME}}{verdict:{_WIDTHS[0]}}{told}".rstrip()


def _summary(comparison: Comparison) -> str:
    first = best(comparison)
    ratios = [(ratio_of(entry, comparison), entry) for entry in ranked(comparison) if entry is not first]
    told = [(ratio, entry.strategy) for ratio, entry in ratios if ratio]
    if not first or not told:
        return ""
    wide = max(len(ratio) for ratio, _ in told)
    lines = [f"  {ratio:>{wide}} times as many edits a second as {strategy}" for ratio, strategy in told]
    return "\n".join([f"{first.strategy} made", *lines])


def _waits(account: Account) -> float:
    return account.numbers.wait.number


def _p50(account: Account) -> float:
    return account.numbers.wait.p50


def _p99(account: Account) -> float:
    return account.numbers.wait.p99


def _max(account: Account) -> float:
    return account.numbers.wait.max


def _jain(account: Account) -> float:
    return account.numbers.fairness.jain
