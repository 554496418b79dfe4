"""`lockedfile.aio`: what `aedit`, `aread` and `awrite` give and raise, and where transforms run."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import inspect
import threading
import traceback
import weakref
from typing import TYPE_CHECKING, Any

import pytest

import lockedfile
from lockedfile import LockTimeout, WouldDeadlock, _held, aio
from tests.lockedfile import children, locks, weakened_aio
from tests.lockedfile.tasks import OnWait, hear, in_loop, until_in_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from pathlib import Path

    from lockedfile import Waiting
    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OLD = b"old\n"
VARIABLE = contextvars.ContextVar("VARIABLE", default="nothing")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of one line."""
    path = tmp_path / "go.mod"
    path.write_bytes(OLD)
    return path


def plain(old: bytes, new: bytes = b"new\n") -> bytes:
    """A function."""
    return old + new


async def coroutine(old: bytes, new: bytes = b"new\n") -> bytes:
    """A coroutine function, which lets others go first."""
    await asyncio.sleep(0)
    return old + new


class Adder:
    """Can be called, and has a method of each kind."""

    def __call__(self, old: bytes) -> bytes:
        """A function."""
        return plain(old)

    async def method(self, old: bytes) -> bytes:
        """A coroutine function that is bound."""
        return await coroutine(old)


class AsyncAdder:
    """Can be called as a coroutine function is."""

    async def __call__(self, old: bytes) -> bytes:
        """A coroutine function."""
        return await coroutine(old)


class Promise:
    """Can be awaited, and is no coroutine."""

    def __init__(self, old: bytes) -> None:
        self.old = old

    def __await__(self) -> Generator[object, object, bytes]:
        return coroutine(self.old).__await__()


TRANSFORMS: dict[str, Callable[[bytes], Awaitable[bytes] | bytes]] = {
    "function": plain,
    "partial of a function": functools.partial(plain, new=b"new\n"),
    "object": Adder(),
    "coroutine function": coroutine,
    "partial of a coroutine function": functools.partial(coroutine, new=b"new\n"),
    "bound coroutine function": Adder().method,
    "async object": AsyncAdder(),
    "partial of an async object": functools.partial(AsyncAdder()),
    "function that gives a coroutine": lambda old: coroutine(old),  # noqa: PLW0108 - to be none itself is the point
    "function that gives an awaitable": Promise,
}


@pytest.mark.parametrize("transform", TRANSFORMS.values(), ids=TRANSFORMS)
@in_loop
async def test_transform_may_be_whatever_gives_a_content(
    path: Path, transform: Callable[[bytes], Awaitable[bytes] | bytes]
) -> None:
    """At once, or when awaited."""
    edited = await aio.aedit(path, transform)
    assert edited.changed
    assert path.read_bytes() == OLD + b"new\n"


@in_loop
async def test_edit_tells_what_edit_tells(path: Path) -> None:
    """Whether anything changed, and when."""
    first = await aio.aedit(path, lambda _: b"new\n")
    second = await aio.aedit(path, lambda _: b"new\n")
    assert (type(first), first.changed, second.changed) == (lockedfile.Edited, True, False)
    assert first.asked_ns <= first.locked_ns <= first.released_ns <= second.asked_ns


