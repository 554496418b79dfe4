"""The lanes that are models: the weakest disk, the state machine, and the teeth; in small."""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING

import pytest

from stress.crash import lane, machine, teeth, weakdisk
from stress.crash.variants import VARIANTS
from stress.crash.weakest import Disk
from tests.lockedfile import needs

if TYPE_CHECKING:
    from pathlib import Path


def plan(directory: Path, variant: str | None = None) -> lane.Plan:
    """The short form, with a fixed seed."""
    return lane.Plan(False, 1, variant, directory, lambda *_: None)


def test_weakest_disk_keeps_what_was_synced_and_any_part_of_the_rest(tmp_path: Path) -> None:
    """Contents before a sync never come back; after it, each sector is of any time since."""
    disk = Disk.with_files(tmp_path, "file", {"file": b"a" * 1024})
    path, chance = str(tmp_path / "file"), random.Random(1)
    assert not disk.called("open", (path, 0), 7)
    disk.called("pwrite", (7, b"b" * 1024, 0), 1024)
    cuts = {bytes(disk.after_cut(chance)[path]) for _ in range(100)}
    assert cuts == {a * 512 + b * 512 for a in (b"a", b"b") for b in (b"a", b"b")}
    disk.called("fsync", (7,), None)
    disk.called("ftruncate", (7, 100), None)
    cut = [disk.after_cut(chance)[path] for _ in range(100)]
    assert {len(content) for content in cut} == {1024, 100}
    assert all(content.startswith(b"b" * 100) for content in cut)


def test_weakest_disk_may_forget_a_name_until_its_directory_is_synced(tmp_path: Path) -> None:
    """A synced file of a new name may be gone, and an unlinked one be back."""
    disk, chance = Disk(tmp_path, "file", None), random.Random(1)
    path = str(tmp_path / "file")
    disk.called("open", (path, 0), 7)
    disk.called("fsync", (7,), None)
    assert {len(disk.after_cut(chance)) for _ in range(50)} == {0, 1}
    disk.called("open", (str(tmp_path), 0), 8)
    disk.called("fsync", (8,), None)
    assert {len(disk.after_cut(chance)) for _ in range(50)} == {1}
    disk.called("unlink", (path,), None)
    assert {len(disk.after_cut(chance)) for _ in range(50)} == {0, 1}


@needs.linux
def test_durable_edits_survive_the_weakest_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of power cuts, many of which need a repair; the lane has more."""
    monkeypatch.setattr(weakdisk, "_ROUNDS", {False: 1})
    found = weakdisk.run(plan(tmp_path))
    assert (found.failed, found.failures, found.complete) == (0, (), True)
    assert found.states["repaired"] > 100


@needs.linux
@pytest.mark.parametrize("name", [name for name, variant in VARIANTS.items() if variant.caught_by == "weakdisk"])
def test_each_sync_that_is_missing_is_caught(tmp_path: Path, name: str) -> None:
    """By the lane `teeth`, as it does it for all."""
    found = teeth.run(plan(tmp_path, name))
    assert found.states == {"caught by weakdisk": 1}, found.failures


if sys.platform != "win32":
    from stress.crash.model import FileMachine

    @pytest.mark.parametrize("kind", ["append", "first byte", "blanks", "zeros"])
    def test_what_others_write_after_a_kill_stays(kind: str) -> None:
        """But for zeros at the end, which a power cut leaves of a durable edit, too: they may go with it."""
        state = FileMachine()
        state.foreign_edit(kind="append", cut=0)
        state.edit_killed(new=b"", durable=True, call=2, part=0.0)
        state.foreign_edit(kind=kind, cut=3)
        assert len(state.allowed) == (3 if kind == "zeros" else 1)
        state.teardown()


@needs.posix
def test_state_machine_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A few examples; the lane has more."""
    monkeypatch.setattr(machine, "_EXAMPLES", {False: 10})
    found = machine.run(plan(tmp_path))
    assert (found.failed, found.failures, found.complete) == (0, (), True)
    assert found.states["edit killed"] > 0
