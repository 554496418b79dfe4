"""Is a wait part of a circle, in which everybody waits for the next one, for ever?

The system tells which process holds and awaits which lock; of our own threads, and tasks, we know it ourselves. That is
a graph, and a circle in it is a path from one who holds what is wanted here to one who waits for what is held here.

Of another process it has to be certain that what it holds is held by the very thread that waits: another thread of it
would give the lock back in time. So it is where the process has but one thread; or where that thread says so, if it is
one of ours, by the *badge* of its stand-in: the name of the thread, which everybody can read. Whoever sees a circle
through itself puts the badge on.

What is seen has to be seen twice, as the system's list is not of one instant; and if several could raise, they do it
one after the other, so that one is enough: among processes the one of the highest number, among threads of one process
the one that began to wait last.
"""

from __future__ import annotations

from binascii import crc32
from os import getpid, listdir, readlink

from ._held import locks_of, true_notes, wishes
from ._holders import Holder, facts, has_lock, identity, locks, told
from ._oslock import EXCLUSIVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    from ._held import Bell
    from ._holders import Lock

    File: TypeAlias = tuple[str, int]  # device and inode, as the system's list of locks has them
    Link: TypeAlias = tuple[int, File, File, bool]  # a process, what it holds, what it waits for, exclusively?

__all__ = ["Lookout", "circle"]

_ENOUGH = 2  # looks that show a circle, for the one who is to raise
_MORE_THAN_ENOUGH = 4  # for the others

_OURSELVES = 0  # numbers of the owners in this process: 0, -1, -2, ...


def circle(locks: Sequence[Lock], wanted: File, exclusive: bool, mine: Mapping[File, bool]) -> list[Link]:
    """The shortest way from one that holds `wanted` to one that waits for what is `mine`; empty if there is none.

    `mine` says of each file that is held here whether exclusively. Who asks is not in `locks`.
    """
    ways: list[tuple[list[Link], File, bool]] = [([], wanted, exclusive)]
    seen: set[int] = set()
    for way, file, all_of_it in ways:  # which grows meanwhile
        for *has, pid, exclusively, waiting in locks:
            if waiting or tuple(has) != file or not (all_of_it or exclusively) or pid in seen:
                continue
            seen.add(pid)
            for device, inode, other, wish_exclusive, is_wish in locks:
                if is_wish and other == pid:
                    wish = device, inode
                    further = [*way, (pid, file, wish, wish_exclusive)]
                    if wish in mine and (wish_exclusive or mine[wish]):
                        return further
                    ways.append((further, wish, wish_exclusive))
    return []


class Lookout:
    """Looks for a circle through `owners`, the first of whom waits for a lock of this kind of the file `fd`."""

    __slots__ = ("_fd", "_is_worn", "_kind", "_numbers", "_owners", "_seen", "_times")

    def __init__(self, owners: tuple[object, ...], fd: int, kind: int) -> None:
        self._owners, self._fd, self._kind = owners, fd, kind
        self._seen: list[Link] = []
        self._times = 0
        self._is_worn = False
        self._numbers: dict[object, int] = {}

    def look(self, in_queue: Bell) -> bool:
        """Is there something that may be a circle? Then look again soon."""
        wanted = _file(self._fd)
        mine = {_file(fd): note[2] == EXCLUSIVE for fd, note in locks_of(self._owners)}
        seen = circle([*_others(), *self._own()], wanted, self._kind == EXCLUSIVE, mine)
        if not seen:
            self._seen, self._times = [], 0
            self.leave(in_queue)
            return False
        self._is_worn = True
        in_queue.wear(_badge(seen[-1][2], wanted))
        certain = all(_is_certain(link) for link in seen)
        self._times = self._times + 1 if certain and seen == self._seen else int(certain)
        self._seen = seen
        return True

    def leave(self, in_queue: Bell) -> None:
        """Take the badge off: nobody waits any more, or there is no circle."""
        if self._is_worn:
            in_queue.wear("waits")
            self._is_worn = False

    def found(self) -> list[Link]:
        """The circle, if there is one, and it is for us to raise."""
        return self._seen if self._times >= (_ENOUGH if self._is_first() else _MORE_THAN_ENOUGH) else []

    def told(self) -> tuple[str, tuple[Holder, ...]]:
        """The circle as a sentence, and its processes, ours first."""
        us = _waiting(getpid(), self._kind == EXCLUSIVE)
        others = [_waiting(pid if pid > _OURSELVES else getpid(), exclusive) for pid, _, _, exclusive in self._seen]
        here = f"pid {getpid()}"
        names = [f"another thread, or task, of {here}" if other[0] == us[0] else told([other]) for other in others]
        return (
            f"held by {', which waits for '.join(names)}, which waits for {self._name_of(self._seen[-1][2])}, which is "
            f"held here, by {here}: nobody would ever go on; give that back first, or lock all in one order",
            (us, *others),
        )

    def _name_of(self, file: File) -> str:
        """The path of a file that is held here, as far as the system tells."""
        for fd, _ in locks_of(self._owners):
            if _file(fd) == file:
                try:
                    return readlink(f"/proc/self/fd/{fd}")
                except OSError:
                    pass
        return "another file"

    def _is_first(self) -> bool:
        pids = [link[0] for link in self._seen if link[0] > _OURSELVES]
        if pids:
            return getpid() > max(pids)
        ours, others = wishes.get(self._owners[0]), {number: owner for owner, number in self._numbers.items()}
        wanted_since = [wishes.get(others.get(link[0])) for link in self._seen]
        return ours is not None and all(wish is None or ours[2] >= wish[2] for wish in wanted_since)

    def _own(self) -> Iterator[Lock]:
        """What the other owners in this process hold and want, as processes of their own."""
        numbers = self._numbers = {}
        for fd, (_, _, kind, owner) in true_notes():
            if owner not in self._owners:
                number = numbers.setdefault(owner, _OURSELVES - len(numbers))
                yield (*_file(fd), number, kind == EXCLUSIVE, False)
        for owner, (fd, kind, _) in list(wishes.items()):
            if owner in numbers:
                yield (*_file(fd), numbers[owner], kind == EXCLUSIVE, True)


def _file(fd: int) -> File:
    try:
        return identity(fd) or ("", fd)
    except OSError:  # it was closed just now
        return "", fd  # as no file is called


def _others() -> list[Lock]:
    us = getpid()
    return [lock for lock in locks() if lock[2] != us and lock[2] > 0]  # 0 is outside of our pid namespace


def _is_certain(link: Link) -> bool:
    """Is it one thread of that process that holds the one file and waits for the other?"""
    pid, has, wants, _ = link
    if pid <= _OURSELVES:
        return True
    if not has_lock(pid, has):
        return False  # another process has it now, or we may not look
    try:
        threads = listdir(f"/proc/{pid}/task")
        return len(threads) == 1 or any(_name(pid, thread) == _badge(has, wants) for thread in threads)
    except OSError:
        return False


def _badge(has: File, wants: File) -> str:
    """What the name of a thread has room for: 15 bytes."""
    return f"waits {crc32(repr((has, wants)).encode()):08x}"


def _waiting(pid: int, exclusive: bool) -> Holder:
    number, command, since = facts(pid)
    return Holder(number, command, "exclusive" if exclusive else "shared", True, since)


def _name(pid: int, thread: str) -> str:
    try:
        with open(f"/proc/{pid}/task/{thread}/comm", encoding="ascii", errors="replace") as name:
            return name.read().rstrip("\n")
    except OSError:
        return ""
