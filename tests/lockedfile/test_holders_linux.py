"""Who holds a lock on Linux: who has it now, not who once acquired it; on every file system; and who waits."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs /proc/locks", allow_module_level=True)

import fcntl

from lockedfile._holders import Holder, _linux, held_by, holders, identity, told
from lockedfile._holders import locks as all_locks
from tests.lockedfile import filesystems, holding, needs
from tests.lockedfile import weakened_holders as weakened
from tests.lockedfile.holding import until_waiting
from tests.lockedfile.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lockedfile._holders._inode import Inode
    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]
    Ask = Callable[[str], list[Holder]]

KINDS = ["exclusive", "shared"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


def brief(some: list[Holder]) -> list[tuple[int | None, str, bool]]:
    """Who holds or waits, and how."""
    return [(holder.pid, holder.mode, holder.waiting) for holder in some]


def started(spawn: Spawn, function: Callable[..., None], *args: object) -> Child:
    """A child that has said "locked"."""
    child = spawn(function, *args)
    child.expect("locked")
    return child


def let_go(*children: Child) -> None:
    """Let them release, and end."""
    for child in children:
        child.tell()
        child.expect("released")
        child.tell()
        child.end()


def check_holder_is_named(spawn: Spawn, path: Path, ask: Ask, kind: str) -> None:
    """One who holds the lock is named while he does, and not longer."""
    assert brief(ask(str(path))) == []
    child = started(spawn, holding.hold, kind, path)
    assert brief(ask(str(path))) == [(child.process.pid, kind, False)]
    let_go(child)
    assert brief(ask(str(path))) == []


@pytest.mark.parametrize("kind", KINDS)
def test_holder_is_named(spawn: Spawn, path: Path, kind: str) -> None:
    """In either mode."""
    check_holder_is_named(spawn, path, holders, kind)


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


def check_heirs_are_named(spawn: Spawn, path: Path, ask: Ask, how: str, kind: str, heirs: int = 1) -> None:
    """Where who acquired the lock has handed it on, those are named that have it, and their mode."""
    child = spawn(holding.hand_on, how, kind, path, heirs)
    pids: list[int] = []
    try:
        while len(pids) < heirs:
            line = child.hear()
            pids += [int(line)] if line != "closed" else []
        if how == "die":
            child.process.wait()
        else:
            locks_of_parent = f"/proc/{child.process.pid}/fd"
            assert not any(
                os.path.realpath(f"{locks_of_parent}/{fd}") == str(path) for fd in os.listdir(locks_of_parent)
            )
        assert sorted(brief(ask(str(path)))) == sorted((pid, kind, False) for pid in pids)
    finally:
        for _ in range(heirs):
            child.tell("")
    child.process.wait()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("heirs", [1, 2])
def test_heirs_of_the_dead_are_named(spawn: Spawn, path: Path, kind: str, heirs: int) -> None:
    """Who acquired the lock is dead, and still in the list of the kernel."""
    check_heirs_are_named(spawn, path, holders, "die", kind, heirs)


def test_heir_of_one_who_lives_is_named(spawn: Spawn, path: Path) -> None:
    """Who acquired the lock lives, and has closed the file."""
    child = spawn(holding.hand_on, "close", "exclusive", path)
    lines = {child.hear(), child.hear()}
    (pid,) = lines - {"closed"}
    assert brief(holders(path)) == [(int(pid), "exclusive", False)]
    with pytest.raises(AssertionError):
        assert brief(weakened.trusting(str(path))) == [(int(pid), "exclusive", False)]
    child.tell("")
    child.end()


@pytest.mark.parametrize("ask", [weakened.trusting, weakened.without_heirs])
def test_naming_the_dead_would_show(spawn: Spawn, path: Path, ask: Ask) -> None:
    """The check can fail: of a list that is taken at its word, and of no look at who else has the lock."""
    with pytest.raises(AssertionError):
        check_heirs_are_named(spawn, path, ask, "die", "exclusive")


def test_heir_of_one_who_is_not_reaped_is_named(spawn: Spawn, path: Path) -> None:
    """The dead is still among the processes."""
    child = spawn(holding.become_zombie, path)
    first, second = sorted((child.hear(), child.hear()))
    heir, dead = int(first), int(second.removeprefix("dead: "))
    assert brief(holders(path)) == [(heir, "exclusive", False)]
    assert _linux.facts(dead)[1] == f"[{Path(f'/proc/{heir}/comm').read_text(encoding='utf-8').strip()}]"
    child.tell("now both")
    child.end()


def test_holder_whose_first_thread_has_ended_is_named(spawn: Spawn, path: Path) -> None:
    """Its other threads have the file open."""
    child = started(spawn, holding.leave_the_first_thread, path)
    stat = Path(f"/proc/{child.process.pid}/stat")
    until(lambda: stat.read_text(encoding="ascii").rpartition(") ")[2].startswith("Z"), "a zombie")
    assert brief(holders(path)) == [(child.process.pid, "exclusive", False)]
    child.tell()
    child.end()


def check_waiters_are_named(spawn: Spawn, path: Path, ask: Ask, kind: str, waiting: str) -> None:
    """Those who wait are, after those who hold, and in the order in which they came."""
    holder = started(spawn, holding.hold, kind, path)
    waiters = []
    for count in (1, 2):
        waiters.append(spawn(holding.await_lock, waiting, path))
        until_waiting(path, count)
    expected = [(waiter.process.pid, waiting, True) for waiter in waiters]
    assert brief(ask(str(path))) == [(holder.process.pid, kind, False), *expected]
    let_go(holder)
    for waiter in waiters:
        waiter.expect("had it")
        waiter.end()
    assert ask(str(path)) == []


@pytest.mark.parametrize(
    ("kind", "waiting"), [("exclusive", "exclusive"), ("exclusive", "shared"), ("shared", "exclusive")]
)
def test_waiters_are_named(spawn: Spawn, path: Path, kind: str, waiting: str) -> None:
    """For each mode in which one has to wait."""
    check_waiters_are_named(spawn, path, holders, kind, waiting)


def test_each_thread_that_waits_counts(spawn: Spawn, path: Path) -> None:
    """And each lock that one process has."""
    holder = started(spawn, holding.hold, "shared", path, path)
    waiter = spawn(holding.await_lock, "exclusive", path, 3)
    until_waiting(path, 3)
    assert brief(holders(path)) == [
        *2 * [(holder.process.pid, "shared", False)],
        *3 * [(waiter.process.pid, "exclusive", True)],
    ]
    let_go(holder)
    waiter.expect("had it")
    waiter.end()


def check_marked_are_named(spawn: Spawn, path: Path, ask: Ask) -> None:
    """Those who stand in line for the queue wait, one entry for each thread; and once if they are in the queue too."""
    holder = started(spawn, holding.hold, "exclusive", path)
    held = (holder.process.pid, "exclusive", False)
    queued = spawn(holding.mark_and_await, "exclusive", path)
    queued.expect("asking")
    until_waiting(path)
    assert brief(ask(str(path))) == [held, (queued.process.pid, "exclusive", True)]
    marked = spawn(holding.mark, "shared", path, 2)
    for _ in range(2):
        marked.expect("marked")
    assert brief(ask(str(path))) == [
        held,
        (queued.process.pid, "exclusive", True),
        *2 * [(marked.process.pid, "shared", True)],
    ]
    marked.tell()
    marked.end()
    dead = spawn(holding.leave_mark, path)
    heir = dead.hear()
    assert heir.isdecimal()
    dead.process.wait()
    try:
        assert brief(ask(str(path))) == [held, (queued.process.pid, "exclusive", True)]
    finally:
        dead.tell("")
    let_go(holder)
    queued.expect("had it")
    queued.end()


def test_those_in_line_for_the_queue_are_named(spawn: Spawn, path: Path) -> None:
    """By their marks, while they live."""
    check_marked_are_named(spawn, path, holders)


@pytest.mark.parametrize("ask", [weakened.without_marks, weakened.with_all_marks])
def test_missing_or_doubling_those_in_line_would_show(spawn: Spawn, path: Path, ask: Ask) -> None:
    """The check can fail."""
    with pytest.raises(AssertionError):
        check_marked_are_named(spawn, path, ask)


def check_command_is_safe(spawn: Spawn, path: Path, ask: Ask) -> None:
    """It can be pasted into a shell, and does nothing to a terminal."""
    child = started(spawn, holding.hold_titled, path, "two words", "\x1b[2J\n", "\u202e", "")
    line = ask(str(path))[0].command
    assert line.isprintable()
    assert line.endswith(rf" {path} 'two words' $'\x1b[2J\n' $'\u202e' ''")
    assert line.startswith(f"{sys.executable} -S -W error -c '")
    assert told(ask(str(path))).startswith(
        f"pid {child.process.pid} ({os.path.basename(sys.executable)} -S -W error -c '"
    )
    let_go(child)


def test_command_is_whole_and_safe_to_print(spawn: Spawn, path: Path) -> None:
    """What a process calls itself, a terminal must not obey."""
    check_command_is_safe(spawn, path, holders)


def test_unsafe_command_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail."""
    with pytest.raises(AssertionError):
        check_command_is_safe(spawn, path, weakened.raw)


