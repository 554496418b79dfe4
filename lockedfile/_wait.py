"""The wait for a lock that others have: whom for, how long, and who goes first.

    taken ──> do we hold it ourselves? ──> time left? ──> on_wait ──> turnstile ──> the kernel's queue ──> locked
                yes: WouldDeadlock          no: LockTimeout             │                  │
                                                                        └─ at the deadline, at Ctrl-C, or if it
                                                                           turns out that it would be for ever: out

A thread that wants nothing but the lock waits in the kernel itself. One that may have to leave, because it has a
deadline, or holds another lock and so may be part of a circle, sends a *stand-in*: a thread that waits in the kernel in
its place, while it waits, with a deadline, to be woken. Nothing in the kernel ends a wait for flock(2) but a signal,
which is not a library's to handle. A stand-in that is no longer wanted gives back at once what it gets.

Whoever holds a lock already goes past the turnstile: those who wait at it may wait for that very lock. And nobody waits
there for one who does not come: if nobody is in the kernel's queue, whoever has the turnstile is stopped, or gone home
without its child processes; and a wait there ends in any case, as it may be, by ways that no lock shows, for ourselves.
"""

from __future__ import annotations

from _thread import get_ident
from os import fsdecode
from time import monotonic_ns

from . import _held
from ._circle import Lookout
from ._held import clashes, errands, locks_of_asker, owner, waits, wishes
from ._oslock import enter, has_turnstile, leave, lock, mark
from ._request import Request
from ._vigil import Vigil, is_had_after_all, is_had_at_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from os import stat_result

__all__ = ["Request", "wait"]

_ALREADY = "the same thread, or task, has this file locked already, and would wait for itself; close it there first"


def wait(fd: int, kind: int, status: stat_result, request: Request) -> None:
    """Return when the lock of this kind is held through `fd`, whose status it is.

    Raises `LockTimeout`, `WouldDeadlock`, and what `on_wait` or a signal handler raises.
    """
    process, asking = _held.this_process, owner()
    ours = locks_of_asker()
    for _, (device, inode, other, _) in ours:
        if (device, inode) == (status.st_dev, status.st_ino) and clashes(kind, other):
            raise request.would_deadlock(_ALREADY)
    if request.timeout == 0:
        if is_had_after_all(fd, (status.st_dev, status.st_ino), kind):
            return
        raise request.expired(fd)
    if ours and is_had_at_once(fd, kind):
        return  # the turnstile is not for those who hold something
    has_line = has_turnstile(fd, status.st_dev)
    waits[fd] = get_ident(), _nothing
    try:
        if has_line:
            mark(fd, kind)
        at_turnstile = has_line and not ours and not enter(fd, kind)
        request.tell(fd, kind)
        if ours:
            wishes[asking] = fd, kind, monotonic_ns()
        if at_turnstile or ours or request.deadline_ns is not None or get_ident() in errands:
            wanted = status.st_dev, status.st_ino, kind
            Vigil(fd, wanted, request, Lookout(asking, fd, kind) if ours else None).run(at_turnstile)
        else:
            lock(fd, kind)
    finally:
        wishes.pop(asking, None)
        waits.pop(fd, None)
        if has_line and process is _held.this_process:
            leave(fd)
    if process is not _held.this_process:
        raise RuntimeError(f"{request.operation} {fsdecode(request.path)}: the wait was forked; it is the parent's")


def _nothing() -> None:
    """What there is to wake where the kernel itself is waited in."""
