"""Cancellation of `lockedfile.aio` at every stage: it ends what can be ended, and leaves nothing under way."""

from __future__ import annotations

import asyncio
import gc
import random
import sys
import threading
import warnings
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple

import pytest

import lockedfile
from lockedfile import _journal, aio
from lockedfile.aio import _open, _worker
from tests.lockedfile import children, children_aio, locks, weakened_aio
from tests.lockedfile.protocols import journal_of
from tests.lockedfile.tasks import in_loop, until, until_free, until_in_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from lockedfile import Edited, Waiting
    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OLD, NEW = b"old\n", b"old\nnew\n"

# Where an edit takes as long as a hundred do elsewhere, there are fewer.
STORM_ROUNDS, RACES = (90, 12) if sys.platform == "win32" else (300, 60)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(OLD)
    return path


class Stage(NamedTuple):
    """An edit that has come to some point, and stays there."""

    task: asyncio.Task[Edited]
    # Lets what cannot be cancelled go on.
    go_on: Callable[[], object] = lambda: None
    stops: bool = True  # at once, when it is cancelled
    content: bytes = OLD  # what is in the file when it has ended
    lock: str = "free"  # what the lock is then


def edit(path: Path, transform: Callable[[bytes], Awaitable[bytes] | bytes], **options: object) -> asyncio.Task[Edited]:
    """An edit in a task of its own."""
    return asyncio.create_task(aio.aedit(path, transform, **options))  # type: ignore[call-overload]  # no encoding


def add(old: bytes) -> bytes:
    """A transform."""
    return old + b"new\n"


async def added(old: bytes) -> bytes:
    """A transform that lets others go first."""
    await asyncio.sleep(0)
    return add(old)


