"""The turnstile: what keeps those who come later from overtaking those who wait; Linux only.

The kernel's queue for flock(2) lets readers in past a writer who waits, and lets whoever has just released have the
lock again before the one whom that woke. So those of us who wait stand first at a turnstile: an open file description
lock (fcntl(2), F_OFD_SETLKW) on one byte of the same file, far past its end. Readers take it shared, writers for
themselves, each until the flock is theirs. Who comes later sees that it is taken, and does not try the flock.

A second such lock is a *mark*: on one byte whose place tells who it is that waits, which the kernel does not tell of
those who wait for locks of this kind.

They do not meet the locks of flock, where a file system leaves both to the kernel. Where it has its own, as on a
network, they may be one and the same; there is no turnstile there.
"""

from __future__ import annotations

import os
import sys

assert sys.platform == "linux"

from _thread import get_native_id
from fcntl import F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW, F_RDLCK, F_UNLCK, F_WRLCK, LOCK_EX, LOCK_SH, fcntl
from struct import pack, unpack

__all__ = ["enter", "has_turnstile", "is_clear", "is_first_to_look", "is_line", "leave", "mark", "stand", "waiter"]

_LOCAL = {
    *("bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "nilfs2", "ntfs3", "overlay"),
    *("ramfs", "reiserfs", "tmpfs", "vfat", "xfs", "zfs"),
}

_PLACE = 0x5A << 56  # no file is that long
_LOOKS = _PLACE | 1 << 54  # from here on: when somebody has looked around
_MARKS = _PLACE | 1 << 55  # from here on: number of the pid namespace, kind, number of the thread
_NAMESPACE, _KIND = 23, 22

_LOOK_NS = 1 << 26  # a byte is so long, 67 ms,
_LATELY = 6  # and somebody has looked lately if it was not before so many bytes

_FORMAT = "hhqqi0q"  # struct flock

_turnstiles: dict[int, bool] = {}


def _record(kind: int, place: int, length: int = 1, owner: int = 0) -> bytes:
    return pack(_FORMAT, kind, os.SEEK_SET, place, length, owner)


_REQUESTS = {LOCK_EX: _record(F_WRLCK, _PLACE), LOCK_SH: _record(F_RDLCK, _PLACE)}
_TAKEN = _record(0, _PLACE, owner=-1)[2:]  # of whatever kind
_ANY_MARK = _record(F_WRLCK, _MARKS, length=0)
_ALL = _record(F_UNLCK, _PLACE, length=0)


def has_turnstile(fd: int, device: int) -> bool:
    """Can one stand at the file `fd`, which is on `device` by its status?"""
    there = _turnstiles.get(device)
    if there is None:
        from ._mounts import mount  # once for a device

        mounted = mount(fd)
        if mounted is None:
            return False  # this time
        there = _turnstiles[device] = mounted[1] in _LOCAL
    return there


def is_clear(fd: int, kind: int) -> bool:
    """Is nobody at the turnstile whom one who wants a lock of this kind would overtake?

    A lock on that byte that is not of this kind is another program's, and no reason to wait.
    """
    try:
        return fcntl(fd, F_OFD_GETLK, _REQUESTS[kind])[2:] != _TAKEN
    except OSError:  # nothing that an edit should fail of
        return True


def is_line(fd: int) -> bool:
    """Does anybody else wait? There may be nobody at the turnstile just now, but one on the way to it who was woken."""
    try:
        kind, _, place, _, owner = unpack(_FORMAT, fcntl(fd, F_OFD_GETLK, _ANY_MARK))
    except OSError:
        return False
    return bool(kind != F_UNLCK and owner == -1 and place >= _MARKS)


def enter(fd: int, kind: int) -> bool:
    """Take the turnstile, if nobody has it."""
    try:
        fcntl(fd, F_OFD_SETLK, _REQUESTS[kind])
    except OSError:  # it is taken, most likely
        return is_clear(fd, kind)
    return True


def stand(fd: int, kind: int) -> None:
    """Wait in the kernel for the turnstile, and take it."""
    fcntl(fd, F_OFD_SETLKW, _REQUESTS[kind])


def mark(fd: int, kind: int) -> None:
    """Let others see that this thread waits for a lock of this kind. As far as the system goes; nobody relies on it."""
    try:
        place = _MARKS | os.stat("/proc/self/ns/pid").st_ino << _NAMESPACE | (kind == LOCK_EX) << _KIND
        fcntl(fd, F_OFD_SETLK, _record(F_WRLCK if kind == LOCK_EX else F_RDLCK, place | get_native_id()))
    except OSError:
        pass


def waiter(place: int) -> tuple[int, int, bool] | None:
    """The thread that a mark at `place` names, its pid namespace, and whether it wants an exclusive lock."""
    if place >> 55 != _MARKS >> 55:
        return None
    return place & (1 << _KIND) - 1, place >> _NAMESPACE & 0xFFFFFFFF, bool(place >> _KIND & 1)


def is_first_to_look(fd: int, now_ns: int) -> bool:
    """Has nobody else who stands here looked around lately? Then this one is noted as having done so now.

    To look is to read the list of all locks, and while that is read no process can lock or unlock anything: the kernel
    has to wait for all its processors first, which takes milliseconds. One who looks is enough for a whole crowd.
    """
    place = _LOOKS | now_ns // _LOOK_NS & (1 << 40) - 1
    try:
        kind, _, _, _, owner = unpack(
            _FORMAT, fcntl(fd, F_OFD_GETLK, _record(F_WRLCK, place - _LATELY, length=_LATELY + 1))
        )
        if kind != F_UNLCK and owner == -1:
            return False
        fcntl(fd, F_OFD_SETLK, _record(F_RDLCK, place))
    except OSError:  # then everybody looks
        pass
    return True


def leave(fd: int) -> None:
    """Give up the turnstile, the mark, and the notes of having looked."""
    try:  # noqa: SIM105 - contextlib would double the time that importing this package takes
        fcntl(fd, F_OFD_SETLK, _ALL)
    except OSError:
        pass  # closing the file will do it
