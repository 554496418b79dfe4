"""A thread that does one operation for an asyncio task, and has the task do what belongs there.

    task, in its event loop                       thread
    run ───────────────────────── starts ───────> work(worker): waits, reads, writes
     │ hears nothing, and others run                │
     │ answers: function(*arguments) <── question ─ ask(function, *arguments)
     │                 └── result, or exception ──> ask returns it, or raises it
     │                                              │
     └ returns, or raises <─────── end ──────────── value, or exception

The thread is not one of the event loop's executor: those are so many and no more, and all of them may wait for a lock
whose holder needs one to go on.

If the task is cancelled, the thread's wait for a lock ends, and each question, past or future, is answered by
`Cancelled`; what it does meanwhile, it does to the end. The task waits for that end, however often it is cancelled, so
that nothing is held on its behalf afterwards. A task that nobody runs any more, as its loop was closed, cannot wait;
its thread ends in the same way. For that, a thread that waits for an answer has no hold on the task, which could never
be dropped otherwise.
"""

from __future__ import annotations

import asyncio
import inspect
import weakref
from contextlib import suppress
from contextvars import copy_context
from queue import SimpleQueue
from threading import Thread, get_ident
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from .. import _held
from .._held import Cancelled, Errand, errands

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import TypeAlias

    Question: TypeAlias = Callable[[], object]

__all__ = ["Worker", "run"]

_T = TypeVar("_T")
_R = TypeVar("_R")


async def run(work: Callable[[Worker[_T]], _T], what: str) -> _T:
    """What `work(worker)` gives, or raises, in a thread; `what` it is, in words, is the thread's name.

    What it asks of the task is done meanwhile. Raises `RuntimeError` if no thread can be started.
    """
    worker = Worker(work)
    try:
        worker.start(what)
        while (question := await worker.hear()) is not None:
            await worker.answer(question)
    except GeneratorExit:  # nobody runs this task any more
        worker.cancel()
        raise
    except BaseException as error:
        worker.cancel()
        await worker.end()
        if (failure := worker.failure()) is not None:
            raise error from failure
        raise
    return worker.outcome()


class Worker(Generic[_T]):
    """The thread and its task, as each of them sees the other."""

    def __init__(self, work: Callable[[Worker[_T]], _T]) -> None:
        self._work = work
        self._value: _T | None = None
        self._error: BaseException | None = None
        # The task owns what its threads lock. Not more than a weak reference to it: locks may be held for long.
        self._errand = Errand(weakref.ref(_this_task()))
        self._loop = asyncio.get_running_loop()
        self._news: asyncio.Future[None] | None = None
        self._heard: list[Question | None] = []
        self._answers: SimpleQueue[tuple[object, BaseException | None]] = SimpleQueue()
        self._running = False

    # What the task calls.

    def start(self, what: str) -> None:
        """Start the thread; the caller's context variables are its own."""
        thread = Thread(target=copy_context().run, args=(self._main,), name=what, daemon=True)
        self._running = True
        try:
            thread.start()
        except RuntimeError as error:
            self._running = False
            raise RuntimeError(f"{what}: {error}; each operation under way needs a thread of its own") from error

    async def hear(self) -> Question | None:
        """The next question of the thread; None once it has come to its end."""
        while not self._heard:
            self._news = self._loop.create_future()
            try:
                await self._news
            finally:
                self._news = None
        question = self._heard.pop(0)
        self._running = question is not None
        return question

    async def answer(self, question: Question) -> None:
        """Do what the thread asks for, and tell it what came of it."""
        try:
            answer = question()
            if inspect.isawaitable(answer):
                answer = await answer
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001 - raised where it was asked for
            self._answers.put((None, error))
        else:
            self._answers.put((answer, None))

    def cancel(self) -> None:
        """Let the thread come to its end: it neither waits nor asks any longer."""
        self._errand.cancel()
        self._answers.put((None, Cancelled()))

    async def end(self) -> None:
        """Wait until the thread has come to its end; to be cancelled meanwhile changes nothing."""
        while self._running:
            with suppress(asyncio.CancelledError):
                await self.hear()  # a question has its answer already: Cancelled

    def failure(self) -> BaseException | None:
        """What the work raised, unless it was cancelled. Told once: who is told may keep it."""
        error, self._error = self._error, None
        return None if isinstance(error, Cancelled) else error

    def outcome(self) -> _T:
        """What the work gave, or raises what it raised."""
        value, error = self._value, self._error
        self._value = self._error = None  # the thread, in its last steps, refers to this object still
        if error is None:
            return cast("_T", value)
        try:
            raise error
        finally:
            del error  # or it would refer to this frame, which refers to it

    # What the thread calls.

    def ask(self, function: Callable[..., Awaitable[_R] | _R], *arguments: object) -> _R:
        """What `function(*arguments)` gives, or raises, in the task; if that can be awaited, what comes of it."""
        self._tell(lambda: function(*arguments))
        answer, error = self._answers.get()
        if error is not None:
            try:
                raise error
            finally:
                del error
        self.go_on()
        return cast("_R", answer)

    def go_on(self) -> None:
        """Raise `Cancelled` if the task was cancelled."""
        if self._errand.cancelled:
            raise Cancelled

    def _main(self) -> None:
        errands[get_ident()] = self._errand
        try:
            self._value = self._work(self)
        except BaseException as error:  # noqa: BLE001 - raised in the task
            self._error = error
        finally:
            errands.pop(get_ident(), None)  # a forked child has none
        self._tell(None)

    def _tell(self, question: Question | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._receive, question)
        except RuntimeError:  # the loop is closed, and nobody will ever listen
            self.cancel()

    def _receive(self, question: Question | None) -> None:
        """In the event loop: here is what the thread told."""
        self._heard.append(question)
        if self._news is not None and not self._news.done():
            self._news.set_result(None)


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("lockedfile.aio: there is no task here; await it in a coroutine that asyncio runs")
    return task


def _running_task() -> weakref.ref[asyncio.Task[object]] | None:
    """The task that runs in this thread, as the owner of locks."""
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no event loop does
        return None
    return None if task is None else weakref.ref(task)


_held.current_task = _running_task
