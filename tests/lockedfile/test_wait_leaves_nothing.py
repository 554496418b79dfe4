"""What a wait costs while it lasts, and that of one that is over nothing is left."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs Linux, which tells who has and does what", allow_module_level=True)

import fcntl
import signal

import lockedfile
from lockedfile import LockTimeout
from tests.lockedfile import footprints, locks, wait_forking, waiting, weakened_waits
from tests.lockedfile.processes import LIMIT_S, name, until
from tests.lockedfile.ways import ASKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OURS = "open r+b"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


def ready(spawn: Spawn, function: Callable[..., None], *args: object) -> Child:
    """A child that is at rest, and can be told to begin."""
    child = spawn(function, *args)
    child.expect("ready")
    return child


def wakes_while_another_polls(spawn: Spawn, path: Path, what: str, timeout: float | None) -> int:
    """How often a process wakes as it waits, while another one looks thirty times."""
    with lockedfile.open(path, "r+b"):
        poller = ready(spawn, waiting.ask, name(weakened_waits.open_polling), path)
        child = ready(spawn, waiting.ask, what, path, timeout)
        for one in (poller, child):
            one.tell()
        until(lambda: footprints.in_line(path) or footprints.wakes(child.process.pid) > 30, "the wait has begun")
        polls = footprints.wakes(poller.process.pid)
        until(lambda: footprints.wakes(poller.process.pid) >= polls + 5, "all is quiet")
        before = footprints.wakes(child.process.pid)
        polls = footprints.wakes(poller.process.pid)
        until(lambda: footprints.wakes(poller.process.pid) >= polls + 30, "thirty looks")
        return footprints.wakes(child.process.pid) - before


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
@pytest.mark.parametrize("what", ["Edit", "read"])
def test_wait_is_in_the_kernel(spawn: Spawn, path: Path, what: str, timeout: float | None) -> None:
    """Of a process that waits no thread wakes, while one that polls has looked thirty times."""
    assert wakes_while_another_polls(spawn, path, what, timeout) <= 1


def test_wait_that_polls_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a wait that looks again and again."""
    assert wakes_while_another_polls(spawn, path, name(weakened_waits.open_polling), None) > 10


@pytest.mark.parametrize("what", ASKING)
def test_wait_that_expired_leaves_nothing(spawn: Spawn, path: Path, what: str) -> None:
    """Once the file is free: no thread, no descriptor, no lock of any kind."""
    child = ready(spawn, waiting.ask, what, path, 0.02)
    before = footprints.footprint(child.process.pid, path)
    with lockedfile.open(path, "rb" if what.endswith("+b") else "r+b"):
        child.tell()
        assert isinstance(waiting.heard(child).error, LockTimeout)
    footprints.until_back(child.process.pid, path, before)
    assert locks.state(path) == "free"
    child.tell()
    child.end()


def test_wait_in_line_that_expired_leaves_nothing(spawn: Spawn, path: Path) -> None:
    """Nor does one that had others before it; and these then get the lock."""
    child = ready(spawn, waiting.ask, OURS, path, 0.1)
    first = ready(spawn, waiting.ask, OURS, path)
    before = footprints.footprint(child.process.pid, path)
    with lockedfile.open(path, "r+b"):
        first.tell()
        footprints.until_in_line(path)
        child.tell()
        assert isinstance(waiting.heard(child).error, LockTimeout)
    assert waiting.heard(first).error is None
    footprints.until_back(child.process.pid, path, before)
    for one in (first, child):
        one.tell()
        one.end()


def test_wait_that_was_not_in_vain_leaves_nothing(spawn: Spawn, path: Path) -> None:
    """Its descriptor is closed, its thread gone."""
    child = ready(spawn, waiting.ask, OURS, path, LIMIT_S)
    before = footprints.footprint(child.process.pid, path)
    with lockedfile.open(path, "r+b"):
        child.tell()
        footprints.until_in_line(path)
    assert waiting.heard(child).error is None
    footprints.until_back(child.process.pid, path, before)
    child.tell()
    child.end()


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
@pytest.mark.parametrize("mode", ["rb", "r+b"])
def test_place_in_line_is_given_up_as_the_lock_is_had(
    spawn: Spawn, path: Path, mode: str, timeout: float | None
) -> None:
    """Whoever has it has nothing else: the lock, by one descriptor, and no thread."""
    child = ready(spawn, waiting.hold, path, mode, timeout)
    before = footprints.footprint(child.process.pid, path)
    with lockedfile.open(path, "r+b"):
        child.tell()
        footprints.until_in_line(path)
    child.expect("had")
    footprints.until_back(child.process.pid, path, before._replace(descriptors=before.descriptors + 1, locks=1))
    child.tell()
    child.end()


