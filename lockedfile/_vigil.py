"""A wait that may end without the lock: at its deadline, at Ctrl-C, if it is cancelled, or if it would be for ever."""

from __future__ import annotations

from _thread import get_ident
from time import perf_counter_ns

from . import _held
from ._held import Cancelled, dismissed, errands, waits
from ._holders import identity, locks
from ._oslock import AT_ONCE, EXCLUSIVE, HEARS_SIGNALS, SHARED, enter, is_first_to_look, is_taken, lock
from ._stand_in import StandIn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._circle import Lookout
    from ._held import Bell, Wanted
    from ._request import Request

__all__ = ["Vigil", "is_had_after_all", "is_had_at_once"]

_SECOND_NS = 1_000_000_000

# When one who waits looks around: first, and at most so long after the last time, which is twice the time before.
_FIRST_LOOK_NS = _SECOND_NS // 10
_RAREST_LOOK_NS = 4 * _FIRST_LOOK_NS

# The longest wait at the turnstile. Readers who hold a lock for longer are overtaken by others past a writer who waits.
# Who holds another lock waits there for less: if whoever is ahead waits for that one, it is a delay, and no deadlock.
_LONGEST_TURN_NS = 5 * _SECOND_NS
_LONGEST_TURN_OF_HOLDERS_NS = _SECOND_NS // 20

# One of ours that has got a lock that is no longer wanted has given it back by then, or is kept from running.
_LONGEST_RETURN_NS = _SECOND_NS // 500


