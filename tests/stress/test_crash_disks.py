"""The lane `disks`, small: real limits and real full disks."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stress.crash.children import Children
from stress.crash.lane import Plan
from stress.crash.narrow import Narrow
from stress.crash.shortages import Shortage
from tests.lockedfile import needs

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs.strace

WITHIN_THE_JOURNAL = 25_000  # the content fits, with its mark; not all of the journal, which has old and new


def stories(directory: Path, shortages: list[Shortage], *, kill: bool = False, variant: str | None = None) -> list[str]:
    """What is wrong with them."""
    plan = Plan(False, 1, variant, directory, lambda *_: None)
    with Children() as children:
        verdicts = Narrow(plan, children).judged((kill, shortages))
    assert len(verdicts) >= len(shortages)
    return [one.story for one in verdicts if one.story]


def limits(mode: str) -> list[Shortage]:
    """Limits for files, within the content and past it."""
    rooms = (0, 9000, 20_601 + 1, WITHIN_THE_JOURNAL, 90_000)
    return [Shortage("limit", room, "write", mode, "everything else") for room in rooms]


@pytest.mark.parametrize("mode", ["default", "go"])
def test_limits_for_files_hold(tmp_path: Path, mode: str) -> None:
    """They need no root."""
    assert stories(tmp_path, limits(mode)) == []


def test_kill_past_a_limit_holds(tmp_path: Path) -> None:
    """A write is short, the next one fails, and while that is undone comes a kill."""
    assert stories(tmp_path, limits("default")[2:4], kill=True) == []


@needs.root
def test_full_disk_holds(tmp_path: Path) -> None:
    """A tmpfs of 64 KB, mounted for it and taken away again."""
    rooms = [Shortage("tmpfs", free, "edit", "default", "insertion that shifts pages") for free in (0, 12_288, 45_056)]
    assert stories(tmp_path, rooms) == []
    assert not [one for one in tmp_path.rglob("room") if os.path.ismount(one)]


def test_failed_edit_that_is_not_undone_is_caught(tmp_path: Path) -> None:
    """The library without that step."""
    found = stories(tmp_path, limits("default")[3:4], variant="not-undone")
    assert any("left its journal" in story for story in found), found
