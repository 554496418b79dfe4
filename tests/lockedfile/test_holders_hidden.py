"""Who holds a lock where not all may be seen: other users, other pid namespaces, and no word of them at all."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs /proc/locks", allow_module_level=True)

import fcntl

from lockedfile._holders import _having, held_by, holders
from tests.lockedfile import holding, needs
from tests.lockedfile import weakened_holders as weakened
from tests.lockedfile.holding import until_waiting
from tests.lockedfile.processes import name
from tests.lockedfile.rollcall import started

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from lockedfile._holders import Holder
    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]
    Ask = Callable[[str], list[Holder]]
    Found = list[tuple[int | None, str, str, bool]]

KINDS = ["exclusive", "shared"]

# A pid namespace of its own; with the /proc of it, or with that of the one outside.
INSIDE = ("unshare", "-pf", "--kill-child", "--mount-proc")
INSIDE_WITH_PROC_OF_OUTSIDE = ("unshare", "-pf", "--kill-child")

USER, OTHER_USER = 4000, 4001


@pytest.fixture
def path(public_path: Path) -> Path:
    """A small file that everybody may read."""
    public_path.write_bytes(b"module m\n")
    public_path.chmod(0o666)
    return public_path


class Viewer:
    """Another process that says who holds a lock."""

    def __init__(self, child: Child) -> None:
        self.child = child
        child.expect("ready")

    def see(self) -> Found:
        """Process, command, mode and waiting?, of each."""
        self.child.tell()
        return [(pid, command, mode, waiting) for pid, command, mode, waiting, _ in json.loads(self.child.hear())]

    def brief(self) -> list[tuple[int | None, str, bool]]:
        """Without the command."""
        return [(pid, mode, waiting) for pid, _, mode, waiting in self.see()]


def viewer(spawn: Spawn, path: Path, ask: Ask = holders, prefix: Sequence[str] = ()) -> Viewer:
    """One of us, or in a namespace that a prefix makes."""
    return Viewer(spawn(holding.tell, name(ask), path, prefix=prefix))


def viewer_as(spawn: Spawn, path: Path, user: int, ask: Ask = holders) -> Viewer:
    """One of another user."""
    return Viewer(spawn(holding.tell_as, user, name(ask), path))


def process_inside(child: Child) -> int:
    """The number that we see of the process that `unshare` runs."""
    with open(f"/proc/{child.process.pid}/task/{child.process.pid}/children", encoding="ascii") as children:
        return int(children.read())


@needs.root
@pytest.mark.parametrize("user", [USER, OTHER_USER, 0])
def test_holders_of_another_user_are_named(spawn: Spawn, path: Path, user: int) -> None:
    """With their command, be the viewer a user without rights, or root; those who wait as well."""
    holder = started(spawn, holding.hold_as, USER, "shared", path)
    waiter = spawn(holding.await_lock, "exclusive", path)
    until_waiting(path)
    found = viewer_as(spawn, path, user).see()
    assert [(pid, mode, waiting) for pid, _, mode, waiting in found] == [
        (holder.process.pid, "shared", False),
        (waiter.process.pid, "exclusive", True),
    ]
    assert [command.split()[-3:] for _, command, _, _ in found] == [
        [str(USER), "shared", str(path)],
        ["main(*sys.argv[1:])'", "exclusive", str(path)],
    ]


@needs.root
def test_file_that_is_not_for_us_to_read_has_holders(spawn: Spawn, path: Path) -> None:
    """It is only named, not read."""
    path.chmod(0)
    holder = started(spawn, holding.hold, "exclusive", path)
    assert viewer_as(spawn, path, USER).brief() == [(holder.process.pid, "exclusive", False)]


@needs.root
@pytest.mark.parametrize(("user", "known"), [(0, True), (USER, False)])
def test_heir_of_another_user_is_unknown_to_who_may_not_look(spawn: Spawn, path: Path, user: int, known: bool) -> None:
    """The dead is not named in his place."""
    child = spawn(holding.hand_on, "die", "exclusive", path)
    heir = int(child.hear())
    child.process.wait()
    found = viewer_as(spawn, path, user).see()
    assert [(pid, mode, waiting) for pid, _, mode, waiting in found] == [(heir if known else None, "exclusive", False)]
    assert found[0][1] == "unknown" or known
    child.tell("")


def check_hidden_holder_is_unknown(spawn: Spawn, path: Path, ask: Ask, kind: str) -> None:
    """Whoever looks from inside a namespace learns that the lock is taken, and how, as long as it is."""
    inside = viewer(spawn, path, ask, INSIDE)
    assert inside.see() == []
    holder = started(spawn, holding.hold, kind, path)
    assert inside.see() == [(None, "unknown", kind, False)]
    waiter = spawn(holding.await_lock, "exclusive", path)
    until_waiting(path)
    assert inside.see() == [(None, "unknown", kind, False)]
    holder.tell()
    waiter.expect("had it")
    waiter.end()
    assert inside.see() == []


@needs.root
@pytest.mark.parametrize("kind", KINDS)
def test_holder_outside_our_namespace_is_unknown(spawn: Spawn, path: Path, kind: str) -> None:
    """The kernel does not tell of him at all, so the lock is tried."""
    check_hidden_holder_is_unknown(spawn, path, holders, kind)


@needs.root
def test_missing_who_is_outside_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a look at what the kernel tells alone."""
    with pytest.raises(AssertionError):
        check_hidden_holder_is_unknown(spawn, path, weakened.without_namespaces, "exclusive")


