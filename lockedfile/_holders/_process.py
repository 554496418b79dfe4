"""What the kernel says of one process: what it is, and which open files it has, as far as we may look."""

from __future__ import annotations

import os
import sys
import time

from ._command import joined
from ._proc import field, read_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["GONE", "Namespace", "command", "files", "is_hidden", "is_there", "pids", "process_of", "started"]

GONE = (FileNotFoundError, ProcessLookupError)
"""What is raised of a process that has ended."""

_INITIAL = 0xEFFFFFFC  # PROC_PID_INIT_INO of the kernel, which shows in /proc/PID/ns/pid
_NO_FILES = ("socket:", "pipe:", "anon_inode:")


def pids() -> list[int]:
    """All processes that show."""
    try:
        return sorted(int(name) for name in os.listdir("/proc") if name.isdecimal())
    except OSError:
        return []


def files(pid: int) -> Iterator[tuple[str, str]]:
    """The open files of a process: for each its place in /proc, and what /proc/PID/fdinfo says of it.

    Nothing of this asks the file systems that the files are on, which may not answer. Raises one of `GONE` of a process
    that has ended, and `PermissionError` where we may not look.
    """
    directory = _table(pid)
    for name in os.listdir(f"{directory}/fd"):
        place = f"{directory}/fd/{name}"
        try:
            if not os.readlink(place).startswith(_NO_FILES):
                yield place, read_text(f"{directory}/fdinfo/{name}")
        except GONE:
            pass  # closed meanwhile


def _table(pid: int) -> str:
    """Where its open files are listed: with a thread that has not ended, as the first may have before the others."""
    fields = _stat(pid)
    if fields[_STATE] not in "ZX":
        return f"/proc/{pid}"
    for tid in os.listdir(f"/proc/{pid}/task"):
        if int(tid) != pid:
            return f"/proc/{pid}/task/{tid}"
    raise ProcessLookupError


# Fields of /proc/PID/stat (proc_pid_stat(5)), counted from the one after the name.
_STATE, _START = 0, 19


def _stat(pid: int) -> list[str]:
    return read_text(f"/proc/{pid}/stat").rpartition(")")[2].split()


def is_there(pid: int) -> bool:
    """Is there such a process or thread in our namespace, be it hidden from /proc?"""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (ProcessLookupError, OverflowError):
        return False
    return True


def is_hidden(pid: int) -> bool:
    """Is it there, but not in /proc, which can be mounted so (proc(5), hidepid)?"""
    return pid > 0 and not os.path.exists(f"/proc/{pid}") and is_there(pid)


def process_of(tid: int) -> int:
    """The process that a thread is of."""
    return int(field(read_text(f"/proc/{tid}/status"), "Tgid") or 0)


def command(pid: int) -> str:
    """Its command line, or where it has none, as the kernel's own and the dead, its name, in brackets."""
    if arguments := joined(read_text(f"/proc/{pid}/cmdline").encode("latin-1")):
        return arguments
    name = read_text(f"/proc/{pid}/comm").removesuffix("\n")
    return f"[{joined(name.encode('latin-1'))}]"


def started(pid: int) -> float:
    """When it started, in seconds since the epoch, and rather too early than too late.

    The kernel counts from the boot; when that was is in whole seconds, to be the same at every look (as `btime` in
    /proc/stat, which takes long to read).
    """
    if sys.platform != "linux":
        raise NotImplementedError
    boot = int(time.time() - time.clock_gettime(time.CLOCK_BOOTTIME))
    return boot + int(_stat(pid)[_START]) / os.sysconf("SC_CLK_TCK")


class Namespace:
    """Our pid namespace, and whether /proc, which may have been mounted in another one, has the same numbers."""

    __slots__ = ("number", "sees_all", "sees_us")

    def __init__(self) -> None:
        self.number, self.sees_us, self.sees_all = 0, False, False
        try:
            self.number = int(os.readlink("/proc/self/ns/pid").strip("pid:[]"))
            self.sees_all = self.number == _INITIAL
            # Our numbers in all namespaces from that of /proc on to our own.
            numbers = field(read_text("/proc/self/status"), "NSpid") if not self.sees_all else None
            self.sees_us = self.sees_all or len((numbers or "").split()) == 1
        except (OSError, ValueError):  # no /proc, or that of a namespace that we are not in
            pass
