"""Child processes that wait for a lock, and say how it went."""

from __future__ import annotations

import base64
import os
import pickle
import random
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

import lockedfile
from tests.lockedfile import footprints, locks
from tests.lockedfile.children import hear, increment, load, say
from tests.lockedfile.processes import until
from tests.lockedfile.ways import have

if TYPE_CHECKING:
    from collections.abc import Callable

    from lockedfile import Waiting
    from tests.lockedfile.processes import Child


class Told(NamedTuple):
    """What `on_wait` was told, and how many were in line when it was."""

    operation: str
    path: str | bytes
    mode: str
    timeout: float | None
    pids: list[int | None]
    in_line: int


class Outcome(NamedTuple):
    """How a call went: its error, when it was made and when it was over by `time.monotonic`, what `on_wait` heard."""

    error: BaseException | None
    asked_s: float
    over_s: float
    told: list[Told]

    @property
    def took_s(self) -> float:
        """How long it took."""
        return self.over_s - self.asked_s


def heard(child: Child) -> Outcome:
    """The outcome that the child says next; its errors have been pickled."""
    outcome = pickle.loads(base64.b64decode(child.hear()))
    assert isinstance(outcome, Outcome)
    return outcome


def seconds(timeout: str) -> float | None:
    """A timeout as the parent sent it."""
    return None if timeout == "None" else float(timeout)


def attempt(what: str, path: str, timeout: float | None) -> Outcome:
    """Have the lock for a moment."""
    told: list[Told] = []

    def on_wait(waiting: Waiting) -> None:
        pids = [holder.pid for holder in waiting.holders]
        lines = footprints.in_line(path) if locks.TELLS else 0
        told.append(Told(waiting.operation, waiting.path, waiting.mode, waiting.timeout, pids, lines))

    error: BaseException | None = None
    asked_s = time.monotonic()
    try:
        have(what, path, timeout=timeout, on_wait=on_wait)
    except BaseException as caught:  # noqa: BLE001 - told, not handled
        error = caught
    return Outcome(error, asked_s, time.monotonic(), told)


def tell(outcome: Outcome) -> None:
    """Say it."""
    say(base64.b64encode(pickle.dumps(outcome)).decode())


def ask(what: str, path: str, timeout: str = "None", where: str = "the main thread") -> None:
    """Ask for the lock once told, say the outcome, and live on until told again."""
    say("ready")
    hear()
    _on(where, lambda: tell(attempt(what, path, seconds(timeout))))
    hear()


def _on(where: str, function: Callable[[], object]) -> None:
    if where == "asyncio":
        import asyncio

        asyncio.run(asyncio.to_thread(function))
    elif where == "another thread":
        thread = threading.Thread(target=function)
        thread.start()
        thread.join()
    else:
        function()


def hold(path: str, mode: str, timeout: str) -> None:
    """Ask once told, say when it is had, and hold it until told."""
    say("ready")
    hear()
    with lockedfile.open(path, mode, timeout=seconds(timeout)):
        say("had")
        hear()


def ask_unprivileged(what: str, path: str, timeout: str) -> None:
    """The same, as a user who has no right but to read."""
    from tests.lockedfile import posix

    with lockedfile.open(f"{path}.first", "w+b"):  # import all that there is to import: a user may not read our Python
        _on("another thread", lambda: attempt("Edit", f"{path}.first", 0.01))
    posix.drop()
    ask(what, path, timeout)


def ask_often(what: str, path: str, timeout: str, times: str) -> None:
    """Ask so many times in a row, say how often it timed out, and live on until told."""
    say("ready")
    hear()
    outcomes = [attempt(what, path, seconds(timeout)) for _ in range(int(times))]
    say(sum(isinstance(outcome.error, TimeoutError) for outcome in outcomes))
    hear()


def count_with_deadlines(editor: str, path: str, times: str) -> None:
    """Raise the number in the file with deadlines that often are too short, in two threads; say how often it was."""
    edit, done, chance = load(editor), [], random.Random()

    def increment_slowly(old: bytes) -> bytes:
        time.sleep(0.0005)
        return increment(old)

    def count() -> None:
        for _ in range(int(times)):
            with suppress(TimeoutError):
                edit(path, increment_slowly, timeout=chance.choice((0, 0.0005, 0.002, 0.01, 0.1)))
                done.append(1)

    say("ready")
    hear()
    before = footprints.threads(os.getpid())
    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: footprints.threads(os.getpid()) <= before, "no more threads than before")
    say(len(done))


def ask_refusing_to_wait(what: str, path: str) -> None:
    """Ask, with an `on_wait` that raises; say what came of it, and live on until told."""
    say("ready")
    hear()

    def refuse(_: Waiting) -> None:
        raise ZeroDivisionError

    try:
        have(what, path, on_wait=refuse)
    except ZeroDivisionError:
        say("refused")
    hear()
