"""Waits of one process for one file, one after the other, do not pile up threads, descriptors or locks."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs Linux, which tells who has and does what", allow_module_level=True)

import signal

import lockedfile
from tests.lockedfile import footprints, queueing, wait_interrupted, waiting, weakened_waits
from tests.lockedfile.processes import name, until

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
