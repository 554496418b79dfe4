"""The model: who gets the lock next, who gets a core, and what comes of it, against what is known by hand."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from simpy import Environment

from simulator.config import Config
from simulator.history import Kind
from simulator.model.cores import Cores, Thread
from simulator.model.crowd import course
from simulator.model.locks import Lock
from simulator.model.parameters import Parameters, Scenario
from simulator.model.queues import Queue
from simulator.stats import measure

if TYPE_CHECKING:
    from collections.abc import Generator

    from simpy import Event


def queue_of(*waiting: tuple[str, bool]) -> Queue[str]:
    """A lock that A holds, and who waits for it."""
    queue: Queue[str] = Queue()
    assert queue.try_lock("A", True)
    for who, exclusive in waiting:
        queue.wait(who, exclusive)
    return queue


def test_writers_are_woken_in_order_one_at_a_time() -> None:
    """Who came first is woken first, and the next one only when that one gives it back."""
    queue = queue_of(("B", True), ("C", True))
    assert queue.unlock("A") == ["B"]
    assert queue.try_lock("B", True)
    assert queue.unlock("B") == ["C"]


def test_whoever_releases_can_take_it_again_before_the_woken_one_runs() -> None:
    """Barging: who was woken finds it taken, and waits again, before those who were behind it."""
    queue = queue_of(("B", True), ("C", True))
    assert queue.unlock("A") == ["B"]
    assert queue.try_lock("A", True)
    assert not queue.try_lock("B", True)
    queue.wait("B", True)
    assert queue.unlock("A") == ["B"]


def test_who_was_woken_in_vain_is_behind_those_who_came_meanwhile() -> None:
    """They wait for the lock that is held now, and it comes to wait for that after them."""
    queue = queue_of(("B", True), ("C", True))
    queue.unlock("A")
    queue.try_lock("A", True)
    queue.wait("D", True)
    queue.wait("B", True)
    order = []
    holder = "A"
    while woken := queue.unlock(holder):
        holder = woken[0]
        assert queue.try_lock(holder, True)
        order.append(holder)
    assert order == ["D", "B", "C"]


def test_one_woken_in_vain_makes_all_behind_it_try() -> None:
    """Each of these tries costs a turn of a core."""
    queue = queue_of(("B", True), ("C", True), ("D", True))
    queue.unlock("A")
    queue.try_lock("A", True)
    queue.wait("B", True)
    assert queue.tries == 2


def test_readers_overtake_a_writer_who_waits() -> None:
    """A shared lock fits another one, whoever stands in the queue."""
    queue: Queue[str] = Queue()
    assert queue.try_lock("reader", False)
    queue.wait("writer", True)
    assert queue.try_lock("later reader", False)
    assert queue.unlock("reader") == []
    assert queue.unlock("later reader") == ["writer"]


def test_readers_are_woken_together() -> None:
    """Those behind a writer too, if a reader is first."""
    queue = queue_of(("r", False), ("w", True), ("s", False))
    assert queue.unlock("A") == ["r", "s"]
    assert queue.try_lock("r", False)
    assert queue.try_lock("s", False)
    assert len(queue) == 1


def test_nobody_in_the_queue_is_forgotten() -> None:
    """Whatever happens in between, everybody who waits has the lock in the end: many orders, by chance."""
    for seed in range(200):
        chance = random.Random(seed)
        queue: Queue[int] = Queue()
        to_come = [(who, chance.random() < 0.6) for who in range(8)]
        kinds = dict(to_come)
        woken: list[int] = []
        done: set[int] = set()
        while len(done) < len(kinds):
            moves = ["come"] * bool(to_come) + ["run"] * bool(woken) + ["release"] * bool(queue.holders)
            assert moves, f"seed {seed}: {len(queue)} wait, and nobody will wake them"
            match chance.choice(moves):
                case "come":
                    who, exclusive = to_come.pop()
                    if not queue.try_lock(who, exclusive):
                        queue.wait(who, exclusive)
                case "run":
                    who = woken.pop(chance.randrange(len(woken)))
                    if not queue.try_lock(who, kinds[who]):
                        queue.wait(who, kinds[who])
                case _:
                    who = chance.choice(list(queue.holders))
                    woken += queue.unlock(who)
                    done.add(who)


def test_model_time_has_the_same_barging() -> None:
    """On one core, who releases and asks again is still running when the woken one could be."""
    environment = Environment()
    cores = Cores(environment, 1, slice_s=10.0, wake_s=0.0, switch_s=0.0)
    lock, had = Lock(environment, cores), []

    def edit(name: str, times: int) -> Generator[Event, object, None]:
        thread = Thread(cores)
        yield from thread.wake()
        for _ in range(times):
            yield from lock.acquire(thread, True)
            had.append(name)
            yield from thread.spend(1.0)
            lock.release(thread)
        thread.rest()

    def late() -> Generator[Event, object, None]:
        yield environment.timeout(0.5)
        yield environment.process(edit("late", 1))

    for process in (edit("first", 3), late()):
        environment.process(process)
    environment.run()
    assert had == ["first", "first", "first", "late"]


def test_threads_share_a_core_slice_by_slice() -> None:
    """Two that want a core for 1 s each both end at about 2 s, and a second core ends both at 1 s."""
    for number, ends in ((1, (2.0, 2.0)), (2, (1.0, 1.0))):
        environment = Environment()
        cores = Cores(environment, number, slice_s=0.1, wake_s=0.0, switch_s=0.0)
        ended: list[float] = []

        def run(cores: Cores, ended: list[float]) -> Generator[Event, object, None]:
            thread = Thread(cores)
            yield from thread.wake()
            yield from thread.spend(1.0)
            thread.rest()
            ended.append(cores.environment.now)

        environment.process(run(cores, ended))
        environment.process(run(cores, ended))
        environment.run()
        assert ended == pytest.approx(ends, abs=0.101)  # a slice


BARE = Parameters(
    open_s=0.0,
    holds_s=(0.0,),
    close_s=0.0,
    loop_s=0.0,
    read_s=0.0,
    oversleep_s=0.0,
    doubling=0.0,
    per_byte_s=0.0,
    line_s=0.0,
    look_s=0.0,
    look_per_lock_s=0.0,
    walk_per_lock_s=0.0,
    wake_s=0.0,
    switch_s=0.0,
    slice_s=1.0,
)


def scenario(workers: int, *, think_ms: str, hold_ms: str, seconds: float, readers: int = 0) -> Scenario:
    """A load on a machine that has cores for everybody."""
    config = Config(workers, readers, seconds, None, hold_ms, think_ms, None, "lockedfile", seed=1)
    return Scenario(config, cores=100)


def test_lock_alone_is_the_machine_repair_model() -> None:
    """Exponential holds and thinks, and cores for all: the closed M/M/1 queue, whose throughput is known.

    With N workers, service rate m and think rate l: p0 = 1/sum(N!/(N-k)! (l/m)^k), and X = m (1 - p0).
    """
    workers, think_s, hold_s = 5, 0.010, 0.004
    ways = [1.0]
    for busy in range(workers):
        ways.append(ways[-1] * (workers - busy) * hold_s / think_s)
    known = (1 - 1 / sum(ways)) / hold_s
    history = course(scenario(workers, think_ms="exp:10", hold_ms="exp:4", seconds=25.0), BARE).history
    assert measure(history, workers).edits_per_s == pytest.approx(known, rel=0.04)


def test_one_worker_does_what_its_times_say() -> None:
    """Nobody to wait for: one edit each 5 ms."""
    history = course(scenario(1, think_ms="4", hold_ms="1", seconds=2.0), BARE).history
    assert measure(history, 1).edits_per_s == pytest.approx(200, rel=0.01)
    assert measure(history, 1).wait.max == 0


def test_same_seed_is_the_same_history() -> None:
    """Nothing in it depends on this machine."""
    load = scenario(4, think_ms="exp:1", hold_ms="exp:1", seconds=0.3, readers=2)
    assert course(load, BARE).history == course(load, BARE).history


def test_holders_never_overlap_in_the_model() -> None:
    """The model's lock is one: edits one after another, with readers in between."""
    load = scenario(6, think_ms="exp:1", hold_ms="exp:1", seconds=0.5, readers=3)
    operations = course(load, BARE).history.operations
    edits = sorted((op for op in operations if op.kind is Kind.EDIT), key=lambda op: (op.locked_ns, op.released_ns))
    assert all(a.released_ns <= b.locked_ns for a, b in pairwise(edits))
    assert any(op.kind is Kind.READ for op in operations)


def test_turnstile_lets_no_reader_starve_a_writer() -> None:
    """Readers who hold long and rest little: with the line a writer waits for some of them, without it for ever."""
    load = scenario(1, think_ms="exp:1", hold_ms="0", seconds=5.0, readers=8)
    slow = BARE._replace(read_s=0.010)
    longest = {
        has_line: measure(course(load._replace(has_line=has_line), slow).history, 1).wait.max
        for has_line in (True, False)
    }
    assert longest[True] < 0.1 * longest[False]


def test_course_ends_when_its_budget_is_used_up() -> None:
    """It tells how far it came, and what happened until then."""
    ticks = iter(range(1000))
    load = scenario(50, think_ms="exp:1", hold_ms="0", seconds=1000.0)
    ended = course(load, BARE, budget_s=2, clock=lambda: float(next(ticks)))
    assert 0 < ended.reached_s < 1000
    assert ended.history.operations
