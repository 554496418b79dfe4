"""Who holds the lock of a file, and who waits for it: what the operating system tells, and no guess beside it.

`_system` picks the module of this system. It is imported when somebody asks: an edit that does not wait has no use
for it. On Linux `_linux` tells the story, `_having` and `_queue` who has and who awaits the lock, by what `_proc` reads
of locks and `_process` of processes. `_command` writes a command line as people read it.
"""

from __future__ import annotations

from os import fspath

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from typing import Self, TypeAlias

    StrOrBytesPath: TypeAlias = str | bytes | os.PathLike[str] | os.PathLike[bytes]

    Facts: TypeAlias = tuple[int | None, str, float | None]  # a process, its command line, its start
    # Device and number of the file, as the system's list of locks has them, process, exclusive?, waiting?
    Lock: TypeAlias = tuple[str, int, int, bool, bool]

__all__ = [
    "UNKNOWN",
    "Holder",
    "facts",
    "has_lock",
    "held_by",
    "holders",
    "identity",
    "left_name",
    "locks",
    "program",
    "told",
]

UNKNOWN = "unknown"
"""What reads so is not known: a command, or the mode of a lock."""

_NAMED = 2  # of several, so many have room in a message


class Holder(tuple[int | None, str, str, bool, float | None]):
    """One lock of a file, or one wait for it, and the process that has it; immutable.

    A tuple of `pid`, `command`, `mode`, `waiting`, `since`.
    """

    __slots__ = ()

    def __new__(cls, pid: int | None, command: str, mode: str, waiting: bool, since: float | None) -> Self:
        return super().__new__(cls, (pid, command, mode, waiting, since))

    @property
    def pid(self) -> int | None:
        """The process; None if it is not known, or has no number in our namespace."""
        return self[0]

    @property
    def command(self) -> str:
        """Its command line, as a shell would take it, and without a character that a terminal obeys; or "unknown"."""
        return self[1]

    @property
    def mode(self) -> str:
        """Of the lock: "exclusive" or "shared"; or "unknown": then a process that is named only has the file open."""
        return self[2]

    @property
    def waiting(self) -> bool:
        """Does it wait for the lock, rather than hold it?"""
        return self[3]

    @property
    def since(self) -> float | None:
        """When the process started, in seconds since the epoch: it cannot have the lock for longer. None: not known.

        A bound, early by up to a second, and not the time of the lock itself: that no system tells.
        """
        return self[4]

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), tuple(self)

    def __repr__(self) -> str:
        return (
            f"Holder(pid={self.pid}, command={self.command!r}, mode={self.mode!r}, waiting={self.waiting}, "
            f"since={self.since})"
        )


def holders(path: StrOrBytesPath) -> list[Holder]:
    """Who holds the lock of the file at `path`, and after them who waits for it, in the order of the system's lists.

    There is one entry for each lock, and one for each thread that waits. What is not known reads "unknown", or is None.
    The answer is true of one moment, and may be old when it arrives. Nothing is waited for, and the file is not read.

    - Linux: all that use flock(2), as the go command and flock(1) do, of whatever user, on this machine; who has the
      lock from another machine, through a network file system, does not show. The kernel names who acquired a lock.
      Where that process has handed it on by fork, and has ended or closed the file, those are named that have it now.
      To see that, one has to be root or of the same user; else the kernel's word is taken, if that process lives, or
      the holder is unknown. Those who wait in line for the kernel's queue, as this package makes them, show by marks
      that they set themselves, which are only as good as who sets them.
    - Linux, in a pid namespace of its own, such as a container's: those outside do not show. If nobody shows at all,
      the lock is tried, which takes the right to read the file, and given back at once; if it is taken, there is one
      unknown holder. The same where /proc is missing, or not for us to read. Nowhere else is the lock touched.
    - Windows: the processes that have the file open, ourselves excepted, as the Restart Manager names them. Which of
      them has the lock, or waits for it, it does not tell: each has `mode` "unknown" and is not `waiting`. `command` is
      the path of the program.
    - macOS and all others: no interface tells of such locks, so the list is empty.

    An empty list means that nobody is known. That nobody has the lock it means on Linux alone, on a local file system.
    Raises the `OSError` of a path that is not there, or not to be entered.

    Source: proc_locks(5), proc_pid_fdinfo(5), pid_namespaces(7); RmGetList in the documentation of Windows.
    """
    from . import _system

    return _system.holders(fspath(path))


def held_by(fd: int, path: str | bytes) -> tuple[Holder, ...]:
    """Who holds the lock of the file at `path`, which is open as `fd`, and of which it is known that it is taken.

    So there is always one at least, an unknown one if nobody shows. The lock is not touched.
    """
    from . import _system

    return tuple(_system.held_by(fd, path)) or (Holder(None, UNKNOWN, UNKNOWN, False, None),)


def identity(fd: int) -> tuple[str, int] | None:
    """Device and number of an open file as `locks` has them; None if the system does not tell."""
    from . import _system

    return _system.identity(fd)


def locks() -> list[Lock]:
    """All locks of this kind that the system tells of, and who waits; empty if it does not tell."""
    from . import _system

    return _system.locks()


def facts(pid: int) -> Facts:
    """A process, its command line, and when it started, as far as it is known."""
    from . import _system

    return _system.facts(pid)


def has_lock(pid: int, file: tuple[str, int]) -> bool:
    """Has this process itself a lock of the file, which is as `identity` tells? No, where that is not known."""
    from . import _system

    return _system.has_lock(pid, file)


def left_name(inode: int) -> str:
    """The name of a thread that waits for a lock of the file of this number, and that nobody wants to wait any more."""
    return f"left {inode % 10**10}"


def program(command: str) -> str:
    """A command line without the directory of the program, and without the Python that runs a script by its path."""
    from ._command import program

    return program(command)


def told(holders: Iterable[Holder]) -> str:
    """Them as part of a sentence: `pid 4121 (go mod tidy)`, `pid 1 (a), pid 2 (b) and 3 more`, `an unknown process`.

    Where all that is known of them is that they have the file open, it says so.
    """
    from ._command import shortened

    named: dict[int, str] = {}
    others, only_open = 0, False
    for pid, command, mode, waiting, _ in holders:
        if pid is None:
            others += 1
        else:
            named[pid] = f"pid {pid}" if command == UNKNOWN else f"pid {pid} ({shortened(command)})"
            only_open |= mode == UNKNOWN and not waiting
    if not named:
        return "unknown processes" if others > 1 else "an unknown process"
    parts = list(named.values())
    others += len(parts[_NAMED:])
    text = ", ".join(parts[:_NAMED]) + f" and {others} more" if others else " and ".join(parts)
    if not only_open:
        return text
    return f"perhaps {text}, which has it open" if text == parts[0] else f"perhaps one of {text}, as they have it open"
