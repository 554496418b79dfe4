"""The numbers, against plain definitions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from simulator.history import NOTHING, History, Outcome, Why
from simulator.stats import measure, quantiles

from .histories import content, edit, read, run_of, valid_histories

DURATIONS = st.lists(st.integers(0, 10**10), min_size=1, max_size=200)


@given(DURATIONS)
def test_quantiles_are_by_nearest_rank(durations: list[int]) -> None:
    """A quantile is the smallest duration that so large a share does not exceed."""
    made = quantiles(durations)
    for share, value in ((0.5, made.p50), (0.9, made.p90), (0.99, made.p99), (0.999, made.p999)):
        assert value in durations
        assert sum(d <= value for d in durations) >= share * len(durations)
        assert sum(d < value for d in durations) < share * len(durations)
    assert (made.max, made.number) == (max(durations), len(durations))


def test_quantiles_of_nothing_are_zero() -> None:
    """A run without an edit has numbers too."""
    assert quantiles([]) == (0, 0, 0, 0, 0, 0)


@given(valid_histories())
def test_buckets_hold_every_wait(history: History) -> None:
    """Each wait is in the one bucket whose bounds it lies between."""
    numbers = measure(history, 4)
    assert sum(bucket.number for bucket in numbers.waits) == numbers.wait.number
    waits = [op.locked_ns - op.invoked_ns for op in history.operations if op.outcome is Outcome.OK and op.locked_ns]
    for bucket in numbers.waits:
        assert bucket.number == sum(bucket.from_ns <= wait < bucket.to_ns for wait in waits)


def test_wait_hold_and_handoff_are_told_apart() -> None:
    """The wait ends with the lock, the hold with its release, and a hand-off is only to who was waiting."""
    first = edit(0, content(0), content(1), at=0)._replace(locked_ns=10, released_ns=40, returned_ns=45)
    waiting = edit(1, content(1), content(2), at=20)._replace(locked_ns=47, released_ns=50, returned_ns=51)
    late = edit(0, content(2), content(3), at=90)._replace(locked_ns=95, released_ns=99, returned_ns=100)
    numbers = measure(run_of(first, waiting, late, read(2, content(3), at=200)), 2)
    assert (numbers.wait.max, numbers.hold.max) == (27, 30)
    assert (numbers.handoff.number, numbers.handoff.max) == (1, 7)
    assert (numbers.read.number, numbers.read.max) == (1, 4)
    assert numbers.elapsed_ns == 100


def test_jain_index_tells_even_from_uneven() -> None:
    """It is 1 where all have as many edits, and one over the number of workers where one has all."""
    turns = [edit(n % 4, content(n), content(n + 1), at=10 * n, sequence=n) for n in range(8)]
    assert measure(run_of(*turns), 4).fairness.jain == 1.0
    alone = [edit(2, content(n), content(n + 1), at=10 * n, sequence=n) for n in range(8)]
    fairness = measure(run_of(*alone), 4).fairness
    assert (fairness.jain, fairness.fewest, fairness.most, fairness.again) == (0.25, 0, 8, 1.0)


def test_longest_wait_counts_who_went_by() -> None:
    """The longest wait is named with its worker and the edits that others made in that time."""
    turns = [edit(0, content(n), content(n + 1), at=10 * n, sequence=n) for n in range(5)]
    patient = edit(1, content(5), content(6), at=5)._replace(locked_ns=60, released_ns=61, returned_ns=62)
    fairness = measure(run_of(*turns, patient), 2).fairness
    assert (fairness.longest_wait_ns, fairness.longest_wait_worker, fairness.overtaken) == (55, 1, 4)


def test_wait_that_outlasts_the_run_counts() -> None:
    """An edit that has the lock only when the run is over has waited all the same; one that was killed is unknown."""
    turns = [edit(0, content(n), content(n + 1), at=10 * n, sequence=n) for n in range(5)]
    late = edit(1, NOTHING, NOTHING, at=2, outcome=Outcome.FAIL)._replace(
        locked_ns=70, released_ns=0, returned_ns=71, why=Why.OVER
    )
    killed = edit(2, NOTHING, NOTHING, at=0, outcome=Outcome.INFO)._replace(locked_ns=0)
    numbers = measure(run_of(*turns, late, killed, final=content(5)), 3)
    assert (numbers.fairness.longest_wait_worker, numbers.fairness.longest_wait_ns) == (1, 68)
    assert (numbers.wait.number, numbers.wait.max, numbers.hold.number) == (6, 68, 5)


def test_failed_edit_that_had_the_lock_is_no_gap() -> None:
    """The lock goes from one to the next, also where the next one fails; but when that one released, nobody knows."""
    first = edit(0, content(0), content(1), at=0)._replace(locked_ns=10, released_ns=40, returned_ns=45)
    failed = edit(1, content(1), NOTHING, at=20, outcome=Outcome.FAIL)
    failed = failed._replace(locked_ns=42, released_ns=80, returned_ns=81)
    last = edit(2, content(1), content(2), at=20)._replace(locked_ns=85, released_ns=90, returned_ns=91)
    handoff = measure(run_of(first, failed, last), 3).handoff
    assert (handoff.number, handoff.max) == (1, 2)


def test_rate_is_that_of_edits_though_readers_go_on() -> None:
    """Two edits in 14 ns, and a reader that ends a microsecond later."""
    edits = [edit(0, content(n), content(n + 1), at=10 * n, sequence=n) for n in range(2)]
    late = read(1, content(2), at=1000)
    numbers = measure(run_of(*edits, late, final=content(2)), 1)
    assert numbers.elapsed_ns == 14
    assert numbers.edits_per_s == 2 / 14e-9


def test_nobody_overtakes_himself() -> None:
    """In an open loop a worker's own earlier edits are made while a later one is due."""
    mine = [edit(0, content(n), content(n + 1), at=10 * n, sequence=n)._replace(due_ns=1) for n in range(4)]
    assert measure(run_of(*mine, final=content(4)), 1).fairness.overtaken == 0
