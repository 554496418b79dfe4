"""A scan as text for a terminal of 80 columns, with a small plot, and as tables in Markdown."""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING

from ..checker import Result
from ..cycle import reason_against_law
from .scan import cells, law_of, law_told
from .terminal import duration

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .scan import Point, Scan

__all__ = ["HEADS", "LAW_HEADS", "law_note", "markdown", "text"]

HEADS = ("verdict", "edits/s", "wait p50", "p99", "max", "Jain")
LAW_HEADS = ("N", "X", "Z", "N/X - Z", "measured", "error")

_WIDTHS = (13, 8, 9, 10, 10, 10, 7)
_LAW_WIDTHS = (13, 7, 9, 10, 10, 10, 9)
_PLOT = 60  # columns


def text(scan: Scan) -> str:
    """The tables, the plots, what was wrong, and the command."""
    parts = [_table(scan), _rates(scan), _waits(scan), _law(scan), _remarks(scan)]
    return "\n\n".join(part for part in parts if part) + f"\n\nrepeat    {scan.command}\n"


def markdown(scan: Scan) -> str:
    """A table, with the law at its end, and the command."""
    heads = [scan.option, *HEADS, "mean response", "N/X - Z", "error"]
    rows = [[*cells(point), *(law_told(point)[column] for column in (4, 3, 5))] for point in scan.points]
    lines = [heads, ["--:", ":--", *["--:"] * 8], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines) + f"\n`{scan.command}`\n"


def law_note(scan: Scan) -> str:
    """What the law is, or why it is not asked."""
    reasons = {reason_against_law(point.account.config) for point in scan.points}
    against = next(iter(reasons - {None}), None)
    if against:
        return f"The response time law is left out: {against}."
    return "R = N/X - Z: N workers, X edits a second, a pause of Z; and R as measured."


def _table(scan: Scan) -> str:
    if not scan.points:
        return "Nothing was measured."
    return "\n".join(_line(line, _WIDTHS) for line in [(scan.option, *HEADS), *map(cells, scan.points)])


def _line(line: Sequence[str], widths: Sequence[int]) -> str:
    told = [f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True)]
    if widths is _WIDTHS:
        told[1] = f"  {line[1]:{widths[1]}}"
    return "".join(told).rstrip()


def _rates(scan: Scan) -> str:
    rates = [point.account.numbers.edits_per_s for point in scan.points]
    most = max(rates, default=0.0)
    if not most:
        return ""
    bars = [
        f"{_value(point)}  {'█' * max(1, round(rate / most * (_PLOT - 10))) if rate else ''} {rate:,.0f}"
        for point, rate in zip(scan.points, rates, strict=True)
    ]
    return "\n".join([f"{'edits/s':>13}", *bars])


def _waits(scan: Scan) -> str:
    """On a logarithmic scale, as waits of a few workers and of many have no other in common."""
    waits = [point.account.numbers.wait for point in scan.points]
    above = [wait.p50 for wait in waits if wait.number and wait.p50 > 0]
    if not above:
        return ""
    low = floor(log10(min(above)))
    high = max(low + 1, ceil(log10(max(wait.max for wait in waits))))

    def place(time_ns: int) -> int:
        return round((log10(max(time_ns, 10**low)) - low) / (high - low) * (_PLOT - 1))

    axis = [" "] * (_PLOT + 8)
    for power in range(low, high + 1):
        axis[place(10**power) : place(10**power) + 7] = f"{duration(10**power).replace('.00', '').replace('.0', ''):7}"
    lines = [f"{'wait':>13}  {''.join(axis)}".rstrip()]
    for point, wait in zip(scan.points, waits, strict=True):
        dots = [" "] * _PLOT
        if wait.number:
            p50, p99, most = place(wait.p50), place(wait.p99), place(wait.max)
            dots[p50 : most + 1] = "=" * (p99 - p50) + "-" * (most - p99 + 1)
            dots[most], dots[p99], dots[p50] = "|", "#", "o"
        lines.append(f"{_value(point)}  {''.join(dots)}".rstrip())
    return "\n".join([*lines, f"{'':15}o p50   # p99   | max"])


def _law(scan: Scan) -> str:
    if not scan.points:
        return ""
    if not any(map(law_of, scan.points)):
        return law_note(scan)
    lines = [(scan.option, *LAW_HEADS), *((f"{point.value:,g}", *law_told(point)) for point in scan.points)]
    return "\n".join([law_note(scan), *(_line(line, _LAW_WIDTHS) for line in lines)])


def _remarks(scan: Scan) -> str:
    lines = [
        f"{scan.option} {point.value:,g}: {point.account.verdict.result.value}: {point.account.verdict.reason}"
        for point in scan.points
        if point.account.verdict.result is not Result.VALID
    ]
    if scan.interrupted:
        lines.append("stopped before its time; the run that was under way is not counted")
    return "\n".join(lines)


def _value(point: Point) -> str:
    return f"{point.value:>13,g}"