@needs.root
def test_holder_inside_is_named_inside_and_outside(spawn: Spawn, path: Path) -> None:
    """By the number that each has for him; beside him, those outside do not show, shared as the lock is."""
    inside = spawn(holding.hold_and_tell, name(holders), path, prefix=INSIDE)
    inside.expect("locked")
    pid = process_inside(inside)
    assert [(holder.pid, holder.mode) for holder in holders(path)] == [(pid, "shared")]
    assert holders(path)[0].command.endswith(f" {name(holders)} {path}")
    other = started(spawn, holding.hold, "shared", path)
    assert Viewer(inside).brief() == [(1, "shared", False)]
    assert {holder.pid for holder in holders(path)} == {pid, other.process.pid}


@needs.root
@pytest.mark.parametrize("ask", [holders, weakened.without_heirs])
def test_heir_inside_is_named_inside(spawn: Spawn, path: Path, ask: Ask) -> None:
    """The kernel does not tell there of locks that the dead acquired; the open files do. And the check can fail."""
    inside = spawn(holding.hand_on_and_tell, name(ask), path, prefix=INSIDE)
    heir = int(inside.hear())
    expected = [(heir, "exclusive", False)] if ask is holders else [(None, "exclusive", False)]
    assert Viewer(inside).brief() == expected


@needs.root
def test_numbers_of_another_namespace_are_not_told(spawn: Spawn, path: Path) -> None:
    """Where /proc is that of the namespace outside, its numbers are not ours."""
    holder = started(spawn, holding.hold, "exclusive", path)
    waiter = spawn(holding.await_lock, "shared", path)
    until_waiting(path)
    expected = [(None, "unknown", "exclusive", False), (None, "unknown", "shared", True)]
    assert viewer(spawn, path, prefix=INSIDE_WITH_PROC_OF_OUTSIDE).see() == expected
    weak = viewer(spawn, path, weakened.without_namespaces, INSIDE_WITH_PROC_OF_OUTSIDE).brief()
    assert weak == [(holder.process.pid, "exclusive", False), (waiter.process.pid, "shared", True)]


@needs.root
def test_marks_of_another_namespace_are_of_unknown_processes(spawn: Spawn, path: Path) -> None:
    """Whoever looks; numbers of threads mean something in their own namespace alone."""
    inside = viewer(spawn, path, prefix=INSIDE)
    outside = viewer(spawn, path)
    marked = spawn(holding.mark, "shared", path)
    marked.expect("marked")
    assert outside.brief() == [(marked.process.pid, "shared", True)]
    assert inside.see() == [(None, "unknown", "shared", True)]


