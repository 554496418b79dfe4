"""`WouldDeadlock`: whoever would wait for himself is told so, and nobody else."""

from __future__ import annotations

import pickle
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, LockedFileError, WouldDeadlock
from tests.lockedfile import circles, locks, needs, waiting
from tests.lockedfile.processes import LIMIT_S
from tests.lockedfile.threads import run_all
from tests.lockedfile.ways import ASKING, HOLDING, SHARED, have, operation

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

WEAKENED = "tests.lockedfile.weakened_waits:"
CONFLICTING = [(held, asked) for held in HOLDING for asked in ASKING if held not in SHARED or asked not in SHARED]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


def answers(held: str, asked: str, path: Path, *names: Path, timeout: float | None = None) -> list[str]:
    """What a thread that has the lock of the file at `path` is answered when it asks for it by `names`.

    "had", or the name of the error.
    """
    said: list[str] = []

    def ask() -> None:
        for one in names or [path]:
            try:
                have(asked, str(one), timeout=timeout)
            except Exception as error:  # noqa: BLE001 - told, not handled
                said.append(type(error).__name__)
            else:
                said.append("had")

    run_all(lambda: have(held, str(path), ask))
    return said


def other_names(path: Path) -> list[Path]:
    """The file by a hard link, and a way round."""
    link = path.with_name("link")
    link.hardlink_to(path)
    return [link, path.parent / "." / ".." / path.parent.name / path.name]


@pytest.mark.parametrize(("held", "asked"), CONFLICTING)
def test_who_asks_for_what_he_holds_is_told(path: Path, held: str, asked: str) -> None:
    """At once, whatever the one is and the other, where one of them excludes; with a deadline too."""
    assert answers(held, asked, path) == ["WouldDeadlock"]
    assert answers(held, asked, path, timeout=LIMIT_S) == ["WouldDeadlock"]
    have(asked, str(path), timeout=0)


@pytest.mark.parametrize("asked", ASKING)
def test_who_asks_by_another_name_is_told(path: Path, asked: str) -> None:
    """It is the file that is locked."""
    assert answers("Edit", asked, path, *other_names(path)) == ["WouldDeadlock"] * 2


@needs.symlinks
@pytest.mark.parametrize("asked", ASKING)
def test_who_asks_by_a_symlink_is_told(path: Path, asked: str) -> None:
    """Which is one more name."""
    path.with_name("symlink").symlink_to(path)
    assert answers("Edit", asked, path, path.with_name("symlink")) == ["WouldDeadlock"]


def test_no_alarm_would_show(path: Path) -> None:
    """The check can fail: of a wait for oneself, by any name, and by one that is not looked through."""
    names = other_names(path)
    assert answers("Edit", f"{WEAKENED}open_polling", path, timeout=0.05) == ["TimeoutError"]
    paths = f"{WEAKENED}open_knowing_paths"
    assert answers(paths, paths, path, *names, timeout=0.05) == ["TimeoutError", "Alarm"]


@pytest.mark.parametrize("held", SHARED[1:])
@pytest.mark.parametrize("asked", SHARED)
def test_readers_may_read_what_they_read(spawn: Spawn, path: Path, held: str, asked: str) -> None:
    """Also while a writer waits for them: he would wait for the first, and the second for him."""
    writers: list[Child] = []

    def ask() -> None:
        have(asked, str(path))
        writer = spawn(waiting.ask, "Edit", path)
        writer.expect("ready")
        writer.tell()
        locks.until_waiting(path)
        have(asked, str(path))
        assert not writer.has_spoken()
        writers.append(writer)

    run_all(lambda: have(held, str(path), ask))
    assert waiting.heard(writers[0]).error is None
    writers[0].tell()
    writers[0].end()


def test_who_has_made_the_file_is_told(path: Path) -> None:
    """And still has it open by a mode that makes it."""
    for mode in ("xb", "x+b"):
        path.unlink()
        with lockedfile.open(path, mode), pytest.raises(WouldDeadlock):
            lockedfile.read(path, timeout=LIMIT_S)


