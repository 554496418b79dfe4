"""What blind edits read and wrote is found out from the others: histories by hand, and runs of a model, with faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from simulator import blind
from simulator.blind import fill, judged
from simulator.history import NOTHING, History, Kind, Operation, Outcome, Why, digest
from simulator.lines import Lines
from simulator.verdict import Flaw, Result
from simulator.workload import module_file

if TYPE_CHECKING:
    from random import Random

    import pytest
    from hypothesis.strategies import DrawFn

WORKERS = 4
BLIND = {1, 3}
LINES = Lines(module_file(WORKERS, 1))
FIRST = LINES.content(LINES.versions)


class Run:
    """A file, and what its workers record of it: known ones all, blind ones when, and which version."""

    def __init__(self) -> None:
        self.content, self.operations = FIRST, list[Operation]()
        self.harmed = False  # was something lost?

    def edit(
        self,
        worker: int,
        invoked: int,
        returned: int,
        *,
        at: int = 0,
        outcome: Outcome = Outcome.OK,
        applied: bool = True,
        of: bytes | None = None,
    ) -> bytes:
        """One edit, in the file at the time `at`, or not `applied`; of another content than is there, if told so."""
        read = self.content if of is None else of
        versions = self.versions(read)
        versions[worker] += 1
        written = LINES.content(versions)
        told = returned if outcome is not Outcome.INFO else 0
        op = Operation(
            worker, len(self.operations), Kind.EDIT, outcome, invoked, 0, 0, told,
            NOTHING, NOTHING, 0, versions[worker], why=Why.REFUSED if outcome is Outcome.FAIL else Why.NONE,
        )  # fmt: skip
        if worker not in BLIND:
            released = at + 1 if told else 0
            op = op._replace(read=digest(read), written=digest(written), locked_ns=at - 1, released_ns=released)
        self.operations.append(op)
        if applied:
            self.content = written
        return written

    def read(self, invoked: int, returned: int, content: bytes | None = None) -> None:
        """A reader reads what is there, or is said to."""
        seen = digest(self.content if content is None else content)
        self.operations.append(
            Operation(
                WORKERS, len(self.operations), Kind.READ, Outcome.OK, invoked, 0, 0, returned, seen, NOTHING, 9, 0
            )
        )

    def versions(self, content: bytes) -> dict[int, int]:
        """The numbers in a content of this run."""
        found = LINES.versions_in(content)
        assert found is not None
        return found

    def judged(self, final: bytes | None = None) -> tuple[Result, set[Flaw], History]:
        """What is said of it."""
        final = self.content if final is None else final
        history = History(digest(FIRST), digest(final), self.operations)
        history, verdict = judged(history, FIRST, final, BLIND)
        assert bool(verdict.anomalies) == (verdict.result is Result.INVALID)
        assert verdict.reason
        return verdict.result, {anomaly.flaw for anomaly in verdict.anomalies}, history


def test_blind_edits_between_known_ones_are_found() -> None:
    """Two at once, of which the one that returned later was in the file first: the digests tell."""
    run = Run()
    run.edit(0, 0, 14, at=10)
    run.edit(3, 5, 60)
    seen = run.content
    run.edit(1, 5, 40)
    run.read(8, 70, seen)
    run.edit(0, 50, 64, at=62)
    result, _, history = run.judged()
    assert result is Result.VALID
    assert [op.worker for op in history.operations if op.read == digest(seen)] == [1, WORKERS]
    assert all(op.written != NOTHING for op in history.operations if op.kind is Kind.EDIT)


def test_run_of_blind_edits_alone_is_filled_by_time() -> None:
    """Nobody else has seen anything: the order of their times explains all."""
    run = Run()
    for number in range(400):
        run.edit(3 if number % 3 else 1, 10 * number, 10 * number + 9)
    assert run.judged()[:2] == (Result.VALID, set())


def test_killed_blind_edit_happened_or_not() -> None:
    """The next one of its worker, or the end, tells which."""
    for applied in (False, True):
        run = Run()
        run.edit(1, 0, 9)
        run.edit(1, 10, 19, outcome=Outcome.INFO, applied=applied)
        assert run.judged()[0] is Result.VALID
        run.edit(1, 20, 29)
        result, _, history = run.judged()
        assert result is Result.VALID
        assert (history.operations[1].written != NOTHING) == applied


def test_refused_edit_did_not_happen() -> None:
    """Its version is tried again; if it is there all the same, that is told."""
    run = Run()
    run.edit(1, 0, 9, outcome=Outcome.FAIL, applied=False)
    run.edit(1, 10, 19)
    assert run.judged()[0] is Result.VALID
    run.edit(1, 20, 29, outcome=Outcome.FAIL)
    assert run.judged()[:2] == (Result.INVALID, {Flaw.FAILED})
    run.edit(1, 30, 39)
    assert run.judged()[:2] == (Result.INVALID, {Flaw.FAILED})


def test_lost_blind_edit_is_found_at_the_end() -> None:
    """A known edit wrote over it what it had read before."""
    run = Run()
    stale = run.content
    run.edit(1, 0, 9)
    run.edit(0, 1, 15, at=12, of=stale)
    assert run.judged()[:2] == (Result.INVALID, {Flaw.LOST})


def test_lost_blind_edit_is_found_by_its_worker() -> None:
    """It finds its line as it was before; also where the number is the same again at the end."""
    run = Run()
    stale = run.content
    run.edit(1, 0, 9)
    run.edit(0, 1, 15, at=12, of=stale)
    run.edit(1, 20, 29)
    assert run.judged()[:2] == (Result.INVALID, {Flaw.LOST})


def test_lost_known_edit_is_found() -> None:
    """A blind edit wrote over it; two known ones that read the same content are a fork, too."""
    run = Run()
    stale = run.content
    run.edit(0, 1, 15, at=12)
    run.edit(1, 0, 19, of=stale)
    assert run.judged()[:2] == (Result.INVALID, {Flaw.LOST})
    run.edit(2, 2, 25, at=21, of=stale)
    assert run.judged()[:2] == (Result.INVALID, {Flaw.LOST})


def test_mix_at_the_end_is_no_content() -> None:
    """Half of a blind edit is there."""
    run = Run()
    run.edit(1, 0, 9)
    assert run.judged(run.content[:-5])[:2] == (Result.INVALID, {Flaw.TORN})


def test_mix_that_a_reader_saw_is_none_of_theirs() -> None:
    """No order of the blind edits makes it."""
    run = Run()
    run.edit(1, 0, 9)
    run.read(5, 30, run.content[:-5])
    run.edit(3, 6, 29)
    assert run.judged()[:2] == (Result.INVALID, {Flaw.TORN})


def test_reader_who_saw_what_had_long_been_replaced_is_not_believed() -> None:
    """Blind or not, an edit that had returned is in what is read after it."""
    run = Run()
    run.edit(1, 0, 9)
    seen = run.content
    run.edit(3, 10, 19)
    run.read(30, 40, seen)
    assert run.judged()[0] is Result.INVALID


def test_too_many_orders_make_no_verdict(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where it would take too long nobody knows; but what is lost for certain is told all the same."""
    monkeypatch.setattr(blind, "_ALL_TRIES", 1)
    run = Run()
    stale = run.content
    run.edit(1, 0, 29)
    run.edit(3, 0, 29)
    run.edit(0, 0, 14, at=12)
    result, _, history = run.judged()
    assert result is Result.UNKNOWN
    assert all(op.written == NOTHING for op in history.operations if op.worker in BLIND)
    run.edit(0, 40, 54, at=52, of=stale)
    assert run.judged()[:2] == (Result.INVALID, {Flaw.LOST})


