"""The line of those who wait for a lock of lockedfile: the turnstile, and the kernel's queue behind it.

    is it clear? ── yes, or it is our turn still ──> try ── had ──> locked
         │ no                                         │ taken
         └───────────────> mark <─────────────────────┘
                             │
     nobody else waits, and it is free: take it        somebody does: send a stand-in there, and look around
                             │                                              │ it is through, or we go past
                             └──────────> the kernel's queue <──────────────┘
                                                  │ locked: leave the turnstile

This is what lockedfile/_file.py (acquire), _wait.py, _vigil.py and _stand_in.py do, without deadlines and circles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cores import Thread
from .locks import Lock

if TYPE_CHECKING:
    from collections.abc import Generator

    from simpy import Environment, Event

    from .cores import Cores
    from .parameters import Parameters

__all__ = ["TURN_S", "Line", "Member"]

TURN_S = 0.002
"""For so long whoever has looked at the turnstile need not look again (lockedfile/_file.py)."""

_FIRST_LOOK_S = 0.1  # as in lockedfile/_vigil.py
_RAREST_LOOK_S = 0.4
_LATELY_S = 0.4  # one who looks is enough for all, for so long
_LONGEST_TURN_S = 5.0

# How what a wait costs is shared out. Only the sum can be measured from outside; see docs/predict.md.
_MARKING, _SENDING, _HOPPING, _LEAVING = 0.2, 0.5, 0.15, 0.15


class Member(Thread):
    """A worker's thread, as the line sees it."""

    __slots__ = ("looked_until_s",)

    def __init__(self, cores: Cores) -> None:
        super().__init__(cores)
        self.looked_until_s = -1.0


class _StandIn(Thread):
    """The thread that a member sends to the turnstile."""

    __slots__ = ("bell", "is_back", "is_passed_by")

    def __init__(self, cores: Cores, bell: Event) -> None:
        super().__init__(cores)
        self.is_back = self.is_passed_by = False
        self.bell = bell


class Line:
    """A lock with a turnstile, or without one; `growth` is how many times as much things cost as they cost one."""

    def __init__(
        self,
        environment: Environment,
        cores: Cores,
        parameters: Parameters,
        growth: float,
        *,
        has_turnstile: bool = True,
    ) -> None:
        self.flock, self.turnstile = Lock(environment, cores), Lock(environment, cores)
        self.looked = self.waited = 0
        """How many looks around there were, and how many waits."""
        self._environment, self._cores = environment, cores
        self._has_turnstile = has_turnstile
        self._line_s, self._look_s = parameters.line_s * growth, parameters.look_s * growth
        self._look_per_lock_s, self._walk_s = parameters.look_per_lock_s, parameters.walk_per_lock_s
        self._marks = 0
        self._looked_s = -_LATELY_S

    def acquire(self, member: Member, exclusive: bool) -> Generator[Event, object, None]:
        """Have the lock."""
        if not self._has_turnstile:
            yield from self.flock.acquire(member, exclusive)
            return
        now_s = self._environment.now
        if now_s > member.looked_until_s:
            if self._marks:
                yield from member.spend(self._marks * self._walk_s)
            if self.turnstile.queue.is_clear(exclusive):
                member.looked_until_s = now_s + TURN_S
            else:
                yield from self._wait(member, exclusive)
                return
        if not self.flock.queue.try_lock(member, exclusive):
            yield from self._wait(member, exclusive)

    def release(self, member: Member) -> None:
        """Give it back."""
        self.flock.release(member)

    def _wait(self, member: Member, exclusive: bool) -> Generator[Event, object, None]:
        self.waited += 1
        yield from member.spend(self._line_s * _MARKING + 2 * self._walk_s * self._marks)
        self._marks += 1
        place: Thread | None = None
        if self._marks > 1 or not self.turnstile.queue.try_lock(member, exclusive):
            yield from member.spend(self._line_s * _SENDING)
            place = yield from self._turn(member, exclusive)
        else:
            place = member
        yield from self.flock.acquire(member, exclusive)
        yield from member.spend(self._line_s * _LEAVING + self._walk_s * self._marks)
        self._marks -= 1
        if place is not None:
            self.turnstile.release(place)
        member.looked_until_s = self._environment.now + TURN_S

    def _turn(self, member: Member, exclusive: bool) -> Generator[Event, object, Thread | None]:
        """Wait for the turn at the turnstile: who has it then, or None if one went past."""
        began_s, pause_s = self._environment.now, _FIRST_LOOK_S
        stand_in = _StandIn(self._cores, self._environment.event())
        self._environment.process(self._stand(stand_in, exclusive))
        while not stand_in.is_back:
            member.rest()
            yield self._bell(stand_in, pause_s)
            yield from member.wake()
            if stand_in.is_back:
                break
            long_enough = self._environment.now - began_s >= _LONGEST_TURN_S or (yield from self._is_moot(member))
            pause_s = min(2 * pause_s, _RAREST_LOOK_S)
            if long_enough and not stand_in.is_back:
                stand_in.is_passed_by = True
                return None
        return stand_in

    def _bell(self, stand_in: _StandIn, pause_s: float) -> Event:
        """What rings when the stand-in is back, or when it is time to look around."""
        bell = stand_in.bell = self._environment.event()
        self._environment.timeout(pause_s).callbacks.append(lambda _: _ring(bell))
        return bell

    def _is_moot(self, member: Member) -> Generator[Event, object, bool]:
        """Look around, unless somebody has done so lately: is nobody in the kernel's queue?"""
        now_s = self._environment.now
        yield from member.spend(self._look_s + self._walk_s * self._marks)
        if now_s < self._looked_s + _LATELY_S:
            return False
        self._looked_s = now_s
        self.looked += 1
        locks = self.flock.entries() + self.turnstile.entries() + self._marks
        yield from member.spend(locks * self._look_per_lock_s)
        return not len(self.flock.queue)

    def _stand(self, stand_in: _StandIn, exclusive: bool) -> Generator[Event, object, None]:
        yield from stand_in.wake()
        yield from self.turnstile.acquire(stand_in, exclusive)
        yield from stand_in.spend(self._line_s * _HOPPING)
        if stand_in.is_passed_by:
            self.turnstile.release(stand_in)
        else:
            stand_in.is_back = True
            _ring(stand_in.bell)
        stand_in.rest()


def _ring(bell: Event) -> None:
    if not bell.triggered:
        bell.succeed()
