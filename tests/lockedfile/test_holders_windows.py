"""Who has a file open on Windows: how the Restart Manager is asked. Here one of ours answers, on every system."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from lockedfile._holders import holders
from lockedfile._holders._restart_manager import ProcessInfo, users

if TYPE_CHECKING:
    from pathlib import Path

PATH = "C:\\go.mod"
MORE_DATA, ACCESS_DENIED, MAX_SESSIONS = 234, 5, 353

# When 2001 began, in the time of Windows, and in seconds since 1970.
TICKS, SECONDS = 0x01C0_7385_C89D_C000, 978_307_200.0


class Manager:
    """Tells of so many processes; once more of each than when it was asked before. Any call may fail."""

    def __init__(self, count: int, growth: int = 0, until: int = 1000, failing: str = "", error: int = 0) -> None:
        self.count, self._growth, self._until = count, growth, until
        self._failing, self._error = failing, error
        self.sessions: set[int] = set()
        self.files: list[str] = []
        self.asked = 0

    def _end(self, name: str) -> int:
        return self._error if name == self._failing else 0

    def RmStartSession(self, session: Any, _flags: object, key: Any, /) -> int:  # noqa: N802 - its name
        """Begin."""
        assert len(key) == 33
        if not self._end("RmStartSession"):
            session._obj.value = 7
            self.sessions.add(7)
        return self._end("RmStartSession")

    def RmRegisterResources(self, session: Any, count: Any, files: Any, *_: object) -> int:  # noqa: N802 - its name
        """Hear which files."""
        assert (session.value in self.sessions, count.value) == (True, 1)
        self.files += list(files)
        return self._end("RmRegisterResources")

    def RmGetList(self, session: Any, needed: Any, room: Any, processes: Any, _reasons: object, /) -> int:  # noqa: N802
        """Tell."""
        assert session.value in self.sessions
        self.asked += 1
        if self._end("RmGetList"):
            return self._error
        needed._obj.value = self.count
        if room._obj.value < self.count:
            self.count = min(self.count + self._growth, self._until)
            return MORE_DATA
        room._obj.value = self.count
        for pid in range(1, self.count + 1):
            process = processes[pid - 1]
            process.dwProcessId = pid
            process.ProcessStartTime[:] = [TICKS & 0xFFFFFFFF, TICKS >> 32]
            name = f"Go {pid} é".encode("utf-16-le")
            ctypes.memmove(process.strAppName, name, len(name))
        return 0

    def RmEndSession(self, session: Any, /) -> int:  # noqa: N802 - its name
        """End."""
        self.sessions.remove(session.value)
        return 0


def test_process_is_laid_out_as_windows_has_it() -> None:
    """RM_PROCESS_INFO, as a C compiler lays it out."""
    offsets = {name: getattr(ProcessInfo, name).offset for name, _ in ProcessInfo._fields_}
    assert ctypes.sizeof(ProcessInfo) == 668
    assert offsets == {
        "dwProcessId": 0,
        "ProcessStartTime": 4,
        "strAppName": 12,
        "strServiceShortName": 524,
        "ApplicationType": 652,
        "AppStatus": 656,
        "TSSessionId": 660,
        "bRestartable": 664,
    }


@pytest.mark.parametrize("count", [0, 1, 5])
def test_all_who_have_the_file_open_are_told(count: int) -> None:
    """By number, name and start; and the session is ended."""
    manager = Manager(count)
    found = [(user.pid, user.name, user.started) for user in users(manager, PATH)]
    assert found == [(pid, f"Go {pid} é", SECONDS) for pid in range(1, count + 1)]
    assert (manager.files, manager.sessions) == ([PATH], set())


def test_more_than_were_counted_are_asked_for_again() -> None:
    """But not for ever."""
    manager = Manager(1, growth=1, until=4)
    assert (len(users(manager, PATH)), manager.sessions) == (4, set())
    endless = Manager(1, growth=1)
    assert users(endless, PATH) == []
    assert (endless.asked, endless.sessions) == (10, set())


@pytest.mark.parametrize("error", [ACCESS_DENIED, MAX_SESSIONS])
@pytest.mark.parametrize("call", ["RmStartSession", "RmRegisterResources", "RmGetList"])
def test_manager_that_does_not_tell_tells_of_nobody(call: str, error: int) -> None:
    """Whatever fails, the session is ended."""
    manager = Manager(3, failing=call, error=error)
    assert users(manager, PATH) == []
    assert manager.sessions == set()


def test_start_that_is_not_known_is_none() -> None:
    """Of a process that the manager may not ask."""
    assert (ProcessInfo().started, ProcessInfo().name, ProcessInfo().pid) == (None, "", 0)


def test_the_manager_of_this_system_takes_the_calls(tmp_path: Path) -> None:
    """On Windows; elsewhere there is none. A file that we have open ourselves is not in its own way."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    if sys.platform == "win32":
        from lockedfile._holders import _windows

        assert _windows._program(os.getpid()).endswith(".exe")
        assert _windows._program(0) == ""
        assert users(ctypes.WinDLL("rstrtmgr"), str(path)) == []
    with path.open("rb"):
        assert holders(path) == []
