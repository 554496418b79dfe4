"""A scan as a page: the curves, and the tables behind them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .html.axis import linear, logarithmic
from .html.chart import Series, line_chart
from .html.markup import element
from .html.shell import shell
from .scan import cells, law_of, law_told
from .scan_text import HEADS, LAW_HEADS, law_note
from .terminal import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .html.axis import Axis
    from .html.markup import Markup
    from .scan import Scan

__all__ = ["page"]

_WIDE = 8  # times as large as the first value the last one is, for a logarithmic axis


def page(scan: Scan) -> str:
    """One HTML document."""
    title = f"Scan of {scan.option}"
    laws = [(f"{point.value:,g}", *law_told(point)) for point in scan.points if law_of(point)]
    return shell(
        title,
        element("h1", title),
        *(_charts(scan) if scan.points else ()),
        element("h2", "Figures"),
        _table((scan.option, *HEADS), map(cells, scan.points)),
        element("h2", "The response time law"),
        element("p", law_note(scan)),
        *([_table((scan.option, *LAW_HEADS), laws)] if laws else []),
        element("h2", "Repeat"),
        element("pre", scan.command, class_="command"),
    )


def _charts(scan: Scan) -> list[Markup]:
    numbers = [(point.value, point.account.numbers) for point in scan.points]
    x = _axis(scan.option, [point.value for point in scan.points])
    rates = [(value, number.edits_per_s) for value, number in numbers]
    waits = [
        Series("p50", [(value, number.wait.p50) for value, number in numbers if number.wait.p50]),
        Series("p99", [(value, number.wait.p99) for value, number in numbers if number.wait.p99]),
        Series("max", [(value, number.wait.max) for value, number in numbers if number.wait.max]),
    ]
    charts = [
        line_chart("Edits per second", [Series("edits/s", rates)], x, linear("edits/s", [rate for _, rate in rates])),
        line_chart("Waits for the lock", waits, x, _times("wait", waits)),
    ]
    laws = [(point.value, law) for point in scan.points if (law := law_of(point))]
    if laws:
        responses = [
            Series("measured", [(value, law.measured_s * 1e9) for value, law in laws]),
            Series("N/X - Z", [(value, law.predicted_s * 1e9) for value, law in laws if law.predicted_s > 0]),
        ]
        charts.append(line_chart("Mean response, and the law", responses, x, _times("response", responses)))
    return charts


def _axis(label: str, values: Sequence[float]) -> Axis:
    wide = min(values) > 0 and max(values) >= _WIDE * min(values)
    return (logarithmic if wide else linear)(label, values, at=values)


def _times(label: str, series: Iterable[Series]) -> Axis:
    return logarithmic(label, [y for one in series for _, y in one.points], duration)


def _table(heads: Iterable[str], lines: Iterable[Sequence[str]]) -> Markup:
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    rows = [
        element("tr", element("th", value, scope="row"), *(element("td", cell) for cell in others))
        for value, *others in lines
    ]
    return element("div", element("table", element("thead", head), element("tbody", *rows)), class_="scroll")
