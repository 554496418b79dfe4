"""Operations for asyncio with one promise broken at a time: what the tests must be able to catch."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import lockedfile
from lockedfile import Edited
from lockedfile.aio import AsyncLockedFile, _worker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path
    from typing import TypeAlias

    Transform: TypeAlias = Callable[[bytes], bytes]
    AsyncEditor: TypeAlias = Callable[[Path, Transform], Awaitable[Edited]]


async def aedit_in_the_loop(path: Path, transform: Transform) -> Edited:
    """Blocks whatever else the event loop has to do."""
    return lockedfile.Edit(path, transform)


async def aedit_in_the_pool(path: Path, transform: Transform) -> Edited:
    """What everybody would write: it waits on when the task is cancelled, and has no thread when all of them wait."""
    return await asyncio.to_thread(lockedfile.Edit, path, transform)


async def aedit_alone(path: Path, transform: Transform) -> Edited:
    """Runs in threads, and takes no lock."""
    old = await asyncio.to_thread(path.read_bytes)
    await asyncio.to_thread(path.write_bytes, transform(old))
    return Edited((True, 0, 0, 0, False))


async def aedit_of_a_thread(path: Path, transform: Callable[[bytes], Awaitable[bytes]]) -> Edited:
    """Locks on behalf of a thread, not of the task."""
    loop = asyncio.get_running_loop()

    def edit() -> Edited:
        def transform_there(old: bytes) -> bytes:
            async def awaited() -> bytes:
                return await transform(old)

            return asyncio.run_coroutine_threadsafe(awaited(), loop).result()

        return lockedfile.Edit(path, transform_there)

    return await asyncio.to_thread(edit)


class WorkerLeaving(_worker.Worker[Edited]):
    """Whose task, once cancelled, does not wait for the thread's end."""

    async def end(self) -> None:
        """Be done."""


class WorkerLosingPatience(_worker.Worker[Edited]):
    """Whose task, cancelled a second time, waits no longer."""

    async def end(self) -> None:
        """Wait, unless cancelled again."""
        while self._running:
            await self.hear()


class FileWithoutTurns(AsyncLockedFile):
    """Closes under the hands of a thread that writes."""

    async def close(self) -> None:
        """Close, now."""
        await asyncio.to_thread(self._file.close)


class FileLeftOpen(AsyncLockedFile):
    """Does not close if the task is cancelled while it waits for its turn to."""

    async def _finish(self, close: Callable[[], None]) -> None:
        async with self._turn:
            await asyncio.to_thread(close)
