"""Fork, and exit, with a wait under way: neither keeps, delays or disturbs who waits, and both end cleanly."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs Linux, which tells who waits", allow_module_level=True)

import fcntl
import signal

import lockedfile
from tests.lockedfile import footprints, locks, wait_forking, weakened, weakened_waits
from tests.lockedfile.processes import LIMIT_S, name, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

TIMEOUTS = pytest.mark.parametrize("timeout", [None, LIMIT_S])


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


@contextmanager
def waiting_and_forked(spawn: Spawn, path: Path, what: str, timeout: float | None) -> Iterator[Child]:
    """A process in which a thread waits for the lock; a child that it forked meanwhile lives on in the block.

    The lock is free as the block begins, and there may be one who waits for a long time if the timeout is short.
    """
    with path.with_name("go.mod.stay").open("w") as stay:
        fcntl.flock(stay, fcntl.LOCK_EX)
        with path.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            child = spawn(wait_forking.fork_beside, what, path, timeout)
            child.expect("forked")
            if timeout and timeout < 1:
                child.expect("in vain")
        yield child


def killed(child: Child) -> None:
    """Kill the process, and see it dead."""
    child.process.send_signal(signal.SIGKILL)
    child.process.wait(LIMIT_S)


@TIMEOUTS
@pytest.mark.parametrize("what", ["Edit", "open rb", "Mutex"])
def test_child_forked_as_a_thread_waits_does_not_keep_the_lock(
    spawn: Spawn, path: Path, what: str, timeout: float | None
) -> None:
    """Its parent gets the lock, and when it gives it back nothing of it is left."""
    with waiting_and_forked(spawn, path, what, timeout) as child:
        child.expect("held")
        child.tell()
        child.expect("released")
        until(lambda: not footprints.locks_of(path), "no lock")
    child.end()


def test_child_forked_as_a_thread_waits_does_not_get_what_comes_too_late(spawn: Spawn, path: Path) -> None:
    """Its parent has given up."""
    with waiting_and_forked(spawn, path, "Edit", 0.05) as child:
        until(lambda: not footprints.locks_of(path), "no lock")
    child.end()


@TIMEOUTS
def test_child_forked_as_a_thread_waits_does_not_inherit_the_lock(
    spawn: Spawn, path: Path, timeout: float | None
) -> None:
    """Its parent is killed as it has the lock."""
    with waiting_and_forked(spawn, path, "Edit", timeout) as child:
        child.expect("held")
        killed(child)
        until(lambda: not footprints.locks_of(path), "no lock")


@TIMEOUTS
def test_child_forked_as_a_thread_waits_does_not_inherit_its_place(
    spawn: Spawn, path: Path, timeout: float | None
) -> None:
    """Its parent is killed as it waits, before others."""
    with lockedfile.open(path, "r+b"), path.with_name("go.mod.stay").open("w") as stay:
        fcntl.flock(stay, fcntl.LOCK_EX)
        child = spawn(wait_forking.fork_beside, "Edit", path, timeout)
        child.expect("forked")
        killed(child)
        until(lambda: len(footprints.locks_of(path)) == 1, "our own lock only")


def test_lock_that_is_left_to_a_child_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a wait that leaves its descriptor to a child, which keeps the lock of a dead parent."""
    with waiting_and_forked(spawn, path, name(weakened_waits.open_raw), None) as child:
        child.expect("held")
        killed(child)
        assert locks.state(path) == "exclusive"


