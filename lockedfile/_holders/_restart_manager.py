"""The Restart Manager of Windows, which tells installers who has the file open that they want to replace.

    RmStartSession ──> RmRegisterResources (the file) ──> RmGetList (how many? they) ──> RmEndSession

Source: restartmanager.h, and "About Restart Manager" in the documentation of Windows.
"""

from __future__ import annotations

from ctypes import Array, Structure, byref, c_int32, c_uint16, c_uint32, c_wchar_p, create_unicode_buffer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Manager(Protocol):
        """Its functions; each returns the number of an error, or 0."""

        def RmStartSession(self, session: object, flags: object, key: object, /) -> int: ...  # noqa: N802
        def RmRegisterResources(  # noqa: N802
            self, session: object, files: object, _1: object, _2: object, _3: object, _4: object, _5: object, /
        ) -> int: ...
        def RmGetList(  # noqa: N802
            self, session: object, needed: object, room: object, processes: object, reasons: object, /
        ) -> int: ...
        def RmEndSession(self, session: object, /) -> int: ...  # noqa: N802


__all__ = ["ProcessInfo", "users"]

_KEY_CHARACTERS = 33  # CCH_RM_SESSION_KEY + 1
_MORE_DATA = 234  # ERROR_MORE_DATA
_MOST_LISTS = 10  # each time that processes have come since they were counted

_TICKS_PER_S = 10_000_000
_EPOCH_S = 11_644_473_600  # from 1601, when the time of Windows begins, to 1970


class ProcessInfo(Structure):
    """RM_PROCESS_INFO, of which RM_UNIQUE_PROCESS is the beginning."""

    _fields_ = (
        ("dwProcessId", c_uint32),
        ("ProcessStartTime", c_uint32 * 2),  # FILETIME, the low half first
        ("strAppName", c_uint16 * 256),
        ("strServiceShortName", c_uint16 * 64),
        ("ApplicationType", c_int32),
        ("AppStatus", c_uint32),
        ("TSSessionId", c_uint32),
        ("bRestartable", c_int32),
    )

    @property
    def pid(self) -> int:
        """The number of the process."""
        return int(self.dwProcessId)

    @property
    def name(self) -> str:
        """What it calls itself."""
        return bytes(self.strAppName).decode("utf-16-le", "replace").partition("\0")[0]

    @property
    def started(self) -> float | None:
        """When it started, in seconds since the epoch."""
        low, high = self.ProcessStartTime
        ticks = (high << 32) + low
        return ticks / _TICKS_PER_S - _EPOCH_S if ticks else None


def users(manager: Manager, path: str) -> list[ProcessInfo]:
    """The processes that have a file open; none if the manager does not tell."""
    session = c_uint32()
    if manager.RmStartSession(byref(session), c_uint32(0), create_unicode_buffer(_KEY_CHARACTERS)):
        return []
    try:
        files = (c_wchar_p * 1)(path)
        if manager.RmRegisterResources(session, c_uint32(1), files, c_uint32(0), None, c_uint32(0), None):
            return []
        return _list(manager, session)
    finally:
        manager.RmEndSession(session)


def _list(manager: Manager, session: c_uint32) -> list[ProcessInfo]:
    needed, room, reasons = c_uint32(0), c_uint32(0), c_uint32(0)
    for _ in range(_MOST_LISTS):
        processes: Array[ProcessInfo] = (ProcessInfo * room.value)()
        error = manager.RmGetList(
            session, byref(needed), byref(room), processes if room.value else None, byref(reasons)
        )
        if error != _MORE_DATA:
            return [] if error else processes[: room.value]
        room.value = needed.value
    return []
