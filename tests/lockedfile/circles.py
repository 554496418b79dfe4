"""Child processes that hold one lock and ask for the next."""

from __future__ import annotations

import os
import random
import threading
import time
import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING

import lockedfile
from tests.lockedfile import footprints
from tests.lockedfile.children import hear, say
from tests.lockedfile.processes import LIMIT_S, until
from tests.lockedfile.waiting import attempt, seconds, tell
from tests.lockedfile.ways import have

if TYPE_CHECKING:
    from collections.abc import Callable


def hold_and_ask(
    first: str, second: str, timeout: str, what: str = "open r+b", beside: str = "nobody", mode: str = "r+b"
) -> None:
    """Hold `first`, and once told ask for `second`; say how that went once both are free, and end when told.

    `beside`: "a thread" is another one that does nothing.
    """
    stop = threading.Event()
    if beside == "a thread":
        threading.Thread(target=stop.wait).start()
    with lockedfile.open(first, mode):
        say("ready")
        hear()
        outcome = attempt(what, second, seconds(timeout))
    tell(outcome)
    hear()
    stop.set()


def hold_and_ask_often(first: str, second: str, *timeouts: str) -> None:
    """Hold `first`, and each time told ask for `second`, and say how that went; give back the first when told."""
    with lockedfile.open(first, "r+b"):
        say("ready")
        for timeout in timeouts:
            hear()
            tell(attempt("open r+b", second, seconds(timeout)))
        hear()


def ask_in_threads(*pairs: str) -> None:
    """For each two paths, hold the first in a thread of its own, and once told ask for the second; say how that went.

    One thread asks after the other, as soon as that waits.
    """
    threads = []
    for first, second in zip(pairs[::2], pairs[1::2], strict=True):
        told = threading.Event()
        threads.append((threading.Thread(target=_hold_and_ask, args=(first, second, told)), told, second))
        threads[-1][0].start()
    locks_held = [pairs[number] for number in range(0, len(pairs), 2)]
    until(lambda: all(footprints.locks_of(path) for path in locks_held), "all is held")
    say("ready")
    hear()
    for _, told, second in threads[:-1]:
        told.set()
        footprints.until_in_line(second)
    threads[-1][1].set()
    for thread, _, _ in threads:
        thread.join()
    hear()


def _hold_and_ask(first: str, second: str, told: threading.Event) -> None:
    with lockedfile.open(first, "r+b"):
        told.wait()
        outcome = attempt("open r+b", second, None)
    tell(outcome)


def hold_and_ask_elsewhere(first: str, second: str, third: str, timeout: str) -> None:
    """Hold `first`; let another thread, that holds `third` if that is one, ask for `second`; let go when told."""

    def ask() -> None:
        with ExitStack() as held:
            if third:
                held.enter_context(lockedfile.open(third, "r+b"))
            tell(attempt("open r+b", second, seconds(timeout)))

    with lockedfile.open(first, "r+b"):
        say("ready")
        hear()
        thread = threading.Thread(target=ask)
        thread.start()
        hear()
    thread.join()


def lend_and_ask(first: str, second: str) -> None:
    """Acquire a mutex on `first`, which another thread releases when told, and ask for `second`."""
    mutex = lockedfile.Mutex(first)
    mutex.acquire()
    say("ready")
    hear()

    def release() -> None:
        hear()
        mutex.release()

    thread = threading.Thread(target=release)
    thread.start()
    tell(attempt("open r+b", second, None))
    thread.join()


def take_in_order(hold_ms: str, times: str, *paths: str) -> None:
    """Take all the locks in their order, for a random while, some of them shared, so many times, in two threads."""
    chance = random.Random()
    errors: list[BaseException] = []

    def take() -> None:
        for _ in range(int(times)):
            with ExitStack() as held:
                for path in paths:
                    held.enter_context(
                        lockedfile.open(path, chance.choice(["rb", "r+b", "r+b"]), timeout=_timeout(chance))
                    )
                    time.sleep(chance.random() * float(hold_ms) / 1000)

    _in_two_threads(take, errors)


def take_hand_over_hand(hold_ms: str, times: str, *paths: str) -> None:
    """Take each lock under the one before, which is given back then."""
    chance = random.Random()
    errors: list[BaseException] = []

    def take() -> None:
        for _ in range(int(times)):
            held = lockedfile.open(paths[0], "r+b")
            for path in paths[1:]:
                following = lockedfile.open(path, "r+b", timeout=_timeout(chance))
                held.close()
                held = following
                time.sleep(chance.random() * float(hold_ms) / 1000)
            held.close()

    _in_two_threads(take, errors)


def _timeout(chance: random.Random) -> float | None:
    return chance.choice([None, 60.0])


def _in_two_threads(take: Callable[[], None], errors: list[BaseException]) -> None:
    """Run it in this one and in another, once told; say "done", or what it raised."""

    def guarded() -> None:
        try:
            take()
        except BaseException as error:  # noqa: BLE001 - told, not handled
            errors.append(error)

    say("ready")
    hear()
    thread = threading.Thread(target=guarded)
    thread.start()
    guarded()
    thread.join()
    say(errors[0] if errors else "done")


def ask_in_another_thread(what: str, path: str) -> None:
    """Hold `path` by `what` until told, as another thread asks for it; say how that went."""
    asked = what if ":" in what else "Edit"
    thread = threading.Thread(target=lambda: say(_answer(asked, path)))

    def within() -> None:
        say("holds")
        thread.start()
        hear()

    have(what, path, within)
    thread.join()


def _answer(what: str, path: str) -> str:
    try:
        have(what, path, timeout=LIMIT_S)
    except Exception as error:  # noqa: BLE001 - told, not handled
        return type(error).__name__
    return "had"


def forget_and_ask(how: str, what: str, path: str) -> None:
    """Have the lock of `path` and lose it as told; then, once told, ask for it again, and say how that went."""
    warnings.simplefilter("ignore", ResourceWarning)
    kept: list[object] = []
    if how == "closed":
        have(what, path)
    elif how == "dropped":
        lockedfile.open(path, "r+b")
    elif how == "released by another thread":
        mutex = lockedfile.Mutex(path)
        mutex.acquire()
        thread = threading.Thread(target=mutex.release)
        thread.start()
        thread.join()
    else:  # closed behind its back
        file = lockedfile.open(path, "r+b")
        kept.append(file)
        os.close(file.fileno())
        if how != "its descriptor closed":
            number = os.open(
                path if how == "its descriptor of the file again" else f"{path}.other", os.O_RDWR | os.O_CREAT
            )
            assert number == file.fileno()
    say("forgotten")
    hear()
    say(_answer(what, path))
    os._exit(0)  # what was closed behind its back must not be closed again
