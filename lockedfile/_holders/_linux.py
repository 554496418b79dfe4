"""Linux: /proc/locks names who acquired a lock, and who waits; /proc/PID/fdinfo shows who really has it.

    the lines of the file ──> has he who acquired it the file open, and locked? ──> he holds it
                                  no, or he has ended
                                    ├──> is the line gone by now? it was true when it was read
                                    └──> has anybody? a forked child, or several, hold it; nobody: unknown

Of those whose open files we may not see, the line stands. In a pid namespace of its own the lines of those outside, and
those of the dead, are missing: if there is none, only the lock itself can tell.

Source: fs/locks.c and fs/proc of Linux; proc_locks(5), proc_pid_fdinfo(5), pid_namespaces(7).
"""

from __future__ import annotations

import os
import sys

assert sys.platform == "linux"

from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from itertools import starmap
from stat import S_ISREG

from .._oslock import OPEN_FLAGS, waiter
from . import UNKNOWN, Holder
from ._inode import Inode
from ._proc import field, flocks, listing, marks
from ._process import GONE, Namespace, command, files, is_hidden, is_there, pids, process_of, started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from . import Facts, Lock

    # A process, and is the lock exclusive? Of a lock, the process is the one that acquired it.
    Claim: TypeAlias = tuple[int, bool]
    Share: TypeAlias = tuple[int | None, bool]  # the same, of those that have the lock; None is unknown

__all__ = ["facts", "held_by", "holders", "identity", "locks"]

# In a list that is not of one instant, a lock may be missing; so often a list that has none of the file is read again.
_MOST_LISTINGS = 3


def holders(path: str | bytes) -> list[Holder]:
    """Everybody; the lock is tried only where others could be hidden, and nobody shows."""
    for fd in starmap(os.open, ((path, os.O_PATH),)):  # in a loop: named before any handler runs
        try:
            inode, space = Inode(fd), Namespace()
            regular = S_ISREG(os.fstat(fd).st_mode)
        finally:
            os.close(fd)
    text = _listing(inode)
    holding = _holding(inode, text)
    if not holding and regular and not (space.sees_all and inode.is_certain) and (kind := _tried(path)):
        holding = _heirs_of_hidden(inode) or [(None, kind == LOCK_EX)]
    return _named(holding, False, space) + _named(_waiting(inode, text, space), True, space)


def held_by(fd: int, _path: str | bytes) -> list[Holder]:
    """Those that show."""
    inode, space = Inode(fd), Namespace()
    holding = _holding(inode, _listing(inode))
    if not holding and not space.sees_all:
        holding = _heirs_of_hidden(inode)
    return _named(holding, False, space)


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


def _listing(inode: Inode) -> str:
    text = ""
    for _ in range(_MOST_LISTINGS):
        try:
            text, of_one_instant = listing()
        except OSError:
            return ""  # there is no /proc, or it is not for us
        if of_one_instant or inode.name in text:
            break
    return text


def _holding(inode: Inode, text: str) -> list[Share]:
    found: dict[Claim, list[int | None]] = {}
    doubtful: dict[Claim, bool] = {}  # those whose process does not have the lock; could it have had it just now?
    claims = _claims(inode, text)
    for claim, count in claims.items():
        pid = claim[0]
        found[claim] = []
        try:
            ours = _locked(inode, pid).get(claim)
        except GONE:
            if is_hidden(pid):
                found[claim] = [pid] * count
            else:
                doubtful[claim] = False
        except OSError:
            found[claim] = [pid] * count
        else:
            if ours is None:
                doubtful[claim] = True
            else:
                found[claim] = [pid] * min(count, sum(ours))

    def drop_released() -> None:
        now = _claims(inode, _listing(inode)) if doubtful else {}
        for claim in doubtful.keys() - now.keys():
            if doubtful.pop(claim):
                found[claim] = [claim[0]] * claims[claim]

    drop_released()
    if doubtful:
        heirs = _heirs(inode)
        for claim in doubtful.keys() & heirs.keys():
            del doubtful[claim]
            found[claim] = [*heirs[claim]]
        drop_released()
        for claim in doubtful:
            found[claim] = [None] * claims[claim]
    return [(pid, exclusive) for (_, exclusive), pids in found.items() for pid in pids]


