"""The branches for macOS, taken in a child process that believes to be there: `macos` has what differs."""

from __future__ import annotations

import errno
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

if sys.platform == "win32":
    pytest.skip("needs flock", allow_module_level=True)

from tests.lockedfile import children, macos
from tests.lockedfile.protocols import journal_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OLD, NEW = "old\n", "longer than before\n"
# What is not said of a disk but of the call: there, fsync(2) is the most that can be had (fsync(2), fcntl(2) of macOS).
NOT_SUPPORTED = ["ENOTSUP", "EINVAL", "ENOTTY"]
DURABLE = [
    *("write journal", "full sync journal", "full sync directory"),
    *("write file", "full sync file"),  # the mark
    *("write file", "write file", "full sync file"),
    *("cut file", "full sync file"),
    "drop journal",
]
FULL_SYNCS = [call for call in DURABLE if call.startswith(macos.SYNCS)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "go.mod"
    path.write_text(OLD)
    return path


def told(spawn: Spawn, function: Callable[..., None], *arguments: object) -> Any:
    """What a child says of it."""
    child = spawn(function, *arguments)
    heard = json.loads(child.hear())
    child.end()
    return heard


def with_fallback(call: str) -> list[str]:
    """A full sync, and the one instead."""
    return [call, call.replace(macos.SYNCS, "fsync")] if call in FULL_SYNCS else [call]


def test_durable_edit_reaches_the_platter_step_by_step(spawn: Spawn, path: Path) -> None:
    """Each sync is F_FULLFSYNC, none is fsync(2), and each comes before the next step."""
    assert told(spawn, macos.edit, path, NEW)["calls"] == DURABLE
    assert path.read_text() == NEW


def test_edit_that_need_not_be_durable_syncs_nothing(spawn: Spawn, path: Path) -> None:
    """The same steps without."""
    calls = told(spawn, macos.edit, path, NEW, "", "", "", "")["calls"]
    assert calls == [call for call in DURABLE if call not in FULL_SYNCS]


@pytest.mark.parametrize("number", NOT_SUPPORTED)
def test_file_system_that_knows_no_full_sync_is_synced_as_it_can_be(spawn: Spawn, path: Path, number: str) -> None:
    """Each time anew, with fsync(2), and only then."""
    heard = told(spawn, macos.edit, path, NEW, "all", number)
    assert heard["calls"] == [part for call in DURABLE for part in with_fallback(call)]
    assert (heard["errno"], path.read_text()) == (None, NEW)


FAILING = [*(("EIO", which) for which in range(1, len(FULL_SYNCS) + 1)), ("ENOSPC", 4), ("EBADF", 4), ("EPERM", 4)]


@pytest.mark.parametrize(("number", "which"), FAILING)
def test_full_sync_that_fails_is_an_error(spawn: Spawn, path: Path, number: str, which: int) -> None:
    """Never made up for by fsync(2), which would say that all is well; whichever sync of the edit it was."""
    heard = told(spawn, macos.edit, path, NEW, which, number)
    assert (heard["errno"], heard["filename"]) == (getattr(errno, number), str(path))
    assert [call for call in heard["calls"] if call.startswith("fsync")] == []
    told(spawn, macos.edit, path, "newer\n")  # whoever comes next goes on
    assert path.read_text() == "newer\n"


@pytest.mark.parametrize("failing", range(3, 6))
def test_failed_sync_of_the_file_leaves_its_journal(spawn: Spawn, path: Path, failing: int) -> None:
    """What the disk has then is not known."""
    heard = told(spawn, macos.edit, path, NEW, failing, "EIO")
    assert heard["errno"] == errno.EIO
    assert "drop journal" not in heard["calls"]
    assert journal_of(path).exists()


def violations(spawn: Spawn, path: Path, weakness: str) -> list[str]:
    """Which of the promises above an edit that is weakened breaks."""
    found = []
    if told(spawn, macos.edit, path, NEW, "", "", weakness)["calls"] != DURABLE:
        found.append("calls")
    heard = told(spawn, macos.edit, path, OLD, "4", "EIO", weakness)
    if heard["errno"] != errno.EIO:
        found.append("error")
    if any(call.startswith("fsync") for call in heard["calls"]):
        found.append("fallback")
    return found


@pytest.mark.parametrize(
    ("weakness", "found"),
    [
        ("", []),
        ("fsync only", ["calls", "error", "fallback"]),
        ("swallowed", ["error"]),
        ("any error", ["error", "fallback"]),
    ],
)
def test_weaker_sync_would_show(spawn: Spawn, path: Path, weakness: str, found: list[str]) -> None:
    """The tests can fail: of one that uses fsync(2) alone, and of those that take any error for `not supported`."""
    assert violations(spawn, path, weakness) == found


def test_modules_of_macos_are_chosen(spawn: Spawn) -> None:
    """flock(2), no turnstile, nobody who tells of locks; and a descriptor is believed to have the lock it was given."""
    posix, none = "lockedfile._oslock._posix", "lockedfile._oslock._no_turnstile"
    told_of = "lockedfile._holders._none"
    assert told(spawn, macos.attributes) == ["lockedfile", posix, none, posix, told_of, False, True]


def test_deadline_names_an_unknown_process(spawn: Spawn, path: Path) -> None:
    """The wait is told of once, it ends, and nobody is guessed at."""
    holder = spawn(children.hold, path)
    holder.expect("asking")
    holder.expect("locked")
    heard = told(spawn, macos.wait, path)
    assert (heard["holders"], heard["waits"]) == ([[None], []], 1)
    assert "an unknown process" in heard["text"]
    holder.tell()
    holder.expect("released")
    holder.end()


def test_thread_that_would_wait_for_itself_is_told(spawn: Spawn, path: Path) -> None:
    """By the library's own notes, as no list of the kernel's is there to ask."""
    child = spawn(macos.threads_of_one_process, path)
    child.expect("WouldDeadlock")
    child.end()
