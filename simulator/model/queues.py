"""Who gets a lock next, as the Linux kernel decides it, for flock(2) and for locks of bytes alike. Pure.

    held ── release ──> free: who is first in the queue is woken, and is now on its way, to try again
                          │
                          ├── nobody else came: it has the lock, and those behind it wait for it
                          └── somebody took it meanwhile (barging): it waits again, behind those who have begun to
                              wait for that one, and before those who were behind it

- Nobody who comes asks for the queue: a lock that fits those who hold it is had at once. So whoever releases can take
  it again before the one who was woken has run, and readers go past a writer who waits.
- Writers are woken one at a time; readers all together, if one of them is first.
- One who has to wait again wakes the one behind it, as that one may be able to have what it can not; and so on to the
  end of the queue. `Queue.tries` counts these tries, as each of them costs a turn of a core.

Source: fs/locks.c of Linux (flock_lock_inode_wait, __locks_insert_block, locks_wake_up_blocks); the behaviour was
measured too, and docs/predict.md says how.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["Queue"]

W = TypeVar("W", bound=Hashable)


class Queue(Generic[W]):
    """One lock, who has it, and who waits for it."""

    def __init__(self) -> None:
        self.holders: dict[W, bool] = {}
        """Who has it, and whether exclusively."""
        self.tries = 0
        """How often somebody in the queue was woken only to wait again, without having been first."""
        self._waiting: deque[tuple[W, bool]] = deque()
        self._fresh: deque[tuple[W, bool]] = deque()  # who came while somebody was on the way
        self._on_the_way: set[W] = set()

    def __len__(self) -> int:
        """How many wait; those who are on the way wait no more."""
        return len(self._waiting) + len(self._fresh)

    def is_clear(self, exclusive: bool) -> bool:
        """Would a lock of that kind be had now?"""
        return not self.holders or not (exclusive or any(self.holders.values()))

    def try_lock(self, who: W, exclusive: bool) -> bool:
        """Take it, if that can be done at once, whoever waits."""
        if not self.is_clear(exclusive):
            return False
        self.holders[who] = exclusive
        if who in self._on_the_way:
            self._arrive(who)
        return True

    def wait(self, who: W, exclusive: bool) -> None:
        """Stand in the queue: at its end, or, who was woken in vain, before those who were behind it."""
        if who in self._on_the_way:
            self._arrive(who, again=(who, exclusive))
        else:
            (self._fresh if self._on_the_way else self._waiting).append((who, exclusive))

    def unlock(self, who: W) -> list[W]:
        """Give it back: who is woken by that."""
        del self.holders[who]
        queue = self._fresh if self._on_the_way else self._waiting
        if not queue or not self.is_clear(queue[0][1]):
            return []
        if queue[0][1]:
            woken = [queue.popleft()[0]]
        else:
            woken = [one for one, exclusive in queue if not exclusive]
            writers = [each for each in queue if each[1]]
            queue.clear()
            queue.extend(writers)
        self._on_the_way.update(woken)
        return woken

    def _arrive(self, who: W, again: tuple[W, bool] | None = None) -> None:
        self._on_the_way.discard(who)
        if again:
            self._fresh.append(again)
            self.tries += len(self._waiting)
        if not self._on_the_way:
            self._fresh.extend(self._waiting)
            self._waiting, self._fresh = self._fresh, deque()
