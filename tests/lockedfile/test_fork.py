"""Fork under the lock: the child has a copy of the descriptor, and must neither drop, keep, nor use the lock by it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs fork", allow_module_level=True)

import fcntl

import lockedfile
from lockedfile import Edit, LockedFile
from tests.lockedfile import crashes, forking, needs, weakened
from tests.lockedfile.processes import name
from tests.lockedfile.protocols import beside, edit_as_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"old\n")
    return path


@pytest.mark.parametrize("leave", ["close", "with block", "end", "_exit", "kill"])
def test_forked_child_that_leaves_does_not_drop_the_lock(spawn: Spawn, path: Path, leave: str) -> None:
    """Whether it closes, leaves the block by `sys.exit`, ends with the file open, by `os._exit`, or is killed."""
    child = spawn(forking.fork_holding, name(LockedFile), leave, path)
    child.expect("exclusive")
    child.expect("free")
    child.end()


@pytest.mark.parametrize("leave", ["close", "with block", "end"])
def test_unlock_in_a_forked_child_would_show(spawn: Spawn, path: Path, leave: str) -> None:
    """The check can fail: an unlock in the child frees the lock of its parent."""
    child = spawn(forking.fork_holding, name(weakened.FileUnlockingAnywhere), leave, path)
    child.expect("free")
    child.expect("free")
    child.end()


def test_forked_child_that_stays_does_not_keep_the_lock(spawn: Spawn, path: Path) -> None:
    """The parent's close releases, though the child has the descriptor still."""
    child = spawn(forking.fork_staying, name(LockedFile), path)
    child.expect("free")
    child.end()


def test_missing_unlock_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a close that leaves the unlocking to the system."""
    child = spawn(forking.fork_staying, name(weakened.FileOnlyClosing), path)
    child.expect("exclusive")
    child.end()


@pytest.mark.parametrize("editor", [Edit, edit_as_go])
@pytest.mark.parametrize("leave", ["return", "raise", "_exit", "kill"])
def test_forked_child_in_a_transform_neither_writes_nor_unlocks(
    spawn: Spawn, path: Path, leave: str, editor: Editor
) -> None:
    """However it leaves the transform; the parent's edit goes on under the lock, and the child makes no journal."""
    child = spawn(forking.fork_in_edit, name(editor), leave, path)
    child.expect(r"exclusive b'old\n'")
    child.expect("edited")
    child.end()
    assert path.read_bytes() == b"old\nparent\n"
    assert beside(path) == []


@pytest.mark.parametrize("leave", ["return", "_exit"])
def test_forked_child_in_a_transform_leaves_what_was_recovered(spawn: Spawn, path: Path, leave: str) -> None:
    """Parent and child have the content that was made whole before the transform, and it is in the file."""
    crashes.leave(path, b"old\n", b"torn\n")
    child = spawn(forking.fork_in_edit, name(Edit), leave, path)
    child.expect(r"exclusive b'old\n'")
    child.expect("edited")
    child.end()
    assert (path.read_bytes(), beside(path)) == (b"old\nparent\n", [])


def test_edit_by_a_forked_child_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an edit that does not ask which process it is in."""
    child = spawn(forking.fork_in_edit, name(weakened.edit_in_any_process), "return", path)
    child.expect(r"free b'old\nchild\n'")
    child.expect("edited")
    child.end()


def test_forked_child_is_told_that_it_may_not_write(spawn: Spawn, path: Path) -> None:
    """By an error, not in silence."""
    child = spawn(forking.fork_and_tell, path)
    assert "forked child" in child.hear()
    child.end()
    assert path.read_bytes() == b"old\n"


@pytest.mark.parametrize("leave", ["release", "end", "_exit", "kill"])
def test_forked_child_that_leaves_does_not_drop_a_mutex(spawn: Spawn, path: Path, leave: str) -> None:
    """Whether the child releases its copy, ends, or is killed."""
    child = spawn(forking.fork_holding_mutex, leave, path)
    child.expect("exclusive")
    child.expect("free")
    child.end()


def test_forked_child_can_acquire_the_mutex_that_its_parent_held(spawn: Spawn, path: Path) -> None:
    """It waits for the parent's release, and then gets it: not for ever."""
    child = spawn(forking.fork_and_acquire, path)
    child.expect("asking")
    child.tell()
    child.expect("the child's end: 0")
    child.end()


def test_forked_child_edits_for_itself(spawn: Spawn, path: Path) -> None:
    """It is a process like any other, and waits for its parent's lock."""
    child = spawn(forking.fork_and_edit, path)
    child.expect("forked")
    child.end()
    assert path.read_bytes() == b"old\nparent\nchild\n"


@needs.linux
def test_child_forked_while_an_edit_waits_does_not_keep_the_file_it_left(spawn: Spawn, path: Path) -> None:
    """The edit goes on to the file that was renamed over; who waits for the old one gets it."""
    with path.open("rb") as old:
        with lockedfile.open(path, "r+b"):
            child = spawn(forking.fork_while_waiting, path)
            child.expect("forked")
            path.with_name("fresh").write_bytes(b"new\n")
            path.with_name("fresh").replace(path)
        child.expect("edited")
        fcntl.flock(old, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises, if the forked child has it
    child.tell()
    child.end()
    assert path.read_bytes() == b"new\nedited\n"