def _claims(inode: Inode, text: str) -> dict[Claim, int]:
    """Who acquired a lock of the file, or its twin, and how many; in the order of the list."""
    claims: dict[Claim, int] = {}
    for _, _, pid, exclusive, waiting in flocks(text, inode.name):
        if not waiting:
            claims[pid, exclusive] = claims.get((pid, exclusive), 0) + 1
    return claims


def _locked(inode: Inode, pid: int) -> dict[Claim, list[bool]]:
    """By who acquired them, the locks of the file or its twin that a process has: is it the file itself?"""
    found: dict[Claim, list[bool]] = {}
    for place, text in files(pid):
        if inode.name in text:
            for _, _, acquirer, exclusive, _ in flocks(text, inode.name):
                found.setdefault((acquirer, exclusive), []).append(inode.is_at(place))
    return found


def _heirs(inode: Inode) -> dict[Claim, list[int]]:
    """By who acquired it, the processes that have a lock of the file; nobody, of one that is its twin's."""
    heirs: dict[Claim, list[int]] = {}
    for pid in pids():
        try:
            locked = _locked(inode, pid)
        except OSError:
            continue  # it has ended, or we may not look
        for claim, ours in locked.items():
            heirs.setdefault(claim, []).extend([pid] if any(ours) else [])
    return heirs


def _heirs_of_hidden(inode: Inode) -> list[Share]:
    """Those that show, and have a lock of the file that was acquired by one who does not."""
    return [(pid, exclusive) for (_, exclusive), pids in _heirs(inode).items() for pid in pids]


def _tried(path: str | bytes) -> int:
    """The kind of lock that others have; 0 if they have none, or if it cannot be tried."""
    try:
        for fd in starmap(os.open, ((path, os.O_RDONLY | OPEN_FLAGS),)):
            taken = LOCK_EX
            try:
                flock(fd, LOCK_SH | LOCK_NB)  # first, as it does not keep readers out
                taken = LOCK_SH
                flock(fd, LOCK_EX | LOCK_NB)
            except BlockingIOError:
                return taken
            finally:
                os.close(fd)
    except OSError:  # not for us to read; or no such locks here
        pass
    return 0


def _waiting(inode: Inode, text: str, space: Namespace) -> list[Share]:
    queued: list[Share] = [
        (pid, exclusive)
        for _, _, pid, exclusive, waiting in flocks(text, inode.name)
        if waiting and _may_have_open(inode, pid)
    ]
    # One that has a mark may be in the kernel's queue as well.
    rest = queued.copy()
    for place in marks(text, inode.name):
        share = _marked(inode, place, space)
        if share is not None:
            if share in rest:
                rest.remove(share)
            else:
                queued.append(share)
    return queued


def _marked(inode: Inode, place: int, space: Namespace) -> Share | None:
    mark = waiter(place)
    if mark is None:
        return None
    tid, namespace, exclusive = mark
    if namespace != space.number:
        return None, exclusive
    if not is_there(tid):
        return None
    try:
        pid = process_of(tid) if space.sees_us else None
    except OSError:
        pid = None  # hidden
    return (pid, exclusive) if pid is None or _may_have_open(inode, pid) else None


def _may_have_open(inode: Inode, pid: int) -> bool:
    """Does the process have the file itself open, or may we not look? Where no file has a twin, it does."""
    if not inode.has_twins:
        return True
    try:
        return any(field(text, "ino") == str(inode.number) and inode.is_at(place) for place, text in files(pid))
    except GONE:
        return False
    except OSError:
        return True


def _named(shares: Iterable[Share], waiting: bool, space: Namespace) -> list[Holder]:
    known: dict[int | None, Facts] = {None: (None, UNKNOWN, None)}
    found = []
    for pid, exclusive in shares:
        if pid is not None and pid not in known:
            known[pid] = facts(pid) if pid > 0 and space.sees_us else known[None]
        number, line, since = known[pid]
        found.append(Holder(number, line, "exclusive" if exclusive else "shared", waiting, since))
    return found


def facts(pid: int) -> Facts:
    try:
        return pid, command(pid), started(pid)
    except OSError:  # it has ended meanwhile, or is hidden
        return pid, UNKNOWN, None
