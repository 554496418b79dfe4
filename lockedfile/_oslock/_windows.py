"""LockFileEx over the range that Go's lockedfile uses: offset 0, length 0xFFFFFFFF:FFFFFFFF.

The lock belongs to the handle and is mandatory: a read or write through any other handle, of this
process too, fails while it is held. So every byte goes through the descriptor that holds the lock.

Not `msvcrt.locking`: it locks from the current position, knows no shared lock, and gives up after ten tries.
"""

from __future__ import annotations

import ctypes
import msvcrt
import os
import sys
from ctypes import wintypes
from errno import EACCES, EBADF
from itertools import starmap

assert sys.platform == "win32"

from ._windows_paths import located, plain
from ._windows_refusals import diagnose as _diagnose
from ._windows_refusals import is_denied, is_mapped  # now: later, the import may forget what Windows said

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._windows_access import Birth

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

NONBLOCK = 0
OPEN_FLAGS = os.O_BINARY | os.O_NOINHERIT
JOURNAL_FLAGS = OPEN_FLAGS

EXCLUSIVE, SHARED = 0x2, 0  # LOCKFILE_EXCLUSIVE_LOCK, and its absence
UNLOCKED = -1
AT_ONCE = 0x1  # LOCKFILE_FAIL_IMMEDIATELY
_ALL = 0xFFFFFFFF  # low and high half of the length of the range

_ERROR_INVALID_FUNCTION = 1  # what drivers without locking answer
_ERROR_NOT_SUPPORTED = 50
_ERROR_CALL_NOT_IMPLEMENTED = 120
_ERROR_LOCK_VIOLATION = 33
_ERROR_IO_PENDING = 997
_NO_LOCKING = {_ERROR_INVALID_FUNCTION, _ERROR_NOT_SUPPORTED, _ERROR_CALL_NOT_IMPLEMENTED}


class _Overlapped(ctypes.Structure):
    """OVERLAPPED; all zero says: the range begins at offset 0, and the call waits."""

    _fields_ = (
        ("Internal", ctypes.c_size_t),
        ("InternalHigh", ctypes.c_size_t),
        ("Offset", wintypes.DWORD),
        ("OffsetHigh", wintypes.DWORD),
        ("hEvent", wintypes.HANDLE),
    )


_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_LockFileEx = _kernel32.LockFileEx
_LockFileEx.restype = wintypes.BOOL
_LockFileEx.argtypes = (
    wintypes.HANDLE,
    wintypes.DWORD,
    wintypes.DWORD,
    wintypes.DWORD,
    wintypes.DWORD,
    ctypes.POINTER(_Overlapped),
)
_UnlockFileEx = _kernel32.UnlockFileEx
_UnlockFileEx.restype = wintypes.BOOL
_UnlockFileEx.argtypes = (
    wintypes.HANDLE,
    wintypes.DWORD,
    wintypes.DWORD,
    wintypes.DWORD,
    ctypes.POINTER(_Overlapped),
)
_OpenThread = _kernel32.OpenThread
_OpenThread.restype = wintypes.HANDLE
_OpenThread.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_CancelSynchronousIo = _kernel32.CancelSynchronousIo
_CancelSynchronousIo.restype = wintypes.BOOL
_CancelSynchronousIo.argtypes = (wintypes.HANDLE,)
_CloseHandle = _kernel32.CloseHandle
_CloseHandle.argtypes = (wintypes.HANDLE,)
_THREAD_TERMINATE = 0x1  # the right to it is the one to cancel what it waits for


def lock(fd: int, kind: int) -> None:
    handle = msvcrt.get_osfhandle(fd)
    if kind == UNLOCKED:
        done = _UnlockFileEx(handle, 0, _ALL, _ALL, _Overlapped())
    else:
        done = _LockFileEx(handle, kind, 0, _ALL, _ALL, _Overlapped())
    if not done:
        raise ctypes.WinError(ctypes.get_last_error())


HEARS_SIGNALS = False


def call_back(thread: int) -> bool | None:
    for handle in starmap(_OpenThread, ((_THREAD_TERMINATE, False, thread),)):  # named before any handler of signals
        if handle:
            try:
                return bool(_CancelSynchronousIo(handle))
            finally:
                _CloseHandle(handle)
    return False


def pwrite(fd: int, data: bytes, offset: int) -> int:
    os.lseek(fd, offset, os.SEEK_SET)
    return os.write(fd, data)


def is_taken(error: OSError) -> bool:
    return error.winerror in (_ERROR_LOCK_VIOLATION, _ERROR_IO_PENDING)


def is_locked(fd: int) -> bool:
    return True


def ignore_signals() -> None:
    """Nothing: signals are for the main thread."""


def cannot_lock(error: OSError) -> bool:
    return error.winerror in _NO_LOCKING


def sync(fd: int) -> None:
    try:
        os.fsync(fd)
    except OSError as error:
        if error.errno not in (EACCES, EBADF):  # a signal handler's, or the disk's: no second try is to be trusted
            raise
        if not (is_denied() and _flush(fd)):  # it takes the right to write, which a reader has not opened the file for
            raise


def _flush(fd: int) -> bool:
    from ._windows_access import flush

    return flush(fd)


sync_data = sync


def most_bytes() -> int:
    return -1


def sync_directory(path: str | bytes) -> None:
    """Nothing: a directory cannot be synced, and NTFS logs its changes in the order in which they are made."""


diagnose: Callable[[OSError, str | bytes, int], bool] | None = _diagnose


Owner = str


def owner_of(fd: int, status: os.stat_result) -> Owner:
    from ._windows_access import owner_of

    return owner_of(fd)


def trusts(owner: Owner, fd: int, status: os.stat_result) -> bool:
    from ._windows_access import trusts

    return trusts(owner, fd)


def more_may_write(found: os.stat_result, status: os.stat_result) -> bool:
    return False  # of that the mode tells nothing but the read-only attribute; who may, its owner has said


def access_at_birth(source: int, status: os.stat_result) -> Birth | None:
    from ._windows_access import birth

    return birth(source)


def create(path: str | bytes, flags: int, access: Birth | None) -> int:
    from ._windows_access import create

    return create(path, flags, access)


def give_access(fd: int, source: int, status: os.stat_result) -> None:
    """Nothing: it was born with it."""
