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
from os import close, fsdecode, fstat, ftruncate, lstat, read
from os import open as os_open
from os import stat as os_stat
from os.path import realpath
from stat import S_IFMT, S_ISLNK, S_ISREG
from time import perf_counter_ns

from . import _held
from ._errors import LockTimeout, LockUnsupported, name_file
from ._held import errands, held, owner, this_thread
from ._oslock import (
    AT_ONCE,
    NONBLOCK,
    UNLOCKED,
    cannot_lock,
    diagnose,
    has_turnstile,
    is_clear,
    is_taken,
    located,
    lock,
)
from ._pauses import cut_after, pauses

TYPE_CHECKING = False  # what typing calls so; to import typing would cost more than many an edit
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from ._wait import Request
    from ._waiting import Waiting

    StrOrBytesPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]
    # The operation, timeout, on_wait; and what becomes of these as soon as there is a wait, for all waits of one call.
    Patience: TypeAlias = tuple[str, float | None, Callable[[Waiting], object] | None, list[Request]]

__all__ = ["acquire", "patience", "read_all"]

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

# For so long whoever has looked at the turnstile of a file need not look again. A process that edits one in a loop has
# turns of this length: long enough that handing on the lock does not take most of the time, short enough for others.
_TURN_NS = 2_000_000
_looked = (0, 0, 0)  # device, inode, until when


def patience(
    operation: str, path: str | bytes, timeout: float | None, on_wait: Callable[[Waiting], object] | None
) -> Patience:
    """How a wait is to be, if there is one. Raises `ValueError` or `TypeError` for a timeout that is none."""
    if timeout is not None:
        timeout = _seconds(timeout, f"{operation} {fsdecode(path)}: the timeout is")
    if on_wait is not None and not callable(on_wait):
        kind = type(on_wait).__name__
        raise TypeError(f"{operation} {fsdecode(path)}: on_wait is {kind}, which cannot be called; give a function")
    return operation, timeout, on_wait, []


def _seconds(timeout: object, what: str) -> float:
    advice = "give seconds, 0 to try once, or None to wait for ever"
    try:
        seconds = float("x" if isinstance(timeout, str | bytes | bool) else timeout)  # type: ignore[arg-type]  # we ask
    except OverflowError:
        seconds = float("inf")
    except (TypeError, ValueError, ArithmeticError):
        raise TypeError(f"{what} {timeout!r}, which is {type(timeout).__name__}; {advice}") from None
    if not seconds >= 0:
        raise ValueError(f"{what} {timeout!r}; {advice}")
    return seconds


