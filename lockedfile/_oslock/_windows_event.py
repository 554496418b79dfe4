"""What a thread sleeps on until another one wakes it; Ctrl-C is heard meanwhile.

Not a lock of `_thread`: a wait for one is not ended by Ctrl-C on Windows. What hears it, in the main thread, is
WaitForMultipleObjects as Python has it for its own: with an event of the interpreter among the handles.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes

assert sys.platform == "win32"

from _winapi import WAIT_TIMEOUT, CloseHandle, WaitForMultipleObjects
from math import ceil

from ._sleep import is_set_within

__all__ = ["Event"]

_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_CreateEventW = _kernel32.CreateEventW
_CreateEventW.restype = wintypes.HANDLE
_CreateEventW.argtypes = (wintypes.LPVOID, wintypes.BOOL, wintypes.BOOL, wintypes.LPCWSTR)
_SetEvent = _kernel32.SetEvent
_SetEvent.argtypes = (wintypes.HANDLE,)


class Event:
    """Set by anybody, any number of times; who waits for it takes that away again."""

    __slots__ = ("_handle",)

    def __init__(self) -> None:
        self._handle: int = _CreateEventW(None, False, False, None) or 0
        if not self._handle:
            raise ctypes.WinError(ctypes.get_last_error())

    def __del__(self) -> None:
        if self._handle:
            CloseHandle(self._handle)

    def set(self) -> None:
        """Wake who waits, or the next one who would."""
        _SetEvent(self._handle)

    def wait(self, timeout: float | None) -> bool:
        """Was it set, within so many seconds? None: for ever. A signal, too, may end it, as if it was set."""
        return is_set_within(timeout, self._is_set_within)

    def _is_set_within(self, seconds: float) -> bool:
        try:
            return WaitForMultipleObjects([self._handle], False, ceil(seconds * 1000)) != WAIT_TIMEOUT
        except InterruptedError:
            return True  # what it was for, its handler does now
