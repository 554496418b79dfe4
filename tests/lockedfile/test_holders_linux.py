"""Who holds a lock on Linux: who has it now, not who once acquired it; and what he is called."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs /proc/locks", allow_module_level=True)


from lockedfile._holders import Holder, _having, _linux, held_by, holders, identity, told
from lockedfile._holders import locks as all_locks
from lockedfile._holders._proc import listing
from tests.lockedfile import holding
from tests.lockedfile import weakened_holders as weakened
from tests.lockedfile.holding import until_waiting
from tests.lockedfile.processes import until
from tests.lockedfile.rollcall import brief, check_heirs_are_named, check_holder_is_named, let_go, started

if TYPE_CHECKING:
    from collections.abc import Callable

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


@pytest.mark.parametrize("kind", KINDS)
def test_holder_is_named(spawn: Spawn, path: Path, kind: str) -> None:
    """In either mode."""
    check_holder_is_named(spawn, path, holders, kind)


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


def check_command_is_safe(spawn: Spawn, path: Path, ask: Ask) -> None:
    """It can be pasted into a shell, and does nothing to a terminal."""
    child = started(spawn, holding.hold_titled, path, "two words", "\x1b[2J\n", "\u202e", "")
    line = ask(str(path))[0].command
    assert line.isprintable()
    assert line.endswith(rf" {path} 'two words' $'\x1b[2J\n' $'\u202e' ''")
    assert line.startswith(f"{sys.executable} -P -S -W error -c '")
    assert told(ask(str(path))).startswith(
        f"pid {child.process.pid} ({os.path.basename(sys.executable)} -P -S -W error -c '"
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
    locked = _having._locked

    def after_the_release(inode: Inode, pid: int) -> dict[tuple[int, bool], list[bool]]:
        child.tell()
        child.expect("released")
        monkeypatch.setattr(_having, "_locked", locked)
        return locked(inode, pid)

    monkeypatch.setattr(_having, "_locked", after_the_release)
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
    module = _having if look == "_locked" else _linux
    real = getattr(module, look)

    def after_the_end(*args: object) -> object:
        child.process.kill()
        child.process.wait()
        return real(*args)

    monkeypatch.setattr(module, look, after_the_end)
    found = holders(path)
    assert brief(found) == [(child.process.pid, "exclusive", False) for _ in leaves]
    assert [holder.command for holder in found] == leaves


def check_lock_slips_through(spawn: Spawn, path: Path, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is missing in a list that is not of one instant is in the next; and none is looked for longer."""
    child = started(spawn, holding.hold, "exclusive", path)
    seen: list[str] = []

    def slipping() -> tuple[str, bool]:
        text = listing()[0]
        seen.append(text)
        lines = text.splitlines(keepends=True)
        return "".join(line for line in lines if len(seen) > 1 or f" {child.process.pid} " not in line), False

    with monkeypatch.context() as patched:
        patched.setattr(_having, "listing", slipping)
        assert brief(ask(str(path))) == [(child.process.pid, "exclusive", False)]
        assert len(seen) == 3
    let_go(child)


def test_lock_that_slips_through_a_long_list_is_found(
    spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The kernel gives such a list in parts, between which it changes."""
    check_lock_slips_through(spawn, path, holders, monkeypatch)


def test_lock_that_slips_through_would_show(spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: of a list that is read once, however long."""
    with pytest.raises(AssertionError):
        check_lock_slips_through(spawn, path, weakened.of_one_list, monkeypatch)


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
