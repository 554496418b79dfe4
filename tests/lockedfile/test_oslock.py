"""The system's lock: two kinds, one open file, and what happens where there is none."""

from __future__ import annotations

import ast
import errno
import json
import os
import pickle
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import LockedFileError, LockUnsupported, _file, _oslock
from lockedfile._oslock import (
    EXCLUSIVE,
    OPEN_FLAGS,
    SHARED,
    UNLOCKED,
    _unsupported,
    cannot_lock,
    is_taken,
    lock,
    pwrite,
)
from tests.lockedfile import children, faults, locks, needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A small file."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    return path


@pytest.fixture
def fd(path: Path) -> Iterator[int]:
    """It, open as the library opens files."""
    fd = os.open(path, os.O_RDWR | OPEN_FLAGS)
    yield fd
    os.close(fd)


@pytest.mark.parametrize(("kind", "state"), [(EXCLUSIVE, "exclusive"), (SHARED, "shared")])
def test_lock_is_of_its_kind_until_unlocked(path: Path, fd: int, kind: int, state: str) -> None:
    """Seen by a newcomer."""
    lock(fd, kind)
    assert locks.state(path) == state
    lock(fd, UNLOCKED)
    assert locks.state(path) == "free"


def test_two_shared_locks_coexist_and_each_excludes_a_writer(path: Path, fd: int) -> None:
    """Until the last of them is gone."""
    other = os.open(path, os.O_RDWR | OPEN_FLAGS)
    lock(fd, SHARED)
    lock(other, SHARED)
    lock(fd, UNLOCKED)
    assert locks.state(path) == "shared"
    os.close(other)
    assert locks.state(path) == "free"


def test_pwrite_writes_where_it_is_told(path: Path, fd: int) -> None:
    """And says how much it wrote."""
    assert pwrite(fd, b"n", 7) == 1
    assert pwrite(fd, b"xyz", 9) == 3
    assert path.read_bytes() == b"module n\nxyz"


def test_open_flags_leave_no_descriptor_to_children(fd: int) -> None:
    """O_CLOEXEC, or O_NOINHERIT."""
    assert not os.get_inheritable(fd)


def names_of(module: Path) -> set[str]:
    """What its `__all__` lists, without importing it: it may be for another system."""
    for statement in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "__all__":
            return set(ast.literal_eval(statement.value))
    raise AssertionError(f"{module} has no __all__")


SYSTEMS = ("_posix", "_unsupported", "_windows")
TURNSTILES = {"_turnstile", "_no_turnstile"}
EVENTS = {"_event", "_windows_event"}
PARTS = {"_mounts", "_sddl", "_sleep", "_windows_access", "_windows_paths", "_windows_refusals"}


def test_each_system_defines_the_same_names() -> None:
    """The package, and every module it may hand on."""
    modules = {module.stem: names_of(module) for module in Path(_oslock.__file__).parent.glob("*.py")}
    assert modules.keys() == {"__init__", *SYSTEMS, *TURNSTILES, *EVENTS, *PARTS}
    assert modules["_turnstile"] == modules["_no_turnstile"]
    assert modules["_event"] == modules["_windows_event"]
    system = modules["__init__"] - modules["_turnstile"] - modules["_event"]
    assert [modules[name] for name in SYSTEMS] == [system] * 3


@needs.posix
@pytest.mark.parametrize(
    ("number", "unsupported"),
    [
        (errno.ENOSYS, True),
        (errno.ENOLCK, True),
        (errno.EOPNOTSUPP, True),
        (errno.EIO, False),
        (errno.EINTR, False),
        (errno.EACCES, False),
        (errno.EWOULDBLOCK, False),
        (errno.EBADF, False),
    ],
)
def test_no_locking_is_told_apart_from_not_now(number: int, unsupported: bool) -> None:
    """By the system's number."""
    assert cannot_lock(OSError(number, os.strerror(number))) is unsupported


@needs.posix
@pytest.mark.parametrize(("number", "taken"), [(errno.EWOULDBLOCK, True), (errno.EACCES, True), (errno.EIO, False)])
def test_taken_is_told_apart_from_failed(number: int, taken: bool) -> None:
    """The second is what an SMB share says."""
    assert is_taken(OSError(number, os.strerror(number))) is taken


