"""Child processes that fork, or exit, as they wait; POSIX only."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import threading
import warnings
from functools import partial
from typing import TYPE_CHECKING

import lockedfile
from tests.lockedfile import footprints, locks
from tests.lockedfile.children import hear, load, say
from tests.lockedfile.processes import LIMIT_S, until
from tests.lockedfile.waiting import attempt, seconds, tell
from tests.lockedfile.ways import have

if sys.platform == "win32":
    raise ImportError("POSIX only")

import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable


def _fork_a_child_that_stays(path: str) -> None:
    """Until whoever has the lock of the file beside that ends in `.stay` gives it back."""
    if os.fork() == 0:
        fcntl.flock(os.open(f"{path}.stay", os.O_RDONLY), fcntl.LOCK_SH)
        os._exit(0)


def fork_beside(what: str, path: str, timeout: str) -> None:
    """Let a thread ask, and fork a child that stays once it is in line; say when it has it, and what came of it."""
    warnings.simplefilter("ignore", DeprecationWarning)  # to fork beside a thread is what this is about
    said: list[str] = []
    forked = threading.Event()

    def hold() -> None:
        forked.wait(LIMIT_S)
        say("held")
        hear()

    def ask() -> None:
        try:
            have(what, path, hold, timeout=seconds(timeout))
        except TimeoutError:
            said.append("in vain")
        else:
            said.append("released")

    thread = threading.Thread(target=ask)
    thread.start()
    footprints.until_in_line(path)
    _fork_a_child_that_stays(path)
    say("forked")
    forked.set()
    thread.join(LIMIT_S)
    say(said[0])
    hear()


def ask_and_fork(how: str, what: str, path: str, timeout: str) -> None:
    """Ask; then fork a child that stays, say so; and say when no thread but the main one is left.

    By `os.fork`, or by fork(2) as C code does, of which the interpreter does not know.
    """
    warnings.simplefilter("ignore", DeprecationWarning)  # to fork beside a thread is what this is about
    say("ready")
    hear()
    tell(attempt(what, path, seconds(timeout)))
    inlet, outlet = os.pipe()
    if (pid := os.fork() if how == "os.fork" else ctypes.PyDLL(None).fork()) == 0:
        os.close(outlet)
        os.read(inlet, 1)
        os._exit(0)
    say("forked")
    until(lambda: footprints.threads(os.getpid()) == 1, "one thread")
    say("alone")
    hear()
    os.close(outlet)
    os.waitpid(pid, 0)


def _edit(path: str, editor: Callable[..., object], pids: list[int]) -> str:
    """Append who we are by an edit within which nobody else is; say who, and what became of it."""
    states: list[str] = []
    error: BaseException | None = None

    def is_other_gone() -> bool:
        return footprints.state(pids[-1]) == "Z" if pids[-1] else os.path.exists(f"{path}.left")

    def transform(old: bytes) -> bytes:
        os.close(os.open(f"{path}.inside", os.O_CREAT | os.O_EXCL))
        until(lambda: footprints.in_line(path) or is_other_gone(), "the other one waits, or has been here")
        states.append(locks.state(path))
        os.unlink(f"{path}.inside")
        return old + (b"parent\n" if pids[-1] else b"child\n")

    try:
        editor(path, transform)
    except Exception as caught:  # noqa: BLE001 - told, not handled
        error = caught
    os.close(os.open(f"{path}.left", os.O_CREAT))
    return f"{'parent' if pids[-1] else 'child'}: {type(error).__name__ if error else f'edited, {states[0]}'}"


def fork_in(where: str, leave: str, path: str, timeout: str, editor: str = "") -> None:
    """Edit, and fork in `on_wait`, or in a handler as it waits; the child leaves that as told."""
    warnings.simplefilter("ignore", DeprecationWarning)
    pids: list[int] = []

    def fork(*_: object) -> None:
        pids.append(os.fork())
        if pids[-1]:
            os.write(1, b"forked\n")
        elif leave == "_exit":
            os._exit(0)

    signal.signal(signal.SIGUSR1, fork)
    ours = partial(lockedfile.Edit, timeout=seconds(timeout), on_wait=fork if where == "on_wait" else None)
    said = _edit(path, load(editor) if editor else ours, pids)
    os.write(1, f"{said}\n".encode())
    if not pids[-1]:
        os._exit(0)
    os.waitpid(pids[-1], 0)


def exit_beside(how: str, what: str, path: str, timeout: str) -> None:
    """Exit with code 3 from the main thread, as another one asks, a daemon or not, or after it has asked in vain."""
    thread = threading.Thread(target=lambda: _ask(what, path, timeout), daemon=how == "daemon")
    thread.start()
    if how == "in vain":
        thread.join()
    else:
        footprints.until_in_line(path)
    say("leaving")
    sys.exit(3)


def _ask(what: str, path: str, timeout: str) -> None:
    try:
        have(what, path, lambda: say("held"), timeout=seconds(timeout))
    except TimeoutError:
        say("in vain")


def exit_as_told(what: str, path: str, timeout: str) -> None:
    """Ask in daemon threads, and exit once told, be it as they get the lock."""
    for _ in range(2):
        threading.Thread(target=have, args=(what, path), kwargs={"timeout": seconds(timeout)}, daemon=True).start()
    footprints.until_in_line(path, 2)
    say("ready")
    hear()


def _append(path: str) -> None:
    lockedfile.Edit(path, lambda old: old + b"process\n", timeout=LIMIT_S)


def start_beside(path: str, timeout: str) -> None:
    """Let a thread ask, and start a process of `multiprocessing` by fork which edits the same file; say how it ends."""
    import multiprocessing

    warnings.simplefilter("ignore", DeprecationWarning)
    asking = lambda: lockedfile.Edit(path, lambda old: old + b"thread\n", timeout=seconds(timeout))  # noqa: E731
    thread = threading.Thread(target=asking)
    thread.start()
    footprints.until_in_line(path)
    process = multiprocessing.get_context("fork").Process(target=_append, args=(path,))
    process.start()
    footprints.until_in_line(path, 2)
    say("both wait")
    process.join(LIMIT_S)
    thread.join(LIMIT_S)
    say(process.exitcode)


def fork_and_ask_for_ours(path: str, timeout: str) -> None:
    """Hold `path`, and fork a child that asks for it too; say how that went once it was given back."""
    with lockedfile.open(path, "r+b"):
        if (pid := os.fork()) == 0:
            say("asking")
            tell(attempt("open r+b", path, seconds(timeout)))
            os._exit(0)
        hear()
    os.waitpid(pid, 0)
