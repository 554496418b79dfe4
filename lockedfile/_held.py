"""What this process holds and waits for, and on whose behalf; and what a forked child makes of that.

A lock belongs to its *owner*: the thread that took it, or the errand that the thread was on, such as an operation of an
asyncio task. The notes on what is held are made and struck out without any lock of our own, as a signal handler may
raise between any two steps; so a note may be left of a file that is long closed, and is checked before it is believed.
"""

from __future__ import annotations

import os
from _thread import _local, get_ident
from os import close, fstat

from ._oslock import EXCLUSIVE, is_locked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol, TypeAlias

    class Bell(Protocol):
        """One that waits in the kernel, and rings when its turn has come."""

        is_back: bool

        def wear(self, name: str) -> None:
            """Let everybody see this name."""

        def ring(self, wake: Callable[[], None]) -> None:
            """Call `wake` then."""

        def hush(self, wake: Callable[[], None]) -> None:
            """Do not."""

    Note: TypeAlias = tuple[int, int, int, object]  # device, inode, kind of lock, owner
    # Its thread, 0 for one of ours; what wakes it; device and inode of the file.
    Waiter: TypeAlias = tuple[int, Callable[[], object], tuple[int, int]]
    Wanted: TypeAlias = tuple[int, int, int]  # device, inode, kind of lock
    Wish: TypeAlias = tuple[int, int, int]  # descriptor, kind of lock, since when

__all__ = [
    "GIVEN_BACK",
    "Cancelled",
    "Errand",
    "askers",
    "clashes",
    "current_task",
    "dismissed",
    "errands",
    "held",
    "locks_of",
    "owner",
    "this_process",
    "this_thread",
    "true_notes",
    "waits",
    "wishes",
]

this_process = object()
"""A token of this process; in a forked child it is another one."""

held: dict[int, Note] = {}
"""By descriptor, the locks that this process holds."""

GIVEN_BACK: Note = (-1, -1, 0, None)
"""What is noted of a lock that is about to be given back: to store that is no call, after which a handler may raise."""

waits: dict[int, Waiter] = {}
"""By descriptor, who waits on it; for a forked child to know."""

wishes: dict[object, Wish] = {}
"""By owner, what it waits for, if it holds something already."""

dismissed: dict[tuple[int, int, int, bool], Bell] = {}
"""By what they want, and whether at the turnstile, those that wait and are not wanted any more; the last of each."""

errands: dict[int, Errand] = {}
"""By thread, what it does for somebody else."""


current_task: Callable[[], object] | None = None
"""Tells which task runs in this thread, where there may be one; it may hold what is asked for here without `await`."""


class _Thread(_local):
    """This thread, as an owner: its number will be another's as soon as it has ended."""

    def __init__(self) -> None:
        self.owner = object()


this_thread = _Thread()


class Cancelled(BaseException):
    """The errand of this thread was cancelled while it waited for a lock."""


class Errand:
    """What a thread does on behalf of `owner`, who may cancel its waiting."""

    __slots__ = ("cancelled", "owner", "wake")

    def __init__(self, owner: object) -> None:
        self.owner = owner
        self.cancelled = False
        self.wake: Callable[[], object] | None = None

    def cancel(self) -> None:
        """End the wait of the errand's thread for a lock: the one under way, or the next one. From any thread."""
        self.cancelled = True
        wake = self.wake
        if wake is not None:
            wake()


def owner() -> object:
    """On whose behalf this thread acts."""
    errand = errands.get(get_ident())
    return this_thread.owner if errand is None else errand.owner


def askers() -> tuple[object, ...]:
    """The one on whose behalf this thread acts, and the task, if any, that runs in it."""
    task = current_task() if current_task is not None else None
    return (owner(),) if task is None else (owner(), task)


def locks_of(owners: tuple[object, ...]) -> list[tuple[int, Note]]:
    """What these hold, by descriptor."""
    return [(fd, note) for fd, note in true_notes() if note[3] in owners]


def true_notes() -> list[tuple[int, Note]]:
    """What anybody in this process holds, by descriptor; notes that are no longer true are struck out."""
    found = []
    for fd, note in list(held.items()):
        if _is_true(fd, note):
            found.append((fd, note))
        elif held.get(fd) is note:
            held.pop(fd, None)
    return found


def _is_true(fd: int, note: Note) -> bool:
    if note is GIVEN_BACK:
        return False  # not asked: one that waits may have the number by now, and to ask Windows of it would be to wait
    try:
        status = fstat(fd)
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == note[:2] and is_locked(fd)


def clashes(kind: int, other: int) -> bool:
    """Do two locks of these kinds exclude each other?"""
    return EXCLUSIVE in (kind, other)


def _after_fork() -> None:
    """The child holds nothing, and does not wait.

    Its copies of descriptors on which threads of its parent wait it closes: they would keep a lock that comes later.
    The wait of the thread that forked, in a signal handler, is left to that thread, which is woken to find itself here.
    """
    global this_process  # noqa: PLW0603 - a forked child is a new process, that is all
    this_process = object()
    held.clear()
    wishes.clear()
    dismissed.clear()
    errands.clear()
    under_way = dict(waits)
    waits.clear()
    for fd, (thread, wake, file) in under_way.items():
        if thread == get_ident():
            wake()
        else:
            try:
                status = fstat(fd)
                if (status.st_dev, status.st_ino) == file:  # or it is another one's by now
                    close(fd)
            except OSError:
                pass  # it was just being closed


if hasattr(os, "register_at_fork"):  # where there is fork
    os.register_at_fork(after_in_child=_after_fork)
