"""Kills and freezes by chance: when they come, whom they hit, and that nobody stays frozen."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, cast

from simulator.config import Config
from simulator.faults import Fate, Instants

if TYPE_CHECKING:
    from simulator.process import Process

CONFIG = Config(
    workers=4, readers=0, duration_s=5.0, edits=None, hold_ms="0", think_ms="exp:1", file=None, strategy="none", seed=7
)


class Dummy:
    """A process that is none, and notes what is done to it."""

    def __init__(self, *, at_work: bool = True) -> None:
        self.frozen, self.killed, self.was_frozen = False, False, 0
        self._at_work = at_work

    def at_work(self) -> bool:
        """Until it is killed, if it ever was."""
        return self._at_work and not self.killed

    def editing(self) -> bool:
        """Never: the blows that wait for an edit fall on anybody in the end."""
        return False

    def kill(self) -> None:
        """Note it."""
        self.killed = True

    def freeze(self) -> None:
        """Note it."""
        self.frozen = True
        self.was_frozen += 1

    def thaw(self) -> None:
        """Note it."""
        self.frozen = False


def crowd_of(dummies: list[Dummy]) -> list[Process]:
    """Pass them for processes."""
    return cast("list[Process]", dummies)


def instants(rate: float, seed: int, until_s: float) -> list[float]:
    """All that come until then, from 100 s on."""
    made, found = Instants(Random(seed), rate, begin_s=100.0), []
    while made.next_s <= until_s:
        found.append(made.next_s)
        assert made.due(made.next_s)
    assert not made.due(until_s)
    return found


def test_instants_come_at_their_rate_and_by_their_seed() -> None:
    """A thousand seconds of five a second are about five thousand, the same for the same seed; none of none."""
    found = instants(5.0, seed=1, until_s=1100.0)
    assert 4500 < len(found) < 5500
    assert found[0] > 100
    assert found == sorted(found) == instants(5.0, seed=1, until_s=1100.0) != instants(5.0, seed=2, until_s=1100.0)
    assert instants(0.0, seed=1, until_s=1e12) == []


def test_only_those_at_work_are_struck() -> None:
    """Who has ended, or was killed before, or is a spare, is left alone; and one blow kills one."""
    fate = Fate(CONFIG._replace(kill_rate=1000.0), Path(__file__), begin_s=time.monotonic() - 0.2)  # many are due
    idle, working = Dummy(at_work=False), [Dummy() for _ in range(3)]
    fate.strike(crowd_of([idle, *working]))
    assert not idle.killed
    assert all(dummy.killed for dummy in working)


def test_nobody_stays_frozen() -> None:
    """All who were frozen go on when the run is over, and nobody is frozen twice at a time."""
    fate = Fate(CONFIG._replace(stop_rate=1000.0), Path(__file__), begin_s=time.monotonic() - 0.2)
    dummies = [Dummy() for _ in range(3)]
    fate.strike(crowd_of(dummies))
    assert (fate.frozen, fate.freezes) == (3, 3)
    assert [dummy.was_frozen for dummy in dummies] == [1, 1, 1]
    fate.thaw()
    assert fate.frozen == 0
    assert not any(dummy.frozen for dummy in dummies)
