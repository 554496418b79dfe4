"""What programs of Windows do to files, by its own calls: processes that open without sharing, and access lists."""

from __future__ import annotations

import ctypes
import mmap
import os
import sys
from ctypes import byref, wintypes

from tests.lockedfile.children import hear, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

assert sys.platform == "win32"

_READ_WRITE = 0xC000_0000
_CREATE_NEW, _OPEN_EXISTING, _NORMAL = 1, 3, 0x80
_ACCESS = 0x4
_NO_HANDLES = {None, wintypes.HANDLE(-1).value}

_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel32.CreateFileW.restype = wintypes.HANDLE
_kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
_advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)


def open_unshared(path: str) -> int:
    """A handle of the file at `path`, which nobody else can open as long as it is there."""
    handle = _kernel32.CreateFileW(path, wintypes.DWORD(_READ_WRITE), 0, None, _OPEN_EXISTING, _NORMAL, None)
    if handle in _NO_HANDLES:
        raise ctypes.WinError(ctypes.get_last_error())
    return int(handle)


def close(handle: int) -> None:
    """Close it."""
    _kernel32.CloseHandle(handle)


def have_mapped(path: str) -> None:
    """Have the file mapped into memory, from "ready" until told to go on."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ):
        say("ready")
        hear()
    say("done")
    hear()


def have_unshared(path: str) -> None:
    """Have the file open without sharing it, from "ready" until told to go on."""
    handle = open_unshared(path)
    say("ready")
    hear()
    close(handle)
    say("done")
    hear()


def do_what_others_do(path: str) -> None:
    """Tell, each time one is named, what comes of what another program may do to the file."""
    while what := hear():
        try:
            _DEEDS[what](path)
            say("done")
        except OSError as error:
            say(f"{type(error).__name__} {error.winerror}")


def _read(path: str) -> None:
    with open(path, "rb") as file:
        file.read()


def _write(path: str) -> None:
    with open(path, "r+b") as file:
        file.write(b"x")


def _replace(path: str) -> None:
    other = f"{path}.other"
    with open(other, "wb"):
        pass
    try:
        os.replace(other, path)
    finally:
        if os.path.exists(other):
            os.unlink(other)


_DEEDS: dict[str, Callable[[str], object]] = {
    "read": _read,
    "write": _write,
    "look": os.stat,
    "rename over": _replace,
    "rename": lambda path: os.rename(path, f"{path}.old"),
    "delete": os.unlink,
}


def access(path: str) -> str:
    """The access list of a file, as Windows writes it down."""
    descriptor, text = wintypes.LPVOID(), wintypes.LPWSTR()
    number = _advapi32.GetNamedSecurityInfoW(path, 1, _ACCESS, None, None, None, None, byref(descriptor))
    assert number == 0, ctypes.FormatError(number)
    assert _advapi32.ConvertSecurityDescriptorToStringSecurityDescriptorW(descriptor, 1, _ACCESS, byref(text), None)
    return str(text.value)


class _Attributes(ctypes.Structure):
    _fields_ = (("size", wintypes.DWORD), ("descriptor", wintypes.LPVOID), ("inherit", wintypes.BOOL))


def make(path: str, content: bytes, written: str) -> None:
    """Make a new file with an access list, as Windows writes it down."""
    descriptor = wintypes.LPVOID()
    assert _advapi32.ConvertStringSecurityDescriptorToSecurityDescriptorW(written, 1, byref(descriptor), None)
    attributes = _Attributes(ctypes.sizeof(_Attributes), descriptor, False)
    handle = _kernel32.CreateFileW(path, wintypes.DWORD(_READ_WRITE), 0, byref(attributes), _CREATE_NEW, _NORMAL, None)
    assert handle not in _NO_HANDLES, ctypes.WinError(ctypes.get_last_error())
    close(handle)
    with open(path, "wb") as file:
        file.write(content)


def enforces_locks() -> bool:
    """Is a lock one for those who do not ask for it? Wine, which says that it is there, lets them read and write."""
    return not hasattr(ctypes.WinDLL("ntdll"), "wine_get_version")


def scan(path: str, times: str) -> None:
    """Have what is new open without sharing it, again and again, as scanners do; tell how often that was had."""
    had = 0
    say("ready")
    hear()
    for _ in range(int(times)):
        for place in (path, f"{path}.lockedfile-journal"):
            try:
                handle = open_unshared(place)
            except OSError:
                continue
            had += 1
            close(handle)
    say(had)
    say("done")