def test_since_is_no_later_than_the_lock(spawn: Spawn, path: Path) -> None:
    """And no earlier than the process, but for what the clock of the boot rounds off; the same at every look."""
    before = time.time()
    child = started(spawn, holding.hold, "exclusive", path)
    after = time.time()
    looks = {holders(path)[0].since for _ in range(5)}
    assert len(looks) == 1
    (since,) = looks
    assert since is not None
    assert before - 1.1 < since < after
    let_go(child)


def check_release_meanwhile(spawn: Spawn, path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who gives the lock back between two looks is named as what he was, and not taken for one who has no lock."""
    child = started(spawn, holding.hold, "exclusive", path)
    locked = _linux._locked

    def after_the_release(inode: Inode, pid: int) -> dict[tuple[int, bool], list[bool]]:
        child.tell()
        child.expect("released")
        monkeypatch.setattr(_linux, "_locked", locked)
        return locked(inode, pid)

    monkeypatch.setattr(_linux, "_locked", after_the_release)
    assert brief(ask(str(path))) == [(child.process.pid, "exclusive", False)]
    child.tell()
    child.end()


def test_release_between_two_looks_is_no_riddle(spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list was true when it was read."""
    check_release_meanwhile(spawn, path, holders, monkeypatch)


def test_a_riddle_would_show(spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: of a look that is not taken again."""
    with pytest.raises(AssertionError):
        check_release_meanwhile(spawn, path, weakened.of_one_moment, monkeypatch)


@pytest.mark.parametrize(("look", "leaves"), [("_locked", []), ("facts", ["unknown"])])
def test_death_between_two_looks_is_no_error(
    spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch, look: str, leaves: list[str]
) -> None:
    """Nobody holds the lock then; who dies after it was seen to is named by his number."""
    child = started(spawn, holding.hold, "exclusive", path)
    real = getattr(_linux, look)

    def after_the_end(*args: object) -> object:
        child.process.kill()
        child.process.wait()
        return real(*args)

    monkeypatch.setattr(_linux, look, after_the_end)
    found = holders(path)
    assert brief(found) == [(child.process.pid, "exclusive", False) for _ in leaves]
    assert [holder.command for holder in found] == leaves


def test_busy_lock_never_raises_nor_hangs(spawn: Spawn, path: Path) -> None:
    """While processes take it, wait, and die, whatever is seen is of them, or unknown."""
    children = [spawn(holding.take_and_die, path) for _ in range(3)]
    for child in children:
        child.expect("ready")
    for child in children:
        child.tell()
    seen = 0
    while any(child.process.poll() is None for child in children):
        for holder in holders(path):
            seen += 1
            assert holder.mode == "exclusive"
    assert seen


def test_held_by_names_those_that_hold_alone(spawn: Spawn, path: Path) -> None:
    """And not those that wait, among which is who asks."""
    holder = started(spawn, holding.hold, "shared", path)
    waiter = spawn(holding.await_lock, "exclusive", path)
    until_waiting(path)
    with path.open("rb") as file:
        found = held_by(file.fileno(), str(path))
        assert brief(list(found)) == [(holder.process.pid, "shared", False)]
        device_and_number = identity(file.fileno())
        assert device_and_number is not None
        ours = [lock for lock in all_locks() if lock[:2] == device_and_number]
    assert ours == [
        (*device_and_number, holder.process.pid, False, False),
        (*device_and_number, waiter.process.pid, True, True),
    ]
    let_go(holder)
    waiter.expect("had it")
    waiter.end()


def test_threads_of_ours_show_too(path: Path) -> None:
    """One that holds and one that waits, of the process that asks."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        waiting = threading.Thread(target=lambda: holding.take(path))
        waiting.start()
        until_waiting(path)
        found = holders(path)
        fcntl.flock(file, fcntl.LOCK_UN)
        waiting.join()
    assert brief(found) == [(os.getpid(), "shared", False), (os.getpid(), "exclusive", True)]