@needs.root
def test_marks_of_our_own_namespace_are_named_inside(spawn: Spawn, path: Path) -> None:
    """By their numbers there."""
    inside = spawn(holding.mark_and_tell, name(holders), path, prefix=INSIDE)
    assert Viewer(inside).brief() == [(1, "exclusive", True)]
    assert [(holder.pid, holder.mode, holder.waiting) for holder in holders(path)] == [(None, "exclusive", True)]


@needs.root
def test_without_proc_the_lock_alone_tells(spawn: Spawn, path: Path) -> None:
    """Where it is not mounted, or something else is in its place."""
    empty = ("unshare", "-m", "sh", "-c", 'mount -t tmpfs tmpfs /proc && exec "$0" "$@"')
    blind = viewer(spawn, path, prefix=empty)
    assert blind.see() == []
    for kind in KINDS:
        holder = started(spawn, holding.hold, kind, path)
        assert blind.see() == [(None, "unknown", kind, False)]
        holder.process.kill()
        holder.process.wait()


@needs.root
@pytest.mark.parametrize("user", [0, USER])
def test_processes_that_proc_hides_are_taken_at_the_word_of_the_list(spawn: Spawn, path: Path, user: int) -> None:
    """Mounted so, it has others' processes for root alone; who acquired the lock, and lives, is told to all."""
    hiding = ("unshare", "-m", "sh", "-c", 'mount -t proc -o hidepid=2 proc /proc && exec "$0" "$@"')
    holder = started(spawn, holding.hold, "exclusive", path)
    seeing = Viewer(spawn(holding.tell_as, user, name(holders), path, prefix=hiding))
    found = seeing.see()
    assert [(pid, mode) for pid, _, mode, _ in found] == [(holder.process.pid, "exclusive")]
    assert (found[0][1] == "unknown") == (user == USER)


def test_list_that_is_not_for_us_says_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system refuses it, as some do; only the lock tells."""

    def refused() -> tuple[str, bool]:
        raise PermissionError

    monkeypatch.setattr(_having, "listing", refused)
    assert holders(path) == []
    with path.open("rb") as file:
        for kind, number in holding.KINDS.items():
            fcntl.flock(file, number)
            assert [(holder.pid, holder.mode) for holder in holders(path)] == [(os.getpid(), kind)]


@needs.strace
@pytest.mark.parametrize(("ask", "tries"), [(holders, False), (weakened.trying_always, True)])
def test_lock_is_not_touched_where_all_show(spawn: Spawn, path: Path, tmp_path: Path, ask: Ask, tries: bool) -> None:
    """Be it free or held; and the check can fail, of a look that tries it."""
    trace = tmp_path / "trace"
    seen = viewer(spawn, path, ask, prefix=("strace", "-f", "-qq", "-e", "trace=flock", "-o", str(trace)))
    assert seen.see() == []
    holder = started(spawn, holding.hold, "exclusive", path)
    assert seen.see() != []
    holder.process.kill()
    seen.child.tell("")
    seen.child.end()
    assert ("flock(" in trace.read_text()) == tries


@needs.root
def test_taken_lock_has_an_unknown_holder_if_nobody_shows(spawn: Spawn, path: Path) -> None:
    """Of the lock that one waits for; without trying it."""
    holder = started(spawn, holding.hold, "exclusive", path)
    found = Viewer(spawn(holding.tell, name(holding.holders_of_taken), path, prefix=INSIDE)).see()
    assert found == [(None, "unknown", "unknown", False)]
    with path.open("rb") as file:
        assert [one.pid for one in held_by(file.fileno(), str(path))] == [holder.process.pid]


def test_unshare_makes_a_namespace() -> None:
    """Or the tests here would say nothing."""
    if os.geteuid():
        pytest.skip("needs root on Linux")
    shown = subprocess.run([*INSIDE, "readlink", "/proc/self/ns/pid"], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() != os.readlink("/proc/self/ns/pid")
