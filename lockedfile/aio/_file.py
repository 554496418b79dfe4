"""`AsyncLockedFile`: a `LockedFile` whose operations a task of asyncio awaits."""

from __future__ import annotations

import asyncio
from functools import partial
from os import fsdecode
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from ._worker import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from _typeshed import ReadableBuffer, WriteableBuffer

    from .._locked_file import LockedFile

__all__ = ["AsyncLockedFile"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


class AsyncLockedFile:
    """A binary file, open and locked; closing it releases the lock. `aopen` makes them.

    Its methods are those of `LockedFile`, to be awaited: each runs in a thread, one after the other in the order in
    which they were called, whichever tasks call them. If a task is cancelled in one of them, that one is done to
    its end first; one that has not begun does not begin.

    Dropped without `close` it warns (`ResourceWarning`) and releases.
    """

    __slots__ = ("__weakref__", "_file", "_turn")

    def __init__(self, file: LockedFile) -> None:
        self._file = file
        # A descriptor that is closed while a thread writes to it may be another file's by then.
        self._turn = asyncio.Lock()

    @property
    def name(self) -> str | bytes:
        """The path."""
        return self._file.name

    @property
    def mode(self) -> str:
        """How it was opened, as `io.FileIO` puts it: rb, rb+, wb, ..."""
        return self._file.mode

    @property
    def closed(self) -> bool:
        """Is it closed, and its lock released?"""
        return self._file.closed

    async def read(self, size: int = -1) -> bytes:
        """At most `size` bytes from the position on; without a size, all up to the end."""
        return await self._do(self._file.read, size) or b""

    async def readall(self) -> bytes:
        """All from the position to the end."""
        return await self._do(self._file.readall) or b""

    async def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill `buffer` from the position on, as far as the file goes, and return how many bytes that were."""
        return await self._do(self._file.readinto, buffer) or 0

    async def readline(self, size: int | None = -1) -> bytes:
        """The rest of the line with its end, or at most `size` bytes of it; empty at the end of the file."""
        return await self._do(self._file.readline, size)

    async def write(self, data: ReadableBuffer) -> int:
        """Write all of `data` at the position, and return its length in bytes; `OSError` if it does not all fit."""
        return await self._do(self._file.write, data)

    async def seek(self, offset: int, whence: int = 0) -> int:
        """Move the position, as `io.IOBase.seek` does, and return it."""
        return await self._do(self._file.seek, offset, whence)

    async def tell(self) -> int:
        """The position, in bytes."""
        return await self._do(self._file.tell)

    async def truncate(self, size: int | None = None) -> int:
        """Make the file `size` bytes long, or end at the position, and return that."""
        return await self._do(self._file.truncate, size)

    async def close(self) -> None:
        """Unlock and close, once what is under way is done; also if the task is cancelled meanwhile.

        A second call is an error that names the path; the end of an `async with` block is not one.
        """
        await self._finish(self._file.close)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if line := await self.readline():
            return line
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        close = partial(self._file.__exit__, None, None, None)
        if kind is GeneratorExit:  # nobody runs this task any more, so it cannot wait
            close()
        else:
            await self._finish(close)

    def __repr__(self) -> str:
        return f"<{'closed' if self.closed else 'open'} AsyncLockedFile {self.name!r} {self.mode!r}>"

    async def _do(self, operation: Callable[_P, _R], *args: _P.args, **kwargs: _P.kwargs) -> _R:
        async with self._turn:
            what = f"{operation.__name__} {fsdecode(self.name)}"
            return await run(lambda _: operation(*args, **kwargs), what)

    async def _finish(self, close: Callable[[], None]) -> None:
        cancelled = None
        while True:
            try:
                await self._turn.acquire()
                break
            except asyncio.CancelledError as error:
                cancelled = error  # told when it is closed: who leaves a block relies on that
        try:
            await run(lambda _: close(), f"close {fsdecode(self.name)}")
            if cancelled is not None:
                raise cancelled
        finally:
            self._turn.release()
            del cancelled  # or it would refer to this frame, which refers to it