async def begun(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """The thread has just been started."""
    file = lockedfile.open(path, "r+b")
    task = edit(path, add)
    await asyncio.sleep(0)
    return Stage(task, file.close, lock="exclusive")


async def waiting(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """It waits for the lock."""
    file = lockedfile.open(path, "r+b")
    task = edit(path, added)
    await until_in_line(path)
    return Stage(task, file.close, lock="exclusive")


async def waiting_with_timeout(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """It waits for the lock, with an end in sight."""
    file = lockedfile.open(path, "r+b")
    task = edit(path, added, timeout=1000)
    await until_in_line(path)
    return Stage(task, file.close, lock="exclusive")


async def telling(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """It tells a coroutine that it has to wait."""
    file, told = lockedfile.open(path, "r+b"), asyncio.Event()

    async def on_wait(_: Waiting) -> None:
        told.set()
        await asyncio.Event().wait()

    task = edit(path, add, on_wait=on_wait)
    await told.wait()
    return Stage(task, file.close, lock="exclusive")


async def transforming(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """A coroutine transforms."""
    entered = asyncio.Event()

    async def transform(_: bytes) -> bytes:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = edit(path, transform)
    await entered.wait()
    return Stage(task)


async def transforming_later(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """What a plain function gave is awaited."""
    entered = asyncio.Event()

    async def new() -> bytes:
        entered.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = edit(path, lambda _: new())
    await entered.wait()
    return Stage(task)


async def transforming_in_the_thread(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """A plain function transforms, which nobody can stop."""
    entered, leave = threading.Event(), threading.Event()

    def transform(old: bytes) -> bytes:
        entered.set()
        leave.wait()
        return add(old)

    task = edit(path, transform)
    await until(entered.is_set, "the transform")
    return Stage(task, leave.set, stops=False)


async def about_to_give_a_coroutine(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """A plain function is about to give a coroutine, which nobody will await."""
    entered, leave = threading.Event(), threading.Event()

    def transform(old: bytes) -> Awaitable[bytes]:
        entered.set()
        leave.wait()
        return added(old)

    task = edit(path, transform)
    await until(entered.is_set, "the transform")
    return Stage(task, leave.set, stops=False)


async def waiting_within(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """A plain function transforms, and waits for another file."""
    other = path.with_name("other")
    file = lockedfile.open(other, "a+b")

    def transform(old: bytes) -> bytes:
        lockedfile.Edit(other, add)
        return add(old)

    task = edit(path, transform)
    await until_in_line(other)
    return Stage(task, file.close)


async def waiting_within_a_coroutine(path: Path, _: pytest.MonkeyPatch) -> Stage:
    """A coroutine transforms, and waits for another file."""
    other = path.with_name("other")
    file = lockedfile.open(other, "a+b")

    async def transform(old: bytes) -> bytes:
        await aio.aedit(other, add)
        return add(old)

    task = edit(path, transform)
    await until_in_line(other)
    return Stage(task, file.close)


async def writing(path: Path, monkeypatch: pytest.MonkeyPatch) -> Stage:
    """The answer is there, and is being written."""
    entered, leave = threading.Event(), threading.Event()
    replace = _journal.replace

    def replace_late(*args: object, **options: object) -> None:
        entered.set()
        leave.wait()
        replace(*args, **options)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(_journal, "replace", replace_late)
    task = edit(path, added)
    await until(entered.is_set, "the write")
    return Stage(task, leave.set, stops=False, content=NEW)


STAGES = [
    begun,
    waiting,
    waiting_with_timeout,
    telling,
    transforming,
    transforming_later,
    transforming_in_the_thread,
    about_to_give_a_coroutine,
    waiting_within,
    waiting_within_a_coroutine,
    writing,
]


async def end_of(stage: Stage, path: Path, cancels: int) -> BaseException | None:
    """Cancel, so often, and see what the edit has ended with; and that in that moment nothing of it is under way."""
    states: list[tuple[str, bytes | None]] = []

    def look(_: object) -> None:
        state = locks.state(path)
        states.append((state, path.read_bytes() if state == "free" else None))  # on Windows nobody reads what is locked

    stage.task.add_done_callback(look)
    for _ in range(cancels):
        stage.task.cancel()
        for _ in range(5):
            await asyncio.sleep(0)
    if not stage.stops:
        assert not stage.task.done()
        stage.go_on()
    await asyncio.wait([stage.task])
    if stage.stops:
        stage.go_on()
    assert states == [(stage.lock, stage.content if stage.lock == "free" else None)]
    return None if stage.task.cancelled() else stage.task.exception()


@pytest.mark.parametrize("cancels", [1, 4])
@pytest.mark.parametrize("begin", STAGES, ids=lambda stage: stage.__name__)
@in_loop
async def test_cancelled_edit_ends_with_nothing_under_way(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[Path, pytest.MonkeyPatch], Awaitable[Stage]],
    cancels: int,
) -> None:
    """At whatever stage, and however often: file and lock are at rest when `CancelledError` arrives."""
    stage = await begin(path, monkeypatch)
    assert await end_of(stage, path, cancels) is None
    assert stage.task.cancelled()
    await until_free(path)
    assert path.read_bytes() == stage.content


def with_worker(monkeypatch: pytest.MonkeyPatch, worker: type[_worker.Worker[Edited]]) -> None:
    """Let aio work by this one."""
    monkeypatch.setattr(_worker, "Worker", worker)


@pytest.mark.parametrize("begin", [transforming_in_the_thread, writing], ids=lambda stage: stage.__name__)
@pytest.mark.parametrize(
    ("worker", "cancels"), [(weakened_aio.WorkerLeaving, 1), (weakened_aio.WorkerLosingPatience, 2)]
)
@in_loop
async def test_edit_that_goes_on_after_its_task_would_show(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    begin: Callable[[Path, pytest.MonkeyPatch], Awaitable[Stage]],
    worker: type[_worker.Worker[Edited]],
    cancels: int,
) -> None:
    """The check can fail: of a task that does not wait for its thread, or not if it is cancelled again."""
    with_worker(monkeypatch, worker)
    stage = await begin(path, monkeypatch)
    with pytest.raises(AssertionError):
        await end_of(stage, path, cancels)
    stage.go_on()


@in_loop
async def test_wait_that_goes_on_after_its_task_would_show(path: Path) -> None:
    """The check can fail: of what everybody would write, which waits on, and edits in the end."""
    with lockedfile.open(path, "r+b"):
        task = asyncio.create_task(weakened_aio.aedit_in_the_pool(path, add))
        await until_in_line(path)
        assert await end_of(Stage(task, lock="exclusive"), path, 1) is None
    await until(lambda: path.read_bytes() == NEW, "the edit of a task that was cancelled")


@in_loop
async def test_cancelled_reader_and_writer_end_their_waits(path: Path) -> None:
    """As an edit does; and so does who opens."""
    operations: list[Callable[[], Awaitable[object]]] = [
        lambda: aio.aread(path),
        lambda: aio.awrite(path, NEW),
        lambda: aio.aopen(path),
        lambda: aio.aopen(path, "wb"),
    ]
    for operation in operations:
        with lockedfile.open(path, "r+b"):
            task = asyncio.ensure_future(operation())
            await until_in_line(path)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()
        await until_free(path)
        assert path.read_bytes() == OLD


@in_loop
async def test_timeout_of_asyncio_ends_the_wait(spawn: Spawn, path: Path) -> None:
    """By `TimeoutError`, which is asyncio's own; the file is not edited later either."""
    child = spawn(children.hold, path)
    child.expect("asking")
    child.expect("locked")
    with pytest.raises(TimeoutError) as caught:
        async with asyncio.timeout(0.05):
            await aio.aedit(path, add)
    assert not isinstance(caught.value, lockedfile.LockTimeout)
    child.tell()
    child.expect("released")
    child.end()
    await until_free(path)
    assert path.read_bytes() == OLD


@in_loop
async def test_outer_timeout_during_the_clean_up_of_an_inner_one_arrives(path: Path) -> None:
    """A second cancellation is not lost, though the task goes on to wait for its thread."""
    entered, leave = threading.Event(), threading.Event()

    def transform(old: bytes) -> bytes:
        entered.set()
        leave.wait()
        return add(old)

    async def twice() -> None:
        async with asyncio.timeout(1000) as outer:
            try:
                async with asyncio.timeout(1000) as inner:
                    timeouts.extend([outer, inner])
                    await aio.aedit(path, transform)
            except TimeoutError:
                raise AssertionError("the inner one has taken the outer one's") from None

    timeouts: list[asyncio.Timeout] = []
    task = asyncio.create_task(twice())
    await until(entered.is_set, "the transform")
    for timeout in reversed(timeouts):
        timeout.reschedule(0)
        await until(timeout.expired, "the timeout")
    leave.set()
    with pytest.raises(TimeoutError):
        await task
    assert path.read_bytes() == OLD


@in_loop
async def test_transform_may_decline_to_be_cancelled(path: Path) -> None:
    """What it returns is written, as the task goes on."""
    entered = asyncio.Event()

    async def transform(old: bytes) -> bytes:
        entered.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return add(old)
        raise AssertionError

    task = edit(path, transform)
    await entered.wait()
    task.cancel()
    assert (await task).changed
    assert path.read_bytes() == NEW


@in_loop
async def test_failure_after_the_cancellation_is_told_as_its_cause(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that went wrong is dropped in silence."""
    stage = await writing(path, monkeypatch)
    journal_of(path).mkdir()  # so that the edit is refused
    stage.task.cancel()
    await asyncio.sleep(0)
    stage.go_on()
    with pytest.raises(asyncio.CancelledError) as caught:
        await stage.task
    assert isinstance(caught.value.__cause__, lockedfile.JournalError)


@in_loop
async def test_lock_that_arrives_as_the_task_is_cancelled_is_given_back(path: Path) -> None:
    """Either the edit was made or not; and who opened a file gets it, or it is closed."""
    operations: list[Callable[[], Awaitable[object]]] = [
        lambda: aio.aedit(path, add),
        lambda: aio.aopen(path, "r+b"),
    ]
    for round_ in range(RACES):
        path.write_bytes(OLD)
        for operation in operations:
            file = lockedfile.open(path, "r+b")
            task = asyncio.ensure_future(operation())
            await until_in_line(path)
            file.close()
            for _ in range(round_ % 6):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            if not task.cancelled() and isinstance(opened := task.result(), aio.AsyncLockedFile):
                await opened.close()
            await until_free(path)
            assert path.read_bytes() in (OLD, NEW)


def join(name: str) -> None:
    """Wait, without the event loop, until no thread of that name runs."""
    for thread in threading.enumerate():
        if thread.name == name:
            thread.join()


async def cancelled_once_open(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The task is cancelled when the file is open already, and the thread has not come to its end."""
    opened, leave = threading.Event(), threading.Event()

    def open_and_wait(*args: str, **options: float | None) -> lockedfile.LockedFile:
        file = lockedfile.open(*args, **options)  # type: ignore[arg-type]  # as they came
        opened.set()
        leave.wait()
        return file

    monkeypatch.setattr(_open, "open_locked", open_and_wait)
    task = asyncio.ensure_future(aio.aopen(path, "r+b"))
    await until(opened.is_set, "the file")
    task.cancel()
    await asyncio.sleep(0)
    assert not task.done()
    leave.set()
    await asyncio.wait([task])
    assert task.cancelled()


async def cancelled_once_ended(path: Path, _: pytest.MonkeyPatch) -> None:
    """The task is cancelled when the thread has come to its end, and the event loop has not heard of it."""
    task = asyncio.ensure_future(aio.aopen(path, "r+b"))
    await asyncio.sleep(0)
    join(f"aopen {path}")
    assert locks.state(path) == "exclusive"
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


LATE = [cancelled_once_open, cancelled_once_ended]


@pytest.mark.parametrize("cancel", LATE)
@in_loop
async def test_file_that_is_open_as_the_task_is_cancelled_is_closed(
    path: Path, monkeypatch: pytest.MonkeyPatch, cancel: Callable[[Path, pytest.MonkeyPatch], Awaitable[None]]
) -> None:
    """Nobody has it; and it does not warn of having been dropped."""
    await cancel(path, monkeypatch)
    assert locks.state(path) == "free"


@pytest.mark.parametrize("cancel", LATE)
@in_loop
async def test_file_that_nobody_closes_would_show(
    path: Path, monkeypatch: pytest.MonkeyPatch, cancel: Callable[[Path, pytest.MonkeyPatch], Awaitable[None]]
) -> None:
    """The check can fail: of an opening that drops what it has opened."""
    monkeypatch.setattr(_open, "_close", bool)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        await cancel(path, monkeypatch)
        join(f"aopen {path}")
        gc.collect()
    assert [warning.category for warning in caught] == [ResourceWarning]


@in_loop
async def test_edit_that_ended_as_the_task_is_cancelled_is_made(path: Path) -> None:
    """Though `CancelledError` is all that the caller gets."""
    task = asyncio.ensure_future(aio.aedit(path, add))
    await asyncio.sleep(0)
    join(f"aedit {path}")
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert path.read_bytes() == NEW


async def storm(path: Path, editor: weakened_aio.AsyncEditor, seed: int) -> tuple[int, int, int]:
    """Tasks that count on one file, and are cancelled at random: how many edits were made, may be, and are."""
    chance = random.Random(seed)
    path.write_bytes(b"0\n")
    made = unknown = 0

    async def count() -> None:
        nonlocal made, unknown
        for _ in range(STORM_ROUNDS // 6):
            task = asyncio.ensure_future(editor(path, children.increment))
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(chance.choice([0, 0, 0.0003]))
            if chance.random() < 0.7:
                task.cancel()
            try:
                await task
            except asyncio.CancelledError:
                unknown += 1
            else:
                made += 1

    await asyncio.gather(*[count() for _ in range(6)])
    return made, unknown, int(path.read_bytes())


@in_loop
async def test_storm_of_cancellations_loses_no_edit(path: Path) -> None:
    """Every edit that returned is there; none is there that was neither made nor cancelled; and all is at rest."""
    seed = random.randrange(1 << 32)
    made, unknown, number = await storm(path, aio.aedit, seed)
    assert made <= number <= made + unknown, f"seed {seed}"
    await until_free(path)


@pytest.mark.parametrize("kind", ["waiting", "transforming"])
def test_interrupt_ends_the_program(spawn: Spawn, path: Path, kind: str) -> None:
    """Ctrl-C while an edit waits, or transforms: `asyncio.run` raises `KeyboardInterrupt`, and nothing is left."""
    with lockedfile.open(path, "r+b") if kind == "waiting" else nullcontext():
        child = spawn(children_aio.edit_interrupted, path)
        child.expect(kind)
        child.interrupt()
        child.expect("KeyboardInterrupt")
    child.tell()
    child.expect("alone")
    child.end()
    assert (path.read_bytes(), locks.state(path)) == (OLD, "free")
