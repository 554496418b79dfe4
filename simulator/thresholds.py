"""Thresholds for a figure of a run, as a build server wants them: `wait.p99 > 50ms` is broken, or it is not.

A name is a path into the document of a run. `numbers.`, `verdict.` and `evidence.` in front of it, and the unit at the
end of it, may be left out. The names are those of the document of a run in which nothing happened: so each threshold
can be refused before a run starts. A list stands for the number of its entries.
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from .checker import check
from .config import Config
from .history import NOTHING, Faults, History
from .near import near
from .report import Account, document
from .report.terminal import duration
from .stats import measure

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from .report.document import Json

__all__ = ["Outcome", "Threshold", "judge", "listing", "parse"]

_OPERATORS = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "==": operator.eq,
    "!=": operator.ne,
}
_UNITS_NS = {"ns": 1, "us": 1_000, "µs": 1_000, "μs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_TIMES = {"ns": 1, "ms": 1_000_000, "s": 1_000_000_000}  # by the last part of a name
_LEFT_OUT = ("numbers.", "verdict.", "verdict.evidence.")
_WORDS = re.compile(r"\s*([\w.-]+)\s*([<>=!~&|]+)\s*(.*?)\s*").fullmatch
_VALUE = re.compile(r"([+-]?(?:\d{1,3}(?:[,_]\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,2})?)\s*([^\W\d]*|%)").fullmatch


class _Figure(NamedTuple):
    """One figure of the document, by its whole path."""

    path: str
    unit_ns: int  # how many nanoseconds one of it is; 0 if it is no time
    share: bool


class Threshold(NamedTuple):
    """What breaks a run: its figure is so."""

    text: str  # as it was asked for
    path: str
    operator: str
    limit: float  # in the unit of the figure
    unit_ns: int
    percent: bool


class Outcome(NamedTuple):
    """What came of a threshold."""

    broken: bool
    line: str  # for people


def parse(text: str) -> Threshold:
    """Understand `NAME OP VALUE[UNIT]`; a `ValueError` of one clear line if it is not that."""
    words = _WORDS(text)
    if not words or not words[3]:
        raise ValueError(f"{text!r} is not NAME OP VALUE, such as 'wait.p99 > 50ms', with quotes for the shell")
    name, sign, value = words.groups()
    figure = _figure(name)
    if sign not in _OPERATORS:
        raise ValueError(f"{text!r}: {sign} is not an operator; there are {' '.join(_OPERATORS)}")
    number = _VALUE(value)
    if not number:
        raise ValueError(f"{text!r}: {value} is not a number, or not one with a unit")
    return Threshold(
        text=f"{name} {sign} {value}",
        path=figure.path,
        operator=sign,
        limit=_limit(text, figure, name, number[1], number[2]),
        unit_ns=figure.unit_ns,
        percent=number[2] == "%",
    )


def judge(threshold: Threshold, document: Mapping[str, Json]) -> Outcome:
    """Look the figure up. One that was not measured counts as broken: nothing is known to be right about it."""
    value = _measured(threshold.path, document)
    if value is None:
        return Outcome(broken=True, line=f"✗ fail if {threshold.text}: it was not measured, which counts as broken")
    broken = bool(_OPERATORS[threshold.operator](value, threshold.limit))
    return Outcome(broken, f"{'✗' if broken else '✓'} fail if {threshold.text}: it is {_told(value, threshold)}")


def listing() -> str:
    """All names, in the shortest form of each, and what it is compared with; a line each."""
    shortest: dict[_Figure, str] = {}
    for name, figure in _names().items():
        if len(name) < len(shortest.get(figure, figure.path + " ")):
            shortest[figure] = name
    return "".join(f"{name:<32}{_takes(figure)}\n" for figure, name in shortest.items())


def _figure(name: str) -> _Figure:
    wanted = name.replace("p99.9", "p999")
    figure = _names().get(wanted)
    if figure is None:
        found = near(wanted, _names())
        meant = f"did you mean {found}? " if found else ""
        raise ValueError(f"there is no figure {name}; {meant}--fail-if list shows all names")
    return figure


def _limit(text: str, figure: _Figure, name: str, number: str, unit: str) -> float:
    exact = Decimal(number.replace(",", "").replace("_", ""))  # 1.1 us are 1100 ns, and not a bit more
    if figure.unit_ns:
        if unit not in _UNITS_NS:
            wrong = f"{unit} is no unit of time" if unit else f"{name} is a time and needs a unit"
            raise ValueError(f"{text!r}: {wrong}; there are ns us ms s, as in {number}ms")
        return float(exact * _UNITS_NS[unit] / figure.unit_ns)
    if unit == "%" and figure.share:
        return float(exact / 100)
    if unit:
        raise ValueError(
            f"{text!r}: {name} is {'a share' if figure.share else 'no time and no share'}, and takes no {unit}"
        )
    return float(exact)


def _measured(path: str, document: Mapping[str, Json]) -> float | None:
    value: Json = dict(document)
    for part in path.split("."):
        within = value if isinstance(value, dict) else {}
        value = within.get(part)
        of_nothing = within.get("count") == 0 and part != "count"
        if of_nothing or (part.startswith("longest_wait") and within.get("longest_wait_worker", 0) is None):
            return None
    if isinstance(value, list):
        return len(value)
    return value + 0 if isinstance(value, int | float) else None  # of True, 1


def _told(value: float, threshold: Threshold) -> str:
    if threshold.unit_ns:
        return duration(value * threshold.unit_ns)
    if threshold.percent:
        return f"{value:.1%}"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.4g}" if value < 1e4 else f"{value:,.0f}"


@cache
def _names() -> dict[str, _Figure]:
    """Each figure by its path, and by all short forms that are its own."""
    figures = sorted(_leaves(document(_nothing())))
    shorts = [(short, figure) for figure in figures for short in _shorts(figure)]
    times = Counter(short for short, _ in shorts)
    own = {short: figure for short, figure in shorts if times[short] == 1}
    return {**own, **{figure.path: figure for figure in figures}}


def _shorts(figure: _Figure) -> set[str]:
    names = {figure.path.removeprefix(prefix) for prefix in ("", *_LEFT_OUT)}
    return names | ({name.rpartition("_")[0] for name in names} if figure.unit_ns else set())


def _takes(figure: _Figure) -> str:
    return "a time: 50ms" if figure.unit_ns else "a share: 0.9 or 90%" if figure.share else "a number"


def _leaves(within: Mapping[str, Json], prefix: str = "") -> Iterator[_Figure]:
    for name, value in within.items():
        path = prefix + name
        if isinstance(value, dict):
            yield from _leaves(value, f"{path}.")
        elif not isinstance(value, str):
            last = name.rpartition("_")[2]
            unit_ns = 0 if name.endswith("per_s") or "_" not in name else _TIMES.get(last, 0)
            share = isinstance(value, float) and not unit_ns and not name.endswith(("per_s", "rate"))
            yield _Figure(path, unit_ns, share)


def _nothing() -> Account:
    """A run in which nothing happened."""
    history = History(NOTHING, NOTHING, [])
    return Account(
        config=Config(
            workers=1,
            readers=0,
            duration_s=0.0,
            edits=0,
            hold_ms="0",
            think_ms="0",
            file="",
            strategy="",
            seed=0,
            timeout_s=0.0,
        ),
        history=history,
        verdict=check(history),
        numbers=measure(history, 1),
        startup_s=0.0,
        interrupted=False,
        lost=(),
        failures=(),
        faults=Faults(),
        litter=(),
        kept_in="",
    )
