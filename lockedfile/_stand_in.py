"""A thread that waits in the kernel in the place of another one, which can so stop waiting.

Nothing in the kernel ends a wait for flock(2) but a signal, and signals are not a library's to handle; and nothing at
all, on Windows, makes one that waits for LockFileEx hear a Ctrl-C. So the one who may have to leave waits, with a
deadline, to be woken, and its stand-in waits for the lock. Both have a descriptor of their own of one open file: so
neither can close the number that the other is about to use, and the lock is for both. While the stand-in waits nobody
else may do anything with that open file: Windows lets only one call in at a time.

One that was dismissed is called back, where there is a way. Where there is none it stands in the queue until its turn
comes. So that those who try again and again do not leave a crowd there, the next one of this process who wants the same
lock waits for the turn of that one, and tries for the lock then, before it sends another.

Two questions are decided by who is first to take a lock that is never given back: whether a lock that comes is wanted
still, or given back at once; and whether the stand-in goes through the turnstile or another one past it.
"""

from __future__ import annotations

import os
from _thread import allocate_lock, get_native_id, start_new_thread
from itertools import starmap
from os import close
from time import perf_counter_ns

from . import _held
from ._held import dismissed, waits
from ._holders import left_name
from ._oslock import UNLOCKED, Event, call_back, ignore_signals, leave, lock, stand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._held import Wanted

__all__ = ["StandIn"]

# One that was called back is there at once; one that was not found in its wait may be about to begin it. The latter is
# also what a system says that has the call and cannot do it.
_LONGEST_WAY_BACK_S = 0.2
_WAY_THERE_S = 0.001
_MOST_CALLS = 5


class StandIn:
    """One that waits for the lock that is `wanted`, once it is sent; or only for its turn at the turnstile."""

    __slots__ = (
        "_awaken",
        "_for",
        "_is_dismissed",
        "_is_sent",
        "_is_wanted",
        "_only_there",
        "_process",
        "_rung",
        "_turn",
        "error",
        "is_back",
        "thread",
    )

    def __init__(self, wanted: Wanted, process: object, at_turnstile: bool, only_there: bool) -> None:
        self._for = wanted
        self._process = process
        self._only_there = only_there
        self._is_dismissed = False
        self._is_sent = False
        self._is_wanted = allocate_lock()
        self._turn = allocate_lock()
        if not at_turnstile:
            self._turn.acquire()
        self._awaken = Event()
        self._rung: list[Callable[[], None]] = []
        self.is_back = False
        self.error: BaseException | None = None
        self.thread = 0
        """The system's number of the thread, once it is in the kernel's queue."""

    def send(self, fd: int) -> None:
        """Let it wait for the lock of the open file `fd`."""
        self._send(fd, self.is_at_turnstile())

    def _send(self, fd: int, at_turnstile: bool) -> None:
        number = 0
        for own in starmap(os.dup, ((fd,),)):  # in loops: what they draw has its name before any signal handler runs
            waits[own] = 0, self.wake, self._for[:2]
            try:
                for number in starmap(start_new_thread, ((self._stand, (own, at_turnstile)),)):
                    self._is_sent = number != 0
            finally:
                if not number:
                    waits.pop(own, None)
                    close(own)

    def is_at_turnstile(self) -> bool:
        """Does it stand there, or is it about to?"""
        return not self._turn.locked()

    def pass_by(self, fd: int) -> None:
        """Go past the turnstile, if it still stands there."""
        if self._turn.acquire(blocking=False):
            if self._only_there:
                self.is_back = True
            else:
                self._send(fd, at_turnstile=False)

    def wait(self, until_ns: int | None) -> bool:
        """Wait to be woken: by the lock, an error, or `wake`. False if that did not come in time."""
        return self._awaken.wait(None if until_ns is None else max(0, until_ns - perf_counter_ns()) / 1e9)

    def wake(self) -> None:
        """Wake who waits, whether the lock is there or not."""
        self._awaken.set()

    def dismiss(self) -> bool:
        """The lock is not wanted any more. False if it has come, or this has been said before.

        If it cannot be called back it stays where it is, for the next one who wants the same lock.
        """
        place = *self._for, self.is_at_turnstile()
        self._is_dismissed = True
        self._turn.acquire(blocking=False)
        if not self._is_wanted.acquire(blocking=False):
            return False
        if self._is_sent and not self.is_back and _held.this_process is self._process:
            self.wear(left_name(self._for[1]))
            dismissed[place] = self
            self._call_back()
            if self.is_back:
                dismissed.pop(place, None)
        return True

    def _call_back(self) -> None:
        for _ in range(_MOST_CALLS):
            if self.is_back:
                return
            called = call_back(self.thread)
            if called is None:
                return
            self._awaken.wait(_LONGEST_WAY_BACK_S if called else _WAY_THERE_S)

    def wear(self, name: str) -> None:
        """Give its thread a name that everybody can read, of at most 15 letters, where threads have such names."""
        try:
            with open(f"/proc/self/task/{self.thread}/comm", "w", encoding="ascii") as comm:
                comm.write(name)
        except OSError:
            pass

    def ring(self, wake: Callable[[], None]) -> None:
        """Call `wake` when this one, dismissed, comes back, or now if it has."""
        self._rung.append(wake)
        if self.is_back:
            wake()

    def hush(self, wake: Callable[[], None]) -> None:
        """Do not call `wake` any more."""
        if wake in self._rung:
            self._rung.remove(wake)

    def _stand(self, fd: int, at_turnstile: bool) -> None:
        is_passed_by = False
        try:
            ignore_signals()
            if _held.this_process is not self._process:
                return  # the open file is a parent's, whose lock it would be to take and to give back
            if at_turnstile and not self._gets_through(fd):
                is_passed_by = not self._is_dismissed
                return
            self.thread = get_native_id()
            if self._is_dismissed:
                return  # before its wait began, in which nobody might find it to call it back
            if not self._only_there:
                lock(fd, self._for[2])
                if not self._is_wanted.acquire(blocking=False):
                    lock(fd, UNLOCKED)  # not by closing alone: a child forked meanwhile would keep it
        except BaseException as error:  # noqa: BLE001 - for whoever waits for us to raise
            self.error = error
        finally:
            waits.pop(fd, None)
            close(fd)
            if not is_passed_by:  # by another one, which will come back
                self._come_back()

    def _gets_through(self, fd: int) -> bool:
        try:
            stand(fd, self._for[2])
        except OSError:
            return self._turn.acquire(blocking=False)  # without: it is for the good of others only
        if self._turn.acquire(blocking=False):
            return True
        leave(fd)
        return False

    def _come_back(self) -> None:
        self.is_back = True
        self.wake()
        for place, one in list(dismissed.items()):
            if one is self:
                dismissed.pop(place, None)
        for wake in list(self._rung):
            wake()
