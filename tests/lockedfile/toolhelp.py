"""How many threads a process has: asked of Windows, not of the library; Windows only."""

from __future__ import annotations

import sys

if sys.platform != "win32":
    raise ImportError("Windows only")

import ctypes
from ctypes import wintypes

_SNAPSHOT_OF_THREADS = 0x4


class _ThreadEntry(ctypes.Structure):
    """THREADENTRY32."""

    _fields_ = (
        ("dwSize", wintypes.DWORD),
        ("cntUsage", wintypes.DWORD),
        ("th32ThreadID", wintypes.DWORD),
        ("th32OwnerProcessID", wintypes.DWORD),
        ("tpBasePri", wintypes.LONG),
        ("tpDeltaPri", wintypes.LONG),
        ("dwFlags", wintypes.DWORD),
    )


_kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
_kernel32.CreateToolhelp32Snapshot.restype = wintypes.HANDLE
_kernel32.CreateToolhelp32Snapshot.argtypes = (wintypes.DWORD, wintypes.DWORD)
_kernel32.Thread32First.argtypes = _kernel32.Thread32Next.argtypes = (wintypes.HANDLE, ctypes.POINTER(_ThreadEntry))
_kernel32.CloseHandle.argtypes = (wintypes.HANDLE,)


def threads(pid: int) -> int:
    """How many it has; the system may have started some of them, and may end these, so compare by <=, after a while."""
    snapshot = _kernel32.CreateToolhelp32Snapshot(_SNAPSHOT_OF_THREADS, 0)
    entry = _ThreadEntry(dwSize=ctypes.sizeof(_ThreadEntry))
    found, more = 0, _kernel32.Thread32First(snapshot, entry)
    while more:
        found += entry.th32OwnerProcessID == pid
        more = _kernel32.Thread32Next(snapshot, entry)
    _kernel32.CloseHandle(snapshot)
    return found