CALLS: dict[str, Callable[[Path], object]] = {
    "Edit": lambda path: lockedfile.Edit(path, lambda _: b"changed"),
    "write": lambda path: lockedfile.write(path, b"changed"),
    "read": lockedfile.read,
    "open": lambda path: lockedfile.open(path, "wb"),
    "Mutex": lambda path: lockedfile.Mutex(path).acquire(),
}


@pytest.mark.parametrize("call", CALLS)
def test_system_without_locks_is_said_to_be_one(path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    """`LockUnsupported` with path, cause and advice; the file is untouched, nothing stays open, and it pickles."""
    monkeypatch.setattr(_file, "lock", _unsupported.lock)
    monkeypatch.setattr(_file, "cannot_lock", _unsupported.cannot_lock)
    before = children.open_descriptors()
    with pytest.raises(LockUnsupported, match="local file system") as caught:
        CALLS[call](path)
    error = caught.value
    assert (error.errno, error.filename) == (errno.ENOSYS, str(path))
    assert isinstance(error, LockedFileError)
    assert isinstance(error.__cause__, OSError)
    assert pickle.loads(pickle.dumps(error)).filename == str(path)
    assert path.read_bytes() == b"module m\n"
    assert children.open_descriptors() == before


def test_unsupported_module_locks_nothing_and_writes_nothing(path: Path, fd: int) -> None:
    """It refuses, and says that this is for good."""
    for call in (lambda: _unsupported.lock(fd, _unsupported.EXCLUSIVE), lambda: _unsupported.pwrite(fd, b"x", 0)):
        with pytest.raises(OSError, match=r".") as caught:
            call()
        assert _unsupported.cannot_lock(caught.value)
    _unsupported.lock(fd, _unsupported.UNLOCKED)
    assert not _unsupported.cannot_lock(OSError(errno.EIO, "Input/output error"))
    assert path.read_bytes() == b"module m\n"


@needs.posix
@pytest.mark.parametrize("platform", ["sunos5", "aix", "wasi", "emscripten"])
def test_systems_whose_flock_is_another_lock_are_unsupported(spawn: Spawn, path: Path, platform: str) -> None:
    """There the library imports, and every use of it says so."""
    child = spawn(children.edit_on, platform, path)
    told = json.loads(child.hear())
    child.end()
    assert (told["error"], told["errno"], told["filename"]) == ("LockUnsupported", errno.ENOSYS, str(path))
    assert {"LockedFileError", "OSError"} <= set(told["bases"])
    assert path.read_bytes() == b"module m\n"


@needs.strace
@pytest.mark.parametrize("number", ["ENOLCK", "EOPNOTSUPP", "ENOSYS"])
def test_file_system_that_cannot_lock_is_said_to_be_one(spawn: Spawn, path: Path, number: str) -> None:
    """The system call really fails; the error names path and advice, and nothing is written or left open."""
    outcome = faults.attempt(spawn, path, b"old", b"new", f"inject=flock:error={number}:when=1")
    assert outcome.injected == 1
    assert (outcome.told["error"], outcome.told["filename"]) == ("LockUnsupported", str(path))
    assert outcome.told["errno"] == getattr(errno, number)
    assert "local file system" in outcome.told["text"]
    assert (outcome.content, outcome.lock, outcome.told["leaked"]) == (b"old", "free", 0)


@needs.strace
def test_lock_that_fails_otherwise_stays_the_systems_error(spawn: Spawn, path: Path) -> None:
    """It is not taken for a system without locks."""
    outcome = faults.attempt(spawn, path, b"old", b"new", "inject=flock:error=EIO:when=1")
    assert (outcome.told["error"], outcome.told["errno"]) == ("OSError", errno.EIO)
    assert outcome.told["filename"] == str(path)
    assert (outcome.content, outcome.lock, outcome.told["leaked"]) == (b"old", "free", 0)


@needs.strace
def test_unlock_that_fails_still_closes(spawn: Spawn, path: Path) -> None:
    """The error names the file, and the lock goes with the descriptor."""
    outcome = faults.attempt(spawn, path, b"old", b"new", "inject=flock:error=EIO:when=2")
    assert (outcome.told["error"], outcome.told["errno"]) == ("OSError", errno.EIO)
    assert outcome.told["filename"] == str(path)
    assert (outcome.lock, outcome.told["leaked"]) == ("free", 0)
