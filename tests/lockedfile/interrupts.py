"""Ctrl-C for a child process.

On Windows no process can send it to just one other: there a console starts a thread in the process, which runs the
handler of SIGINT. So does a child that has called `be_interruptible`, as soon as its parent calls `interrupt`.
"""

from __future__ import annotations

import os
import signal
import sys

NAME = "LOCKEDFILE_TESTS_CHILD"
"""The variable that tells a child its name, which no other process has."""

if sys.platform == "win32":
    import _thread
    import ctypes
    from ctypes import wintypes

    _FOREVER = 0xFFFFFFFF

    _kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
    _kernel32.CreateEventW.restype = wintypes.HANDLE
    _kernel32.CreateEventW.argtypes = (wintypes.LPVOID, wintypes.BOOL, wintypes.BOOL, wintypes.LPCWSTR)
    _kernel32.SetEvent.argtypes = (wintypes.HANDLE,)
    _kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)
    _kernel32.WaitForSingleObject.argtypes = (wintypes.HANDLE, wintypes.DWORD)

    def _event(name: str) -> int:
        """The event of that name, which whoever comes first makes; one that waits for it resets it."""
        handle: int | None = _kernel32.CreateEventW(None, False, False, f"Local\\{name}")
        if not handle:
            raise ctypes.WinError(ctypes.get_last_error())
        return handle

    def _interrupt_when_told(event: int) -> None:
        while _kernel32.WaitForSingleObject(event, _FOREVER) == 0:
            signal.raise_signal(signal.SIGINT)

    def be_interruptible() -> None:
        """From now on the parent can interrupt this process: a thread waits for that."""
        _thread.start_new_thread(_interrupt_when_told, (_event(os.environ[NAME]),))

    def interrupt(name: str) -> None:
        """Interrupt the child of that name."""
        event = _event(name)
        _kernel32.SetEvent(event)
        _kernel32.CloseHandle(event)

else:

    def be_interruptible() -> None:
        """Nothing: any process can be interrupted."""
