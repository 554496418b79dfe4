"""A process and all that it starts, as Windows has it: a job, which is ended as a whole.

There are no process groups there that could be killed, and what a locker has started is not to go on without it.
"""

from __future__ import annotations

import ctypes
import sys
from ctypes import wintypes
from typing import TYPE_CHECKING

assert sys.platform == "win32"

if TYPE_CHECKING:
    from subprocess import Popen

__all__ = ["Job"]

_TERMINATE, _SET_QUOTA = 0x0001, 0x0100  # PROCESS_TERMINATE, PROCESS_SET_QUOTA: what it takes to put one into a job
_CODE = 1  # that of Popen.kill

_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel32.CreateJobObjectW.restype = _kernel32.OpenProcess.restype = wintypes.HANDLE
_kernel32.CreateJobObjectW.argtypes = (wintypes.LPVOID, wintypes.LPCWSTR)
_kernel32.OpenProcess.argtypes = (wintypes.DWORD, wintypes.BOOL, wintypes.DWORD)
_kernel32.AssignProcessToJobObject.argtypes = (wintypes.HANDLE, wintypes.HANDLE)
_kernel32.TerminateJobObject.argtypes = (wintypes.HANDLE, wintypes.UINT)
_kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)


class Job:
    """One that was started just now, and has started nobody yet."""

    def __init__(self, process: Popen[bytes]) -> None:
        """Put it in a job of its own. Raises `OSError`, and then it is ended."""
        self._process, self.pid = process, process.pid
        self._job: int | None = _kernel32.CreateJobObjectW(None, None)
        handle: int | None = _kernel32.OpenProcess(_TERMINATE | _SET_QUOTA, False, process.pid)
        well = self._job and handle and _kernel32.AssignProcessToJobObject(self._job, handle)
        error = ctypes.get_last_error()
        if handle:
            _kernel32.CloseHandle(handle)
        if not well:
            process.kill()
            self.wait()
            raise ctypes.WinError(error)

    def poll(self) -> int | None:
        """Its exit code; `None` while it goes on."""
        return self._process.poll()

    def wait(self) -> int:
        """Wait for its end, and give the same."""
        code = self._process.wait()
        if self._job:
            _kernel32.CloseHandle(self._job)
            self._job = None
        return code

    def kill(self) -> None:
        """End it, and all that it has started."""
        if self._job:
            _kernel32.TerminateJobObject(self._job, _CODE)
