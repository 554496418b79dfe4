"""Who runs: a few cores, and one queue of all who could run and do not.

A thread that wakes up goes to a core that is idle, which takes a moment to wake up itself, or into the queue. First in
it is whose clock is most behind: each thread has one, which goes while the thread runs, and is set right by sleeping.
So those who run a little and often go before those who always could run. A thread that has just been started begins
half of a slice ahead. One that has run for a slice makes room, if somebody else is there.

That is what the scheduler of Linux comes to (kernel/sched/fair.c) where all threads have the same weight. That it has a
queue for each core, and moves threads between them, is left out.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from simpy import Environment, Event

__all__ = ["Cores", "Thread"]


class Cores:
    """The cores of a machine."""

    def __init__(
        self, environment: Environment, number: int, *, slice_s: float, wake_s: float, switch_s: float
    ) -> None:
        self.environment, self.number = environment, number
        self.slice_s, self.wake_s, self.switch_s = slice_s, wake_s, switch_s
        self.used_s = 0.0
        """What all cores have worked, together."""
        self._idle = number
        self.clock_s = 0.0
        """The mean of all clocks that go, or could: what a thread's is set to when it wakes."""
        self._number = count()
        self._queue: list[tuple[float, int, Event]] = []

    def __len__(self) -> int:
        """How many could run, and have no core."""
        return len(self._queue)

    def have(self, clock_s: float) -> Generator[Event, object, float]:
        """Wait for a core, with that on the clock; how long it takes to get going on it."""
        if self._idle:
            self._idle -= 1
            return self.wake_s
        turn = self.environment.event()
        heappush(self._queue, (clock_s, next(self._number), turn))
        yield turn
        return self.switch_s

    def give(self) -> None:
        """A core is not needed any more: whoever is next has it."""
        if self._queue:
            heappop(self._queue)[2].succeed()
        else:
            self._idle += 1


class Thread:
    """One that needs a core now and then: `wake` to `rest`, and in between `spend`."""

    __slots__ = ("_clock_s", "_cores", "_is_new", "_left_s", "_owed_s")

    def __init__(self, cores: Cores) -> None:
        self._cores = cores
        self._owed_s = self._left_s = self._clock_s = 0.0
        self._is_new = True

    def wake(self) -> Generator[Event, object, None]:
        """Get a core."""
        cores = self._cores
        self._clock_s = cores.clock_s - (cores.slice_s / 2 if self._is_new else 0)
        self._is_new = False
        self._owed_s = yield from cores.have(self._clock_s)
        self._left_s = cores.slice_s

    def spend(self, seconds: float) -> Generator[Event, object, None]:
        """Run for so long, which may take longer."""
        cores = self._cores
        seconds += self._owed_s
        cores.used_s += seconds
        self._clock_s += seconds
        cores.clock_s += seconds / (cores.number + len(cores))
        while seconds > self._left_s:
            yield cores.environment.timeout(self._left_s)
            seconds -= self._left_s
            self._left_s = cores.slice_s
            if len(cores):
                cores.give()
                seconds += yield from cores.have(self._clock_s)
                cores.used_s += cores.switch_s
        self._left_s -= seconds
        self._owed_s = 0.0
        yield cores.environment.timeout(seconds)

    def rest(self) -> None:
        """Have no use for a core until the next `wake`."""
        self._cores.give()
