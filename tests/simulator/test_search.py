"""Two ways to the same answer: the checker, and the search from the definition; and that neither can be wrong alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, example, find, given, settings
from hypothesis.errors import NoSuchExample

from simulator import checker, search
from simulator.checker import Flaw, check
from simulator.history import NOTHING, History, Kind, Operation, Outcome
from simulator.search import linearization

from .histories import content, edit, faulty_histories, peek, read, run_of, valid_histories
from .test_checker import HISTORIES, SOUND

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST = edit(0, content(0), content(1), at=0)
SECOND = edit(1, content(1), content(2), at=10)


def judged_alike(history: History) -> bool:
    """Has the checker found nothing, locks that overlap apart, exactly if there is an order?"""
    sound = not set(check(history).counts) - {Flaw.OVERLAP}
    return sound == (linearization(history) is not None)


def comparable(history: History) -> bool:
    """Has each edit told all or nothing, if it returned all, and is a content made of one other only? See `search`."""
    edits = [op for op in history.operations if op.kind is Kind.EDIT]
    if any(op.read == NOTHING != op.written or (op.outcome is Outcome.OK and op.written == NOTHING) for op in edits):
        return False
    unknown = {(op.written, op.read) for op in edits if op.outcome is Outcome.INFO and op.written != NOTHING}
    return len({written for written, _ in unknown}) == len(unknown)


@given(valid_histories(12))
def test_turns_under_a_lock_can_be_put_in_order(history: History) -> None:
    """And the order that is found is the one in which the lock was had."""
    found = linearization(history)
    assert found is not None
    had = [op.locked_ns for op in found if op.kind is Kind.EDIT and op.outcome is Outcome.OK]
    assert had == sorted(had)


@given(faulty_histories())
@settings(max_examples=400)
@example(run_of(FIRST._replace(released_ns=90, returned_ns=90), read(2, content(1), at=10), read(3, content(0), at=20),
                final=content(1)))  # fmt: skip
def test_checker_and_search_agree(history: History) -> None:
    """On histories that are sound, and on all that can be planted in them."""
    if comparable(history):
        assert judged_alike(history)


@pytest.mark.parametrize("name", [*HISTORIES, *SOUND])
def test_checker_and_search_agree_on_what_people_thought_of(name: str) -> None:
    """Each hand-written history."""
    assert judged_alike((HISTORIES.get(name) or SOUND[name])[0])


def nothing_found(*_: object) -> list[object]:
    """In place of a part of the checker."""
    return []


def never(_: Operation) -> int:
    """In place of when an operation ended."""
    return 1 << 63


def at_once(operation: Operation) -> int:
    """The same: as if who never told its end had ended when it began."""
    return operation.released_ns or operation.returned_ns or operation.locked_ns or operation.invoked_ns


def edits_only(operations: list[Operation], *_: object) -> list[object]:
    """In place of the order of readers among themselves."""
    return [None] * (len(operations) + 1000)


WEAKENED: dict[str, dict[str, Callable[..., object]]] = {
    "forks are not seen": {"_forks": nothing_found},
    "strange contents are not seen": {"_strange_contents": nothing_found, "_not_on_chain": nothing_found},
    "what is not on the chain is not seen": {"_not_on_chain": nothing_found},
    "order is not seen": {"_order_broken": nothing_found},
    "operations have no end": {"_ended": never},
    "what is read later is not looked at": {"_soonest": edits_only},
    "who was killed had ended, it is said": {"_ended": at_once},
}


@pytest.mark.parametrize("name", WEAKENED)
def test_weakened_checker_is_caught(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """One that misses a flaw, or sees one that is none, and the two are no longer of the same mind."""
    for part, stand_in in WEAKENED[name].items():
        monkeypatch.setattr(checker, part, stand_in)
    found_out()


def test_weakened_search_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other way round: one that lets who read nothing be part of it, and one that believes in peeks."""
    monkeypatch.setattr(search, "_steps", lambda history: iter(list(STEPS(history))[1:]))
    found_out()


STEPS = search._steps


def found_out() -> None:
    """Pass if there is a history on which the two do not agree."""
    try:
        find(
            faulty_histories(),
            lambda history: comparable(history) and not judged_alike(history),
            settings=settings(
                max_examples=3000, phases=[Phase.generate], derandomize=True, suppress_health_check=list(HealthCheck)
            ),
        )
    except NoSuchExample:
        pytest.fail("nobody noticed")


def test_order_that_is_found_is_told() -> None:
    """First what came first, whoever of two that overlap; a reader where it must have been."""
    early, late = read(2, content(0), at=1), read(3, content(2), at=11)
    assert linearization(run_of(late, SECOND, early, FIRST, final=content(2))) == (early, FIRST, SECOND, late)


def test_who_takes_no_lock_or_told_nothing_has_no_part() -> None:
    """It may have seen anything."""
    waited = edit(4, NOTHING, NOTHING, at=3, outcome=Outcome.INFO)
    assert linearization(run_of(FIRST, waited, peek(3, content(7), at=1), final=content(1))) == (FIRST,)
