"""Who is named as holding a lock, or waiting for it: what the tests of it ask in several places; Linux only."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if sys.platform != "linux":
    raise ImportError("Linux only")

from tests.lockedfile import holding
from tests.lockedfile.holding import until_waiting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lockedfile._holders import Holder
    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]
    Ask = Callable[[str], list[Holder]]


def brief(some: list[Holder]) -> list[tuple[int | None, str, bool]]:
    """Who holds or waits, and how."""
    return [(holder.pid, holder.mode, holder.waiting) for holder in some]


def started(spawn: Spawn, function: Callable[..., None], *args: object) -> Child:
    """A child that has said "locked"."""
    child = spawn(function, *args)
    child.expect("locked")
    return child


def let_go(*children: Child) -> None:
    """Let them release, and end."""
    for child in children:
        child.tell()
        child.expect("released")
        child.tell()
        child.end()


def check_holder_is_named(spawn: Spawn, path: Path, ask: Ask, kind: str) -> None:
    """One who holds the lock is named while he does, and not longer."""
    assert brief(ask(str(path))) == []
    child = started(spawn, holding.hold, kind, path)
    assert brief(ask(str(path))) == [(child.process.pid, kind, False)]
    let_go(child)
    assert brief(ask(str(path))) == []


def check_heirs_are_named(spawn: Spawn, path: Path, ask: Ask, how: str, kind: str, heirs: int = 1) -> None:
    """Where who acquired the lock has handed it on, those are named that have it, and their mode."""
    child = spawn(holding.hand_on, how, kind, path, heirs)
    pids: list[int] = []
    try:
        while len(pids) < heirs:
            line = child.hear()
            pids += [int(line)] if line != "closed" else []
        if how == "die":
            child.process.wait()
        else:
            locks_of_parent = f"/proc/{child.process.pid}/fd"
            assert not any(
                os.path.realpath(f"{locks_of_parent}/{fd}") == str(path) for fd in os.listdir(locks_of_parent)
            )
        assert sorted(brief(ask(str(path)))) == sorted((pid, kind, False) for pid in pids)
    finally:
        for _ in range(heirs):
            child.tell("")
    child.process.wait()


def check_waiters_are_named(spawn: Spawn, path: Path, ask: Ask, kind: str, waiting: str) -> None:
    """Those who wait are, after those who hold."""
    holder = started(spawn, holding.hold, kind, path)
    waiters = []
    for count in (1, 2):
        waiters.append(spawn(holding.await_lock, waiting, path))
        until_waiting(path, count)
    expected = [(waiter.process.pid, waiting, True) for waiter in waiters]
    first, *others = brief(ask(str(path)))
    assert first == (holder.process.pid, kind, False)
    assert sorted(others) == sorted(expected)  # a list that is read in several parts has no order
    let_go(holder)
    for waiter in waiters:
        waiter.expect("had it")
        waiter.end()
    assert ask(str(path)) == []
