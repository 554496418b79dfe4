"""`lockedfile.aio` and the event loop: it is never blocked, nobody runs out of threads, and it may end at any time."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import aio
from lockedfile.aio import _worker
from tests.lockedfile import children, children_aio, footprints, locks, needs, weakened_aio
from tests.lockedfile.processes import name, until
from tests.lockedfile.tasks import Heart, in_loop, until_in_line
from tests.lockedfile.tasks import until as until_in_loop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened_aio import AsyncEditor

    Spawn = Callable[..., Child]

OLD = b"0\n"
LARGE_BYTES = 50_000_000 if sys.platform == "win32" else 200_000_000  # there it takes as long
ROUNDS = 2 if sys.platform == "win32" else 5


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file with a number."""
    path = tmp_path / "go.mod"
    path.write_bytes(OLD)
    return path


async def beats_while_waiting(spawn: Spawn, path: Path, editor: AsyncEditor) -> int:
    """How often the loop came round between the question for the lock and the lock."""
    child = spawn(children.hold, path)
    child.expect("asking")
    child.expect("locked")
    async with Heart() as heart:
        before = heart.beats
        teller = threading.Thread(target=_release_when_waited_for, args=(child, path, lambda: heart.beats - before))
        teller.start()
        await editor(path, children.increment)
        beats = heart.beats - before
    teller.join()
    child.expect("released")
    child.end()
    assert path.read_bytes() == b"1\n"
    return beats


def _release_when_waited_for(child: Child, path: Path, beats: Callable[[], int]) -> None:
    """Once there were beats; if there are none for a second, there will not be any."""
    if locks.TELLS:
        until(lambda: footprints.in_line(path), f"somebody in line for {path}")
    had = beats()
    for _ in range(1000):
        if beats() <= had + 2:
            threading.Event().wait(0.001)
    child.tell()


@in_loop
async def test_loop_goes_on_while_an_edit_waits(spawn: Spawn, path: Path) -> None:
    """A task that beats is heard between the beginning and the end of the wait."""
    assert await beats_while_waiting(spawn, path, aio.aedit) > 1


@in_loop
async def test_blocked_loop_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an edit that waits in the loop."""
    assert await beats_while_waiting(spawn, path, weakened_aio.aedit_in_the_loop) == 0


async def write_by(editor: AsyncEditor, path: Path, heart: Heart) -> int:
    """Edit the file to a large content: how often the loop came round after the transform had it."""
    answered = 0
    new = os.urandom(1) * LARGE_BYTES

    def transform(_: bytes) -> bytes:
        nonlocal answered
        answered = heart.beats
        return new

    await editor(path, transform)
    return heart.beats - answered


async def write_by_awrite(path: Path, heart: Heart) -> int:
    """The same by `awrite`."""
    before = heart.beats
    await aio.awrite(path, os.urandom(1) * LARGE_BYTES)
    return heart.beats - before


async def write_by_file(path: Path, heart: Heart) -> int:
    """The same through an open file."""
    content = os.urandom(1) * LARGE_BYTES
    async with aio.aopen(path, "r+b") as file:
        before = heart.beats
        await file.write(content)
        return heart.beats - before


async def read_by_aread(path: Path, heart: Heart) -> int:
    """How often the loop came round while a large content was read."""
    os.truncate(path, LARGE_BYTES)
    before = heart.beats
    await aio.aread(path)
    return heart.beats - before


async def most_beats(operation: Callable[[Path, Heart], Awaitable[int]], path: Path, times: int) -> int:
    """The first count that is above one, of so many operations: on a busy machine the loop's thread may be late."""
    beats = 0
    async with Heart() as heart:
        for _ in range(times):
            beats = await operation(path, heart)
            assert path.stat().st_size == LARGE_BYTES
            if beats > 1:
                break
    return beats


