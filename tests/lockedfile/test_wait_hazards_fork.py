"""Waits, and locks that are given back, beside forks and signals."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs fork", allow_module_level=True)

import lockedfile
from lockedfile import Edit
from tests.lockedfile import hazards, weakened
from tests.lockedfile.processes import name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"old\n")
    return path


def test_interrupt_as_a_lock_is_given_back_does_not_leave_it_to_a_child(spawn: Spawn, path: Path) -> None:
    """One that was forked meanwhile, and lives on."""
    child = spawn(hazards.fork_and_fail_interrupted, name(Edit), path)
    child.expect("free")
    child.end()


def test_lock_left_to_a_child_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an edit that gives its lock back by closing alone."""
    child = spawn(hazards.fork_and_fail_interrupted, name(weakened.edit_inheritably), path)
    child.expect("exclusive")
    child.end()


def test_fork_in_on_wait_leaves_the_lock_to_the_parent(spawn: Spawn, path: Path) -> None:
    """The child is told that it cannot wait; what it then does takes nothing from its parent."""
    with lockedfile.open(path, "r+b"):
        child = spawn(hazards.edit_forking_on_wait, path)
        assert {child.hear(), child.hear()} == {"forked", "child: RuntimeError"}
    child.tell()
    child.expect("exclusive")
    child.expect("edited")
    child.end()
