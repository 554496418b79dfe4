"""Who excludes whom: editors, readers, threads, processes; no update is lost, and no descriptor strays."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit
from tests.lockedfile import children, locks, needs, weakened
from tests.lockedfile.processes import go_together, name
from tests.lockedfile.threads import run_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]

# How often each of a crowd edits. Where files are opened and looked at a hundred times slower, fewer do.
TIMES = 100 if sys.platform == "win32" else 500


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds a number."""
    path = tmp_path / "counter"
    path.write_bytes(b"0\n")
    return path


def test_transform_runs_with_the_lock_held(path: Path) -> None:
    """The exclusive one; before and after nothing is locked."""
    seen: list[str] = []

    def transform(old: bytes) -> bytes:
        seen.append(locks.state(path))
        return old

    Edit(path, transform)
    assert (seen, locks.state(path)) == (["exclusive"], "free")


@pytest.mark.parametrize(("mode", "waits"), [("rb", False), ("r+b", True)])
def test_read_waits_for_writers_only(spawn: Spawn, path: Path, mode: str, waits: bool) -> None:
    """A reader coexists with readers."""
    with lockedfile.open(path, mode):
        child = spawn(children.read, path)
        child.expect("asking")
        if waits:
            locks.until_waiting(path)
            assert not child.has_spoken()
        else:
            child.expect(ascii(b"0\n"))
    if waits:
        child.expect(ascii(b"0\n"))
    child.end()


@pytest.mark.parametrize("mode", ["rb", "r+b"])
def test_edit_waits_for_readers_and_writers(spawn: Spawn, path: Path, mode: str) -> None:
    """Until the last is gone, and says how long."""
    with lockedfile.open(path, mode):
        child = spawn(children.append, name(Edit), path, "1\n")
        child.expect("asking")
        locks.until_waiting(path)
        assert not child.has_spoken()
        assert path.stat().st_size == 2
    child.expect("edited")
    child.end()
    assert path.read_bytes() == b"0\n1\n"


def test_edit_waits_for_a_killed_holder_no_longer(spawn: Spawn, path: Path) -> None:
    """The system releases what a dead process held."""
    holder = spawn(children.hold, path)
    holder.expect("asking")
    holder.expect("locked")
    assert locks.state(path) == "exclusive"
    holder.process.kill()
    Edit(path, lambda old: old + b"1\n")
    assert path.read_bytes() == b"0\n1\n"


def test_waited_time_is_counted(spawn: Spawn, path: Path) -> None:
    """From asking for the lock to having it: not before the holder let go."""
    holder = spawn(children.hold, path)
    holder.expect("asking")
    holder.expect("locked")
    edits: list[lockedfile.Edited] = []
    releases: list[int] = []

    def let_go() -> None:
        from time import perf_counter_ns

        locks.until_waiting(path)
        releases.append(perf_counter_ns())
        holder.tell()

    run_all(lambda: edits.append(Edit(path, lambda old: old)), let_go)
    holder.expect("released")
    holder.end()
    assert edits[0].asked_ns < edits[0].locked_ns
    if locks.TELLS:  # elsewhere the edit may have asked later
        assert edits[0].asked_ns <= releases[0] <= edits[0].locked_ns


def updates_after_two_edits(spawn: Spawn, path: Path, editor: Editor) -> bytes:
    """The content after an edit within whose transform another process asked for one."""
    seconds: list[Child] = []

    def first(old: bytes) -> bytes:
        second = spawn(children.append, name(editor), path, "second\n")
        seconds.append(second)
        second.expect("asking")
        locks.until_waiting(path, unless=second.has_spoken)
        return old + b"first\n"

    editor(str(path), first)
    seconds[0].expect("edited")
    seconds[0].end()
    return path.read_bytes()


def test_no_update_is_lost(spawn: Spawn, path: Path) -> None:
    """The second edit begins with what the first one wrote."""
    assert updates_after_two_edits(spawn, path, Edit) == b"0\nfirst\nsecond\n"