@pytest.mark.parametrize(
    "operation",
    [functools.partial(write_by, aio.aedit), write_by_awrite, write_by_file, read_by_aread],
    ids=["aedit", "awrite", "write", "aread"],
)
@in_loop
async def test_loop_goes_on_while_a_large_content_is_written_or_read(
    path: Path, operation: Callable[[Path, Heart], Awaitable[int]]
) -> None:
    """A task that beats is heard meanwhile."""
    assert await most_beats(operation, path, 20) > 1


@in_loop
async def test_loop_blocked_by_a_large_write_would_show(path: Path) -> None:
    """The check can fail: of an edit that writes in the loop."""
    assert await most_beats(functools.partial(write_by, weakened_aio.aedit_in_the_loop), path, 1) == 0


async def count(path: Path, editor: AsyncEditor, tasks: int, rounds: int) -> int:
    """The number in the file once so many tasks have raised it so often."""

    async def work() -> None:
        for _ in range(rounds):
            await editor(path, children.increment)

    await asyncio.gather(*[work() for _ in range(tasks)])
    return int(path.read_bytes())


async def _aedit_by_coroutine(path: Path, transform: Callable[[bytes], bytes]) -> lockedfile.Edited:
    async def transform_later(old: bytes) -> bytes:
        await asyncio.sleep(0)
        return transform(old)

    return await aio.aedit(path, transform_later)


@pytest.mark.parametrize("editor", [aio.aedit, _aedit_by_coroutine])
@in_loop
async def test_tasks_lose_no_update(path: Path, editor: AsyncEditor) -> None:
    """Forty of them count on one file."""
    assert await count(path, editor, tasks=40, rounds=ROUNDS) == 40 * ROUNDS


@in_loop
async def test_lost_update_would_show(path: Path) -> None:
    """The check can fail: of an edit without a lock."""

    def slow(old: bytes) -> bytes:
        return children.increment(old or b"0")

    async def editor(path: Path, _: Callable[[bytes], bytes]) -> lockedfile.Edited:
        return await weakened_aio.aedit_alone(path, slow)

    assert await count(path, editor, tasks=40, rounds=5) < 200


@in_loop
async def test_tasks_and_processes_lose_no_update(spawn: Spawn, path: Path) -> None:
    """Two processes count on the same file, without asyncio."""
    crowd = [spawn(children.count, name(lockedfile.Edit), path, 20 * ROUNDS) for _ in range(2)]
    for child in crowd:
        child.expect("ready")
    for child in crowd:
        child.tell()
    await count(path, aio.aedit, tasks=20, rounds=ROUNDS)
    for child in crowd:
        await until_in_loop(child.has_spoken, "the end of a child")
        child.expect("done")
        child.end()
    assert path.read_bytes() == b"%d\n" % (60 * ROUNDS)


async def holder_can_go_on(path: Path, stuck: Callable[[], bool]) -> bool:
    """Can a task that holds a file write to it while a hundred others wait for that file?"""
    file = await aio.aopen(path, "r+b")
    waiting = [asyncio.create_task(aio.aedit(path, children.increment)) for _ in range(100)]
    await until_in_line(path)
    writing = asyncio.create_task(file.write(b"7\n"))
    await until_in_loop(lambda: writing.done() or stuck(), "the write")
    wrote = writing.done()
    if not wrote:
        for task in waiting:
            task.cancel()
    await writing
    await file.close()
    await asyncio.wait(waiting)
    return wrote


@in_loop
async def test_holder_goes_on_while_a_hundred_tasks_wait(path: Path) -> None:
    """Though each needs a thread to wait in, and the holder one to write in."""
    assert await holder_can_go_on(path, lambda: False)
    assert path.read_bytes() == b"107\n"


