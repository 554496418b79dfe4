"""The nine promises that Go's own tests of lockedfile and filelock hold, in our words."""

from __future__ import annotations

import random
import struct
import sys
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, Mutex
from tests.lockedfile import children, locks, weakened
from tests.lockedfile.processes import name
from tests.lockedfile.threads import run_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An empty file."""
    path = tmp_path / "file"
    path.touch()
    return path


def blocked(spawn: Spawn, path: Path, mode: str) -> Child:
    """A process that waits for the lock of `path` which opening it in `mode` takes."""
    child = spawn(children.hold, path, mode)
    child.expect("asking")
    locks.until_waiting(path)
    assert not child.has_spoken()
    return child


def had_and_released(child: Child) -> None:
    """It has the lock now, and gives it back."""
    child.expect("locked")
    child.tell()
    child.expect("released")
    child.end()


def test_mutex_excludes(spawn: Spawn, path: Path) -> None:
    """A second mutex on a path blocks until the first is released."""
    mutex = Mutex(path)
    mutex.acquire()
    child = spawn(children.hold_mutex, name(Mutex), path)
    child.expect("asking")
    locks.until_waiting(path)
    assert not child.has_spoken()
    mutex.release()
    had_and_released(child)


def test_read_waits_for_a_write_of_two_parts(spawn: Spawn, path: Path) -> None:
    """And sees both."""
    with lockedfile.open(path, "wb") as file:
        file.write(b"part 1\n")
        child = spawn(children.read, path)
        child.expect("asking")
        locks.until_waiting(path)
        assert not child.has_spoken()
        file.write(b"part 2\n")
    child.expect(ascii(b"part 1\npart 2\n"))
    child.end()


def test_existing_file_can_be_locked_by_a_second_editor_only_after_the_first(spawn: Spawn, path: Path) -> None:
    """The first makes the file and releases it; two more then take turns."""
    path.unlink()
    lockedfile.open(path, "xb").close()
    with lockedfile.open(path, "r+b"):
        child = blocked(spawn, path, "r+b")
    had_and_released(child)


def test_two_files_two_processes_and_no_false_deadlock(spawn: Spawn, tmp_path: Path) -> None:
    """P holds A, Q holds B and waits for A, another thread of P waits for B: no deadlock, since P releases A."""
    a, b = tmp_path / "a", tmp_path / "b"
    a.touch()
    b.touch()
    first = lockedfile.open(a, "r+b")
    q = spawn(children.hold_two, b, a)
    q.expect("holds the first")
    locks.until_waiting(a)

    def wait_for_b() -> None:
        with lockedfile.open(b, "r+b"):
            assert locks.state(b) == "exclusive"

    def release_a() -> None:
        locks.until_waiting(b)
        first.close()

    run_all(wait_for_b, release_a)
    q.expect("held both")
    q.end()


LONGEST_WORDS = 512


def words_of(content: bytes) -> tuple[int, ...]:
    """The 64-bit numbers in a content."""
    return struct.unpack(f"<{len(content) // 8}Q", content)


def next_words(old: bytes) -> bytes:
    """A longer or a shorter run of numbers; the old one must be a whole one."""
    words = words_of(old)
    assert len(words).bit_count() == 1
    assert words == tuple(range(words[0], words[0] + len(words)))
    length = 1 << random.randrange(LONGEST_WORDS.bit_length())
    return struct.pack(f"<{length}Q", *range(words[-1] + 1, words[-1] + 1 + length))


def transform_in_threads(path: Path, editor: Editor, threads: int, rounds: int) -> None:
    """Many threads replace one run of numbers by another."""
    path.write_bytes(struct.pack("<Q", 0))

    def work() -> None:
        for _ in range(rounds):
            editor(str(path), next_words)

    run_all(*[work] * threads)


def test_transforms_see_whole_contents(path: Path) -> None:
    """32 threads: each content has a power of two of successive numbers, though each is longer or shorter."""
    transform_in_threads(path, Edit, threads=32, rounds=16 if sys.platform == "win32" else 64)  # there it takes as long
    assert len(words_of(path.read_bytes())).bit_count() == 1


def test_torn_content_would_show(path: Path) -> None:
    """The check can fail: of an edit whose content another one has half replaced."""

    def torn(path: str, transform: weakened.Transform) -> None:
        with open(path, "r+b") as file:
            file.seek(8)
            file.write(struct.pack("<QQ", 7, 7))
        Edit(path, transform)

    with pytest.raises(AssertionError):
        transform_in_threads(path, torn, threads=1, rounds=1)


def test_lock_excludes_lock(spawn: Spawn, path: Path) -> None:
    """A writer waits for a writer."""
    with lockedfile.open(path, "r+b"):
        child = blocked(spawn, path, "r+b")
    had_and_released(child)


def test_lock_excludes_shared_lock(spawn: Spawn, path: Path) -> None:
    """A reader waits for a writer."""
    with lockedfile.open(path, "r+b"):
        child = blocked(spawn, path, "rb")
    had_and_released(child)


def test_shared_locks_coexist_and_exclude_a_lock(spawn: Spawn, path: Path) -> None:
    """Two readers at once; a writer waits for both."""
    with lockedfile.open(path), lockedfile.open(path):
        reader = spawn(children.hold, path, "rb")
        reader.expect("asking")
        reader.expect("locked")
        writer = blocked(spawn, path, "r+b")
    assert not writer.has_spoken()
    reader.tell()
    reader.expect("released")
    reader.end()
    had_and_released(writer)


def test_lock_is_not_dropped_by_starting_a_process(spawn: Spawn, path: Path) -> None:
    """A child comes and goes, and still another process has to wait."""
    with lockedfile.open(path, "wb"):
        child = spawn(children.wait_for_end)
        child.expect("alive")
        child.end()
        waiting = blocked(spawn, path, "r+b")
    had_and_released(waiting)
