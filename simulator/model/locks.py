"""A lock in model time: the kernel's queue, and the threads that stand in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cores import Thread
from .queues import Queue

if TYPE_CHECKING:
    from collections.abc import Generator

    from simpy import Environment, Event

    from .cores import Cores

__all__ = ["Lock"]


class Lock:
    """One lock that threads wait for in the kernel."""

    def __init__(self, environment: Environment, cores: Cores) -> None:
        self.queue: Queue[Thread] = Queue()
        self._environment, self._cores = environment, cores
        self._bells: dict[Thread, Event] = {}
        self._tried = 0

    def acquire(self, thread: Thread, exclusive: bool) -> Generator[Event, object, None]:
        """Have it, if not now then later; the thread has a core before and after."""
        while not self.queue.try_lock(thread, exclusive):
            bell = self._bells[thread] = self._environment.event()
            self.queue.wait(thread, exclusive)
            self._pay_tries()
            thread.rest()
            yield bell
            yield from thread.wake()
            yield from thread.spend(0.0)  # somebody may take it before this one runs

    def release(self, thread: Thread) -> None:
        """Give it back, and wake whom the kernel wakes."""
        for woken in self.queue.unlock(thread):
            self._bells.pop(woken).succeed()

    def entries(self) -> int:
        """How many lines it has in the kernel's list of locks."""
        return len(self.queue.holders) + len(self.queue)

    def _pay_tries(self) -> None:
        tries, self._tried = self.queue.tries - self._tried, self.queue.tries
        if tries:
            self._environment.process(self._try_in_vain(tries))

    def _try_in_vain(self, times: int) -> Generator[Event, object, None]:
        """One after the other: each wakes the next."""
        thread = Thread(self._cores)
        yield from thread.wake()
        yield from thread.spend(times * self._cores.switch_s)
        thread.rest()
