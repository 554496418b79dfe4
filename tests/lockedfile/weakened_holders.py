"""`holders` with one promise broken at a time: what its tests must be able to catch."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if sys.platform != "linux":
    raise ImportError("Linux only")

from unittest.mock import patch

from lockedfile import _holders
from lockedfile._holders import _command, _having, _linux, _proc, _process, _queue
from lockedfile._holders._inode import Inode
from lockedfile._holders._process import Namespace
from lockedfile._oslock import waiter

if TYPE_CHECKING:
    from lockedfile._holders import Holder


def _holders_with(path: str, owner: object, name: str, replacement: object) -> list[Holder]:
    with patch.object(owner, name, replacement):
        return _holders.holders(path)


class _ByStatus(Inode):
    """What `stat` says of the file."""

    __slots__ = ()

    def __init__(self, fd: int) -> None:
        super().__init__(fd)
        status = os.fstat(fd)
        self.device, self.number = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}", status.st_ino


class _WithoutTwins(Inode):
    """Whatever has the name is the file."""

    __slots__ = ()

    def __init__(self, fd: int) -> None:
        super().__init__(fd)
        self.has_twins = False


def by_status(path: str) -> list[Holder]:
    """Takes device and number of the file's status for those of its locks."""
    return _holders_with(path, _linux, "Inode", _ByStatus)


def without_twins(path: str) -> list[Holder]:
    """Believes that no two files have one name."""
    return _holders_with(path, _linux, "Inode", _WithoutTwins)


def trusting(path: str) -> list[Holder]:
    """Takes who acquired a lock for who has it."""

    def all_of_it(inode: Inode, text: str) -> list[tuple[int, bool]]:
        return [claim for claim, count in _having._claims(inode, text).items() for _ in range(count)]

    return _holders_with(path, _linux, "having", all_of_it)


def without_heirs(path: str) -> list[Holder]:
    """Does not look who else could have a lock."""
    return _holders_with(path, _having, "_heirs", lambda _: {})


def without_marks(path: str) -> list[Holder]:
    """Knows those in the kernel's queue alone."""
    return _holders_with(path, _queue, "marks", lambda *_: [])


def with_those_who_left(path: str) -> list[Holder]:
    """Counts threads whose lock nobody wants any more."""
    return _holders_with(path, _queue, "_left", lambda *_: 0)


def with_all_marks(path: str) -> list[Holder]:
    """Counts those twice that have a mark, and are in the queue too; and those that are dead."""

    def doubled(inode: Inode, text: str, _: object) -> list[tuple[int | None, bool]]:
        locks, places = _proc.flocks(text, inode.name), _proc.marks(text, inode.name)
        queued = [(pid, exclusive) for *_, pid, exclusive, waiting in locks if waiting]
        return [*queued, *((mark[0], mark[2]) for mark in map(waiter, places) if mark)]

    return _holders_with(path, _linux, "waiting", doubled)


def without_namespaces(path: str) -> list[Holder]:
    """Believes that nobody can be hidden, and that all numbers are ours."""

    class Everywhere(Namespace):
        __slots__ = ()

        def __init__(self) -> None:
            super().__init__()
            self.sees_us = self.sees_all = True

    return _holders_with(path, _linux, "Namespace", Everywhere)


def trying_always(path: str) -> list[Holder]:
    """Tries the lock wherever nobody shows."""

    class Nowhere(Namespace):
        __slots__ = ()

        def __init__(self) -> None:
            super().__init__()
            self.sees_all = False

    return _holders_with(path, _linux, "Namespace", Nowhere)


def of_one_moment(path: str) -> list[Holder]:
    """Looks once, and takes whoever does not have his lock any more for one who has handed it on."""
    return _holders_with(path, _having._Roll, "_drop_released", lambda _: None)


def of_one_list(path: str) -> list[Holder]:
    """Reads the list once, however long it is."""
    return _holders_with(path, _having, "_LISTINGS", 1)


def raw(path: str) -> list[Holder]:
    """Shows a command line as its process has it."""
    with patch.object(_command, "safe", str), patch.object(_process, "joined", lambda line: line.decode("latin-1")):
        return _holders.holders(path)