@in_loop
async def test_text_is_transformed_with_an_encoding(path: Path) -> None:
    """By functions of both kinds."""

    async def add(old: str) -> str:
        return old + "é"

    await aio.aedit(path, add, encoding="utf-8")
    await aio.aedit(path, lambda old: old + "ö", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "old\néö"


@in_loop
async def test_missing_file_is_made(tmp_path: Path) -> None:
    """With the mode that was asked for."""
    await aio.aedit(tmp_path / "edited", coroutine, mode=0o600)
    await aio.awrite(tmp_path / "written", b"new\n", mode=0o600)
    assert (tmp_path / "edited").read_bytes() == (tmp_path / "written").read_bytes() == b"new\n"


@in_loop
async def test_options_are_handed_on(path: Path) -> None:
    """No journal without `crash_safe`, a journal with it, and none that is durable without one."""
    left: list[bool] = []
    journal = path.with_name("go.mod.lockedfile-journal")
    path.parent.chmod(0o755)

    def look(_: bytes) -> bytes:
        left.append(journal.exists())
        return b"new\n"

    await aio.aedit(path, look, crash_safe=False)
    await aio.aedit(path, look, durable=True)
    with pytest.raises(ValueError, match="durable"):
        await aio.aedit(path, look, durable=True, crash_safe=False)
    with pytest.raises(ValueError, match="durable"):
        await aio.awrite(path, b"", durable=True, crash_safe=False)
    assert left == [False, False]


@in_loop
async def test_what_is_written_is_read(path: Path) -> None:
    """As `write` and `read` do; anything bytes-like."""
    await aio.awrite(path, memoryview(b"written\n"))
    assert await aio.aread(path) == b"written\n"
    assert path.read_bytes() == b"written\n"


@in_loop
async def test_readers_do_not_wait_for_each_other(path: Path) -> None:
    """Their lock is shared."""
    with lockedfile.open(path):
        assert await aio.aread(path, timeout=0) == OLD


@pytest.mark.parametrize(
    ("asynchronous", "synchronous"),
    [(aio.aedit, lockedfile.Edit), (aio.aread, lockedfile.read), (aio.awrite, lockedfile.write),
     (aio.aopen, lockedfile.open)],
)  # fmt: skip
def test_parameters_are_those_of_the_synchronous_namesake(
    asynchronous: Callable[..., object], synchronous: Callable[..., object]
) -> None:
    """With the same defaults, in the same order."""
    assert list(inspect.signature(asynchronous).parameters) == list(inspect.signature(synchronous).parameters)
    ours, theirs = inspect.signature(asynchronous), inspect.signature(synchronous)
    for name, parameter in ours.parameters.items():
        assert (parameter.default, parameter.kind) == (theirs.parameters[name].default, theirs.parameters[name].kind)


def test_public_names_are_documented() -> None:
    """And are all that is public."""
    assert aio.__all__ == sorted(name for name in vars(aio) if not name.startswith("_"))
    assert all((thing.__doc__ or "").strip() for thing in [aio, *(getattr(aio, name) for name in aio.__all__)])


@in_loop
async def test_coroutine_transforms_in_the_task_that_edits(path: Path) -> None:
    """It is the current task, in the loop's thread, and what it sets in context variables stays."""
    seen: list[object] = []

    async def transform(old: bytes) -> bytes:
        seen.extend([asyncio.current_task(), threading.current_thread()])
        VARIABLE.set("set in the transform")
        return old

    await aio.aedit(path, transform)
    assert seen == [asyncio.current_task(), threading.current_thread()]
    assert VARIABLE.get() == "set in the transform"


@in_loop
async def test_plain_function_transforms_in_a_thread(path: Path) -> None:
    """With the context variables of the task; those that it sets are its own."""
    seen: list[object] = []
    VARIABLE.set("set by the task")

    def transform(old: bytes) -> bytes:
        seen.append(VARIABLE.get())
        VARIABLE.set("set in the transform")
        seen.append(threading.current_thread() is not threading.main_thread())
        seen.append(threading.current_thread().name)
        return old

    await aio.aedit(path, transform)
    assert seen == ["set by the task", True, f"aedit {path}"]
    assert VARIABLE.get() == "set by the task"


@in_loop
async def test_awaitable_of_a_plain_function_is_awaited_in_the_task(path: Path) -> None:
    """Though the function was called in a thread."""
    seen: list[object] = []

    async def new(old: bytes) -> bytes:
        seen.append(asyncio.current_task())
        return old

    await aio.aedit(path, lambda old: new(old))  # noqa: PLW0108 - to be none itself is the point
    assert seen == [asyncio.current_task()]


class OddError(BaseException):
    """Is no Exception."""


@pytest.mark.parametrize("error", [ZeroDivisionError(), OddError(), asyncio.CancelledError(), TimeoutError()], ids=repr)
@pytest.mark.parametrize("kind", ["function", "coroutine function", "function that gives a coroutine"])
@in_loop
async def test_exception_of_a_transform_arrives_unchanged(path: Path, kind: str, error: BaseException) -> None:
    """The file is untouched, the lock is free, and the traceback leads to the line that raised."""

    def raising(_: bytes) -> bytes:
        raise error

    async def raising_later(_: bytes) -> bytes:
        await asyncio.sleep(0)
        raise error

    transforms: dict[str, Callable[[bytes], Awaitable[bytes] | bytes]] = {
        "function": raising,
        "coroutine function": raising_later,
        "function that gives a coroutine": lambda old: raising_later(old),  # noqa: PLW0108 - as above
    }
    with pytest.raises(type(error)) as caught:
        await aio.aedit(path, transforms[kind])
    assert caught.value is error
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[0] == "test_exception_of_a_transform_arrives_unchanged"
    assert frames[-1].startswith("raising")
    assert "Edit" in frames
    assert (path.read_bytes(), locks.state(path)) == (OLD, "free")


@in_loop
async def test_exception_is_not_kept(path: Path) -> None:
    """Nothing refers to it once it is handled, without the garbage collector."""

    class OursError(Exception):
        pass

    async def raising(_: bytes) -> bytes:
        raise OursError

    gone: list[weakref.ref[BaseException]] = []
    gc.disable()
    try:
        for transform in (raising, lambda old: raising(old)):  # noqa: PLW0108 - as above
            try:
                await aio.aedit(path, transform)
            except OursError as error:
                gone.append(weakref.ref(error))
            del transform
        assert [reference() for reference in gone] == [None, None]
    finally:
        gc.enable()


WRONG: dict[str, Callable[[Any, Path], Awaitable[object]]] = {
    "answer of a function": lambda aio, path: aio.aedit(path, lambda _: "text"),
    "answer of a coroutine": lambda aio, path: aio.aedit(path, _texting),
    "answer with an encoding": lambda aio, path: aio.aedit(path, lambda _: b"bytes", encoding="ascii"),
    "transform": lambda aio, path: aio.aedit(path, b"new"),
    "content": lambda aio, path: aio.awrite(path, "text"),
    "path": lambda aio, _: aio.aread(7.5),
}


async def _texting(_: bytes) -> str:
    return "text"


@pytest.mark.parametrize("misuse", WRONG.values(), ids=WRONG)
@in_loop
async def test_wrong_type_is_an_error_before_anything_is_written(
    path: Path, misuse: Callable[[Any, Path], Awaitable[object]]
) -> None:
    """As in the synchronous functions."""
    with pytest.raises(TypeError):
        await misuse(aio, path)
    assert (path.read_bytes(), locks.state(path)) == (OLD, "free")


@in_loop
async def test_error_of_the_system_names_the_file(tmp_path: Path) -> None:
    """As in the synchronous functions."""
    with pytest.raises(FileNotFoundError) as caught:
        await aio.aread(tmp_path / "missing")
    assert caught.value.filename == str(tmp_path / "missing")


def test_without_a_loop_it_is_an_error(path: Path) -> None:
    """Said at once, and not by a thread that nobody hears."""
    edit = aio.aedit(path, plain)
    with pytest.raises(RuntimeError, match="no running event loop"):
        edit.send(None)


@in_loop
async def test_edit_waits_for_another_process(spawn: Spawn, path: Path) -> None:
    """And is made when that has released."""
    child = spawn(children.hold, path)
    child.expect("asking")
    child.expect("locked")
    edit = asyncio.create_task(aio.aedit(path, coroutine))
    await until_in_line(path)
    assert not edit.done()
    child.tell()
    assert (await edit).changed
    child.expect("released")
    child.end()
    assert path.read_bytes() == OLD + b"new\n"


@in_loop
async def test_other_process_waits_for_a_transform(spawn: Spawn, path: Path) -> None:
    """However long the coroutine takes."""

    async def transform(old: bytes) -> bytes:
        child = spawn(children.hold, path)
        assert await hear(child) == "asking"
        await until_in_line(path)
        assert not child.has_spoken()
        transform.child = child  # type: ignore[attr-defined]  # to be heard on
        return old + b"new\n"

    await aio.aedit(path, transform)
    child: Child = transform.child  # type: ignore[attr-defined]  # as above
    child.expect("locked")
    child.tell()
    child.expect("released")
    child.end()


@pytest.mark.parametrize("operation", ["aedit", "aread", "awrite", "aopen"])
@in_loop
async def test_timeout_is_that_of_the_synchronous_function(spawn: Spawn, path: Path, operation: str) -> None:
    """`LockTimeout`, with its facts, at once or later."""
    child = spawn(children.hold, path)
    child.expect("asking")
    child.expect("locked")
    for timeout in (0, 0.01):
        with pytest.raises(LockTimeout) as caught:
            await OPERATIONS[operation](path, timeout=timeout)
        assert (caught.value.path, caught.value.timeout) == (str(path), timeout)
        assert caught.value.waited >= timeout
    child.tell()
    child.expect("released")
    child.end()
    assert path.read_bytes() == OLD


OPERATIONS: dict[str, Callable[..., Awaitable[object]]] = {
    "aedit": functools.partial(aio.aedit, transform=plain),
    "aread": aio.aread,
    "awrite": functools.partial(aio.awrite, content=b"new\n"),
    "aopen": functools.partial(aio.aopen, mode="r+b"),
}


async def _done_with(result: object) -> None:
    if isinstance(result, aio.AsyncLockedFile):
        await result.close()


@pytest.mark.parametrize("operation", OPERATIONS)
@in_loop
async def test_on_wait_is_called_in_the_task(spawn: Spawn, path: Path, operation: str) -> None:
    """Once, before the wait; and not where there is none."""
    seen: list[tuple[object, object]] = []

    def on_wait(waiting: Waiting) -> None:
        assert waiting.path == str(path)
        seen.append((asyncio.current_task(), threading.current_thread()))
        child.tell()

    child = spawn(children.hold, path)
    child.expect("asking")
    child.expect("locked")
    await _done_with(await OPERATIONS[operation](path, on_wait=on_wait))
    await _done_with(await OPERATIONS[operation](path, on_wait=on_wait))
    assert seen == [(asyncio.current_task(), threading.current_thread())]
    child.expect("released")
    child.end()


@pytest.mark.parametrize("operation", OPERATIONS)
@in_loop
async def test_exception_of_on_wait_ends_the_wait(path: Path, operation: str) -> None:
    """And arrives unchanged."""
    raised = ZeroDivisionError()

    def on_wait(_: Waiting) -> None:
        raise raised

    with lockedfile.open(path, "r+b"):
        with pytest.raises(ZeroDivisionError) as caught:
            await OPERATIONS[operation](path, on_wait=on_wait)
        assert caught.value is raised
    assert (path.read_bytes(), locks.state(path)) == (OLD, "free")


@in_loop
async def test_on_wait_may_be_a_coroutine_function(path: Path) -> None:
    """It is awaited before the wait begins."""
    awaited: list[bool] = []

    async def on_wait(_: Waiting) -> None:
        await asyncio.sleep(0)
        awaited.append(True)
        held.close()

    held = lockedfile.open(path, "r+b")
    await aio.aedit(path, coroutine, on_wait=on_wait)
    assert awaited == [True]


async def edits_itself(path: Path, inner: Callable[[], Awaitable[object]]) -> type[BaseException] | None:
    """What becomes of an operation within the transform of an edit of the same file, by the same task."""
    became: list[BaseException] = []

    async def transform(old: bytes) -> bytes:
        try:
            await inner()
        except WouldDeadlock as error:
            became.append(error)
        return old

    await aio.aedit(path, transform)
    return type(became[0]) if became else None


@pytest.mark.parametrize("operation", OPERATIONS)
@in_loop
async def test_task_that_would_wait_for_itself_is_told(path: Path, operation: str) -> None:
    """At once; by a hard link, too. It can go on, and it can do it afterwards."""
    link = path.with_name("link")
    link.hardlink_to(path)
    for name in (path, link):
        assert await edits_itself(path, lambda name=name: OPERATIONS[operation](name)) is WouldDeadlock  # type: ignore[misc]  # of the default
    await _done_with(await OPERATIONS[operation](path, timeout=0))


@in_loop
async def test_wait_for_oneself_would_show(path: Path) -> None:
    """The check can fail: of an edit that locks on behalf of a thread, whose wait only the timeout ends."""
    became: list[BaseException] = []

    async def transform(old: bytes) -> bytes:
        try:
            await aio.aedit(path, plain, timeout=0)
        except LockTimeout as error:
            became.append(error)
        return old

    await weakened_aio.aedit_of_a_thread(path, transform)
    assert len(became) == 1


@in_loop
async def test_thread_of_a_transform_would_wait_for_its_task(path: Path) -> None:
    """A plain function acts for the task, so it is told as well."""

    def transform(old: bytes) -> bytes:
        with pytest.raises(WouldDeadlock):
            lockedfile.Edit(path, plain)
        return old + b"new\n"

    await aio.aedit(path, transform)
    assert path.read_bytes() == OLD + b"new\n"


SYNCHRONOUS: dict[str, Callable[..., object]] = {
    "Edit": functools.partial(lockedfile.Edit, transform=plain),
    "read": lockedfile.read,
    "write": functools.partial(lockedfile.write, content=b"new\n"),
    "open": lockedfile.open,
}


async def calls_in_the_loop(path: Path, call: Callable[..., object]) -> type[BaseException] | None:
    """What becomes of a synchronous call, with no time to wait, of a file that the task has open by aio."""
    async with aio.aopen(path, "r+b"):
        try:
            call(path, timeout=0)
        except (WouldDeadlock, LockTimeout) as error:
            return type(error)
    return None


@pytest.mark.parametrize("call", SYNCHRONOUS.values(), ids=SYNCHRONOUS)
@in_loop
async def test_synchronous_call_that_would_stop_the_loop_for_ever_is_told(
    path: Path, call: Callable[..., object]
) -> None:
    """It would wait for the task that it stops; in a transform, too."""
    became: list[BaseException] = []

    async def transform(old: bytes) -> bytes:
        with pytest.raises(WouldDeadlock) as caught:
            call(path)
        became.append(caught.value)
        return old

    await aio.aedit(path, transform)
    assert len(became) == 1
    assert await calls_in_the_loop(path, call) is WouldDeadlock


@in_loop
async def test_synchronous_call_that_stops_the_loop_would_show(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: where nobody asks which task it is that calls."""
    monkeypatch.setattr(_held, "current_task", None)
    assert await calls_in_the_loop(path, lockedfile.read) is LockTimeout


@in_loop
async def test_other_task_waits_instead(path: Path) -> None:
    """It is not the one that holds the file, though the loop and its thread are the same."""
    waits = OnWait()

    async def transform(old: bytes) -> bytes:
        other.append(asyncio.create_task(aio.aedit(path, plain, on_wait=waits)))
        await waits.called.wait()
        await until_in_line(path)
        assert not other[0].done()
        return old + b"first\n"

    other: list[asyncio.Task[lockedfile.Edited]] = []
    await aio.aedit(path, transform)
    await other[0]
    assert path.read_bytes() == OLD + b"first\nnew\n"
