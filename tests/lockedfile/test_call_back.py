"""A stand-in that is called back, where the system has a way: the seam, with a system's answers given by the test.

What is real here is all but the two calls: how a real system cancels a wait, only that system shows.
"""

from __future__ import annotations

import errno
import threading
from _thread import _count as threads
from _thread import get_native_id
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import _held, _oslock, _stand_in
from tests.lockedfile import locks
from tests.lockedfile.processes import LIMIT_S, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ANSWERS = {
    "at once": [True],
    "when it has begun to wait": [False, False, True],
}


class System:
    """One whose wait for a lock ends by an error when it is called back, which it says by the next of the answers."""

    def __init__(self, answers: list[bool], *, brings: bool = False) -> None:
        self.answers = answers
        self._called = threading.Event()
        self._brings = brings
        self.asked = 0

    def lock(self, fd: int, kind: int) -> None:
        """Wait to be called back; then it is an error, or after all the lock."""
        if kind == _oslock.UNLOCKED:
            _oslock.lock(fd, kind)
            return
        assert self._called.wait(LIMIT_S)
        if not self._brings:
            raise OSError(errno.ECANCELED, "cancelled")
        _oslock.lock(fd, kind)

    def call_back(self, thread: int) -> bool:
        """Only a thread that waits can be."""
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if answer and thread:
            self._called.set()
        return answer and thread != 0

    def end(self) -> None:
        """Let all go."""
        self._called.set()


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[System], System]]:
    """Puts one in the place of the real one, for stand-ins."""
    put: list[System] = []

    def use(one: System) -> System:
        put.append(one)
        monkeypatch.setattr(_stand_in, "lock", one.lock)
        monkeypatch.setattr(_stand_in, "call_back", one.call_back)
        return one

    before = threads()
    yield use
    for one in put:
        one.end()
    until(lambda: threads() == before, "the end of every stand-in")


@pytest.fixture
def held_file(tmp_path: Path) -> Iterator[Path]:
    """A file whose lock another descriptor has."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    done, had = threading.Event(), threading.Event()

    def hold() -> None:
        with lockedfile.open(path, "r+b"):
            had.set()
            done.wait(LIMIT_S)

    holder = threading.Thread(target=hold)
    holder.start()
    had.wait(LIMIT_S)
    yield path
    done.set()
    holder.join()


@pytest.mark.parametrize("answers", ANSWERS.values(), ids=ANSWERS)
def test_no_thread_is_left_of_a_wait_that_was_given_up(
    system: Callable[[System], System], held_file: Path, answers: list[bool]
) -> None:
    """Nor anything that stands in the queue, while the lock is still held by another."""
    system(System(answers))
    before = threads()
    with pytest.raises(lockedfile.LockTimeout):
        lockedfile.read(held_file, timeout=0.05)
    assert not _held.dismissed
    until(lambda: threads() == before, "the end of the thread, which has only to close its descriptor")


def test_one_that_cannot_be_called_back_is_left(system: Callable[[System], System], held_file: Path) -> None:
    """It was tried; so the check above can fail."""
    one = system(System([False]))
    with pytest.raises(lockedfile.LockTimeout):
        lockedfile.read(held_file, timeout=0.05)
    assert one.asked > 1
    assert list(_held.dismissed)
    _held.dismissed.clear()


def test_one_dismissed_before_it_waits_does_not_begin(
    system: Callable[[System], System], held_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a thread that the system starts late: whoever looked for it in its wait has found nobody."""
    system(System([False]))
    is_given_up = threading.Event()

    def start_late() -> int:
        assert is_given_up.wait(LIMIT_S)
        return get_native_id()

    monkeypatch.setattr(_stand_in, "get_native_id", start_late)
    with pytest.raises(lockedfile.LockTimeout):
        lockedfile.read(held_file, timeout=0.05)
    assert list(_held.dismissed)
    is_given_up.set()
    until(lambda: not _held.dismissed, "the end of one that did not begin")


def test_lock_that_comes_as_it_is_called_back_is_given_back(
    system: Callable[[System], System], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call that was cancelled had succeeded already."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module m\n")
    one = system(System([True], brings=True))
    other, had, give_back = threading.Event(), threading.Event(), threading.Event()

    def hold() -> None:
        with lockedfile.open(path, "r+b"):
            had.set()
            give_back.wait(LIMIT_S)
        other.set()

    threading.Thread(target=hold).start()
    had.wait(LIMIT_S)
    asked = one.call_back

    def call_back(thread: int) -> bool:
        give_back.set()
        other.wait(LIMIT_S)
        return asked(thread)

    monkeypatch.setattr(_stand_in, "call_back", call_back)
    with pytest.raises(lockedfile.LockTimeout):
        lockedfile.read(path, timeout=0.05)
    until(lambda: locks.state(path) == "free", "a free lock")
