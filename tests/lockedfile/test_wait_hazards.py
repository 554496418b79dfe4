"""Waits beside other files, files handed on, and what `on_wait` does."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, LockTimeout, _circle, _file, _oslock
from tests.lockedfile import needs
from tests.lockedfile.locks import until_waiting
from tests.lockedfile.threads import run_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"old\n")
    return path


def opened_by_another_thread(path: Path) -> lockedfile.LockedFile:
    """A file that is open and locked; the thread that did it has ended."""
    files: list[lockedfile.LockedFile] = []
    run_all(lambda: files.append(lockedfile.open(path, "r+b")))
    return files[0]


def test_file_handed_on_is_not_the_next_threads(path: Path) -> None:
    """Whose number may be that of the one that opened it, and has ended: it waits as any other."""
    file = opened_by_another_thread(path)

    def release() -> None:
        until_waiting(path)
        file.close()

    run_all(lambda: Edit(path, lambda old: old + b"new\n"), release)
    assert path.read_bytes() == b"old\nnew\n"


@pytest.mark.parametrize(
    "error",
    [BlockingIOError(11, "mine"), OSError(95, "mine"), BrokenPipeError(32, "mine"), PermissionError(13, "mine")],
)
@pytest.mark.parametrize("timeout", [None, 60])
def test_error_of_on_wait_reaches_the_caller_as_it_is(path: Path, error: OSError, timeout: float | None) -> None:
    """It is not taken for one of the lock, named after the file, or swallowed."""

    def fail(_: object) -> None:
        raise error

    with opened_by_another_thread(path), pytest.raises(type(error)) as caught:
        Edit(path, lambda old: old + b"new\n", timeout=timeout, on_wait=fail)
    assert caught.value is error
    assert error.filename is None
    assert path.read_bytes() == b"old\n"


def test_lock_that_came_while_on_wait_took_its_time_is_had(path: Path) -> None:
    """Though the deadline is over by then."""
    file = opened_by_another_thread(path)
    timeout = 0.001

    def release(_: object) -> None:
        began = time.monotonic()
        file.close()
        while time.monotonic() < began + 2 * timeout:
            pass

    Edit(path, lambda old: old + b"new\n", timeout=timeout, on_wait=release)
    assert path.read_bytes() == b"old\nnew\n"


def does_not_overtake(path: Path, other: Path) -> bool:
    """Does one who has just used another file stand in line for this one?"""
    fd = os.open(path, os.O_RDWR)
    try:
        _oslock.stand(fd, _oslock.EXCLUSIVE)
        lockedfile.read(other)
        try:
            lockedfile.read(path, timeout=0.01)
        except LockTimeout:
            return True
        return False
    finally:
        os.close(fd)


@needs.linux
def test_turn_at_one_file_is_none_at_another(path: Path, tmp_path: Path) -> None:
    """Whoever has looked at the line of one file looks at that of the next one too."""
    other = tmp_path / "other"
    other.touch()
    assert does_not_overtake(path, other)


@needs.linux
def test_overtaking_by_a_turn_at_another_file_would_show(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The check can fail: of one who does not look."""
    other = tmp_path / "other"
    other.touch()
    monkeypatch.setattr(_file, "has_turnstile", lambda *_: False)
    assert not does_not_overtake(path, other)


def test_who_is_outside_of_the_pid_namespace_is_part_of_no_circle(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's list has them all as number 0."""
    listed = [("fe:00", 1, 0, True, True), ("fe:00", 1, os.getpid(), True, False), ("fe:00", 2, 2**22, True, False)]
    monkeypatch.setattr(_circle, "locks", lambda: listed)
    assert _circle._others() == listed[2:]
