"""aopen: opening a `LockedFile` for a task of asyncio."""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from os import fsdecode
from typing import TYPE_CHECKING

from .._held import Cancelled
from .._locked_file import open as open_locked
from ._file import AsyncLockedFile
from ._worker import run

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

    from .._file import StrOrBytesPath
    from .._locked_file import LockedFile
    from .._waiting import Waiting
    from ._worker import Worker

__all__ = ["aopen"]


class Opening(Coroutine[object, object, AsyncLockedFile]):
    """A file that is about to be opened: to be awaited, or entered by `async with`, which closes it too."""

    __slots__ = ("_coroutine", "_file")

    def __init__(self, coroutine: Coroutine[object, object, AsyncLockedFile]) -> None:
        self._coroutine = coroutine

    @property
    def __name__(self) -> str:
        """What asyncio calls it where it shows a task."""
        return "aopen"

    def __await__(self) -> Generator[object, object, AsyncLockedFile]:
        return self._coroutine.__await__()

    def send(self, value: object) -> object:
        """As of every coroutine."""
        return self._coroutine.send(value)

    def throw(self, *error: object) -> object:
        """As of every coroutine."""
        return self._coroutine.throw(*error)  # type: ignore[call-overload]  # its own signatures

    def close(self) -> None:
        """As of every coroutine."""
        self._coroutine.close()

    async def __aenter__(self) -> AsyncLockedFile:
        self._file = await self
        return self._file

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._file.__aexit__(kind, error, traceback)


def aopen(
    path: StrOrBytesPath,
    mode: str = "rb",
    *,
    timeout: float | None = None,
    perm: int = 0o666,
    on_wait: Callable[[Waiting], object] | None = None,
) -> Opening:
    """Open the file at `path` in binary, locked until it is closed, while the event loop goes on.

        async with aopen("go.mod", "r+b") as file:
            async for line in file:
                ...

        file = await aopen("go.mod")

    With the parameters, promises and errors of `open`; what is opened is an `AsyncLockedFile`. The task may be
    cancelled at any time: it stops waiting, and a lock that arrives in that moment is given back. `on_wait` is called
    in the event loop.

    The lock counts as held by the task that opened: that one gets `WouldDeadlock` where it would wait for itself;
    another one waits.

    Raises what `open` raises, and `RuntimeError` if there is no running event loop or no thread can be started.

    Source: `OpenFile` of Go's cmd/go/internal/lockedfile.
    """
    return Opening(_open(path, mode, timeout, perm, on_wait))


async def _open(
    path: StrOrBytesPath,
    mode: str,
    timeout: float | None,
    perm: int,
    on_wait: Callable[[Waiting], object] | None,
) -> AsyncLockedFile:
    opened: list[LockedFile] = []  # closed by whoever draws it

    def work(worker: Worker[None]) -> None:
        asking = None if on_wait is None else partial(worker.ask, on_wait)
        opened.append(open_locked(path, mode, timeout=timeout, perm=perm, on_wait=asking))
        try:
            worker.go_on()
        except Cancelled:
            _close(opened)
            raise

    what = f"aopen {fsdecode(path)}"
    try:
        await run(work, what)
    except GeneratorExit:  # nobody runs this task any more, so it cannot wait
        _close(opened)
        raise
    except BaseException:
        if opened:
            await run(lambda _: _close(opened), what)
        raise
    return AsyncLockedFile(opened.pop())


def _close(opened: list[LockedFile]) -> None:
    with suppress(IndexError):  # the other one was first
        opened.pop().close()