def test_place_in_line_that_is_left_to_a_child_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a place in line that a child keeps when its parent is dead."""
    with lockedfile.open(path, "r+b"), path.with_name("go.mod.stay").open("w") as stay:
        fcntl.flock(stay, fcntl.LOCK_EX)
        child = spawn(wait_forking.fork_beside, name(weakened_waits.open_in_strict_line), path, None)
        child.expect("forked")
        killed(child)
        assert len(set(footprints.locks_of(path))) == 2


def said_by_both(spawn: Spawn, path: Path, where: str, leave: str, *arguments: object) -> set[str]:
    """What became of a wait that was forked in the middle, as the parent says it, and the child if it comes back."""
    said: set[str] = set()
    with lockedfile.open(path, "r+b"):
        child = spawn(wait_forking.fork_in, where, leave, path, *arguments)
        if where == "handler":
            footprints.until_in_line(path)
            child.process.send_signal(signal.SIGUSR1)
        while (line := child.hear()) != "forked":
            said.add(line)
    while len(said) < (1 if leave == "_exit" else 2):
        said.add(child.hear())
    child.end()
    return said


@TIMEOUTS
@pytest.mark.parametrize("leave", ["_exit", "return"])
@pytest.mark.parametrize("where", ["on_wait", "handler"])
def test_fork_in_the_middle_of_a_wait_makes_two_that_wait_or_one(
    spawn: Spawn, path: Path, where: str, leave: str, timeout: float | None
) -> None:
    """The parent edits, under its lock; a child that comes back into the wait edits by itself, or is told off."""
    said = said_by_both(spawn, path, where, leave, timeout)
    assert "parent: edited, exclusive" in said
    if leave == "return":
        assert said & {"child: edited, exclusive", "child: RuntimeError"}, said
    edited = {who for who in ("parent", "child") if f"{who}: edited, exclusive" in said}
    assert sorted(path.read_text().split()[2:]) == sorted(edited)
    assert footprints.locks_of(path) == []


def test_fork_that_makes_two_that_have_the_lock_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an edit that does not ask which process it is in, when it has waited."""
    said = said_by_both(spawn, path, "handler", "return", None, name(weakened.edit_in_any_process))
    assert said != {"parent: edited, exclusive", "child: edited, exclusive"}
    assert not said & {"child: RuntimeError"}


@TIMEOUTS
def test_process_of_multiprocessing_edits_as_any_other(spawn: Spawn, path: Path, timeout: float | None) -> None:
    """It is forked as a thread waits for the same file, and both edits are there in the end."""
    with lockedfile.open(path, "r+b"):
        child = spawn(wait_forking.start_beside, path, timeout)
        child.expect("both wait")
    child.expect("0")
    child.end()
    assert sorted(path.read_bytes().splitlines()) == [b"module m", b"process", b"thread"]


def ended(child: Child) -> None:
    """It ends as `sys.exit(3)` ends, and says no more, of a thread or a lock or anything."""
    with pytest.raises(AssertionError, match="the child ended, code 3, and said no more"):
        child.hear()


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
@pytest.mark.parametrize("what", ["Edit", "read"])
def test_exit_does_not_wait_for_a_daemon_that_waits(spawn: Spawn, path: Path, what: str, timeout: float | None) -> None:
    """The process ends though the lock is held, with its own code, in silence."""
    with lockedfile.open(path, "r+b"):
        child = spawn(wait_forking.exit_beside, "daemon", what, path, timeout)
        child.expect("leaving")
        ended(child)
        until(lambda: len(footprints.locks_of(path)) == 1, "our own lock only")


@TIMEOUTS
def test_exit_waits_for_a_thread_that_waits(spawn: Spawn, path: Path, timeout: float | None) -> None:
    """As for any thread that is no daemon; it gets the lock, and then the process ends."""
    with lockedfile.open(path, "r+b"):
        child = spawn(wait_forking.exit_beside, "no daemon", "Edit", path, timeout)
        child.expect("leaving")
        assert not child.has_spoken()
    child.expect("held")
    ended(child)


def test_exit_does_not_wait_for_a_wait_that_is_over(spawn: Spawn, path: Path) -> None:
    """It was in vain, and the lock is still held."""
    with lockedfile.open(path, "r+b"):
        child = spawn(wait_forking.exit_beside, "in vain", "Edit", path, 0.02)
        child.expect("in vain")
        child.expect("leaving")
        ended(child)


def test_exit_that_is_held_up_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a wait whose thread the interpreter waits for."""
    with lockedfile.open(path, "r+b"):
        opener = name(weakened_waits.open_holding_up_exit)
        child = spawn(wait_forking.exit_beside, "in vain", opener, path, 0.02)
        child.expect("in vain")
        child.expect("leaving")
        with pytest.raises(subprocess.TimeoutExpired):
            child.process.wait(0.2)


@TIMEOUTS
def test_exit_as_the_lock_comes_is_silent(spawn: Spawn, path: Path, timeout: float | None) -> None:
    """Whichever comes first."""
    for round_ in range(6):
        with lockedfile.open(path, "r+b") as file:
            child = spawn(wait_forking.exit_as_told, "Edit", path, timeout)
            child.expect("ready")
            for step in (child.tell, file.close)[:: 1 if round_ % 2 else -1]:
                step()
        child.end()
