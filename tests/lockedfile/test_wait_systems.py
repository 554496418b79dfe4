"""What a wait is on every system: Ctrl-C ends it, a deadline ends it, and nothing is left of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import _held
from tests.lockedfile import locks, wait_systems
from tests.lockedfile.processes import LIMIT_S, Child

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Spawn = Callable[..., Child]

# Where nothing calls it back, the one that stands in the queue for all who have given up.
MOST_THREADS = 1


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


def end(child: Child) -> None:
    """Nothing is left of its wait once the lock is free; let it end."""
    child.tell()
    child.expect("nothing left")
    child.tell()
    child.end()


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
@pytest.mark.parametrize("what", ["Edit", "read", "Mutex"])
@pytest.mark.parametrize("second", ["", "go.sum"])
def test_interrupt_ends_a_wait(spawn: Spawn, path: Path, what: str, timeout: float | None, second: str) -> None:
    """While the lock is still held: with a deadline and without, with another lock held and without."""
    other = path.with_name(second) if second else ""
    if second:
        path.with_name(second).touch()
    child = spawn(wait_systems.ask, what, path, other, timeout)
    with lockedfile.open(path, "r+b"):
        child.expect("ready")
        child.tell()
        locks.until_waiting(path)
        child.tell("interrupt")
        child.expect("KeyboardInterrupt")
    end(child)


def test_interrupt_that_is_not_heard_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail."""
    child = spawn(wait_systems.ask_deaf, "read", path, "", None)
    with lockedfile.open(path, "r+b"):
        child.expect("ready")
        child.tell()
        locks.until_waiting(path)
        child.tell("interrupt")
        child.expect("still waiting")
    child.hear()  # how it went when the lock was free
    end(child)


@pytest.mark.parametrize("what", ["Edit", "read", "Mutex"])
def test_waits_that_were_given_up_do_not_pile_up(spawn: Spawn, path: Path, what: str) -> None:
    """At most one of a process is left in the queue, until its turn comes; it does not keep the lock."""
    child = spawn(wait_systems.give_up, what, path)
    with lockedfile.open(path, "r+b"):
        child.expect("ready")
        child.tell()
        assert int(child.hear()) <= MOST_THREADS
    end(child)
    assert locks.state(path) == "free"


def test_what_was_given_back_is_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its number may be that of one that waits by now; on Windows who asks for the status of that waits as well."""
    monkeypatch.setattr(_held, "held", {0: _held.GIVEN_BACK})
    monkeypatch.setattr(_held, "fstat", lambda _fd: pytest.fail("asked"))
    assert _held.true_notes() == []
    assert _held.held == {}
