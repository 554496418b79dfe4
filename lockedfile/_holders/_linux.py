"""Linux: /proc/locks names who acquired a lock and who waits, and /proc/PID/fdinfo shows who has it.

In a pid namespace of its own the lines of those outside, and of locks that the dead acquired, are missing. If there is
none at all, only the lock itself can tell whether it is taken.

Source: fs/locks.c and fs/proc of Linux; proc_locks(5), proc_pid_fdinfo(5), pid_namespaces(7).
"""

from __future__ import annotations

import os
import sys

assert sys.platform == "linux"

from itertools import starmap

from .._oslock import EXCLUSIVE, UNLOCKED
from . import UNKNOWN, Holder
from ._having import having, heirs_of_hidden, lines_of, tried
from ._inode import Inode
from ._proc import flocks, listing
from ._process import Namespace, command, files, started
from ._queue import waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from . import Facts, Lock
    from ._having import Share

__all__ = ["facts", "has_lock", "held_by", "holders", "identity", "locks"]


def holders(path: str | bytes) -> list[Holder]:
    """Everybody; the lock is tried only where others could be hidden, and nobody shows."""
    for fd in starmap(os.open, ((path, os.O_PATH),)):  # in a loop: named before any handler runs
        try:
            inode, space = Inode(fd), Namespace()
        finally:
            os.close(fd)
    text = lines_of(inode)
    found = having(inode, text or "")
    shows_all = text is not None and space.sees_all and inode.is_certain
    if not found and not shows_all and inode.is_regular and (kind := tried(path)) != UNLOCKED:
        found = heirs_of_hidden(inode) or [(None, kind == EXCLUSIVE)]
    return _named(found, False, space) + _named(waiting(inode, text or "", space), True, space)


def held_by(fd: int, _path: str | bytes) -> list[Holder]:
    """Those that show."""
    inode, space = Inode(fd), Namespace()
    found = having(inode, lines_of(inode) or "")
    if not found and not space.sees_all:
        found = heirs_of_hidden(inode)
    return _named(found, False, space)


def identity(fd: int) -> tuple[str, int] | None:
    """Of files that the kernel names."""
    inode = Inode(fd)
    return (inode.device, inode.number) if inode.is_certain else None


def locks() -> list[Lock]:
    """Of the processes whose numbers are those of our namespace."""
    try:
        return flocks(listing()[0]) if Namespace().sees_us else []
    except OSError:
        return []


def _named(shares: Iterable[Share], waiting: bool, space: Namespace) -> list[Holder]:
    known: dict[int | None, Facts] = {None: (None, UNKNOWN, None)}
    found = []
    for pid, exclusive in shares:
        if pid is not None and pid not in known:
            known[pid] = facts(pid) if pid > 0 and space.sees_us else known[None]
        number, line, since = known[pid]
        found.append(Holder(number, line, "exclusive" if exclusive else "shared", waiting, since))
    return found


def has_lock(pid: int, file: tuple[str, int]) -> bool:
    name = f"{file[0]}:{file[1]}"
    try:
        return any(name in text and flocks(text, name) for _, text in files(pid))
    except OSError:  # it has ended, or we may not look
        return False


def facts(pid: int) -> Facts:
    """As far as we may look."""
    try:
        return pid, command(pid), started(pid)
    except OSError:  # it has ended meanwhile, or is hidden
        return pid, UNKNOWN, None
