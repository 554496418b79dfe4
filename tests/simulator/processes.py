"""Processes by their numbers: who has been started by a run, and who is still there."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["all_gone", "end", "is_gone"]

_POLL_S = 0.02

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _SYNCHRONIZE, _TIMED_OUT = 0x00100000, 0x102
    _kernel32 = ctypes.WinDLL("kernel32")
    _kernel32.OpenProcess.restype = wintypes.HANDLE
    _kernel32.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
    _kernel32.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)
    _kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)

    def is_gone(pid: int) -> bool:
        """Is there no such process any more?"""
        handle = _kernel32.OpenProcess(_SYNCHRONIZE, False, pid)
        if not handle:
            return True
        there = _kernel32.WaitForSingleObject(handle, 0) == _TIMED_OUT
        _kernel32.CloseHandle(handle)
        return not there

else:

    def is_gone(pid: int) -> bool:
        """Is there no such process any more?"""
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        return False


def all_gone(pids: Iterable[int], within_s: float = 20) -> bool:
    """Are all of them, now or soon?"""
    until_s = time.monotonic() + within_s
    while not (gone := all(map(is_gone, pids))) and time.monotonic() < until_s:
        time.sleep(_POLL_S)
    return gone


def end(pid: int) -> None:
    """Kill it, whatever it does."""
    os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))  # on Windows that is TerminateProcess
