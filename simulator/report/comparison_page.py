"""A comparison as a page: the table, with a bar for each locker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checker import Result
from .comparison import ranked, rate
from .comparison_text import columns, load_of, ratio_of, remarks
from .html.markup import element, percent
from .html.shell import shell

if TYPE_CHECKING:
    from .comparison import Comparison, Entry
    from .html.markup import Markup

__all__ = ["page"]

_HEADS = ("strategy", "verdict", "edits/s", "wait p50", "p99", "max", "Jain", "best/this", "")


def page(comparison: Comparison) -> str:
    """One HTML document."""
    return shell(
        "Lockers compared",
        element("h1", "Lockers compared"),
        element("p", load_of(comparison)),
        _table(comparison),
        *(element("p", remark, class_="quiet") for remark in remarks(comparison)),
        element("h2", "Repeat"),
        element("pre", comparison.command, class_="command"),
    )


def _table(comparison: Comparison) -> Markup:
    head = element("tr", *(element("th", name, scope="col") for name in _HEADS))
    most = max((entry.middle(rate) for entry in comparison.entries if entry.result is Result.VALID), default=0.0)
    rows = [
        element(
            "tr",
            element("th", entry.strategy, scope="row"),
            *(element("td", cell) for cell in [*columns(entry), ratio_of(entry, comparison) or "-"]),
            element("td", _bar(entry, most)),
        )
        for entry in ranked(comparison)
    ]
    table = element("table", element("thead", head), element("tbody", *rows))
    return element("div", table, class_="scroll")


def _bar(entry: Entry, most: float) -> Markup:
    """As long as the rate; none for one that is wrong, whose rate means nothing."""
    share = entry.middle(rate) / most if most and entry.result is Result.VALID else 0.0
    bar = element("rect", element("title", columns(entry)[1]), width=percent(share), height="100%", class_="bar")
    return element("svg", bar, width=160, height=12, role="presentation")
