"""Why Windows does not let us open or remove a file, and whether it may do so in a moment.

Another program may have the file open and share it with nobody, as indexers and scanners for viruses do for a moment;
or the file is deleted, and still there because somebody has it open. Go tries again in these cases, for two seconds.
Nor can a file be cut that somebody has mapped into memory, as Git does for a moment.

Source: cmd/internal/robustio of Go; "System Error Codes" in the documentation of Windows.
"""

from __future__ import annotations

import ctypes
import os
import stat
import sys
from errno import EACCES, EBADF, EINVAL

assert sys.platform == "win32"

__all__ = ["diagnose", "is_denied", "is_mapped"]

_ERROR_ACCESS_DENIED, _ERROR_SHARING_VIOLATION, _ERROR_DELETE_PENDING = 5, 32, 303
_ERROR_USER_MAPPED_FILE = 1224
_TOLD_AS_EACCES = {_ERROR_ACCESS_DENIED, 16, *range(19, 37), 65, 82, 83, 108, 132, 158, 167}
_PASSING = {_ERROR_ACCESS_DENIED, _ERROR_SHARING_VIOLATION, _ERROR_DELETE_PENDING}

_CONSOLE = "only a regular file can be locked, and this is a console"
_TAKEN = "another program has it open, and shares it with nobody; close it there, or try again"
_MAPPED = "another program has it mapped into memory, so it cannot be cut; close it there, and edit again"
_READ_ONLY = "it has the read-only attribute; take that away (attrib -r), or only read it"
_DENIED = "no access, or it is just being deleted; check its permissions, and those of its directory"

_ucrt = ctypes.CDLL("ucrtbase")


def diagnose(error: OSError, path: str | bytes, flags: int) -> bool:
    """Let `error` say what is in the way of opening the file at `path` so, or of removing it; may it be over soon?"""
    if error.winerror is None:
        if error.errno == EBADF:
            error.errno, error.strerror = EINVAL, _CONSOLE
        number = _last_error()
        if error.errno == EACCES:
            error.winerror = number if number in _TOLD_AS_EACCES else _ERROR_ACCESS_DENIED
        elif error.errno == EINVAL and number == _ERROR_DELETE_PENDING:  # which the C library does not know
            error.winerror = number
        else:
            return False
    if error.winerror not in _PASSING:
        return False
    attributes = _attributes(path) if error.winerror == _ERROR_ACCESS_DENIED else 0
    if attributes & stat.FILE_ATTRIBUTE_DIRECTORY:
        return False
    if attributes & stat.FILE_ATTRIBUTE_READONLY and flags & (os.O_WRONLY | os.O_RDWR):
        error.strerror = _READ_ONLY
        return False
    error.strerror = _TAKEN if error.winerror == _ERROR_SHARING_VIOLATION else _DENIED
    return True


def is_mapped(error: OSError) -> bool:
    """Could a file not be cut, by the last call of this thread, as a program has it mapped? Then let `error` say so."""
    if error.errno not in (EACCES, EINVAL) or _last_error() != _ERROR_USER_MAPPED_FILE:
        return False
    error.winerror, error.strerror = _ERROR_USER_MAPPED_FILE, _MAPPED
    return True


def is_denied() -> bool:
    """Was it a denial, what the last call of this thread to the C library failed of? Of a sync it says EBADF."""
    return _last_error() == _ERROR_ACCESS_DENIED


def _last_error() -> int:
    """What Windows said to the last call of this thread to the C library, which says EACCES to much of it."""
    number = ctypes.c_ulong()
    _ucrt._get_doserrno(ctypes.byref(number))
    return number.value


def _attributes(path: str | bytes) -> int:
    try:
        return os.stat(path).st_file_attributes
    except OSError:
        return 0
