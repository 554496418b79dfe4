"""Whose a file is, who may have it, and a new one that is born with the access of another.

Born with it, not given it later: who has opened a file before its access was taken from him goes on to read it.
"""

from __future__ import annotations

import ctypes
import msvcrt
import os
import sys
from ctypes import byref, wintypes
from itertools import starmap

assert sys.platform == "win32"

from ._sddl import for_journal, may_write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Birth", "birth", "create", "flush", "owner_of", "trusts"]

_FILE_OBJECT = 1  # SE_FILE_OBJECT
_OWNER, _ACCESS = 0x1, 0x4  # OWNER_SECURITY_INFORMATION, DACL_SECURITY_INFORMATION
_REVISION = 1  # SDDL_REVISION_1
_TOKEN_QUERY, _TOKEN_USER = 0x8, 1
_NO_ACCESS_LISTS = {1, 50, 120}  # ERROR_INVALID_FUNCTION, ERROR_NOT_SUPPORTED, ERROR_CALL_NOT_IMPLEMENTED
_SYSTEM, _ADMINISTRATORS = "S-1-5-18", "S-1-5-32-544"

_GENERIC_WRITE = 0x4000_0000
_SHARED = 0x1 | 0x2  # reading and writing, as the files of the C runtime are
_CREATE_NEW = 1
_AS_IT_IS = 0x80 | 0x20_0000  # FILE_ATTRIBUTE_NORMAL, FILE_FLAG_OPEN_REPARSE_POINT: no link is followed
_INVALID_HANDLES = {None, ctypes.c_void_p(-1).value}

_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)


class Birth(ctypes.Structure):
    """SECURITY_ATTRIBUTES: with which access a file is made."""

    _fields_ = (
        ("nLength", wintypes.DWORD),
        ("lpSecurityDescriptor", wintypes.LPVOID),
        ("bInheritHandle", wintypes.BOOL),
    )

    def __del__(self) -> None:
        _LocalFree(self.lpSecurityDescriptor)


def _function(library: Any, name: str, result: object, *arguments: object) -> Any:
    function = getattr(library, name)
    function.restype, function.argtypes = result, arguments
    return function


_LocalFree = _function(_kernel32, "LocalFree", wintypes.LPVOID, wintypes.LPVOID)
_CloseHandle = _function(_kernel32, "CloseHandle", wintypes.BOOL, wintypes.HANDLE)
_GetCurrentProcess = _function(_kernel32, "GetCurrentProcess", wintypes.HANDLE)
_CreateFileW = _function(
    _kernel32,
    "CreateFileW",
    wintypes.HANDLE,
    *(wintypes.LPCWSTR, wintypes.DWORD, wintypes.DWORD, ctypes.POINTER(Birth)),
    *(wintypes.DWORD, wintypes.DWORD, wintypes.HANDLE),
)
_ReOpenFile = _function(
    _kernel32, "ReOpenFile", wintypes.HANDLE, wintypes.HANDLE, wintypes.DWORD, wintypes.DWORD, wintypes.DWORD
)
_FlushFileBuffers = _function(_kernel32, "FlushFileBuffers", wintypes.BOOL, wintypes.HANDLE)
_OpenProcessToken = _function(
    _advapi32, "OpenProcessToken", wintypes.BOOL, wintypes.HANDLE, wintypes.DWORD, wintypes.PHANDLE
)
_GetTokenInformation = _function(
    _advapi32,
    "GetTokenInformation",
    wintypes.BOOL,
    *(wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD, wintypes.PDWORD),
)
_GetSecurityInfo = _function(
    _advapi32,
    "GetSecurityInfo",
    wintypes.DWORD,
    *(wintypes.HANDLE, ctypes.c_int, wintypes.DWORD),
    *(ctypes.POINTER(wintypes.LPVOID),) * 5,
)
_SidToString = _function(
    _advapi32, "ConvertSidToStringSidW", wintypes.BOOL, wintypes.LPVOID, ctypes.POINTER(wintypes.LPVOID)
)
_DescriptorToString = _function(
    _advapi32,
    "ConvertSecurityDescriptorToStringSecurityDescriptorW",
    wintypes.BOOL,
    *(wintypes.LPVOID, wintypes.DWORD, wintypes.DWORD, ctypes.POINTER(wintypes.LPVOID), wintypes.PDWORD),
)
_StringToDescriptor = _function(
    _advapi32,
    "ConvertStringSecurityDescriptorToSecurityDescriptorW",
    wintypes.BOOL,
    *(wintypes.LPCWSTR, wintypes.DWORD, ctypes.POINTER(wintypes.LPVOID), wintypes.PDWORD),
)


