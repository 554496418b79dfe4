"""The wait for a lock that others have: whom for, how long, and who goes first.

    taken ──> do we hold it ourselves? ──> time left? ──> on_wait ──> turnstile ──> the kernel's queue ──> locked
                yes: WouldDeadlock          no: LockTimeout             │                  │
                                                                        └─ at the deadline, at Ctrl-C, or if it
                                                                           turns out that it would be for ever: out

A thread that wants nothing but the lock waits in the kernel itself. One that may have to leave, because it has a
deadline, or holds another lock and so may be part of a circle, sends a *stand-in*: a thread that waits in the kernel in
its place, while it waits, with a deadline, to be woken. Nothing in the kernel ends a wait for flock(2) but a signal,
which is not a library's to handle. On Windows, where a wait for the lock hears no Ctrl-C, everybody does so. A stand-in
that is no longer wanted gives back at once what it gets.

Who has a lock of the file already goes past the turnstile, as those who wait there may wait for that; and who has any
other lock waits there for a moment only. Nobody waits there for one who does not come: if nobody is in the kernel's
queue, whoever has the turnstile is stopped, or has left it to a child process. And a wait there ends in any case, as it
may be, by ways that no lock shows, for ourselves.
"""

from __future__ import annotations

from _thread import get_ident
from time import perf_counter_ns

from . import _held
from ._circle import Lookout
from ._held import askers, clashes, errands, locks_of, waits, wishes
from ._oslock import HEARS_SIGNALS, enter, has_turnstile, is_line, leave, lock, mark
from ._request import Request
from ._vigil import Vigil, is_had_after_all, is_had_at_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result

    from ._held import Wanted

__all__ = ["Request", "wait"]

_ALREADY = (
    "the same thread, or task, has this file locked already, and would wait for itself; "
    "give that lock back first, or do both in one edit"
)


def wait(fd: int, kind: int, status: stat_result, request: Request) -> None:
    """Return when the lock of this kind is held through `fd`, whose status it is.

    Raises `LockTimeout`, `WouldDeadlock`, and what `on_wait` or a signal handler raises.
    """
    asking = askers()
    ours = locks_of(asking)
    file = status.st_dev, status.st_ino
    other_kinds = [note[2] for _, note in ours if note[:2] == file]
    if any(clashes(kind, other) for other in other_kinds):
        raise request.would_deadlock(_ALREADY)
    if request.timeout == 0:
        if is_had_after_all(fd, file, kind):
            return
        raise request.expired(fd)
    if other_kinds and is_had_at_once(fd, kind):
        return  # who is inside already is not to wait for those who wait for that
    has_line = has_turnstile(fd, status.st_dev)
    waits[fd] = get_ident(), _nothing, file
    try:
        if has_line:
            mark(fd, kind)
        at_turnstile = has_line and not other_kinds and (is_line(fd) or not enter(fd, kind))
        is_told = request.tell(fd, kind)
        request.check_process()
        if not (is_told and not at_turnstile and is_had_at_once(fd, kind)):  # on_wait may have taken its time
            _wait_in_line(fd, (*file, kind), request, asking if ours else (), at_turnstile)
    finally:
        try:
            waits.pop(fd, None)
        finally:
            if has_line and request.process is _held.this_process:
                leave(fd)
    request.check_process()


def _wait_in_line(fd: int, wanted: Wanted, request: Request, who_hold: tuple[object, ...], at_turnstile: bool) -> None:
    """Wait, on behalf of those who hold other locks, if there are any."""
    is_plain = not (at_turnstile or who_hold or request.deadline_ns is not None or get_ident() in errands)
    if is_plain and HEARS_SIGNALS:
        lock(fd, wanted[2])
    elif not who_hold:
        Vigil(fd, wanted, request, None).run(at_turnstile)
    else:
        asking = who_hold[0]
        before = wishes.get(asking)  # of a wait under way, which a signal handler has interrupted
        try:
            wishes[asking] = fd, wanted[2], perf_counter_ns()
            Vigil(fd, wanted, request, Lookout(who_hold, fd, wanted[2])).run(at_turnstile)
        finally:
            if before is None:
                wishes.pop(asking, None)
            else:
                wishes[asking] = before


def _nothing() -> None:
    """What there is to wake where the kernel itself is waited in."""
