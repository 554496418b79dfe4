"""`AsyncLockedFile` and `aopen`: a locked file whose operations are awaited."""

from __future__ import annotations

import asyncio
import functools
import inspect
import io
import sys
import threading
import warnings
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import lockedfile
from lockedfile import WouldDeadlock, aio
from lockedfile.aio import AsyncLockedFile
from tests.lockedfile import children, locks, weakened_aio
from tests.lockedfile.tasks import in_loop, until, until_in_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from _typeshed import ReadableBuffer

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OLD = b"first\nsecond\nlast"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of three lines, the last without an end."""
    path = tmp_path / "go.mod"
    path.write_bytes(OLD)
    return path


@pytest.mark.parametrize(("mode", "lock"), [("rb", "shared"), ("r+b", "exclusive"), ("ab", "exclusive")])
@in_loop
async def test_file_is_locked_within_the_block(path: Path, mode: str, lock: str) -> None:
    """As `open` locks it; and tells of itself."""
    async with aio.aopen(path, mode) as file:
        assert locks.state(path) == lock
        assert isinstance(file, AsyncLockedFile)
        with_plus = "rb+" if mode == "r+b" else mode
        assert (file.name, file.mode, file.closed) == (str(path), with_plus, False)
        assert repr(file) == f"<open AsyncLockedFile {str(path)!r} {with_plus!r}>"
    assert (file.closed, locks.state(path)) == (True, "free")
    assert repr(file) == f"<closed AsyncLockedFile {str(path)!r} {with_plus!r}>"


@in_loop
async def test_opening_can_be_awaited(path: Path) -> None:
    """By itself, in a task, and what it gives can be entered too."""
    openings: list[Callable[[], Awaitable[AsyncLockedFile]]] = [
        lambda: aio.aopen(path),
        lambda: asyncio.create_task(aio.aopen(path)),
        lambda: asyncio.wait_for(aio.aopen(path), 30),
    ]
    for opening in openings:
        file = await opening()
        assert locks.state(path) == "shared"
        await file.close()
        assert locks.state(path) == "free"
    async with await aio.aopen(path):
        assert locks.state(path) == "shared"


@in_loop
async def test_missing_file_is_made_with_the_permissions_asked_for(tmp_path: Path) -> None:
    """Or not, to be read."""
    async with aio.aopen(tmp_path / "made", "xb", perm=0o600) as file:
        assert await file.write(b"new") == 3
    assert (tmp_path / "made").stat().st_mode & 0o077 in (0, 0o066)  # Windows has no such bits
    with pytest.raises(FileNotFoundError):
        await aio.aopen(tmp_path / "missing")
    with pytest.raises(ValueError, match="mode"):
        await aio.aopen(path=tmp_path / "made", mode="r")


CALLS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["read", "readline"]), st.integers(-1, 12)),
        st.tuples(st.sampled_from(["readall", "tell", "readline", "read"])),
        st.tuples(st.just("write"), st.binary(max_size=9)),
        st.tuples(st.just("truncate"), st.integers(2, 30)),
        st.tuples(st.just("seek"), st.integers(0, 30)),
        st.tuples(st.just("seek"), st.just(-2), st.just(io.SEEK_END)),
    ),
    max_size=8,
)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files for Hypothesis, which cannot have one for each example."""
    return tmp_path_factory.mktemp("scratch")


@settings(max_examples=20 if sys.platform == "win32" else 100)  # there an event loop starts slowly
@given(calls=CALLS)
def test_every_operation_is_that_of_a_locked_file(scratch: Path, calls: list[tuple[Any, ...]]) -> None:
    """Whatever is called in whatever order gives the same, and leaves the same."""
    ours, theirs = scratch / "ours", scratch / "theirs"
    for path in (ours, theirs):
        path.write_bytes(OLD)

    async def call_all() -> list[object]:
        async with aio.aopen(ours, "r+b") as file:
            return [await getattr(file, name)(*arguments) for name, *arguments in calls]

    with lockedfile.open(theirs, "r+b") as file:
        expected = [getattr(file, name)(*arguments) for name, *arguments in calls]
    assert asyncio.run(call_all()) == expected
    assert ours.read_bytes() == theirs.read_bytes()


@in_loop
async def test_readinto_fills_a_buffer(path: Path) -> None:
    """As far as the file goes."""
    buffer = bytearray(6)
    async with aio.aopen(path) as file:
        assert await file.readinto(buffer) == 6
        assert buffer == b"first\n"
        await file.seek(-2, io.SEEK_END)
        assert await file.readinto(buffer) == 2


@in_loop
async def test_lines_can_be_iterated(path: Path) -> None:
    """With their ends."""
    async with aio.aopen(path) as file:
        assert [line async for line in file] == [b"first\n", b"second\n", b"last"]


