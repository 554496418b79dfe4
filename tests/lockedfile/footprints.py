"""What a process has, which locks a file has, and how often a process was awake: asked of Linux, not of the library.

Windows tells of threads alone.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, NamedTuple

from tests.lockedfile import locks
from tests.lockedfile.processes import until

if sys.platform == "win32":
    from tests.lockedfile import toolhelp

if TYPE_CHECKING:
    from pathlib import Path


class Footprint(NamedTuple):
    """What there is of a process, and of the different locks of one file, be they its own or not."""

    threads: int
    descriptors: int
    locks: int


def footprint(pid: int, path: str | Path) -> Footprint:
    """That of the process `pid`, which must be at rest, and of the file at `path`."""
    return Footprint(threads(pid), descriptors(pid), len(set(locks_of(path))))


def threads(pid: int) -> int:
    """How many threads the process has."""
    if sys.platform == "win32":
        return toolhelp.threads(pid)
    return len(os.listdir(f"/proc/{pid}/task"))


def descriptors(pid: int) -> int:
    """How many files it has open."""
    return len(os.listdir(f"/proc/{pid}/fd"))


def locks_of(path: str | Path) -> list[str]:
    """Linux' list of the locks of a file, held or waited for, of any kind, each without its number.

    The same twice in a row: Linux lists a page at a time, and meanwhile lines move, so that one may come twice.
    """
    inode = locks._inode(path)
    seen, again = _listed(inode), _listed(inode)
    while seen != again:
        seen, again = again, _listed(inode)
    return seen


def _listed(inode: str) -> list[str]:
    with open("/proc/locks", encoding="ascii") as listing:
        lines = [line.split(maxsplit=1)[1].strip() for line in listing]
    return sorted(line for line in lines if line.removeprefix("->").split()[4].endswith(f":{inode}"))


def in_line(path: str | Path) -> int:
    """How many wait for a lock of the file: its flock, or a turn to wait for that."""
    return sum(line.startswith("->") for line in locks_of(path))


def until_in_line(path: str | Path, count: int = 1) -> None:
    """Return once so many wait."""
    until(lambda: in_line(path) >= count, f"{count} in line for {path}")


def until_back(pid: int, path: str | Path, before: Footprint) -> None:
    """Return once the process and the file have again what they had `before`."""
    try:
        until(lambda: footprint(pid, path) == before, f"{before} of {path}")
    except AssertionError as error:
        error.add_note(f"there is {footprint(pid, path)}; {locks_of(path)}")
        raise


def wakes(pid: int) -> int:
    """How often the threads of the process have gone to sleep, of their own will, so far."""
    return sum(_switches(f"/proc/{pid}/task/{thread}/status") for thread in os.listdir(f"/proc/{pid}/task"))


def _switches(status: str) -> int:
    with open(status, encoding="utf-8") as facts:
        return next(int(line.split()[1]) for line in facts if line.startswith("voluntary_ctxt_switches"))


def state(pid: int) -> str:
    """Linux' letter for what the process does: `S` sleeps, `T` is stopped."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
        return stat.read().rpartition(")")[2].split()[0]