def acquire(
    path: str | bytes, flags: int, kind: int, perm: int, patience: Patience, *, truncate: bool = False
) -> tuple[int, os.stat_result, str | bytes]:
    """Open `path` and lock it, waiting in the kernel: its descriptor, its status under the lock, and where it is.

    That is `path`, unless that is a symlink, or not as the system takes it. With `truncate` the file is emptied then,
    and not before. Whoever has the descriptor has to close it, and to unlock it before that: a child forked meanwhile
    has the same lock open, and closing would leave it to the child. Only in the process that locked, by its token: the
    unlock of a forked child would be its parent's. And before that its note in `held` has to go.

    Raises `LockTimeout`, `WouldDeadlock`, `LockUnsupported`, or the `OSError` of the call that failed; all name the
    path.
    """
    process = _held.this_process
    is_open = False
    place = where = located(path)
    try:
        # Drawn from an iterator, not called: between a call and the naming of its result a signal handler may run and
        # raise, and the descriptor would leak. What a loop draws has its name before any handler runs.
        call = where, flags, perm
        for fd in starmap(os_open, repeat(call, _MOST_ROUNDS)) if diagnose is None else _openings(call, path, patience):
            is_open, locked = True, False
            try:
                opened = fstat(fd)
                if not S_ISREG(opened.st_mode):
                    raise _not_regular(opened, path)
                if not _is_had_at_once(fd, kind, opened, patience):
                    _wait_for(fd, kind, opened, path, patience)
                place = where
                try:
                    named = lstat(where)
                    if S_ISLNK(named.st_mode):
                        place = located(realpath(where))
                        named = lstat(place)
                except FileNotFoundError:
                    is_open = False
                    continue  # unlinked while we waited: the next open makes it anew, or says that it is gone
                if named.st_ino == opened.st_ino and named.st_dev == opened.st_dev:
                    if truncate and named.st_size:
                        try:
                            ftruncate(fd, 0)
                        except OSError as error:
                            cut_after(error, fd, 0, _time_left(path, patience))
                    held[fd] = named.st_dev, named.st_ino, kind, owner() if errands else this_thread.owner
                    locked = True
                    return fd, named, place
                is_open = False
            finally:
                if not locked:
                    try:
                        if _held.this_process is process:
                            lock(fd, UNLOCKED)  # a child forked while we waited would have it still
                    except OSError:
                        pass  # it was not locked yet
                    finally:
                        close(fd)
    except LockTimeout:
        raise
    except OSError as error:
        if patience[3] and patience[3][0].raised is error:
            raise  # on_wait's, which is none of ours
        if error.filename in (where, place):
            error.filename = path
        there = _stat_or_none(where)
        if there and not S_ISREG(there.st_mode):
            raise _not_regular(there, path) from None
        if isinstance(error, BlockingIOError) and flags & NONBLOCK and not is_open:
            # Another process has a lease on the file (fcntl(2), F_SETLEASE) and is being told to give it up.
            return acquire(path, flags & ~NONBLOCK, kind, perm, patience, truncate=truncate)
        if (
            isinstance(error, PermissionError)
            and diagnose is None
            and there
            and not is_open
            and flags & os.O_CREAT
            and not flags & os.O_EXCL
        ):
            # Linux may refuse to make a file in a sticky directory that is there and another's, even to root
            # (fs.protected_regular, proc_sys_fs(5)); to open it needs no making.
            return acquire(path, flags & ~os.O_CREAT, kind, perm, patience, truncate=truncate)
        if cannot_lock(error):
            raise _unsupported(error, path) from error
        name_file(error, path)
        raise
    raise LockUnsupported(errno.ESTALE, f"a different file at every one of {_MOST_ROUNDS} looks", path)


def _openings(call: tuple[str | bytes, int, int], path: str | bytes, patience: Patience) -> Iterator[int]:
    """What `call` opens, at every draw; tried again for a while where another program is in the way for a moment."""
    where, flags, _ = call
    for _ in repeat(None, _MOST_ROUNDS):
        left: Iterator[bool] | None = None
        is_open = False
        while not is_open:
            try:
                for fd in starmap(os_open, (call,)):  # in a loop: named before any signal handler runs
                    is_open = True
                    yield fd
            except OSError as error:
                if error.errno is None or diagnose is None or not diagnose(error, where, flags):
                    raise
                left = left or pauses(_time_left(path, patience))
                if not next(left, False):
                    raise


def _time_left(path: str | bytes, patience: Patience) -> float | None:
    """How long the call may take from now on, in seconds: this is a part of its wait."""
    request = _request(path, patience)
    return None if request.deadline_ns is None else max(0, request.deadline_ns - perf_counter_ns()) / 1e9


def _is_had_at_once(fd: int, kind: int, status: os.stat_result, patience: Patience) -> bool:
    global _looked  # noqa: PLW0603 - it is the turn of the whole process
    device, inode, until_ns = _looked
    if inode != status.st_ino or perf_counter_ns() > until_ns or device != status.st_dev:
        device = status.st_dev
        if patience[1] != 0 and has_turnstile(fd, device):
            if not is_clear(fd, kind):
                return False
            _looked = device, status.st_ino, perf_counter_ns() + _TURN_NS
    try:
        lock(fd, kind | AT_ONCE)
    except OSError as error:
        if is_taken(error):
            return False
        raise
    return True


def _wait_for(fd: int, kind: int, status: os.stat_result, path: str | bytes, patience: Patience) -> None:
    from . import _wait  # only where there is something to wait for

    global _looked  # noqa: PLW0603 - it is the turn of the whole process
    _wait.wait(fd, kind, status, _request(path, patience))
    _looked = status.st_dev, status.st_ino, perf_counter_ns() + _TURN_NS


def _request(path: str | bytes, patience: Patience) -> Request:
    """What the call wants of its waits, of which this is the first, or one more."""
    from . import _wait

    operation, timeout, on_wait, requests = patience
    if not requests:
        requests.append(_wait.Request(path, operation, timeout, on_wait))
    return requests[0]


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
    return LockUnsupported(error.errno, f"{error.strerror}: {advice}", path, getattr(error, "winerror", None))


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
