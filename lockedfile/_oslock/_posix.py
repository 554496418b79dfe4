"""flock(2): the lock belongs to the open file, so it excludes threads as it does processes.

Not `fcntl.lockf`: its locks belong to the process, do not exclude threads, are dropped when any
descriptor of the file is closed, and the go command does not see them.
"""

from __future__ import annotations

import errno
import os
import sys

assert sys.platform != "win32"

from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, LOCK_UN, flock
from itertools import starmap
from resource import RLIMIT_FSIZE, getrlimit
from struct import pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "AT_ONCE",
    "EXCLUSIVE",
    "HEARS_SIGNALS",
    "JOURNAL_FLAGS",
    "NONBLOCK",
    "OPEN_FLAGS",
    "SHARED",
    "UNLOCKED",
    "Owner",
    "access_at_birth",
    "call_back",
    "cannot_lock",
    "create",
    "diagnose",
    "give_access",
    "ignore_signals",
    "is_locked",
    "is_mapped",
    "is_taken",
    "located",
    "lock",
    "more_may_write",
    "most_bytes",
    "owner_of",
    "plain",
    "pwrite",
    "sync",
    "sync_data",
    "sync_directory",
    "trusts",
]

EXCLUSIVE, SHARED, UNLOCKED = LOCK_EX, LOCK_SH, LOCK_UN
AT_ONCE = LOCK_NB

# O_NONBLOCK: opening a FIFO must not wait for its other end. It does not touch flock, nor regular files.
# O_NOCTTY: opening a terminal must not make it ours.
NONBLOCK = os.O_NONBLOCK
OPEN_FLAGS = os.O_CLOEXEC | os.O_NOCTTY | NONBLOCK
JOURNAL_FLAGS = OPEN_FLAGS | os.O_NOFOLLOW

_NO_LOCKING = {errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOTSUP}

# The second is what Linux says of a lock on an SMB share that others have; who waits for it gets to know if it is a no.
_TAKEN = {errno.EWOULDBLOCK, errno.EACCES}

# The call itself, not a function around it: before the first line of a function of ours a signal handler may raise,
# and a lock would not be given back.
lock: Callable[[int, int], None] = flock
create: Callable[[str | bytes, int, int], int] = os.open
pwrite: Callable[[int, bytes, int], int] = os.pwrite


if sys.platform == "darwin":
    from fcntl import F_FULLFSYNC, fcntl

    def sync(fd: int) -> None:
        try:
            fcntl(fd, F_FULLFSYNC)  # fsync leaves the data in the cache of the disk (fsync(2) of macOS)
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EINVAL, errno.ENOTTY):
                raise
            os.fsync(fd)  # the file system knows no better

    sync_data = sync
else:
    sync: Callable[[int], None] = os.fsync
    sync_data: Callable[[int], None] = os.fdatasync


def sync_directory(path: str | bytes) -> None:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    for fd in starmap(os.open, ((path or ".", flags),)):  # in a loop: named before any signal handler runs
        try:
            sync(fd)
        finally:
            os.close(fd)


HEARS_SIGNALS = True


def call_back(thread: int) -> bool | None:
    return None  # nothing ends a wait for flock(2) but a signal, and signals are not a library's to handle


def most_bytes() -> int:
    return getrlimit(RLIMIT_FSIZE)[0]


located = os.fspath  # as it is
plain = os.fsdecode
diagnose: Callable[[OSError, str | bytes, int], bool] | None = None


def is_mapped(error: OSError) -> bool:
    return False


def is_taken(error: OSError) -> bool:
    return error.errno in _TAKEN


def is_locked(fd: int) -> bool:
    try:
        with open(f"/proc/self/fdinfo/{fd}", "rb") as info:
            return any(line.startswith(b"lock:") and b" FLOCK " in line for line in info)
    except OSError:
        return True


def ignore_signals() -> None:
    # Not signal, which is this and some milliseconds of enumerations.
    from _signal import SIG_BLOCK, pthread_sigmask, valid_signals  # type: ignore[import-not-found]  # typeshed has not

    pthread_sigmask(SIG_BLOCK, valid_signals())


def cannot_lock(error: OSError) -> bool:
    return error.errno in _NO_LOCKING


Owner = int


def owner_of(fd: int, status: os.stat_result) -> Owner:
    return status.st_uid


def more_may_write(found: os.stat_result, status: os.stat_result) -> bool:
    return bool(found.st_mode & ~status.st_mode & 0o022)


def trusts(owner: Owner, fd: int, status: os.stat_result) -> bool:
    if owner in (status.st_uid, 0, os.geteuid()) or status.st_mode & 0o002:
        return True
    return bool(status.st_mode & 0o020) and not _acl(fd) and status.st_gid in _groups(owner)


def _groups(user: int) -> list[int]:
    import pwd  # for once in the life of a file

    try:
        entry = pwd.getpwuid(user)
    except KeyError:
        return []
    return os.getgrouplist(entry.pw_name, entry.pw_gid)


def access_at_birth(source: int, status: os.stat_result) -> int:
    return 0o644 if status.st_mode & 0o044 == 0o044 and not _acl(source) else 0o600


def give_access(fd: int, source: int, status: os.stat_result) -> None:
    own = os.fstat(fd)
    same = own.st_uid == status.st_uid
    if same and own.st_mode & 0o044 == 0o044:
        return  # so it was born: all may read it
    same = same or _done(os.fchown, fd, status.st_uid, -1)
    mode = status.st_mode & 0o444 | 0o600
    if own.st_gid != status.st_gid and not _done(os.fchown, fd, -1, status.st_gid):
        same = False
        both = mode >> 3 & mode & 0o004  # what its group has and others have too, all may have
        mode = 0o600 | both << 3 | both
    acl = _acl(source)
    if acl and not same:
        return  # entries for its owner and its group would not say the same here
    if sys.platform == "linux" and (acl or mode & 0o044 != 0o044):
        # Not fchmod, by which entries that the directory handed down would come into force (acl(5)).
        try:
            os.setxattr(fd, _ACL, acl or _acl_of(mode))
        except OSError as error:
            if error.errno != errno.ENOTSUP:
                raise
        else:
            return
    os.fchmod(fd, mode)


_ACL = "system.posix_acl_access"
_ACL_VERSION = 2
_USER, _GROUP, _OTHER = 0x01, 0x04, 0x20
_NO_ID = 0xFFFFFFFF


def _acl(fd: int) -> bytes:
    """The access control list of a file, as the system keeps it; empty if it says no more than the mode."""
    if sys.platform == "linux":
        try:
            return os.getxattr(fd, _ACL)
        except OSError:  # there is none, or the file system has none at all
            pass
    return b""


def _acl_of(mode: int) -> bytes:
    """The access control list that says what `mode` says."""
    entries = ((_USER, mode >> 6 & 7), (_GROUP, mode >> 3 & 7), (_OTHER, mode & 7))
    return pack("<I" + 3 * "HHI", _ACL_VERSION, *(field for tag, bits in entries for field in (tag, bits, _NO_ID)))


def _done(change: Callable[..., None], *args: int) -> bool:
    try:
        change(*args)
    except OSError:
        return False
    return True
