"""Waits of one process for one file, one after the other and side by side, do not mix up."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, LockTimeout
from tests.lockedfile import locks, needs, waiting, weakened_waits
from tests.lockedfile.processes import LIMIT_S, name
from tests.lockedfile.threads import run_all
from tests.lockedfile.ways import ASKING, HOLDING, have, kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds a number."""
    path = tmp_path / "counter"
    path.write_bytes(b"0\n")
    return path


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


@needs.more_than_windows("Windows renames no open file")
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
    assert locks.state(path) == "free"


@needs.more_than_windows("the lock keeps those out who edit without it")
def test_edit_without_the_lock_at_the_deadline_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an edit that is made when the time is over, though the lock is not there."""
    done, number = counted(spawn, path, name(weakened_waits.edit_regardless))
    assert done > number
