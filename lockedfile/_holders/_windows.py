"""Windows: the Restart Manager names the processes that have a file open; of the lock itself nothing tells.

A lock of LockFileEx needs a handle, so whoever holds the lock or waits for it is among them, as far as the Restart
Manager may look; but so is everybody else who has the file open.
"""

from __future__ import annotations

import ctypes
import os
import sys
from ctypes import wintypes

assert sys.platform == "win32"

from .._oslock import located
from . import UNKNOWN, Holder
from ._command import safe
from ._restart_manager import users

TYPE_CHECKING = False
if TYPE_CHECKING:
    from . import Facts, Lock

__all__ = ["facts", "has_lock", "held_by", "holders", "identity", "locks"]

_PROCESS_QUERY_LIMITED_INFORMATION = 0x1000
_PATH_CHARACTERS = 1 << 15


def holders(path: str | bytes) -> list[Holder]:
    """Those that have the file open, but for ourselves."""
    where = located(path)
    try:
        os.stat(where)
    except OSError as error:
        error.filename = path
        raise
    try:
        manager = ctypes.WinDLL("rstrtmgr")
    except OSError:
        return []
    return [
        Holder(user.pid, safe(_program(user.pid) or user.name) or UNKNOWN, UNKNOWN, False, user.started)
        for user in users(manager, os.path.abspath(os.fsdecode(where)))
        if user.pid != os.getpid()
    ]


def held_by(_fd: int, path: str | bytes) -> list[Holder]:
    """The same. If it is a thread of ours that holds the lock, they do not."""
    try:
        return holders(path)
    except OSError:
        return []


def identity(_fd: int) -> tuple[str, int] | None:
    """There is no list of locks."""
    return None


def locks() -> list[Lock]:
    """There is no list of locks."""
    return []


def has_lock(_pid: int, _file: tuple[str, int]) -> bool:
    """Not known."""
    return False


def facts(pid: int) -> Facts:
    """Its number, and the path of its program."""
    return pid, safe(_program(pid)) or UNKNOWN, None


def _program(pid: int) -> str:
    """The path of its program; empty if that is not for us, or the process has ended."""
    kernel32 = ctypes.WinDLL("kernel32")
    kernel32.OpenProcess.restype = wintypes.HANDLE
    handle = kernel32.OpenProcess(wintypes.DWORD(_PROCESS_QUERY_LIMITED_INFORMATION), wintypes.BOOL(0), pid)
    if not handle:
        return ""
    try:
        path, size = ctypes.create_unicode_buffer(_PATH_CHARACTERS), wintypes.DWORD(_PATH_CHARACTERS)
        kernel32.QueryFullProcessImageNameW(wintypes.HANDLE(handle), wintypes.DWORD(0), path, ctypes.byref(size))
        return path.value
    finally:
        kernel32.CloseHandle(wintypes.HANDLE(handle))
