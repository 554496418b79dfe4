"""Charts as figures with inline SVG: lines and columns. Pure; the looks are in `style.css`.

The box of the SVG is the plot itself, and what stands beside it overflows into the margins of the figure. Places are
shares of the box, so that a chart is as wide as there is room, and its letters keep their size.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .markup import Markup, element, joined, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .axis import Axis, Tick

__all__ = ["Column", "Series", "column_chart", "frame", "legend", "line_chart", "side_by_side", "stretched"]

_HEIGHT_PX = 260
_UNITS = 1000  # of the coordinates in a stretched picture, both ways
_MARKED = 40  # where a line has more points, none has marks
_MARKS = ("M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z", "M-4-4h8v8h-8z", "M0-5l5 9h-10z", "M0-5l5 5-5 5-5-5z")
_COLOURS = 8
_APART = 64  # more columns than that have nothing between them,
_LABELLED = 12  # and more than that nothing above them
_WIDEST = 1 / 6  # of the box, a column


class Series(NamedTuple):
    """A line: what it shows, and its points from left to right."""

    name: str
    points: Sequence[tuple[float, float]]


class Column(NamedTuple):
    """One column: what it is of, how high, that in words, and what stands above it where there is room."""

    name: str
    value: float
    told: str
    label: str = ""


def line_chart(
    title: str, series: Sequence[Series], x: Axis, y: Axis, *, note: str = "", marked: bool = True
) -> Markup:
    """Lines over a common pair of axes, told apart by colour, dashes and, unless there are too many points, marks."""
    marked = marked and all(len(one.points) <= _MARKED for one in series)
    lines = [_line(number, one, x, y, marked=marked) for number, one in enumerate(series)]
    entries = [(one.name, _sample(number, marked=marked)) for number, one in enumerate(series)]
    ticks = [(x.share(tick.value), tick) for tick in x.ticks]
    return frame(title, joined(*lines), ticks, y, x.label, note=note, entries=entries if len(series) > 1 else ())


def column_chart(
    title: str, columns: Sequence[Column], ticks: Iterable[Tick], y: Axis, *, x_label: str, note: str = ""
) -> Markup:
    """Columns side by side; the value of a tick is a number of columns from the left, so n.5 is the middle of one."""
    wide = min(1 / max(1, len(columns)), _WIDEST)
    gap = 0.15 if len(columns) <= _APART else -0.2  # thin ones overlap, or light would fall through
    bars = [_bar(number, column, wide, gap, y) for number, column in enumerate(columns)]
    labels = [_above((number + 0.5) * wide, column, y) for number, column in enumerate(columns)]
    content = joined(stretched(*bars), *(labels if len(columns) <= _LABELLED else ()))
    return frame(title, content, [(tick.value * wide, tick) for tick in ticks], y, x_label, note=note)


def frame(
    title: str,
    content: Markup,
    ticks: Iterable[tuple[float, Tick]],
    y: Axis | None,
    x_label: str,
    *,
    note: str = "",
    entries: Iterable[tuple[str, Markup]] = (),
    height_px: int = _HEIGHT_PX,
) -> Markup:
    """A figure around `content`: caption, grid, ticks at shares of the width, labels, legend of names and samples."""
    parts = [element("title", title)]
    if note:
        parts.append(element("desc", note))
    if y:
        parts += [_level(y.share(tick.value), tick.text) for tick in y.ticks]
        parts.append(element("text", y.label, x=-8, y=-12, class_="label start"))
    parts += [_upright(share, tick) for share, tick in ticks]
    parts += [content, element("text", x_label, x="100%", y="100%", dy=36, class_="label end")]
    picture = element("svg", *parts, role="img", aria_label=title, height=height_px)
    caption = element("figcaption", element("strong", title), *([element("span", note)] if note else []))
    return element("figure", caption, element("div", picture, class_="plot"), legend(entries), class_="chart")


def legend(entries: Iterable[tuple[str, Markup]]) -> Markup:
    """Names, each behind a sample; nothing of none."""
    items = [
        element("li", element("svg", sample, width=28, height=12, aria_hidden="true"), name) for name, sample in entries
    ]
    return element("ul", *items, class_="legend") if items else Markup()


def side_by_side(*charts: Markup) -> Markup:
    """Charts beside each other where there is room."""
    return element("div", *charts, class_="pair")


def stretched(*content: Markup, height: float = _UNITS) -> Markup:
    """A picture of 1000 units across, and `height` down, that fills the box; lines keep their width."""
    return element(
        "svg", *content, viewBox=f"0 0 {_UNITS} {height:g}", preserveAspectRatio="none", width="100%", height="100%",
        class_="stretched",
    )  # fmt: skip


def _line(number: int, series: Series, x: Axis, y: Axis, *, marked: bool) -> Markup:
    places = [(x.share(a), 1 - y.share(b)) for a, b in series.points]
    path = "M" + "L".join(f"{a * _UNITS:.1f} {b * _UNITS:.1f}" for a, b in places) if places else ""
    parts = [stretched(element("path", d=path, class_=f"line {_look(number)}"))]
    if marked:
        for (a, b), point in zip(places, series.points, strict=True):
            told = f"{series.name}: {_said(x, point[0])}, {_said(y, point[1])}"
            mark = element("path", element("title", told), d=_mark(number), class_=f"mark {_look(number)}")
            parts.append(element("svg", mark, x=percent(a), y=percent(b), class_="at"))
    return joined(*parts)


def _said(axis: Axis, value: float) -> str:
    return f"{axis.label} {value:,.6g}"


def _look(number: int) -> str:
    return f"c{number % _COLOURS} d{_shape(number)}"


def _mark(number: int) -> str:
    return _MARKS[_shape(number)]


def _shape(number: int) -> int:
    """Another one for the colour's second turn."""
    return (number + number // _COLOURS) % len(_MARKS)


def _sample(number: int, *, marked: bool) -> Markup:
    parts = [element("path", d="M0 6h28", class_=f"line {_look(number)}")]
    if marked:
        parts.append(element("path", d=_mark(number), transform="translate(14 6)", class_=f"mark {_look(number)}"))
    return joined(*parts)


def _bar(number: int, column: Column, wide: float, gap: float, y: Axis) -> Markup:
    high = y.share(column.value) * _UNITS
    if column.value > 0:
        high = max(high, 4.0)  # so that one of a million is seen
    left, width = (number + gap / 2) * wide * _UNITS, (1 - gap) * wide * _UNITS
    told = element("title", f"{column.name}: {column.told}")
    return element("rect", told, x=left, y=_UNITS - high, width=width, height=high, class_="bar")


def _above(across: float, column: Column, y: Axis) -> Markup:
    high = percent(1 - y.share(column.value))
    return element("text", column.label, x=percent(across), y=high, dy=-4, class_="middle above")


def _level(share: float, text: str) -> Markup:
    high = percent(1 - share)
    line = element("line", x1=0, x2="100%", y1=high, y2=high, class_="grid" if share else "axis")
    return joined(line, element("text", text, x=-8, y=high, dy="0.32em", class_="end"))


def _upright(share: float, tick: Tick) -> Markup:
    across = percent(share)
    line = element("line", x1=across, x2=across, y1="100%", y2="100%", class_="axis tick")
    anchor = "end" if share > 0.985 else "middle"
    text = element("text", tick.text, x=across, y="100%", dy=18, class_=anchor + (" minor" if tick.minor else ""))
    return joined(line, text)
