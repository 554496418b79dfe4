"""aedit, aread, awrite: what `_edit` does, for a task of asyncio."""

from __future__ import annotations

import inspect
from functools import partial
from os import fsdecode
from typing import TYPE_CHECKING, Any, overload

from .._edit import Edit, Edited, read, write
from ._worker import run

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from _typeshed import ReadableBuffer

    from .._file import StrOrBytesPath
    from .._waiting import Waiting
    from ._worker import Worker

__all__ = ["aedit", "aread", "awrite"]


@overload
async def aedit(
    path: StrOrBytesPath,
    transform: Callable[[bytes], Awaitable[ReadableBuffer] | ReadableBuffer],
    *,
    timeout: float | None = None,
    crash_safe: bool = True,
    durable: bool = False,
    encoding: None = None,
    mode: int = 0o666,
    on_wait: Callable[[Waiting], object] | None = None,
) -> Edited: ...


@overload
async def aedit(
    path: StrOrBytesPath,
    transform: Callable[[str], Awaitable[str] | str],
    *,
    timeout: float | None = None,
    crash_safe: bool = True,
    durable: bool = False,
    encoding: str,
    mode: int = 0o666,
    on_wait: Callable[[Waiting], object] | None = None,
) -> Edited: ...


async def aedit(
    path: StrOrBytesPath,
    transform: Callable[[bytes], Awaitable[ReadableBuffer] | ReadableBuffer] | Callable[[str], Awaitable[str] | str],
    *,
    timeout: float | None = None,
    crash_safe: bool = True,
    durable: bool = False,
    encoding: str | None = None,
    mode: int = 0o666,
    on_wait: Callable[[Waiting], object] | None = None,
) -> Edited:
    """Do an `Edit` of the file at `path`, while the event loop goes on; with its parameters, promises and errors.

    `transform` may be a coroutine function, which runs in the task that edits. A plain function runs in a thread, with
    the context variables of the task, so that it may take its time; what it returns may be an awaitable, which the task
    then awaits. `on_wait` is called in the event loop.

    The task may be cancelled at any time, by `asyncio.timeout` too. While it waits for the lock, it stops waiting.
    While a coroutine transforms, that is cancelled, and the file is untouched; a plain function cannot be stopped, but
    its answer is dropped. Once the answer is there, the edit is made. So after `CancelledError` it may have been
    made or not, but nothing of it is under way: no lock, no descriptor, and no half of it.

    Another task that edits the same file waits; a task that edits the file within its own transform gets
    `WouldDeadlock`.

    Not promised: how long a cancelled task takes to end, if a plain function transforms or a large file is being
    written. A transform that waits for *another* task which edits the same file waits for ever.

    Raises what `Edit` raises, and `RuntimeError` if there is no running event loop or no thread can be started.

    Source: `Transform` of Go's cmd/go/internal/lockedfile.
    """
    if not callable(transform):
        raise TypeError(f"Edit {fsdecode(path)}: the transform is {type(transform).__name__}, which cannot be called")

    def work(worker: Worker[Edited]) -> Edited:
        return Edit(
            path,
            _in_thread(worker, transform),
            timeout=timeout,
            crash_safe=crash_safe,
            durable=durable,
            encoding=encoding,
            mode=mode,
            on_wait=None if on_wait is None else partial(worker.ask, on_wait),
        )

    return await run(work, f"aedit {fsdecode(path)}")


async def aread(
    path: StrOrBytesPath, *, timeout: float | None = None, on_wait: Callable[[Waiting], object] | None = None
) -> bytes:
    """The whole content of the file at `path`, as `read` gives it, while the event loop goes on.

    The task may be cancelled at any time; nothing is under way then. `on_wait` is called in the event loop.

    Raises what `read` raises, and `RuntimeError` if there is no running event loop or no thread can be started.

    Source: `Read` of Go's cmd/go/internal/lockedfile.
    """

    def work(worker: Worker[bytes]) -> bytes:
        return read(path, timeout=timeout, on_wait=None if on_wait is None else partial(worker.ask, on_wait))

    return await run(work, f"aread {fsdecode(path)}")


async def awrite(
    path: StrOrBytesPath,
    content: ReadableBuffer,
    *,
    timeout: float | None = None,
    crash_safe: bool = True,
    durable: bool = False,
    mode: int = 0o666,
    on_wait: Callable[[Waiting], object] | None = None,
) -> None:
    """Make `content` the content of the file at `path`, as `write` does, while the event loop goes on.

    A `content` that can change, such as a `bytearray`, has to stay as it is meanwhile. The task may be cancelled at any
    time; afterwards the content may have been written or not, but whole. `on_wait` is called in the event loop.

    Raises what `write` raises, and `RuntimeError` if there is no running event loop or no thread can be started.

    Source: `Write` of Go's cmd/go/internal/lockedfile.
    """

    def work(worker: Worker[None]) -> None:
        write(
            path,
            content,
            timeout=timeout,
            crash_safe=crash_safe,
            durable=durable,
            mode=mode,
            on_wait=None if on_wait is None else partial(worker.ask, on_wait),
        )

    await run(work, f"awrite {fsdecode(path)}")


def _in_thread(worker: Worker[Edited], transform: Callable[[Any], object]) -> Callable[[Any], Any]:
    """`transform`, as a function that the thread of `worker` can call."""
    if inspect.iscoroutinefunction(transform) or inspect.iscoroutinefunction(type(transform).__call__):
        return partial(worker.ask, transform)

    def in_thread(old: object) -> object:
        worker.go_on()
        new = transform(old)
        if inspect.isawaitable(new):
            try:
                new = worker.ask(lambda: new)
            finally:
                if inspect.iscoroutine(new):
                    new.close()  # or it would complain, of a cancelled task, that it was never awaited
        worker.go_on()
        return new

    return in_thread
