"""Who waits for a lock on Linux: in the queue of the kernel, and in line for it."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs /proc/locks", allow_module_level=True)

import fcntl

import lockedfile
from lockedfile import LockTimeout
from lockedfile._holders import Holder, holders
from tests.lockedfile import holding
from tests.lockedfile import weakened_holders as weakened
from tests.lockedfile.holding import until_marked, until_waiting
from tests.lockedfile.rollcall import (
    brief,
    check_waiters_are_named,
    let_go,
    started,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]
    Ask = Callable[[str], list[Holder]]

KINDS = ["exclusive", "shared"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


@pytest.mark.parametrize(
    ("kind", "waiting"), [("exclusive", "exclusive"), ("exclusive", "shared"), ("shared", "exclusive")]
)
def test_waiters_are_named(spawn: Spawn, path: Path, kind: str, waiting: str) -> None:
    """For each mode in which one has to wait."""
    check_waiters_are_named(spawn, path, holders, kind, waiting)


def test_each_thread_that_waits_counts(spawn: Spawn, path: Path) -> None:
    """And each lock that one process has."""
    holder = started(spawn, holding.hold, "shared", path, path)
    waiter = spawn(holding.await_lock, "exclusive", path, 3)
    until_waiting(path, 3)
    assert brief(holders(path)) == [
        *2 * [(holder.process.pid, "shared", False)],
        *3 * [(waiter.process.pid, "exclusive", True)],
    ]
    let_go(holder)
    waiter.expect("had it")
    waiter.end()


def test_threads_of_ours_show_too(path: Path) -> None:
    """One that holds and one that waits, of the process that asks."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        waiting = threading.Thread(target=lambda: holding.take(path))
        waiting.start()
        until_waiting(path)
        found = holders(path)
        fcntl.flock(file, fcntl.LOCK_UN)
        waiting.join()
    assert brief(found) == [(os.getpid(), "shared", False), (os.getpid(), "exclusive", True)]


def check_marked_are_named(spawn: Spawn, path: Path, ask: Ask) -> None:
    """Those who stand in line for the queue wait, one entry for each thread; and once if they are in the queue too."""
    holder = started(spawn, holding.hold, "exclusive", path)
    held = (holder.process.pid, "exclusive", False)
    queued = spawn(holding.mark_and_await, "exclusive", path)
    queued.expect("asking")
    until_waiting(path)
    assert brief(ask(str(path))) == [held, (queued.process.pid, "exclusive", True)]
    marked = spawn(holding.mark, "shared", path, 2)
    for _ in range(2):
        marked.expect("marked")
    assert brief(ask(str(path))) == [
        held,
        (queued.process.pid, "exclusive", True),
        *2 * [(marked.process.pid, "shared", True)],
    ]
    marked.tell()
    marked.end()
    dead = spawn(holding.leave_mark, path)
    heir = dead.hear()
    assert heir.isdecimal()
    dead.process.wait()
    try:
        assert brief(ask(str(path))) == [held, (queued.process.pid, "exclusive", True)]
    finally:
        dead.tell("")
    let_go(holder)
    queued.expect("had it")
    queued.end()


def test_those_in_line_for_the_queue_are_named(spawn: Spawn, path: Path) -> None:
    """By their marks, while they live."""
    check_marked_are_named(spawn, path, holders)


@pytest.mark.parametrize("ask", [weakened.without_marks, weakened.with_all_marks])
def test_missing_or_doubling_those_in_line_would_show(spawn: Spawn, path: Path, ask: Ask) -> None:
    """The check can fail."""
    with pytest.raises(AssertionError):
        check_marked_are_named(spawn, path, ask)


def check_all_who_wait_are_named(spawn: Spawn, path: Path, ask: Ask) -> None:
    """Whoever waits by this package: with a deadline or without, first in line or behind, to read or to edit."""
    holder = started(spawn, holding.hold, "exclusive", path)
    waiters = [spawn(holding.open_locked, mode, path, timeout) for mode in ("r+b", "rb") for timeout in ("None", "60")]
    for waiter in waiters:
        waiter.expect("asking")
    until_marked(path, len(waiters))
    modes = ["exclusive", "exclusive", "shared", "shared"]
    expected = [(waiter.process.pid, mode, True) for waiter, mode in zip(waiters, modes, strict=True)]
    assert sorted(brief(ask(str(path)))) == sorted([*expected, (holder.process.pid, "exclusive", False)])
    let_go(holder)
    for waiter in waiters:
        waiter.expect("had it")
        waiter.end()
    assert ask(str(path)) == []


def test_all_who_wait_by_this_package_are_named(spawn: Spawn, path: Path) -> None:
    """Each once."""
    check_all_who_wait_are_named(spawn, path, holders)


def test_missing_who_is_in_line_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a look at the kernel's queue alone."""
    with pytest.raises(AssertionError):
        check_all_who_wait_are_named(spawn, path, weakened.without_marks)


def check_who_gave_up_is_not_named(path: Path, ask: Ask) -> None:
    """One whose wait ran out has a thread in the queue still; another one that does wait is named."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        with pytest.raises(LockTimeout):
            lockedfile.Edit(path, lambda old: old, timeout=0.01)
        us = os.getpid()
        assert brief(ask(str(path))) == [(us, "shared", False)]
        waiting = threading.Thread(target=lambda: holding.take(path))
        waiting.start()
        until_waiting(path, 2)
        found = brief(ask(str(path)))
        fcntl.flock(file, fcntl.LOCK_UN)
        waiting.join()
    assert found == [(us, "shared", False), (us, "exclusive", True)]


def test_who_gave_up_is_not_named(path: Path) -> None:
    """Its thread goes when its turn comes."""
    check_who_gave_up_is_not_named(path, holders)


def test_naming_who_gave_up_would_show(path: Path) -> None:
    """The check can fail: of the kernel's queue as it is."""
    with pytest.raises(AssertionError):
        check_who_gave_up_is_not_named(path, weakened.with_those_who_left)