@in_loop
async def test_dead_lock_for_want_of_a_thread_would_show(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: of threads that are as few as those of the event loop's executor."""
    with ThreadPoolExecutor(8) as pool:

        class Few(threading.Thread):
            def start(self) -> None:
                pool.submit(self.run)

        def stuck() -> bool:
            return pool._work_queue.qsize() == 101 - 8 and footprints.in_line(path) == 8

        if locks.TELLS:
            monkeypatch.setattr(_worker, "Thread", Few)
            assert not await holder_can_go_on(path, stuck)


@in_loop
async def test_many_waits_that_end_leave_nothing(path: Path) -> None:
    """A hundred tasks wait, and are cancelled; once the lock is free no thread and no file stays, as `in_loop` sees."""
    with lockedfile.open(path, "r+b"):
        waiting = [asyncio.create_task(aio.aedit(path, children.increment)) for _ in range(100)]
        await until_in_line(path, 100)
        for task in waiting:
            task.cancel()
        await asyncio.wait(waiting)
        assert all(task.cancelled() for task in waiting)
    assert path.read_bytes() == OLD


@needs.linux  # for its limit on memory
def test_thread_that_cannot_be_started_is_an_error(spawn: Spawn, path: Path) -> None:
    """It says what was to be done, why that failed, and leaves the file free."""
    child = spawn(children_aio.edit_without_memory_for_a_thread, path)
    said = child.hear()
    assert said.startswith(f"RuntimeError aedit {path}: can't start new thread; ")
    child.end()
    assert (path.read_bytes(), locks.state(path)) == (OLD, "free")


@pytest.mark.parametrize("how", ["run", "closed", "kept"])
def test_interpreter_ends_while_an_edit_waits(spawn: Spawn, path: Path, how: str) -> None:
    """By `asyncio.run`, which cancels; with the loop closed under the wait; and with all of it kept to the end."""
    with lockedfile.open(path, "r+b"):
        child = spawn(children_aio.exit_waiting, path, how)
        child.expect("waiting")
        child.tell()
        child.expect("ends")
        child.end()
    assert (path.read_bytes(), locks.state(path)) == (OLD, "free")


def begin_and_leave(path: Path, to_wait: bool) -> asyncio.AbstractEventLoop:
    """A loop that was stopped while an edit waits, or transforms."""
    loop = asyncio.new_event_loop()

    async def transform(_: bytes) -> bytes:
        transforming.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def main() -> None:
        task = asyncio.create_task(aio.aedit(path, transform))
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio says so, and rightly
        if to_wait:
            await until_in_line(path)
        else:
            await transforming.wait()

    transforming = asyncio.Event()
    loop.run_until_complete(main())
    return loop


def test_edit_whose_loop_was_closed_gives_the_lock_back(path: Path) -> None:
    """Once the task is dropped, as nobody will ever finish the transform; no thread complains."""
    begin_and_leave(path, to_wait=False).close()
    gc.collect()
    until(lambda: locks.state(path) == "free", "the lock")
    assert path.read_bytes() == OLD
    until(lambda: not _threads(), "the end of the thread")


def test_wait_whose_loop_was_closed_ends_with_the_lock(path: Path) -> None:
    """The thread gets it, finds nobody to transform, and gives it back."""
    with lockedfile.open(path, "r+b"):
        begin_and_leave(path, to_wait=True).close()
        gc.collect()
    until(lambda: not _threads(), "the end of the thread")
    assert (path.read_bytes(), locks.state(path)) == (OLD, "free")
    gc.collect()


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("aedit ")]


def test_coroutine_that_is_closed_gives_the_lock_back(path: Path) -> None:
    """As a generator's would: there is no task that could wait for it."""
    loop = asyncio.new_event_loop()
    held: list[object] = []

    async def transform(old: bytes) -> bytes:
        held.append(locks.state(path))
        await asyncio.sleep(1000)
        return old

    async def main() -> None:
        task = asyncio.create_task(aio.aedit(path, transform))
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # as above
        await until_in_loop(lambda: held, "the transform")
        task.get_coro().close()

    loop.run_until_complete(main())
    until(lambda: locks.state(path) == "free", "the lock")
    loop.close()
    assert (path.read_bytes(), held) == (OLD, ["exclusive"])
    gc.collect()
