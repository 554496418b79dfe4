"""Child processes that are interrupted as they wait, by means that every system has."""

from __future__ import annotations

import os
import signal
import sys
import threading
from _thread import _count as threads
from contextlib import ExitStack, suppress

import lockedfile
from lockedfile import _vigil, _wait
from tests.lockedfile.children import hear, say
from tests.lockedfile.processes import LIMIT_S, until
from tests.lockedfile.waiting import attempt, seconds
from tests.lockedfile.ways import have

# Long enough for whoever hears an interrupt.
_MOMENT_S = 0.5


def interrupt() -> None:
    """Ctrl-C, as far as this process can tell."""
    if sys.platform == "win32":
        signal.raise_signal(signal.SIGINT)  # in another thread, as a console does it
    else:
        os.kill(os.getpid(), signal.SIGINT)


def ask(what: str, path: str, second: str, timeout: str) -> None:
    """Ask once told, be interrupted once told, and say how that ended, and that nothing is left of it once told.

    With the lock of `second` held, if that is not empty. Whoever does not hear it is said to be still waiting.
    """
    over = threading.Event()
    with ExitStack() as stack:
        if second:
            stack.enter_context(lockedfile.open(second, "r+b"))
        say("ready")
        hear()
        threading.Thread(target=_interrupting, args=(over,)).start()
        outcome = attempt(what, path, seconds(timeout))
        over.set()
    say(type(outcome.error).__name__)
    hear()
    until(lambda: threads() == 0, "no thread left")
    say("nothing left")
    hear()


def _interrupting(over: threading.Event) -> None:
    hear()
    interrupt()
    if not over.wait(_MOMENT_S):
        say("still waiting")


def ask_deaf(what: str, path: str, second: str, timeout: str) -> None:
    """Weakened: waits in a call that no signal ends."""
    if sys.platform == "win32":
        vars(_wait)["HEARS_SIGNALS"] = vars(_vigil)["HEARS_SIGNALS"] = True
    else:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])  # it is never heard
    ask(what, path, second, timeout)


def give_up(what: str, path: str) -> None:
    """Ask with deadlines that pass, say how many threads are left, and once told until there are none."""
    say("ready")
    hear()
    for _ in range(5):
        with suppress(TimeoutError):
            have(what, path, timeout=0.01)
    say(threads())
    hear()
    have(what, path, timeout=LIMIT_S)
    until(lambda: threads() == 0, "no thread left")
    say("nothing left")
    hear()