def test_refusal_to_wait_leaves_nothing(spawn: Spawn, path: Path) -> None:
    """What `on_wait` raises ends the call, and all is closed while the file is still held."""
    for what in ASKING:
        with lockedfile.open(path, "r+b"):
            child = ready(spawn, waiting.ask_refusing_to_wait, what, path)
            before = footprints.footprint(child.process.pid, path)
            child.tell()
            child.expect("refused")
            footprints.until_back(child.process.pid, path, before)
            child.tell()
            child.end()


def state_after_a_late_lock(spawn: Spawn, path: Path, what: str, how: str = "os.fork") -> str:
    """What a newcomer finds, when a wait expired, its process forked, the holder let go, and all threads ended."""
    child = ready(spawn, wait_forking.ask_and_fork, how, what, path, 0.02)
    with lockedfile.open(path, "r+b"):
        child.tell()
        assert isinstance(waiting.heard(child).error, TimeoutError)
        child.expect("forked")
    child.expect("alone")
    state = locks.state(path)
    child.tell()
    child.end()
    return state


@pytest.mark.parametrize("how", ["os.fork", "fork(2)"])
def test_lock_that_comes_too_late_is_given_back(spawn: Spawn, path: Path, how: str) -> None:
    """At once, also if a child was forked meanwhile, which has a copy of all descriptors."""
    assert state_after_a_late_lock(spawn, path, OURS, how) == "free"


@pytest.mark.parametrize("opener", [weakened_waits.open_keeping_late, weakened_waits.open_closing_late])
def test_late_lock_that_is_kept_would_show(spawn: Spawn, path: Path, opener: weakened_waits.Opener) -> None:
    """The check can fail: of a late lock that is kept, or left to a forked child."""
    assert state_after_a_late_lock(spawn, path, name(opener)) == "exclusive"


def replaced_until_it_ends(child: Child, path: Path, at_least_s: float = 0) -> float:
    """Replace the file that a child waits for, and let go the old one, for as long as it waits; how long it did.

    With `at_least_s`, no longer than that.
    """
    begun_s = time.monotonic()
    held = lockedfile.open(path, "r+b")
    child.tell()
    while not child.has_spoken() and not 0 < at_least_s < time.monotonic() - begun_s:
        until(lambda: footprints.in_line(path) or child.has_spoken(), "the next wait")
        fresh = path.with_name("fresh")
        fresh.write_bytes(b"new\n")
        following = lockedfile.open(fresh, "r+b")
        fresh.replace(path)
        held.close()
        held = following
    held.close()
    return time.monotonic() - begun_s


def test_deadline_is_of_the_whole_wait(spawn: Spawn, path: Path) -> None:
    """Though the file is replaced, and waited for anew, again and again."""
    child = ready(spawn, waiting.ask, OURS, path, 0.3)
    before = footprints.footprint(child.process.pid, path)
    replaced_until_it_ends(child, path)
    heard = waiting.heard(child)
    assert isinstance(heard.error, LockTimeout)
    assert heard.took_s >= 0.3
    assert len(heard.told) == 1
    footprints.until_back(child.process.pid, path, before)
    child.tell()
    child.end()


def test_deadline_of_each_file_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a wait whose deadline begins anew with each file."""
    child = ready(spawn, waiting.ask, name(weakened_waits.open_with_a_deadline_a_round), path, 0.5)
    took_s = replaced_until_it_ends(child, path, 1.5)
    assert took_s >= 1.5
    child.process.kill()


def test_edit_with_a_deadline_lands_in_the_file_now_at_the_path(spawn: Spawn, path: Path) -> None:
    """It was renamed over the one that was waited for."""
    child = ready(spawn, waiting.ask, "write", path, LIMIT_S)
    with lockedfile.open(path, "r+b"):
        child.tell()
        locks.until_waiting(path)
        path.rename(path.with_name("old"))
        path.write_bytes(b"new\n")
    assert waiting.heard(child).error is None
    child.tell()
    child.end()
    assert (path.read_bytes(), path.with_name("old").read_bytes()) == (b"written\n", b"module m\n")


def test_process_that_is_killed_as_it_waits_leaves_nothing(spawn: Spawn, path: Path) -> None:
    """At the head of the line and behind it; who was behind gets the lock."""
    with lockedfile.open(path, "r+b"):
        waiters = [ready(spawn, waiting.ask, OURS, path, LIMIT_S) for _ in range(3)]
        for count, waiter in enumerate(waiters, 1):
            waiter.tell()
            footprints.until_in_line(path, count)
        for killed in waiters[:2]:
            killed.process.send_signal(signal.SIGKILL)
            killed.process.wait(LIMIT_S)
    assert waiting.heard(waiters[2]).error is None
    waiters[2].tell()
    waiters[2].end()
    assert footprints.locks_of(path) == []


def test_place_in_line_that_outlives_its_process_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a line that is kept in a file."""
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        waiter = ready(spawn, waiting.ask, name(weakened_waits.open_by_a_file), path)
        waiter.tell()
        footprints.until_in_line(path)
        waiter.process.kill()
        waiter.process.wait(LIMIT_S)
    assert path.with_name("go.mod.turn").exists()
