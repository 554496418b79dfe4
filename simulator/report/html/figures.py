"""Tables: how long it took, how it was shared, what was done to workers, and every figure of the JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..document import document
from ..terminal import duration
from .markup import Markup, element, joined
from .verdict import facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...stats import Quantiles
    from ..account import Account
    from ..document import Json

__all__ = ["closing", "figures", "settings"]

_HEAD = ("", "p50", "p90", "p99", "p99.9", "max", "count")


_COUNTED = (
    ("given_up", "gave up", "edits that had no lock by their deadline"),
    ("turned_away", "turned away", "edits that found as many waiting as may"),
    ("refused", "refused", "edits that came second, and were tried again"),
    ("withdrawn", "withdrawn", "edits that had the lock only when the run was over"),
    ("blind", "blind", "edits of which nobody knows what they wrote"),
    ("mixes", "mixes seen", "by those who read without a lock"),
    ("peeks_refused", "peeks refused", "reads without a lock, while somebody had it"),
    ("recovered", "repaired", "edits that a killed one had left half done"),
)
"""Of the evidence, what is told where there is any: its name there, what it is called, and what it is."""


class _Row(NamedTuple):
    name: str
    quantiles: Quantiles
    what: str


def figures(account: Account) -> Markup:
    """How long waits, holds, hand-offs, edits and reads took, and what was counted."""
    rows = [row for row in _rows(account) if row.quantiles.number]
    parts = [element("h2", "How long it took")]
    if rows:
        body = [[duration(value) for value in row.quantiles[1:]] + [f"{row.quantiles.number:,}"] for row in rows]
        named = [(row.name, *cells) for row, cells in zip(rows, body, strict=True)]
        parts.append(_table("Durations by nearest rank: p99 is what 99 of 100 do not exceed.", _HEAD, named))
        parts.append(element("ul", *(element("li", f"{row.name}: {row.what}") for row in rows), class_="plain quiet"))
    return joined(*parts, facts(_facts(account)))


def _rows(account: Account) -> list[_Row]:
    numbers, opened = account.numbers, account.config.arrival_rate > 0
    wait = "from when the edit was due until having the lock" if opened else "from asking for the lock until having it"
    return [
        _Row("wait", numbers.wait, wait),
        *(
            [_Row("service wait", numbers.service_wait, "from asking for the lock, however late that was")]
            if opened
            else []
        ),
        _Row("hold", numbers.hold, "from having the lock until releasing it"),
        _Row("hand-off", numbers.handoff, "from one's release until the next one, who was waiting, has it"),
        _Row("edit", numbers.edit, f"whole edits, from {'when they were due' if opened else 'the call'} to the return"),
        _Row("read", numbers.read, "whole reads, of readers"),
    ]


def _facts(account: Account) -> list[tuple[str, str, str]]:
    config, faults = account.config, account.faults
    counts = ((config.workers, "worker"), (config.readers, "reader"), (config.peekers, "peeker"))
    crowd = ", ".join(f"{number:,} {what}{'s' * (number != 1)}" for number, what in counts if number)
    told = [("crowd", crowd, f"ready in {account.startup_s:.2f} s")]
    if config.kill_rate:
        told.append(
            ("killed", f"{faults.kills:,}", f"{faults.kills_in_edit:,} in an edit; {faults.replaced:,} replaced")
        )
    if config.stop_rate:
        told.append(("frozen", f"{faults.freezes:,}", f"for {faults.frozen_s:.2f} s in all"))
    if config.disk_full_rate:
        told.append(("disk full", f"{faults.disk_fulls:,}", "moments without any space left"))
    evidence = account.verdict.evidence._asdict()
    told += [(name, f"{evidence[key]:,}", what) for key, name, what in _COUNTED if evidence[key]]
    if account.numbers.missed:
        told.append(("missed", f"{account.numbers.missed:,}", "edits that were due, and not even begun before the end"))
    return told


def settings(account: Account) -> Markup:
    """What was asked for, what it ran on, and all figures as the JSON has them."""
    made = document(account)
    asked = made["config"]
    given = [(name, _told(value)) for name, value in asked.items()] if isinstance(asked, dict) else []
    given += [(name, _told(made[name])) for name in ("python", "platform")]
    flat = [pair for name in _FIGURES if name in made for pair in _flat(name, made[name])]
    by_name = "By the names that they have in the JSON; units are in the names."
    return joined(
        element("h2", "What was run"),
        _folded("Settings and versions", _table("As the run had them.", ("setting", ""), given, "names")),
        _folded("All figures, unrounded", _table(by_name, ("figure", ""), flat, "names")),
    )


def _folded(summary: str, content: Markup) -> Markup:
    return element("details", element("summary", summary), content)


_FIGURES = ("numbers", "verdict", "faults", "startup_s")


def closing(account: Account) -> Markup:
    """How to have it once more."""
    parts = [
        element("h2", "Repeat it"),
        element("p", "The same load with the same seed; who comes first is up to the machine, as ever."),
        element("pre", element("code", account.config.command()), class_="command"),
    ]
    if account.kept_in:
        parts.append(element("p", "The records of this run are kept in ", element("code", account.kept_in), "."))
    made = document(account)
    parts.append(element("p", f"Python {made['python']}, {made['platform']}", class_="quiet"))
    return joined(*parts)


def _flat(name: str, value: Json) -> Iterator[tuple[str, str]]:
    """Every number, with the dotted name that leads to it; lists are told elsewhere."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{name}.{key}", inner)
    elif not isinstance(value, list):
        yield name.removeprefix("numbers."), _told(value)


def _told(value: Json) -> str:
    return "none" if value is None else str(value)


def _table(caption: str, head: Iterable[str], rows: Iterable[Iterable[str]], class_: str | None = None) -> Markup:
    cells = [element("th", cell, scope="col") for cell in head]
    body = []
    for name, *others in rows:
        body.append(element("tr", element("th", name, scope="row"), *(element("td", cell) for cell in others)))
    table = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *cells)),
        element("tbody", *body),
        class_=class_,
    )
    return element("div", table, class_="scroll", role="region", aria_label=caption, tabindex=0)