def test_history_without_blind_edits_is_left_alone() -> None:
    """There is nothing to fill in."""
    run = Run()
    run.edit(0, 0, 14, at=10)
    history = History(digest(FIRST), digest(run.content), run.operations)
    assert fill(history, FIRST, run.content, BLIND) == (history, (), None)


def test_shifting_versions_are_put_together() -> None:
    """Every other one is a pre-release."""
    lines = Lines(FIRST, shifting=True)
    content = lines.content({0: 1, 1: 2, 2: 11, 3: 0})
    assert b"worker00 v0.0.1-rc.1\n" in content
    assert b"worker01 v0.0.2\n" in content
    assert lines.versions_in(content) == {0: 1, 1: 2, 2: 11, 3: 0}
    assert lines.versions_in(content.replace(b"-rc.1", b"")) is None
    assert LINES.versions_in(content) is None


class Step(NamedTuple):
    """What one worker does next in the model."""

    worker: int
    what: str
    waited: int  # since it was called, at most
    after: int  # until it returns


_KILLED = ("killed before", "killed after")  # it wrote


@st.composite
def runs(draw: DrawFn, fault: str | None = None) -> Run:
    """A run of the model: one edit at a time is made, and calls overlap; a `fault` is planted in one of them.

    With a fault nobody is killed: what a killed edit had done may be undone, and then nothing is lost.
    """
    kinds = ["ok"] * 6 + ["refused", "read", *(() if fault else _KILLED)]
    times = st.integers(1, 60)
    step_of = st.builds(Step, st.integers(0, WORKERS - 1), st.sampled_from(kinds), times, times)
    steps = draw(st.lists(step_of, min_size=1, max_size=24))
    edits = [number for number, step in enumerate(steps) if step.what == "ok" and number]
    planted = draw(st.sampled_from(edits)) if fault and edits else None
    run, now, free = Run(), 0, dict.fromkeys(range(WORKERS + 1), 0)
    before = run.content  # as it was before the last edit that returned
    for number, step in enumerate(steps):
        who = WORKERS if step.what == "read" else step.worker
        now = max(now + 10, free[who] + 2)
        invoked, returned = max(free[who] + 1, now - step.waited) - 1, now + 1 + step.after
        free[who] = returned
        present = run.content
        if step.what == "read":
            run.read(invoked, returned)
        elif step.what == "ok":
            if number == planted and fault == "undone":
                run.edit(who, invoked, returned, at=now, applied=False)
                run.harmed = True
            else:
                stale = before if number == planted and fault == "stale" else None
                run.edit(who, invoked, returned, at=now, of=stale)
                run.harmed |= stale not in (None, present)
            before = present
        elif step.what == "refused" and who in BLIND:
            run.edit(who, invoked, returned, outcome=Outcome.FAIL, applied=False)
        else:
            run.edit(who, invoked, returned, at=now, outcome=Outcome.INFO, applied=step.what == "killed after")
    return run


def committed(run: Run) -> int:
    """How many edits returned."""
    return sum(op.kind is Kind.EDIT and op.outcome is Outcome.OK for op in run.operations)


@given(runs(), st.randoms())
def test_what_lost_nothing_is_valid(run: Run, chance: Random) -> None:
    """Whoever is blind, killed, or refused; in whatever order the records lie."""
    chance.shuffle(run.operations)
    result, flaws, history = run.judged()
    assert flaws == set()
    assert result is (Result.VALID if committed(run) else Result.UNKNOWN)
    if committed(run):
        assert all(op.written != NOTHING for op in history.operations if op.outcome is Outcome.OK and op.version)


@given(runs("undone"))
def test_edit_that_returned_and_is_not_there_is_found(run: Run) -> None:
    """Whosever it was; and only then."""
    assert (run.judged()[0] is Result.INVALID) == run.harmed


@given(runs("stale"))
def test_edit_of_a_stale_content_is_found(run: Run) -> None:
    """It wiped out what came between, be that blind or not; where nothing came between, it is one like any other."""
    assert (run.judged()[0] is Result.INVALID) == run.harmed
