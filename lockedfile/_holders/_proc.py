"""What the kernel says of locks and open files: the lines of /proc/locks, /proc/PID/fdinfo/FD and others, as data.

    2: FLOCK  ADVISORY  WRITE 7877 fe:00:2596868 0 EOF        process 7877 acquired an exclusive lock of a file
    2: -> FLOCK  ADVISORY  WRITE 7919 fe:00:2596868 0 EOF     and 7919 waits for it
    3: OFDLCK ADVISORY  READ -1 fe:00:2596868 17 17           a lock of bytes, which belongs to no process

The device is that of the file system; `st_dev` of a status may be another one (btrfs, overlayfs). It is in the list of
mounts. The number is the kernel's own; on overlayfs that of a status may be another one.

Source: proc_locks(5), proc_pid_fdinfo(5), proc_pid_mountinfo(5), and fs/locks.c of Linux.
"""

from __future__ import annotations

import os
from itertools import starmap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import Lock

__all__ = ["device_of_mount", "field", "flocks", "listing", "marks", "once", "parsed", "read_text"]

_READ_BYTES = 1 << 16
_LISTING_BYTES = 1 << 18  # as much as four thousand that wait for one lock: more than the kernel gives at once
_EXCLUSIVE = {"WRITE": True, "READ": False}


def _parts(path: str, size: int) -> list[str]:
    parts = []
    for fd in starmap(os.open, ((path, os.O_RDONLY),)):  # in a loop: named before any handler runs
        try:
            while part := os.read(fd, size):
                parts.append(part.decode("latin-1"))
        finally:
            os.close(fd)
    return parts


def read_text(path: str) -> str:
    """The content of a file that the kernel makes up; one character for each byte."""
    return "".join(_parts(path, _READ_BYTES))


def listing() -> tuple[str, bool]:
    """All locks; and is that of one instant? What the kernel gives at once is, and that are some sixty locks."""
    parts = _parts("/proc/locks", _LISTING_BYTES)
    return once(parts), len(parts) <= 1


def once(parts: list[str]) -> str:
    """The parts of a list of locks in one; what ends a part and begins the next one is there but once.

    The kernel remembers how many locks it has given. If others come in front meanwhile, it gives the last ones again.
    """
    text = ""
    given: list[str] = []
    for part in parts:
        lines = part.splitlines(keepends=True)
        starts = [at for at, line in enumerate(lines) if " -> " not in line]  # those who wait follow the lock
        locks = [lines[at].partition(":")[2] for at in starts]
        again = _overlap(given, locks) if text.endswith("\n") and starts[:1] == [0] else 0
        text += "".join(lines[[*starts, len(lines)][again] :]) if again else part
        given += locks[again:]
    return text


def _overlap(first: list[str], second: list[str]) -> int:
    return next((n for n in range(min(len(first), len(second)), 0, -1) if first[-n:] == second[:n]), 0)


def parsed(text: str, kind: str, file: str = "") -> Iterator[tuple[list[str], bool, bool]]:
    """Each line of a list of locks that is of this kind, and of this file if one is named: its columns from the process
    on, exclusive?, waiting? What is no such line is left out.
    """
    for line in text.splitlines():
        if kind in line and file in line:
            columns = line.split()
            at = columns.index(kind) if kind in columns[:4] else len(columns)
            if len(columns) >= at + 7 and columns[at + 2] in _EXCLUSIVE and file in ("", columns[at + 4]):
                yield columns[at + 3 :], _EXCLUSIVE[columns[at + 2]], "->" in columns[:at]


def flocks(text: str, file: str = "") -> list[Lock]:
    """The locks of flock(2) in a list of them; of the file alone that is named, as the list names it."""
    found = []
    for (pid, named, *_), exclusive, waiting in parsed(text, "FLOCK", file):
        device, _, number = named.rpartition(":")
        if number.isdecimal() and pid.removeprefix("-").isdecimal():
            found.append((device, int(number), int(pid), exclusive, waiting))
    return found


def marks(text: str, file: str) -> list[int]:
    """Where the byte locks of open files begin that the file has."""
    found = parsed(text, "OFDLCK", file)
    return [int(columns[2]) for columns, _, waiting in found if not waiting and columns[2].isdecimal()]


def field(text: str, name: str) -> str | None:
    """The value in the line `name: value`."""
    _, found, rest = ("\n" + text).partition(f"\n{name}:")
    return rest.partition("\n")[0].strip() if found else None


def device_of_mount(mounts: str, number: str) -> str | None:
    """The device of the mount with that number in a list of mounts, as /proc/locks writes it."""
    _, found, rest = ("\n" + mounts).partition(f"\n{number} ")
    if not found:
        return None
    major, _, minor = rest.split(maxsplit=2)[1].partition(":")
    return f"{int(major):02x}:{int(minor):02x}"