class Vigil:
    """Waits for the lock that is `wanted`, through the descriptor `fd`; with a lookout for circles, where one is."""

    __slots__ = ("_began_ns", "_errand", "_fd", "_longest_turn_ns", "_lookout", "_request", "_wanted")

    def __init__(self, fd: int, wanted: Wanted, request: Request, lookout: Lookout | None) -> None:
        self._fd, self._wanted, self._request, self._lookout = fd, wanted, request, lookout
        self._errand = errands.get(get_ident())
        self._longest_turn_ns = _LONGEST_TURN_OF_HOLDERS_NS if lookout else _LONGEST_TURN_NS
        self._began_ns = perf_counter_ns()

    def run(self, at_turnstile: bool) -> None:
        """Return when the lock is held."""
        kind = self._wanted[2]
        if self._is_only_for_the_turn():
            self._wait(self._stand_in(at_turnstile, only_there=True))
            if not self._is_moot():
                lock(self._fd, kind)
            return
        in_queue = dismissed.get((*self._wanted, False))
        at_turnstile = at_turnstile and in_queue is None  # one of ours has been through it
        earlier = dismissed.get((*self._wanted, at_turnstile))
        if earlier is not None:
            dreamer = self._stand_in(at_turnstile, only_there=True)  # which is never sent
            self._wait(dreamer, earlier)
            if self._is_moot():
                return
            if at_turnstile:
                at_turnstile = not (dreamer.is_back or enter(self._fd, kind))
            elif is_had_at_once(self._fd, kind):
                return
        self._wait(self._stand_in(at_turnstile))

    def _stand_in(self, at_turnstile: bool, only_there: bool = False) -> StandIn:
        return StandIn(self._wanted, self._request.process, at_turnstile, only_there)

    def _is_only_for_the_turn(self) -> bool:
        """Can the lock itself be waited for in this thread, in the kernel? That is quicker."""
        return HEARS_SIGNALS and self._may_be_endless()

    def _may_be_endless(self) -> bool:
        return self._lookout is None and self._errand is None and self._request.deadline_ns is None

    def _wait(self, stand_in: StandIn, earlier: Bell | None = None) -> None:
        """Until the stand-in comes back; or an `earlier` one, if there is one, and then this one is not sent."""
        errand = self._errand
        try:
            waits[self._fd] = get_ident(), stand_in.wake, self._wanted[:2]
            if errand:
                errand.wake = stand_in.wake
            if earlier:
                earlier.ring(stand_in.wake)
            else:
                self._send(stand_in)
            self._until_back(stand_in, earlier or stand_in)
            if errand and errand.cancelled:
                raise Cancelled
            if stand_in.error is not None:
                raise stand_in.error
        finally:
            try:
                if earlier:
                    earlier.hush(stand_in.wake)
                if self._lookout:
                    self._lookout.leave(earlier or stand_in)
            finally:
                stand_in.dismiss()  # if it is wanted still, something has been raised
                if errand:
                    errand.wake = None

    def _send(self, stand_in: StandIn) -> None:
        try:
            stand_in.send(self._fd)
        except RuntimeError as error:  # there are no more threads
            if not self._may_be_endless():
                raise self._request.no_thread() from error
            if HEARS_SIGNALS:
                stand_in.pass_by(self._fd)
            else:
                lock(self._fd, self._wanted[2])  # a Ctrl-C will have to wait
                stand_in.is_back = True

    def _pass_by(self, stand_in: StandIn) -> None:
        try:
            stand_in.pass_by(self._fd)
        except RuntimeError as error:
            raise self._request.no_thread() from error

    def _until_back(self, stand_in: StandIn, in_queue: Bell) -> None:
        deadline_ns = self._request.deadline_ns
        now_ns, pause_ns = perf_counter_ns(), min(_FIRST_LOOK_NS, self._longest_turn_ns)
        while not (
            self._is_moot() or in_queue.is_back or stand_in.is_back
        ):  # it is one of these that has woken us, if anything has
            looks = self._lookout is not None or stand_in.is_at_turnstile()
            if stand_in.wait(_earliest(deadline_ns, now_ns + pause_ns if looks else None)):
                continue
            now_ns = perf_counter_ns()
            if deadline_ns is not None and now_ns >= deadline_ns:
                self._give_up(stand_in)
                return
            pause_ns = min(2 * pause_ns, _RAREST_LOOK_NS)
            if stand_in.is_at_turnstile() and self._is_long_enough(now_ns):
                self._pass_by(stand_in)
            if self._lookout is not None and self._lookout.look(in_queue):
                pause_ns = _FIRST_LOOK_NS
                if self._lookout.found() and stand_in.dismiss():
                    raise self._request.would_deadlock(*self._lookout.told())

    def _is_moot(self) -> bool:
        """Is there nobody any more for whom to wait: the errand was cancelled, or this is a forked child?"""
        return _held.this_process is not self._request.process or bool(self._errand and self._errand.cancelled)

    def _give_up(self, stand_in: StandIn) -> None:
        """Raise `LockTimeout`, unless the lock has come in this moment."""
        if stand_in.dismiss():
            raise self._request.expired(self._fd)

    def _is_long_enough(self, now_ns: int) -> bool:
        """Has it been at the turnstile for long enough?"""
        if now_ns - self._began_ns >= self._longest_turn_ns:
            return True
        if not is_first_to_look(self._fd, now_ns):
            return False
        here = identity(self._fd)
        return not any(waiting and (device, inode) == here for device, inode, _, _, waiting in locks())


def is_had_at_once(fd: int, kind: int) -> bool:
    """Take the lock if it is free."""
    try:
        lock(fd, kind | AT_ONCE)
    except OSError as error:
        if not is_taken(error):
            raise
        return False
    return True


def is_had_after_all(fd: int, file: tuple[int, int], kind: int) -> bool:
    """Is it one of ours, no longer wanted, that has just got the lock, and gives it back? Then take it."""
    for other in (EXCLUSIVE, SHARED):
        bell = dismissed.get((*file, other, False))
        if bell is not None:
            dreamer = StandIn((*file, kind), _held.this_process, at_turnstile=False, only_there=True)
            bell.ring(dreamer.wake)
            dreamer.wait(perf_counter_ns() + _LONGEST_RETURN_NS)
            bell.hush(dreamer.wake)
    return is_had_at_once(fd, kind)


def _earliest(*times_ns: int | None) -> int | None:
    return min((time_ns for time_ns in times_ns if time_ns is not None), default=None)
