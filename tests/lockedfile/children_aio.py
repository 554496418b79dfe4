"""What runs in child processes, by asyncio."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from typing import TYPE_CHECKING

from lockedfile import aio
from tests.lockedfile import footprints
from tests.lockedfile.children import hear, increment, say
from tests.lockedfile.interrupts import be_interruptible
from tests.lockedfile.processes import until

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from lockedfile import Waiting


def _threads() -> int:
    return footprints.threads(os.getpid()) if sys.platform == "linux" else threading.active_count()


def _forgive_late_wakeup(unraisable: sys.UnraisableHookArgs) -> None:
    """On Windows a thread of Python hears Ctrl-C, and may find that the loop it is to wake has ended by it already."""
    if "signal wakeup fd" not in (unraisable.err_msg or ""):
        sys.__unraisablehook__(unraisable)


def edit_interrupted(path: str) -> None:
    """Edit, say where it stands, and how it ended; once told that the lock is free, say when no thread is left."""
    sys.unraisablehook = _forgive_late_wakeup
    be_interruptible()

    async def transform(_: bytes) -> bytes:
        say("transforming")
        await asyncio.Event().wait()
        raise AssertionError

    def on_wait(_: Waiting) -> None:
        say("waiting")

    try:
        asyncio.run(_ticking(aio.aedit(path, transform, on_wait=on_wait)))
    except KeyboardInterrupt:
        say("KeyboardInterrupt")
        hear()
        until(lambda: _threads() == 1, "one thread")
        say("alone")


async def _ticking(awaitable: Awaitable[object]) -> None:
    """Await it in a loop that never sleeps for long.

    Where there are threads, Python may sleep through a signal that comes just before it would sleep.
    """

    async def tick() -> None:
        while True:
            await asyncio.sleep(0.01)

    ticking = asyncio.create_task(tick())
    try:
        await awaitable
    finally:
        ticking.cancel()


def exit_waiting(path: str, how: str) -> None:
    """End the interpreter while an edit waits for the lock."""
    waits = asyncio.Event()

    async def main() -> None:
        task = asyncio.create_task(aio.aedit(path, increment, on_wait=lambda _: waits.set()))
        await waits.wait()
        say("waiting")
        hear()
        tasks.append(task)

    tasks: list[asyncio.Task[object]] = []
    if how == "run":
        asyncio.run(main())
    else:
        loop = asyncio.new_event_loop()
        loop.run_until_complete(main())
        tasks[0]._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio says so, and rightly
        if how == "closed":
            loop.close()
        else:
            sys.modules["kept"] = (loop, tasks)  # type: ignore[assignment]  # until the very end
    say("ends")


def edit_without_memory_for_a_thread(path: str) -> None:
    """Edit where no memory is left for the stack of another thread, and say the error."""
    if sys.platform == "win32":
        raise ImportError("POSIX only")
    import resource

    threading.stack_size(1 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.RLIM_INFINITY))
    try:
        asyncio.run(_ticking(aio.aedit(path, increment)))
    except RuntimeError as error:
        say(f"RuntimeError {error}")
