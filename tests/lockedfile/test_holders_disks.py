"""Who holds a lock on every file system, whatever `stat` says there of a file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs /proc/locks", allow_module_level=True)


from lockedfile._holders import Holder, holders
from tests.lockedfile import filesystems, holding, needs
from tests.lockedfile import weakened_holders as weakened
from tests.lockedfile.holding import until_waiting
from tests.lockedfile.rollcall import (
    brief,
    check_heirs_are_named,
    check_holder_is_named,
    check_waiters_are_named,
    let_go,
    started,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]
    Ask = Callable[[str], list[Holder]]

KINDS = ["exclusive", "shared"]


@pytest.fixture(params=filesystems.KINDS)
def disk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Path]:
    """A place on a file system of its own."""
    with filesystems.KINDS[request.param](tmp_path / "disk") as directory:
        yield directory


@needs.root
@pytest.mark.parametrize("kind", KINDS)
def test_holder_is_named_on_every_file_system(disk: Path, spawn: Spawn, kind: str) -> None:
    """Whatever `stat` says of device and number."""
    (disk / "go.mod").write_bytes(b"module m\n")
    check_holder_is_named(spawn, disk / "go.mod", holders, kind)


@needs.root
@pytest.mark.parametrize("disk", ["btrfs", "overlayfs of two"], indirect=True)
def test_taking_the_status_for_the_lock_would_show(disk: Path, spawn: Spawn) -> None:
    """The check can fail: of a look at `st_dev` and `st_ino`."""
    (disk / "go.mod").write_bytes(b"module m\n")
    with pytest.raises(AssertionError):
        check_holder_is_named(spawn, disk / "go.mod", weakened.by_status, "exclusive")


@needs.root
@pytest.mark.parametrize("disk", ["overlayfs", "overlayfs of two"], indirect=True)
def test_holder_from_before_the_copy_up_is_named(disk: Path, spawn: Spawn) -> None:
    """Who opened the file of the lower layer has the same lock as who opens the copy of the upper."""
    path = disk / "lower"
    child = started(spawn, holding.hold, "shared", path)
    path.write_bytes(b"1\n")
    other = started(spawn, holding.hold, "shared", path)
    expected = [(child.process.pid, "shared", False), (other.process.pid, "shared", False)]
    assert sorted(brief(holders(path))) == sorted(expected)


@needs.root
@pytest.mark.parametrize("disk", ["btrfs", "overlayfs of two"], indirect=True)
def test_waiter_and_heir_are_named_on_file_systems_with_two_names(disk: Path, spawn: Spawn) -> None:
    """Whatever the name, what else is promised holds."""
    path = disk / "go.mod"
    path.write_bytes(b"module m\n")
    check_heirs_are_named(spawn, path, holders, "die", "exclusive")
    check_waiters_are_named(spawn, path, holders, "exclusive", "exclusive")


def check_twins_are_told_apart(spawn: Spawn, first: Path, second: Path, ask: Ask) -> None:
    """Who holds a file, and who waits for it, has nothing to do with another one of the same number."""
    one = started(spawn, holding.hold, "exclusive", first)
    waiting = spawn(holding.await_lock, "exclusive", first)
    until_waiting(first)
    expected = [(one.process.pid, "exclusive", False), (waiting.process.pid, "exclusive", True)]
    assert (brief(ask(str(first))), brief(ask(str(second)))) == (expected, [])
    other = started(spawn, holding.hold, "shared", second)
    assert brief(ask(str(second))) == [(other.process.pid, "shared", False)]
    let_go(one)
    waiting.expect("had it")
    waiting.end()
    assert (brief(ask(str(first))), brief(ask(str(second)))) == ([], [(other.process.pid, "shared", False)])
    let_go(other)
    both = started(spawn, holding.hold, "exclusive", first, second)
    for file in (first, second):
        assert brief(ask(str(file))) == [(both.process.pid, "exclusive", False)]
    let_go(both)
    heir = spawn(holding.hand_on, "die", "exclusive", first)
    pid = int(heir.hear())
    heir.process.wait()
    assert (brief(ask(str(first))), brief(ask(str(second)))) == ([(pid, "exclusive", False)], [])
    marked = spawn(holding.mark, "exclusive", second)
    marked.expect("marked")
    assert (brief(ask(str(first))), brief(ask(str(second)))) == (
        [(pid, "exclusive", False)],
        [(marked.process.pid, "exclusive", True)],
    )
    heir.tell()
    marked.tell()
    marked.end()


@needs.root
def test_two_files_of_one_number_are_told_apart(spawn: Spawn, tmp_path: Path) -> None:
    """In a subvolume of btrfs and its snapshot, which have one device in the list of locks."""
    with filesystems.twins(tmp_path / "subvolume") as (first, second):
        check_twins_are_told_apart(spawn, first, second, holders)


@needs.root
def test_taking_one_for_its_twin_would_show(spawn: Spawn, tmp_path: Path) -> None:
    """The check can fail."""
    with filesystems.twins(tmp_path / "subvolume") as (first, second), pytest.raises(AssertionError):
        check_twins_are_told_apart(spawn, first, second, weakened.without_twins)