def test_has_the_operations_of_a_locked_file() -> None:
    """Those that read, write, or move; with the same parameters, to be awaited."""
    for name in ("read", "readall", "readinto", "readline", "write", "seek", "tell", "truncate", "close"):
        ours, theirs = getattr(AsyncLockedFile, name), getattr(lockedfile.LockedFile, name)
        assert inspect.iscoroutinefunction(ours)
        assert callable(theirs)
        assert ours.__doc__


@in_loop
async def test_operations_run_in_a_thread(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them, and not in the loop's."""
    threads: list[tuple[str, bool]] = []
    start = threading.Thread.start

    def started(thread: threading.Thread) -> None:
        threads.append((thread.name, thread.daemon))
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", started)
    async with aio.aopen(path, "r+b") as file:
        await file.read(1)
        await file.write(b"x")
        await file.seek(0)
    assert threads == [(f"{what} {path}", True) for what in ("aopen", "read", "write", "seek", "close")]


@in_loop
async def test_tasks_that_share_a_file_take_turns(path: Path) -> None:
    """What each writes is in one piece, in the order in which they were called."""
    async with aio.aopen(path, "wb") as file:
        await asyncio.gather(*[file.write(b"%d" % number * 5000) for number in range(10)])
    assert path.read_bytes() == b"".join(b"%d" % number * 5000 for number in range(10))


@in_loop
async def test_close_waits_for_what_is_under_way(path: Path) -> None:
    """A descriptor that is closed while a thread uses it might be another file's by then."""
    async with aio.aopen(path, "wb") as file:
        await closes_after_a_write(file)
    assert path.read_bytes() == b"written"


async def closes_after_a_write(file: AsyncLockedFile) -> None:
    """Close while a write is under way: that must not be cut short."""
    async with slowly(file) as (entered, leave):
        writing = asyncio.create_task(file.write(b"written"))
        await until(entered.is_set, "the write")
        closing = asyncio.create_task(file.close())
        for _ in range(10):
            await asyncio.sleep(0.001)
        closed = file.closed
        leave.set()
        await closing
        assert not closed
        assert await writing == 7


@in_loop
async def test_close_in_the_middle_of_a_write_would_show(path: Path) -> None:
    """The check can fail: of a file whose operations do not take turns."""
    file = weakened_aio.FileWithoutTurns(lockedfile.open(path, "r+b"))
    with pytest.raises((AssertionError, ValueError)):
        await closes_after_a_write(file)
    assert file.closed


class slowly:  # noqa: N801 - reads as a function
    """Lets each write of a file wait, and says that it does."""

    def __init__(self, file: AsyncLockedFile) -> None:
        self.file = file
        self.entered, self.leave = threading.Event(), threading.Event()

    async def __aenter__(self) -> tuple[threading.Event, threading.Event]:
        inner = self.file._file
        write = inner.write

        def slow(data: ReadableBuffer, /) -> int:
            self.entered.set()
            self.leave.wait()
            return write(data)

        inner.write = slow  # type: ignore[method-assign]  # the seam
        return self.entered, self.leave

    async def __aexit__(self, *_: object) -> None:
        self.leave.set()
        del self.file._file.write


@in_loop
async def test_cancelled_write_is_done_to_its_end(path: Path) -> None:
    """And then `CancelledError` arrives; the file can be used on."""
    async with aio.aopen(path, "wb") as file:
        async with slowly(file) as (entered, leave):
            writing = asyncio.create_task(file.write(b"written"))
            await until(entered.is_set, "the write")
            for _ in range(3):
                writing.cancel()
                await asyncio.sleep(0)
            assert not writing.done()
            leave.set()
            with pytest.raises(asyncio.CancelledError):
                await writing
        assert await file.tell() == 7
    assert path.read_bytes() == b"written"


@in_loop
async def test_write_that_has_not_begun_is_not_made_once_cancelled(path: Path) -> None:
    """It waits for another one's end, and is at once over."""
    async with aio.aopen(path, "wb") as file, slowly(file) as (entered, leave):
        first = asyncio.create_task(file.write(b"first"))
        await until(entered.is_set, "the write")
        second = asyncio.create_task(file.write(b"second"))
        await asyncio.sleep(0)
        second.cancel()
        with pytest.raises(asyncio.CancelledError):
            await second
        assert not first.done()
        leave.set()
        await first
    assert path.read_bytes() == b"first"


async def leaves_block_cancelled(
    path: Path, opening: Callable[[], AbstractAsyncContextManager[AsyncLockedFile]], cancels: int
) -> None:
    """Cancel the task in the block, so often, while another one writes to the file."""
    entered_block = asyncio.Event()
    files: list[AsyncLockedFile] = []

    async def block() -> None:
        async with opening() as file:
            files.append(file)
            entered_block.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(block())
    await entered_block.wait()
    async with slowly(files[0]) as (entered, leave):
        writing = asyncio.create_task(files[0].write(b"written"))
        await until(entered.is_set, "the write")
        for _ in range(cancels):
            task.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
        early = task.done()
        leave.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        await writing
    assert not early
    assert files[0].closed
    assert locks.state(path) == "free"


@pytest.mark.parametrize("cancels", [1, 3])
@in_loop
async def test_block_that_is_left_by_cancellation_closes(path: Path, cancels: int) -> None:
    """Also if it comes again while it closes, and while another task uses the file."""
    await leaves_block_cancelled(path, lambda: aio.aopen(path, "wb"), cancels)
    await leaves_block_cancelled(path, lambda: AsyncLockedFile(lockedfile.open(path, "wb")), cancels)


@in_loop
async def test_file_left_open_would_show(path: Path) -> None:
    """The check can fail: of a file that may be cancelled while it waits to close."""
    file = weakened_aio.FileLeftOpen(lockedfile.open(path, "wb"))
    with pytest.raises(AssertionError):
        await leaves_block_cancelled(path, lambda: file, 2)
    await file.close()


@in_loop
async def test_exception_in_the_block_arrives_and_the_file_is_closed(path: Path) -> None:
    """Unchanged."""
    raised = ZeroDivisionError()
    with pytest.raises(ZeroDivisionError) as caught:
        async with aio.aopen(path):
            raise raised
    assert caught.value is raised
    assert locks.state(path) == "free"


@in_loop
async def test_block_may_find_the_file_closed(path: Path) -> None:
    """But a second `close` is an error that names the path, and so is all else that comes too late."""
    async with aio.aopen(path) as file:
        await file.close()
    with pytest.raises(ValueError, match=r"close .*go\.mod"):
        await file.close()
    with pytest.raises(ValueError, match="closed"):
        await file.read()


MISUSES: dict[str, Callable[[AsyncLockedFile], Awaitable[object]]] = {
    "write to what is read": lambda file: file.write(b"x"),
    "truncate what is read": lambda file: file.truncate(0),
    "seek to before the start": lambda file: file.seek(-1),
}


@pytest.mark.parametrize("misuse", MISUSES.values(), ids=MISUSES)
@in_loop
async def test_error_names_the_file(path: Path, misuse: Callable[[AsyncLockedFile], Awaitable[object]]) -> None:
    """As that of a `LockedFile` does."""
    async with aio.aopen(path) as file:
        with pytest.raises(OSError, match=r"go\.mod") as caught:
            await misuse(file)
        assert caught.value.filename == str(path)


@in_loop
async def test_dropped_file_warns_and_releases(path: Path) -> None:
    """The warning names the file."""
    files = [await aio.aopen(path)]
    with pytest.warns(ResourceWarning, match=r"go\.mod"):
        files.clear()
    assert locks.state(path) == "free"


@in_loop
async def test_opening_that_is_not_awaited_warns(path: Path) -> None:
    """As of any coroutine."""
    with pytest.warns(RuntimeWarning, match="never awaited"):
        aio.aopen(path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        aio.aopen(path).close()


@in_loop
async def test_opening_task_that_would_wait_for_itself_is_told(path: Path) -> None:
    """By any operation; another task waits."""
    async with aio.aopen(path, "r+b") as file:
        for operation in (functools.partial(aio.aedit, transform=bytes), aio.aread, aio.aopen):
            with pytest.raises(WouldDeadlock):
                await operation(path)
        other = asyncio.create_task(aio.aread(path))
        await until_in_line(path)
        assert not other.done()
        await file.write(b"FIRST")
    assert await other == b"FIRST" + OLD[5:]


@in_loop
async def test_file_opened_by_a_task_that_has_ended_stays_locked(path: Path) -> None:
    """Until it is closed, which any task may do."""
    file = await asyncio.create_task(aio.aopen(path, "r+b"))
    assert locks.state(path) == "exclusive"
    other = asyncio.create_task(aio.aread(path))
    await until_in_line(path)
    await file.close()
    assert await other == OLD


@in_loop
async def test_opening_waits_for_another_process(spawn: Spawn, path: Path) -> None:
    """And that for it."""
    child = spawn(children.hold, path)
    child.expect("asking")
    child.expect("locked")
    opening = asyncio.create_task(aio.aopen(path, "r+b"))
    await until_in_line(path)
    assert not opening.done()
    child.tell()
    file = await opening
    child.expect("released")
    child.end()
    second = spawn(children.hold, path)
    second.expect("asking")
    await until_in_line(path)
    assert not second.has_spoken()
    await file.close()
    second.expect("locked")
    second.tell()
    second.expect("released")
    second.end()


def test_generator_that_is_dropped_within_the_block_closes(path: Path) -> None:
    """There the end of the block cannot be awaited, as there is no task any more."""

    async def in_block() -> None:
        async with aio.aopen(path, "r+b"):
            await asyncio.Event().wait()

    async def main() -> None:
        task = asyncio.create_task(in_block())
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio says so, and rightly
        await until(lambda: locks.state(path) == "exclusive", "the lock")
        for _ in range(10):
            await asyncio.sleep(0.001)
        task.get_coro().close()
        assert locks.state(path) == "free"

    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    loop.close()
