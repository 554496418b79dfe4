"""Who waits for a lock of a file: those in the kernel's queue, and those of us who stand in line for it."""

from __future__ import annotations

import os

from .._oslock import waiter
from . import left_name
from ._proc import field, flocks, marks, read_text
from ._process import GONE, files, is_there, process_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._having import Share
    from ._inode import Inode
    from ._process import Namespace

__all__ = ["waiting"]


def waiting(inode: Inode, text: str, space: Namespace) -> list[Share]:
    """Each thread that waits, by the lines of a list of locks."""
    queued: list[Share] = [
        (pid, exclusive)
        for _, _, pid, exclusive, waits in flocks(text, inode.name)
        if waits and _may_have_open(inode, pid)
    ]
    for pid in {pid for pid, _ in queued if pid is not None}:
        for one in [share for share in queued if share[0] == pid][: _left(inode, pid)]:
            queued.remove(one)
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


def _left(inode: Inode, pid: int) -> int:
    """How many threads of the process are in the queue though nobody wants their lock any more: their names say so."""
    name = f"{left_name(inode.number)}\n"
    try:
        return sum(read_text(f"/proc/{pid}/task/{tid}/comm") == name for tid in os.listdir(f"/proc/{pid}/task"))
    except OSError:  # a thread, or all of them, ended just now
        return 0


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
