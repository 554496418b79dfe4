"""What is said of a history, as data: the result, what is wrong, what shows it, and what all that rests on."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .history import Operation

__all__ = ["Anomaly", "Evidence", "Flaw", "Result", "Verdict"]


class Result(Enum):
    """The three values of a verdict."""

    VALID = "VALID"
    INVALID = "INVALID"
    UNKNOWN = "UNKNOWN"


class Flaw(Enum):
    """What can be wrong with a history, the plainest to see first."""

    LOST = "lost update"
    TORN = "torn read"
    FAILED = "failed update"
    ORDER = "order broken"
    OVERLAP = "locks overlap"


class Anomaly(NamedTuple):
    """One thing that must not happen, and the operations, two at most, that show it."""

    flaw: Flaw
    what: str
    witness: tuple[Operation, ...]
    content: bytes = b""  # the digest of the content that it is about, if it is about one


class Evidence(NamedTuple):
    """What the verdict rests on, counted."""

    committed: int  # edits that returned
    failed: int  # that raised
    withdrawn: int  # that had the lock only when the run was over
    given_up: int  # that had a deadline, and no lock by then
    turned_away: int  # that did not even ask for the lock, as too many waited
    refused: int  # that the locker would not make, as somebody had been quicker
    blind: int  # that returned, and of which nobody knows what they wrote
    unknown: int  # whose worker never told
    unknown_applied: int  # and whose content is on the chain
    recovered: int  # that found what an interrupted one had left, and put that right first
    reads: int  # by readers
    peeks: int  # reads without the lock
    mixes: int  # and of them, those that saw a content that no edit wrote
    contents_checked: int  # contents read by anybody else, and the final one, that were looked up
    chain_length: int  # edits from the initial content on
    peeks_refused: int = 0  # reads without the lock that the system did not allow while somebody had it


class Verdict(NamedTuple):
    """What the checker says of a history."""

    result: Result
    reason: str
    evidence: Evidence
    anomalies: tuple[Anomaly, ...]  # the smallest of each flaw, and of those the earliest
    counts: dict[Flaw, int]  # how many of each
    choice: tuple[Anomaly, ...] = ()  # more of each to choose from, in the same order: `anomalies` and the next ones
