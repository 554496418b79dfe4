"""`Mutex`: among threads that share one, among objects, among processes, and when things go wrong."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from lockedfile import Mutex
from tests.lockedfile import children, locks, weakened
from tests.lockedfile.processes import go_together, name
from tests.lockedfile.threads import run_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a mutex may be."""
    return tmp_path / "lock"


def test_holds_the_exclusive_lock_within_the_block(path: Path) -> None:
    """The file is made, and stays."""
    with Mutex(path) as mutex:
        assert mutex.path == str(path)
        assert locks.state(path) == "exclusive"
    assert locks.state(path) == "free"


def test_content_of_the_file_stays(path: Path) -> None:
    """It is neither read nor written."""
    path.write_bytes(b"mine")
    with Mutex(path):
        pass
    assert path.read_bytes() == b"mine"


def test_can_be_held_again(path: Path) -> None:
    """One object, any number of times, by both spellings."""
    mutex = Mutex(path)
    for _ in range(3):
        with mutex:
            assert locks.state(path) == "exclusive"
        mutex.acquire()
        assert locks.state(path) == "exclusive"
        mutex.release()
        assert locks.state(path) == "free"


def test_release_when_not_held_is_an_error(path: Path) -> None:
    """Before the first acquire and after the last release; and it does not break the mutex."""
    mutex = Mutex(path)
    with pytest.raises(RuntimeError, match="not held") as caught:
        mutex.release()
    assert str(path) in str(caught.value)
    with mutex:
        pass
    with pytest.raises(RuntimeError, match="not held"):
        mutex.release()
    with mutex:
        assert locks.state(path) == "exclusive"


def test_exception_in_the_block_releases(path: Path) -> None:
    """And arrives unchanged."""
    raised = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError) as caught, Mutex(path):
        raise raised
    assert caught.value is raised
    assert locks.state(path) == "free"


def test_failed_acquire_leaves_it_usable(path: Path) -> None:
    """Once the directory is there, the same object can be acquired."""
    mutex = Mutex(path / "lock")
    with pytest.raises(FileNotFoundError) as caught:
        mutex.acquire()
    assert caught.value.filename == str(path / "lock")
    path.mkdir()
    with mutex:
        assert locks.state(path / "lock") == "exclusive"


def test_dropped_while_held_warns_and_releases(path: Path) -> None:
    """The warning names the file."""
    mutexes = [Mutex(path)]
    mutexes[0].acquire()
    with pytest.warns(ResourceWarning, match="lock"):
        mutexes.clear()
    assert locks.state(path) == "free"


def test_shows_path_and_state(path: Path) -> None:
    """In its `repr`."""
    mutex = Mutex(path)
    assert repr(mutex).startswith("<free Mutex ")
    with mutex:
        assert repr(mutex).startswith("<held Mutex ")
        assert "lock" in repr(mutex)


@pytest.mark.parametrize("shared", [True, False], ids=["one object", "an object each"])
def test_threads_exclude_each_other(path: Path, tmp_path: Path, shared: bool) -> None:
    """Eight raise a number that nothing else guards; none is lost."""
    counter = tmp_path / "counter"
    counter.write_bytes(b"0\n")
    one = Mutex(path)

    def work() -> None:
        mutex = one if shared else Mutex(path)
        for _ in range(50):
            with mutex:
                counter.write_bytes(children.increment(counter.read_bytes()))

    run_all(*[work] * 8)
    assert counter.read_bytes() == b"400\n"


def test_thread_may_release_what_another_acquired(path: Path) -> None:
    """As a `threading.Lock` may be."""
    mutex = Mutex(path)
    run_all(mutex.acquire)
    mutex.release()
    assert locks.state(path) == "free"


def holders_at_once(spawn: Spawn, path: Path, mutex: str) -> int:
    """How many of two processes hold a mutex on one path, when both ask."""
    first = spawn(children.hold_mutex, mutex, path)
    first.expect("asking")
    first.expect("locked")
    second = spawn(children.hold_mutex, mutex, path)
    second.expect("asking")
    locks.until_waiting(path, unless=second.has_spoken)
    holders = 2 if second.has_spoken() else 1
    first.tell()
    first.expect("released")
    second.expect("locked")
    second.tell()
    second.expect("released")
    first.end()
    second.end()
    return holders


def test_processes_exclude_each_other(spawn: Spawn, path: Path) -> None:
    """The second waits, and gets it after the first."""
    path.touch()
    assert holders_at_once(spawn, path, name(Mutex)) == 1


def test_mutex_of_threads_only_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a mutex that other processes do not see."""
    path.touch()
    assert holders_at_once(spawn, path, name(weakened.MutexAmongThreads)) == 2


def test_crowd_of_processes_loses_nothing(spawn: Spawn, path: Path, tmp_path: Path) -> None:
    """Four raise a number that nothing else guards."""
    counter = tmp_path / "counter"
    counter.write_bytes(b"0\n")
    crowd = [spawn(children.count_under_mutex, name(Mutex), path, counter, 200) for _ in range(4)]
    go_together(crowd)
    assert counter.read_bytes() == b"800\n"


def test_release_wakes_a_thread_that_waits_on_the_same_object(path: Path) -> None:
    """Though it waits in Python, not for the file."""
    mutex = Mutex(path)
    mutex.acquire()
    got = threading.Event()

    def wait() -> None:
        with mutex:
            got.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    mutex.release()
    assert got.wait(30)
    thread.join(30)
