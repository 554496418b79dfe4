"""Waits of one process for one file, one after the other and side by side: they neither pile up nor mix up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs Linux, which tells who has and does what", allow_module_level=True)

import signal
import threading

import lockedfile
from lockedfile import Edit, LockTimeout
from tests.lockedfile import footprints, locks, queueing, wait_interrupted, waiting, weakened_waits
from tests.lockedfile.processes import LIMIT_S, name, until
from tests.lockedfile.threads import run_all
from tests.lockedfile.ways import ASKING, HOLDING, have, kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OURS = "open r+b"
FEW = 4
"""So many threads, and descriptors, one that waits again and again on a held file may have more than at rest."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds a number."""
    path = tmp_path / "counter"
    path.write_bytes(b"0\n")
    return path


def more_after_many_waits(child: Child, path: Path, wait_often: Callable[[], None]) -> int:
    """How many threads, or descriptors, a process has more than before, after many waits for a file that is held."""
    child.expect("ready")
    before = footprints.footprint(child.process.pid, path)
    wait_often()
    now = footprints.footprint(child.process.pid, path)
    return max(now.threads - before.threads, now.descriptors - before.descriptors)


def twenty_in_vain(child: Child) -> Callable[[], None]:
    """Let a child that can wait twenty times do so."""

    def wait_often() -> None:
        child.tell()
        child.expect("20")

    return wait_often


@pytest.mark.parametrize("what", ["open r+b", "read"])
def test_waits_in_vain_do_not_pile_up(spawn: Spawn, path: Path, what: str) -> None:
    """After many on one file that is held for long, there are no more threads and descriptors than after a few."""
    child = spawn(waiting.ask_often, what, path, 0.01, 20)
    with lockedfile.open(path, "r+b"):
        assert more_after_many_waits(child, path, twenty_in_vain(child)) <= FEW
    child.tell()
    child.end()


@pytest.mark.parametrize("what", ["open r+b", "read"])
def test_waits_in_line_in_vain_do_not_pile_up(spawn: Spawn, path: Path, what: str) -> None:
    """Nor if somebody else is there before."""
    first = spawn(queueing.stand_in_line, name(lockedfile.open), "r+b", path)
    child = spawn(waiting.ask_often, what, path, 0.01, 20)
    first.expect("ready")
    with lockedfile.open(path, "r+b"):
        first.tell()
        footprints.until_in_line(path)
        assert more_after_many_waits(child, path, twenty_in_vain(child)) <= FEW
    first.expect("had")
    for one in (first, child):
        one.tell()
        one.end()


def test_interrupted_waits_do_not_pile_up(spawn: Spawn, path: Path) -> None:
    """Whatever ends them."""
    child = spawn(wait_interrupted.ask_often, OURS, path, 20)

    def interrupt_often() -> None:
        for _ in range(20):
            child.tell()
            child.expect("waiting")
            until(lambda: footprints.state(child.process.pid) == "S", "it is asleep")
            child.process.send_signal(signal.SIGINT)
            child.expect("interrupted")

    with lockedfile.open(path, "r+b"):
        assert more_after_many_waits(child, path, interrupt_often) <= FEW
    child.tell()
    child.end()


def test_piling_up_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a thread for every wait."""
    child = spawn(waiting.ask_often, name(weakened_waits.open_closing_late), path, 0.01, 20)
    with lockedfile.open(path, "r+b"):
        assert more_after_many_waits(child, path, twenty_in_vain(child)) > FEW
    child.tell()
    child.end()


@pytest.mark.parametrize("second", HOLDING)
def test_wait_after_one_in_vain_gets_its_own_kind_of_lock(path: Path, second: str) -> None:
    """Whatever the one before it wanted, and by whatever it wanted it; and has the file by its own mode."""
    seen: list[str] = []
    asked = threading.Event()

    def look() -> None:
        seen.append(locks.state(path))

    for first in ASKING:
        with lockedfile.open(path, "r+b") as file:

            def ask(first: str = first) -> None:
                with pytest.raises(LockTimeout):
                    have(first, str(path), timeout=0.001)
                have(second, str(path), look, timeout=LIMIT_S, on_wait=lambda _: asked.set())

            def release(file: lockedfile.LockedFile = file) -> None:
                assert asked.wait(LIMIT_S)
                asked.clear()
                file.close()

            run_all(ask, release)
    assert seen == [kind(second)] * len(ASKING)


def test_wait_after_one_in_vain_is_for_the_file_now_at_the_path(path: Path) -> None:
    """The one that the first waited for is held still."""
    with lockedfile.open(path, "r+b"):

        def ask() -> None:
            with pytest.raises(LockTimeout):
                Edit(path, lambda old: old, timeout=0.001)
            path.rename(path.with_name("old"))
            path.write_bytes(b"1\n")
            Edit(path, lambda old: old + b"edited\n", timeout=0)

        run_all(ask)
    assert path.read_bytes() == b"1\nedited\n"


def counted(spawn: Spawn, path: Path, editor: str) -> tuple[int, int]:
    """How many edits with deadlines came to an end that was good, by those who made them, and by the file."""
    crowd = [spawn(waiting.count_with_deadlines, editor, path, 60) for _ in range(3)]
    for child in crowd:
        child.expect("ready")
    for child in crowd:
        child.tell()
    done = sum(int(child.hear()) for child in crowd)
    for child in crowd:
        child.end()
    return done, int(path.read_bytes())


def test_crowd_with_deadlines_loses_no_update(spawn: Spawn, path: Path) -> None:
    """Three processes of two threads each raise one number, or run out of time; none of it is neither, or both."""
    done, number = counted(spawn, path, name(Edit))
    assert done == number > 0
    assert footprints.locks_of(path) == []


def test_edit_without_the_lock_at_the_deadline_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an edit that is made when the time is over, though the lock is not there."""
    done, number = counted(spawn, path, name(weakened_waits.edit_regardless))
    assert done > number
