"""Tests that are coroutines, and what they wait for. What such a test leaves behind is a failure of it."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import sys
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, ParamSpec

from lockedfile import _held
from tests.lockedfile import footprints, locks
from tests.lockedfile.processes import LIMIT_S
from tests.lockedfile.processes import until as until_in_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Self

    from lockedfile import Waiting
    from tests.lockedfile.processes import Child

_P = ParamSpec("_P")

_POLL_S = 0.001
_MOMENT_S = 0.05  # in which a thread of this process comes to wait


class Left(NamedTuple):
    """What this process has; of open files, and of threads that only the system knows, where it tells."""

    threads: frozenset[threading.Thread]
    tasks: int
    files: frozenset[str]
    errands: int

    def is_nothing_beside(self, before: Self) -> bool:
        """Was all of it there before?"""
        counts = self.tasks <= before.tasks and self.errands <= before.errands
        return counts and self.threads <= before.threads and self.files <= before.files


def left() -> Left:
    """What there is now. Pipes do not count: those of a child are open for as long as the test."""
    linux = sys.platform == "linux"
    tasks = footprints.threads(os.getpid()) if linux else 0
    return Left(frozenset(threading.enumerate()), tasks, frozenset(_files() if linux else ()), len(_held.errands))


def _files() -> Iterator[str]:
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(OSError):  # the one that was open to list them
            target = os.readlink(f"/proc/self/fd/{descriptor}")
            if target.startswith("/"):
                yield f"{descriptor} -> {target}"


def in_loop(test: Callable[_P, Coroutine[object, object, None]]) -> Callable[_P, None]:
    """`test`, run by asyncio; it has to end, and to leave no thread, no descriptor, and no complaint of the loop."""

    @functools.wraps(test)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> None:
        complaints: list[dict[str, object]] = []

        async def main() -> None:
            asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
            async with asyncio.timeout(4 * LIMIT_S):
                await test(*args, **kwargs)

        before = left()  # with what the test before may have left, which has ended meanwhile, or is about to
        asyncio.run(main())
        gc.collect()
        try:
            until_in_thread(lambda: left().is_nothing_beside(before), f"nothing beside what was there, {before}")
        except AssertionError as error:
            error.add_note(f"there is {left()}")
            raise
        assert complaints == []

    return run


async def until(condition: Callable[[], object], what: str) -> None:
    """Return once `condition()` is true, while other tasks go on; fail, saying that `what` did not come."""
    end = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < end, f"after {LIMIT_S} s still not: {what}"
        await asyncio.sleep(_POLL_S)


async def until_in_line(path: Path, count: int = 1) -> None:
    """Return once so many wait for the lock of the file; where the system does not tell, after a moment."""
    if locks.TELLS:
        await until(lambda: footprints.in_line(path) >= count, f"{count} in line for {path}")
    else:
        await asyncio.sleep(_MOMENT_S)


async def until_free(path: Path) -> None:
    """Return once nobody holds the file, be it one who gives back at once what came too late for him."""
    await until(lambda: locks.state(path) == "free", f"free: {path}")


async def hear(child: Child) -> str:
    """What the child says next, while other tasks go on."""
    await until(child.has_spoken, "a line of the child")
    return child.hear()


class OnWait:
    """An `on_wait`, and an event that says that it was called."""

    def __init__(self) -> None:
        self.heard: list[Waiting] = []
        self.called = asyncio.Event()

    def __call__(self, waiting: Waiting) -> None:
        """Be told."""
        self.heard.append(waiting)
        self.called.set()


class Heart:
    """A task that beats each time the event loop comes round."""

    def __init__(self) -> None:
        self.beats = 0
        self._task = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            self.beats += 1
            await asyncio.sleep(_POLL_S)

    async def __aenter__(self) -> Self:
        await until(lambda: self.beats, "a beat")
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
