"""Lockers beside each other: the runs of each, the medians of their figures, and how they stand to the best. Pure."""

from __future__ import annotations

from math import hypot
from statistics import fmean, median, stdev
from typing import TYPE_CHECKING, NamedTuple

from ..checker import Result
from .document import document

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config import Config
    from .account import Account
    from .document import Json

__all__ = ["Absent", "Comparison", "Entry", "Ratio", "best", "compared", "ranked", "relative"]

SCHEMA = 1
"""Raised when a name goes away or changes its meaning; new names may come without."""


class Entry(NamedTuple):
    """A locker, and its runs: one of each round, in their order."""

    strategy: str
    rounds: tuple[Account, ...]  # without their histories, which are large

    @property
    def result(self) -> Result:
        """The worst of the verdicts."""
        results = {account.verdict.result for account in self.rounds}
        return next(result for result in (Result.INVALID, Result.UNKNOWN, Result.VALID) if result in results)

    def middle(self, figure: Callable[[Account], float]) -> float:
        """The median over the rounds."""
        return median(map(figure, self.rounds))


class Absent(NamedTuple):
    """A locker that there are no runs of."""

    strategy: str
    reason: str  # a sentence


class Comparison(NamedTuple):
    """All that was measured."""

    config: Config  # of the load that all had; its strategy stands for none of them
    command: str  # that repeats it
    wanted: int  # how many rounds were asked for
    entries: tuple[Entry, ...]  # each with one run at least
    absent: tuple[Absent, ...]
    interrupted: bool


class Ratio(NamedTuple):
    """How many times as many edits a second: of the medians, and the standard deviation of that."""

    times: float
    deviation: float | None  # one round has none

    def __str__(self) -> str:
        """Give it with two digits, or with none if it is large."""
        digits = 2 if self.times < 100 else 0
        more = f" ± {self.deviation:.{digits}f}" if self.deviation is not None else ""
        return f"{self.times:.{digits}f}{more}"


def rate(account: Account) -> float:
    """Edits per second."""
    return account.numbers.edits_per_s


def ranked(comparison: Comparison) -> list[Entry]:
    """The right ones, the fastest first, and then those that are not."""
    order = (Result.VALID, Result.UNKNOWN, Result.INVALID)
    return sorted(comparison.entries, key=lambda entry: (order.index(entry.result), -entry.middle(rate)))


def best(comparison: Comparison) -> Entry | None:
    """The fastest of those that every verdict found right; how fast a wrong one is means nothing."""
    right = [entry for entry in ranked(comparison) if entry.result is Result.VALID]
    return right[0] if right else None


def relative(one: Entry, other: Entry) -> Ratio | None:
    """How many times as many edits a second `one` made as `other`; None if that has no answer.

    The deviations of both go on into that of the ratio, as if the one had nothing to do with the other.
    """
    if not other.middle(rate):
        return None
    times = one.middle(rate) / other.middle(rate)
    spreads = [_spread(entry) for entry in (one, other) if len(entry.rounds) > 1]
    return Ratio(times, times * hypot(*spreads) if len(spreads) == 2 else None)


def _spread(entry: Entry) -> float:
    rates = [rate(account) for account in entry.rounds]
    return stdev(rates) / fmean(rates)


def compared(comparison: Comparison) -> dict[str, Json]:
    """All of it as plain data for JSON: the document of each run, and how each locker stands to the best."""
    first = best(comparison)
    return {
        "schema": SCHEMA,
        "command": comparison.command,
        "rounds": comparison.wanted,
        "interrupted": comparison.interrupted,
        "best": first.strategy if first else None,
        "strategies": [_entry(entry, first) for entry in ranked(comparison)],
        "cannot_run": [dict(absent._asdict()) for absent in comparison.absent],
    }


def _entry(entry: Entry, first: Entry | None) -> Json:
    ratio = relative(first, entry) if first and entry.result is Result.VALID else None
    return {
        "strategy": entry.strategy,
        "result": entry.result.value,
        "edits_per_s": entry.middle(rate),
        "best_is_times_as_fast": dict(ratio._asdict()) if ratio else None,
        "runs": [document(account) for account in entry.rounds],
    }
