"""A locked descriptor of the file that is at the path: open, lock, and is it still that file?

    os.open ──> regular file? ──> lock (waits) ──> same inode at the path? ──> locked
       ^            no: refuse                            no: close
       └──────────────────────────────────────────────────┘

The question comes after the lock, because only then can the answer hold: while we waited, somebody may have
renamed another file over the path (git, editors, `sed -i`), or unlinked it and made it anew. An edit of the inode
we opened would then be an edit of a ghost.
"""

from __future__ import annotations

import errno
import os
import stat
from itertools import repeat, starmap
from os import close, fstat, ftruncate, lstat, read
from os import open as os_open
from os import stat as os_stat
from os.path import realpath
from stat import S_IFMT, S_ISLNK, S_ISREG

from ._errors import LockUnsupported, name_file
from ._oslock import NONBLOCK, UNLOCKED, cannot_lock, lock

TYPE_CHECKING = False  # what typing calls so; to import typing would cost more than many an edit
if TYPE_CHECKING:
    from typing import TypeAlias

    StrOrBytesPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]

__all__ = ["acquire", "read_all", "this_process"]

# A round is lost when somebody replaced the file between our open and our lock. So many in a row can only mean a
# file system that numbers one file anew at every look; better an error than a loop for ever.
_MOST_ROUNDS = 10_000

# What one read asks for where the size was no guide: past 2 GiB, or where somebody without the lock writes on.
_READ_BYTES = 1 << 20

# Contents up to this size the allocator handles without the kernel; above the other it never learns.
_kept_bytes = 1 << 17
_MOST_KEPT_BYTES = 1 << 24

_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a FIFO",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a character device",
    stat.S_IFBLK: "a block device",
}

this_process = object()
"""A token of this process; in a forked child it is another one."""


def _renew_process() -> None:
    global this_process  # noqa: PLW0603 - a forked child is a new process, that is all
    this_process = object()


if hasattr(os, "register_at_fork"):  # where there is fork
    os.register_at_fork(after_in_child=_renew_process)


def acquire(
    path: str | bytes, flags: int, kind: int, perm: int, *, truncate: bool = False
) -> tuple[int, os.stat_result, str | bytes]:
    """Open `path` and lock it, waiting in the kernel: its descriptor, its status under the lock, and where it is.

    That is `path`, unless that is a symlink. With `truncate` it is emptied then, and not before. Whoever has the
    descriptor has to close it, and to unlock it before that: a child forked meanwhile has the same lock open, and
    closing would leave it to the child. Only in the process that locked, by its token: the unlock of a forked child
    would be its parent's.

    Raises `LockUnsupported`, or the `OSError` of the call that failed; both name the path.
    """
    try:
        # Drawn from an iterator, not called: between a call and the naming of its result a signal handler may run and
        # raise, and the descriptor would leak. What a loop draws has its name before any handler runs.
        for fd in starmap(os_open, repeat((path, flags, perm), _MOST_ROUNDS)):
            locked = False
            try:
                opened = fstat(fd)
                if not S_ISREG(opened.st_mode):
                    raise _not_regular(opened, path)
                lock(fd, kind)
                place = path
                try:
                    named = lstat(path)
                    if S_ISLNK(named.st_mode):
                        place = realpath(path)
                        named = lstat(place)
                except FileNotFoundError:
                    continue  # unlinked while we waited: the next open makes it anew, or says that it is gone
                if named.st_ino == opened.st_ino and named.st_dev == opened.st_dev:
                    if truncate and named.st_size:
                        ftruncate(fd, 0)
                    locked = True
                    return fd, named, place
            finally:
                if not locked:
                    try:
                        lock(fd, UNLOCKED)  # a child forked while we waited would have it still
                    except OSError:
                        pass  # it was not locked yet
                    finally:
                        close(fd)
    except OSError as error:
        there = _stat_or_none(path)
        if there and not S_ISREG(there.st_mode):
            raise _not_regular(there, path) from None
        if isinstance(error, BlockingIOError) and flags & NONBLOCK:
            # Another process has a lease on the file (fcntl(2), F_SETLEASE) and is being told to give it up.
            return acquire(path, flags & ~NONBLOCK, kind, perm, truncate=truncate)
        if isinstance(error, PermissionError) and there and flags & os.O_CREAT and not flags & os.O_EXCL:
            # Linux may refuse to make a file in a sticky directory that is there and another's, even to root
            # (fs.protected_regular, proc_sys_fs(5)); to open it needs no making.
            return acquire(path, flags & ~os.O_CREAT, kind, perm, truncate=truncate)
        if cannot_lock(error):
            raise _unsupported(error, path) from error
        name_file(error, path)
        raise
    raise LockUnsupported(errno.ESTALE, f"a different file at every one of {_MOST_ROUNDS} looks", path)


def _stat_or_none(path: str | bytes) -> os.stat_result | None:
    try:
        return os_stat(path)
    except OSError:
        return None


def _not_regular(status: os.stat_result, path: str | bytes) -> OSError:
    kind = _KINDS.get(S_IFMT(status.st_mode), "something else")
    number = errno.EISDIR if S_IFMT(status.st_mode) == stat.S_IFDIR else errno.EINVAL
    return OSError(number, f"only a regular file can be locked, and this is {kind}", path)


def _unsupported(error: OSError, path: str | bytes) -> LockUnsupported:
    advice = "no lock can be had here; keep the file on a local file system"
    return LockUnsupported(error.errno, f"{error.strerror}: {advice}", path)


def read_all(fd: int, size: int, path: str | bytes) -> bytes:
    """The whole file behind `fd`, from its position; `size`, in bytes, is what it is believed to hold."""
    if size > _kept_bytes:
        _keep_memory(size)
    try:
        content = read(fd, size + 1)
        if len(content) == size:  # one byte more was asked for, so this is the end
            return content
        parts = [content]
        while part := read(fd, _READ_BYTES):
            parts.append(part)
    except OSError as error:
        name_file(error, path)
        raise
    return b"".join(parts)


def _keep_memory(size: int) -> None:
    """Let the next edits of contents of `size` bytes reuse memory, rather than fault it in anew.

    The GNU allocator gives the memory of two large contents back to the kernel after every edit, and in the next one
    each page of it is a fault: most of the time of an edit that appends a line to a megabyte. It keeps twice the
    largest block that was ever freed (mallopt(3), M_MMAP_THRESHOLD), so free one that is large enough; none of its
    pages is ever touched.
    """
    global _kept_bytes  # noqa: PLW0603 - it is the allocator of the whole process that has learnt it
    if size <= _MOST_KEPT_BYTES:
        _kept_bytes = 2 * size
        try:  # noqa: SIM105 - contextlib would double the time that importing this package takes
            bytes(_kept_bytes)
        except MemoryError:
            pass  # where memory is that short, it will not be kept
