"""Ctrl-C at any moment: the content is whole, the lock is free, and no descriptor is left."""

from __future__ import annotations

import json
import random
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from lockedfile import Edit
from tests.lockedfile import interrupted, needs
from tests.lockedfile.processes import name
from tests.lockedfile.protocols import edit_as_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]

STORM_ROUNDS = 600 if sys.platform != "win32" else 150


@pytest.mark.parametrize("what", ["Edit", "open", "Mutex"])
def test_interrupt_as_an_exception_leaves_releases_the_lock(spawn: Spawn, tmp_path: Path, what: str) -> None:
    """The interrupt comes after the transform, or the block, has raised, and before the lock is released."""
    path = tmp_path / "go.mod"
    path.touch()
    child = spawn(interrupted.raise_interrupted, what, path)
    child.expect("KeyboardInterrupt, 0 leaked, free")
    child.end()


@needs.linux
def test_interrupt_as_a_mutex_is_had_does_not_leave_it_stuck(spawn: Spawn, tmp_path: Path) -> None:
    """Whether the interrupted thread has it or not, it can be acquired again."""
    child = spawn(interrupted.interrupt_as_mutex_is_had, tmp_path / "lock")
    for _ in range(5):
        child.expect("free")
    child.end()


@pytest.mark.parametrize("editor", [Edit, edit_as_go])
def test_storm_of_interrupts_tears_nothing(spawn: Spawn, tmp_path: Path, editor: Editor) -> None:
    """It comes at random moments of edits that grow and shrink by pages, each after the last one was survived."""
    path, contents = tmp_path / "go.sum", tmp_path / "contents"
    cycle = [f"{letter}{'=' * middle}{letter}{'-' * tail}" for letter, middle, tail in [
        ("a", 9000, 100), ("b", 9000, 20000), ("c", 9000, 20000), ("d", 7000, 3), ("e", 30000, 9000), ("f", 30000, 0),
    ]]  # fmt: skip
    contents.write_text(json.dumps(cycle))
    path.write_text(cycle[0])
    child = spawn(interrupted.storm, name(editor), path, contents)
    child.expect("ready")
    delay, seed = threading.Event(), random.randrange(1 << 32)
    chance = random.Random(seed)
    for round_ in range(STORM_ROUNDS):
        delay.wait(chance.expovariate(2000))
        child.interrupt()
        heard = child.hear()
        assert heard == "whole=True free=True leaked=0 beside=[]", f"{heard}; round {round_}, seed {seed}"
    child.process.kill()