def test_error_says_what_and_pickles(path: Path) -> None:
    """Operation, path, and that nobody else is in it."""
    for asked in ASKING:
        with lockedfile.open(path, "r+b"), pytest.raises(WouldDeadlock) as caught:
            have(asked, str(path), timeout=LIMIT_S)
        error = caught.value
        assert (error.operation, error.path, error.circle) == (operation(asked), str(path), ())
        assert isinstance(error, LockedFileError)
        assert not isinstance(error, OSError)
        assert str(error).startswith(f"{operation(asked)} {path}: ")
        twin = pickle.loads(pickle.dumps(error))
        assert (type(twin), str(twin), vars(twin)) == (WouldDeadlock, str(error), vars(error))


def test_alarm_leaves_what_is_held(path: Path) -> None:
    """It stays locked, and an edit goes on."""

    def transform(old: bytes) -> bytes:
        with suppress(WouldDeadlock):
            lockedfile.write(path, b"")
        assert locks.state(path) == "exclusive"
        return old + b"edited\n"

    run_all(lambda: Edit(path, transform))
    assert path.read_bytes() == b"module m\nedited\n"


def test_readers_that_want_to_write_are_told(path: Path) -> None:
    """Two that read would each wait for the other; each is told of itself."""
    with lockedfile.open(path):
        assert answers("open rb", "Edit", path) == ["WouldDeadlock"]
    assert answers("open rb", "Edit", path) == ["WouldDeadlock"]


def had_by_another_thread(spawn: Spawn, path: Path, what: str) -> None:
    """A thread has what another thread of the process holds, once that has given it back."""
    child = spawn(circles.ask_in_another_thread, what, path)
    child.expect("holds")
    locks.until_waiting(path, unless=child.has_spoken)
    child.tell()
    child.expect("had")
    child.end()


@pytest.mark.parametrize("what", HOLDING)
def test_another_thread_waits(spawn: Spawn, path: Path, what: str) -> None:
    """As another process does."""
    had_by_another_thread(spawn, path, what)


def test_alarm_for_another_thread_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an alarm for what the process holds, whoever it is in it."""
    with pytest.raises(AssertionError, match="heard 'Alarm'"):
        had_by_another_thread(spawn, path, f"{WEAKENED}open_knowing_processes")


@needs.more_than_windows("needs fork")
@pytest.mark.parametrize("timeout", [None, LIMIT_S])
def test_forked_child_waits_for_its_parent(spawn: Spawn, path: Path, timeout: float | None) -> None:
    """The lock is not the child's, though it remembers to have taken it."""
    from tests.lockedfile import wait_forking

    child = spawn(wait_forking.fork_and_ask_for_ours, path, timeout)
    child.expect("asking")
    locks.until_waiting(path)
    child.tell()
    assert waiting.heard(child).error is None
    child.end()


def answer_after(spawn: Spawn, path: Path, how: str, what: str = "Edit") -> str:
    """What a thread is answered that once had the lock, which a process has now, and then gives back."""
    child = spawn(circles.forget_and_ask, how, what, path)
    child.expect("forgotten")
    with lockedfile.open(path, "r+b"):
        child.tell()
        locks.until_waiting(path, unless=child.has_spoken)
    said = child.hear()
    child.end()
    return said


@pytest.mark.parametrize(
    "how",
    [
        "closed",
        "dropped",
        "released by another thread",
        "its descriptor of another file",
    ],
)
def test_who_held_it_once_waits(spawn: Spawn, path: Path, how: str) -> None:
    """However the lock was lost, and whatever its descriptor is now."""
    assert answer_after(spawn, path, how) == "had"


@needs.linux
@pytest.mark.parametrize("how", ["its descriptor closed", "its descriptor of the file again"])
def test_who_lost_it_behind_his_back_waits(spawn: Spawn, path: Path, how: str) -> None:
    """The descriptor, whose number is another one's of the same file now, has no lock: as only Linux tells."""
    assert answer_after(spawn, path, how) == "had"


def test_alarm_for_what_was_held_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an alarm for what was given back."""
    assert answer_after(spawn, path, "closed", f"{WEAKENED}open_forgetting_nothing") == "Alarm"
