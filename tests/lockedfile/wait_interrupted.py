"""Child processes that are interrupted as they wait; POSIX only."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING

import lockedfile
from tests.lockedfile import footprints
from tests.lockedfile.children import hear, say
from tests.lockedfile.processes import LIMIT_S, until
from tests.lockedfile.waiting import ask, attempt, seconds, tell
from tests.lockedfile.ways import have

if sys.platform == "win32":
    raise ImportError("POSIX only")

import fcntl

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

# What waits in a storm are given, in seconds: some are over before the lock comes, some are not.
_DEADLINES_S = (0.0002, 0.0005, 0.001, 0.002, 0.005, None)


def ask_holding(second: str, what: str, path: str, timeout: str) -> None:
    """Ask for the lock of `path` once told, with that of `second` held; say how it went, and live on until told."""
    with lockedfile.open(second, "r+b"):
        say("ready")
        hear()
        outcome = attempt(what, path, seconds(timeout))
    tell(outcome)
    hear()


def ask_handling(what: str, path: str, timeout: str) -> None:
    """Ask, with handlers: that of SIGUSR1 says so and returns, that of SIGUSR2 raises."""
    signal.signal(signal.SIGUSR1, lambda *_: os.write(1, b"handled\n") and None)
    signal.signal(signal.SIGUSR2, _raise)
    say("ready")
    hear()
    tell(attempt(what, path, seconds(timeout)))
    hear()


def _raise(*_: object) -> None:
    raise ZeroDivisionError


def ask_while_another_thread_is_interrupted(what: str, path: str, timeout: str) -> None:
    """Ask, where a Ctrl-C is another thread's: its handler is for this one to run, whose sleep it does not end."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    ask(what, path, timeout)


def ask_often(what: str, path: str, times: str) -> None:
    """Ask so many times in a row, and be interrupted each time; say when it is about to wait, and when it was."""
    say("ready")
    for _ in range(int(times)):
        hear()
        with suppress(KeyboardInterrupt):
            have(what, path, timeout=LIMIT_S, on_wait=lambda _: say("waiting"))
        say("interrupted")
    hear()


def ask_in_two_threads(what: str, path: str) -> None:
    """Ask in another thread, and once it waits in the main one too; say how either wait went."""
    say("ready")
    thread = threading.Thread(target=lambda: tell(attempt(what, path, None)))
    thread.start()
    footprints.until_in_line(path)
    tell(attempt(what, path, None))
    thread.join()
    hear()


def ask_injected(what: str, path: str, timeout: str) -> None:
    """Ask, where signals may come; say how it went, and once told, when nothing is left of it."""
    pid = os.getpid()
    before = footprints.threads(pid), footprints.descriptors(pid)
    error: BaseException | None = None
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        have(what, path, timeout=seconds(timeout))
    except BaseException as caught:  # noqa: BLE001 - told, not handled
        error = caught
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say(type(error).__name__)
    hear()
    until(lambda: (footprints.threads(pid), footprints.descriptors(pid)) == before, "no thread or descriptor left")
    say("nothing left")


def flip(path: str) -> None:
    """Take the lock for a millisecond, and leave it for one, for ever; by flock(2) alone."""
    fd = os.open(path, os.O_RDWR)
    say("ready")
    while True:
        fcntl.flock(fd, fcntl.LOCK_EX)
        time.sleep(0.001)
        fcntl.flock(fd, fcntl.LOCK_UN)
        time.sleep(0.001)


def storm(what: str, path: str, second: str, seed: str) -> None:
    """Wait with one deadline after the other, for ever; say after each interrupt what is left of it in the end.

    With the lock of `second` held, if that is not empty. An interrupt may come at any time after what is said and
    before what is said next.
    """
    warnings.simplefilter("ignore", ResourceWarning)  # what is had as the interrupt comes is dropped
    chance, verdict = random.Random(seed), "ready"
    held: AbstractContextManager[object] = lockedfile.open(second, "r+b") if second else threading.Lock()
    with held:
        for deadline_s in _DEADLINES_S * 10:  # all that is imported is, or an interrupt would be told by the importer
            _ask_once(what, path, deadline_s)
        until(lambda: footprints.threads(os.getpid()) == 1, "one thread")
        before = _left(path)
        while True:
            try:
                say(verdict)
                while True:
                    _ask_once(what, path, chance.choice(_DEADLINES_S))
            except KeyboardInterrupt:
                pass
            verdict = "nothing left"
            try:
                until(lambda: _left(path) == before, "nothing left")
            except AssertionError:
                verdict = f"left {_left(path)}, was {before}; {footprints.locks_of(path)}"


def _ask_once(what: str, path: str, timeout: float | None) -> None:
    with suppress(TimeoutError):
        have(what, path, timeout=timeout)


def _left(path: str) -> tuple[int, int, int]:
    """Threads and descriptors of this process, and the locks of the file but those that another has by flock."""
    pid = os.getpid()
    fields = [line.removeprefix("->").split() for line in footprints.locks_of(path)]
    locks = sum(field[0] != "FLOCK" or int(field[3]) == pid for field in fields)
    return footprints.threads(pid), footprints.descriptors(pid), locks
