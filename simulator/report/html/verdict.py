"""The first thing on the page: the verdict, what it rests on, and the story of what was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...verdict import Result
from ..story import stories
from ..terminal import duration
from .markup import Markup, element, joined

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..account import Account

__all__ = ["facts", "verdict"]

_MARKS = {Result.VALID: "✓", Result.INVALID: "✗", Result.UNKNOWN: "?"}


def verdict(account: Account) -> Markup:
    """The box with the verdict, and a story for each kind of flaw."""
    judged = account.verdict
    told = element(
        "p", element("strong", f"{_MARKS[judged.result]} {judged.result.value}"), f": {judged.reason}", class_="result"
    )
    box = element("section", told, facts(_evidence(account)), class_=f"verdict {judged.result.value.lower()}")
    return joined(box, _asides(account), *_stories(account))


def facts(pairs: Iterable[tuple[str, str, str]]) -> Markup:
    """Names with what is to say of them, and a small remark each."""
    items = [
        element("div", element("dt", name), element("dd", said, *([element("small", aside)] if aside else [])))
        for name, said, aside in pairs
    ]
    return element("dl", *items, class_="facts")


def _evidence(account: Account) -> list[tuple[str, str, str]]:
    evidence, numbers = account.verdict.evidence, account.numbers
    whole = account.verdict.result is Result.VALID
    unknown = f"{evidence.unknown:,} unknown, {evidence.unknown_applied:,} of them in the file"
    return [
        ("edits committed", f"{evidence.committed:,}", f"{evidence.failed:,} failed, {unknown}"),
        (
            "contents checked", f"{evidence.contents_checked:,}",
            "each is one that an edit wrote" if whole else "against those that edits wrote",
        ),
        (
            "chain length", f"{evidence.chain_length:,}",
            "from the first content to the last, unbroken" if whole else "edits in a row from the first content on",
        ),
        ("rate", f"{numbers.edits_per_s:,.0f} edits/s", f"over {duration(numbers.elapsed_ns)}"),
        ("wait, p99", duration(numbers.wait.p99), f"longest {duration(numbers.wait.max)}"),
        ("fairness", f"{numbers.fairness.jain:.3f}", "Jain's index; 1 is even"),
    ]  # fmt: skip


def _asides(account: Account) -> Markup:
    """What else went wrong: early ends, lost workers, failures, litter."""
    lines = ["The run was stopped before its time; this is about what was recorded until then."] * account.interrupted
    lines += [f"Lost: {line}" for line in account.lost]
    lines += [f"Failed: {line}" for line in account.failures[:3]]
    if len(account.failures) > 3:
        lines.append(f"Failed: {len(account.failures) - 3:,} more, in the same manner or another.")
    if account.litter:
        lines.append(f"Left beside the file: {', '.join(account.litter)}")
    return element("ul", *(element("li", line) for line in lines), class_="plain") if lines else Markup()


def _stories(account: Account) -> list[Markup]:
    parts = [element("h2", "What was wrong")] if account.verdict.anomalies else []
    shown = set()
    for told in stories(account):
        head, *lines = told.lines
        again = bool(lines) and told.anomaly.witness in shown
        said = [f"One of {told.number:,}."] * (told.number > 1) + ["The same operations as above."] * again
        parts.append(element("h3", head))
        if said:
            parts.append(element("p", " ".join(said), class_="quiet"))
        if lines and not again:
            parts.append(element("pre", *map(_step, lines), class_="story"))
        shown.add(told.anomaly.witness)
    return parts


def _step(line: str) -> Markup:
    """A line as a block of its own, so that what does not fit goes on below its begin."""
    bare = line.lstrip(" ")
    return element("span", f"{bare}\n", class_="deep" if len(bare) < len(line) else "head")