def birth(source: int) -> Birth | None:
    """What lets only those read a new file who may read the open file `source`; None where files have no access."""
    access = _access_of(source)
    if not access:
        return None
    made = Birth(ctypes.sizeof(Birth), None, False)
    descriptor = wintypes.LPVOID()
    _check(_StringToDescriptor(for_journal(access, _user()), _REVISION, byref(descriptor), None))
    made.lpSecurityDescriptor = descriptor
    return made


def create(path: str | bytes, flags: int, access: Birth | None) -> int:
    """A descriptor that can write to the new file at `path`. Raises `FileExistsError` and other kinds of `OSError`."""
    name = os.fsdecode(path)
    call = name, _GENERIC_WRITE, _SHARED, access and byref(access), _CREATE_NEW, _AS_IT_IS, None
    ctypes.set_last_error(0)
    try:
        # Drawn, with no line of Python between, before which a signal handler may raise.
        for handle in starmap(_CreateFileW, (call,)):
            fd = -1
            try:
                for fd in map(msvcrt.open_osfhandle, (handle,), (flags,)):
                    return fd
            finally:
                if fd < 0 and handle not in _INVALID_HANDLES:  # there are no more descriptors
                    _CloseHandle(handle)
    except OSError:
        number = ctypes.get_last_error()
        if not number:
            raise
        raise OSError(0, ctypes.FormatError(number), path, number) from None
    raise AssertionError("one call draws one descriptor")


def flush(fd: int) -> bool:
    """Is the open file on the disk now, by a handle of its own that can write?"""
    call = msvcrt.get_osfhandle(fd), _GENERIC_WRITE, _SHARED, 0
    for handle in starmap(_ReOpenFile, (call,)):  # in a loop: named before any signal handler runs
        if handle not in _INVALID_HANDLES:
            try:
                return bool(_FlushFileBuffers(handle))
            finally:
                _CloseHandle(handle)
    return False


def owner_of(fd: int) -> str:
    """The number (SID) of the owner of an open file; empty if it has none."""
    owner, descriptor = wintypes.LPVOID(), wintypes.LPVOID()
    number = _GetSecurityInfo(
        msvcrt.get_osfhandle(fd), _FILE_OBJECT, _OWNER, byref(owner), None, None, None, byref(descriptor)
    )
    if number in _NO_ACCESS_LISTS:
        return ""
    _raise(number)
    try:
        return _string_of(owner) if owner.value else ""
    finally:
        _LocalFree(descriptor)


def trusts(owner: str, fd: int) -> bool:
    """May a journal of this owner be believed about the open file `fd`?"""
    if owner in (_user(), _SYSTEM, _ADMINISTRATORS) or owner == owner_of(fd):
        return True
    return may_write(_access_of(fd), owner)


def _access_of(fd: int) -> str:
    """The access list of an open file, written down; empty where files have none."""
    descriptor, text = wintypes.LPVOID(), wintypes.LPVOID()
    number = _GetSecurityInfo(
        msvcrt.get_osfhandle(fd), _FILE_OBJECT, _ACCESS, None, None, None, None, byref(descriptor)
    )
    if number in _NO_ACCESS_LISTS:
        return ""
    _raise(number)
    try:
        _check(_DescriptorToString(descriptor, _REVISION, _ACCESS, byref(text), None))
        return _taken(text)
    finally:
        _LocalFree(descriptor)


_users: list[str] = []


def _user() -> str:
    """The number (SID) of whoever this process runs as."""
    if not _users:
        token = wintypes.HANDLE()
        _check(_OpenProcessToken(_GetCurrentProcess(), _TOKEN_QUERY, byref(token)))
        try:
            buffer, size = (wintypes.LPVOID * 64)(), wintypes.DWORD()
            _check(_GetTokenInformation(token, _TOKEN_USER, buffer, ctypes.sizeof(buffer), byref(size)))
            _users.append(_string_of(buffer[0]))  # TOKEN_USER begins with where the number is
        finally:
            _CloseHandle(token)
    return _users[0]


def _string_of(sid: object) -> str:
    text = wintypes.LPVOID()
    _check(_SidToString(sid, byref(text)))
    return _taken(text)


def _taken(text: ctypes.c_void_p) -> str:
    """A text that Windows has made for us, which is given back to it."""
    try:
        return ctypes.wstring_at(text.value or 0)
    finally:
        _LocalFree(text)


def _check(done: int) -> None:
    if not done:
        _raise(ctypes.get_last_error())


def _raise(number: int) -> None:
    if number:
        raise OSError(0, ctypes.FormatError(number), None, number)