@pytest.mark.parametrize(
    "editor",
    [
        weakened.edit_without_lock,
        pytest.param(weakened.edit_by_rename, marks=needs.more_than_windows("needs to rename over an open file")),
    ],
)
def test_lost_update_would_show(spawn: Spawn, path: Path, editor: Editor) -> None:
    """The check can fail: of an edit without lock, and of one that locks and then renames."""
    assert updates_after_two_edits(spawn, path, editor) != b"0\nfirst\nsecond\n"


def test_threads_lose_no_update(path: Path) -> None:
    """Eight threads raise one number."""

    def work() -> None:
        for _ in range(TIMES // 5):
            Edit(path, children.increment)

    run_all(*[work] * 8)
    assert path.read_bytes() == b"%d\n" % (8 * (TIMES // 5))


def test_processes_lose_no_update(spawn: Spawn, path: Path) -> None:
    """Six processes raise one number."""
    crowd = [spawn(children.count, name(Edit), path, TIMES) for _ in range(6)]
    go_together(crowd)
    assert path.read_bytes() == b"%d\n" % (6 * TIMES)


def test_readers_see_whole_contents_while_others_edit(spawn: Spawn, path: Path) -> None:
    """Each read is of one edit, though the content grows over pages."""
    path.write_bytes(b"0\n" * 9000)
    times = 3 * TIMES // 10
    writers = [spawn(children.repeat, path, times) for _ in range(2)]
    for writer in writers:
        writer.expect("ready")
        writer.tell()
    reads = 0
    while not all(writer.has_spoken() for writer in writers):
        lines = lockedfile.read(path).splitlines()
        assert len(set(lines)) == 1
        assert len(lines) == 9000 + int(lines[0]) % 50
        reads += 1
    assert reads
    for writer in writers:
        writer.expect("done")
        writer.end()
    assert lockedfile.read(path).startswith(b"%d\n" % (2 * times))


def test_child_started_under_the_lock_does_not_drop_it(spawn: Spawn, path: Path) -> None:
    """Neither as it lives nor as it ends; and it does not keep it."""
    with lockedfile.open(path, "r+b"):
        child = spawn(children.wait_for_end)
        child.expect("alive")
        assert locks.state(path) == "exclusive"
        stayer = spawn(children.wait_for_end)
        stayer.expect("alive")
        child.end()
        assert locks.state(path) == "exclusive"
    assert locks.state(path) == "free"
    stayer.end()


def state_while_a_child_lives(path: Path, editor: Editor) -> str:
    """What a newcomer finds after an edit, while a process that was started under it with all descriptors lives."""
    started: list[subprocess.Popen[bytes]] = []

    def transform(old: bytes) -> bytes:
        program = [sys.executable, "-S", "-I", "-c", "input()"]
        started.append(subprocess.Popen(program, stdin=subprocess.PIPE, close_fds=False))
        return old + b"1\n"

    editor(str(path), transform)
    try:
        return locks.state(path)
    finally:
        started[0].communicate(b"\n", timeout=30)


def test_descriptor_of_an_edit_is_not_inherited(path: Path) -> None:
    """Not even by a process that inherits all it can."""
    assert state_while_a_child_lives(path, Edit) == "free"


@needs.more_than_windows("needs a lock that a child inherits")
def test_inherited_descriptor_would_show(path: Path) -> None:
    """The check can fail: of an edit whose descriptor children inherit, and that does not unlock."""
    assert state_while_a_child_lives(path, weakened.edit_inheritably) == "exclusive"


def test_no_descriptor_of_an_edit_is_inheritable(path: Path) -> None:
    """As the transform sees it."""
    found: list[bool] = []

    def transform(old: bytes) -> bytes:
        ours = [fd for fd in range(256) if children.is_open(fd) and os.path.samestat(os.fstat(fd), path.stat())]
        found.extend(map(os.get_inheritable, ours))
        return old

    Edit(path, transform)
    assert found == [False]


def test_edits_of_two_files_may_be_nested(tmp_path: Path) -> None:
    """The lock is of one file."""
    one, two = tmp_path / "one", tmp_path / "two"

    def outer(_: bytes) -> bytes:
        Edit(two, lambda _: b"2")
        return lockedfile.read(two) + b"1"

    Edit(one, outer)
    assert (one.read_bytes(), two.read_bytes()) == (b"21", b"2")
