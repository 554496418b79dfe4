"""Child processes that fork under the lock; POSIX only."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from typing import Any

import lockedfile
from tests.lockedfile import locks
from tests.lockedfile.children import hear, load, say

if sys.platform == "win32":
    raise ImportError("POSIX only")


def fork_holding(file: str, leave: str, path: str) -> None:
    """Hold `path`, let a forked child leave as `leave` says; say what newcomers find then, and after the release."""
    opened = load(file)(path, "r+b")
    if (pid := os.fork()) == 0:
        _leave(leave, opened)
    os.waitpid(pid, 0)
    say(locks.state(path))
    opened.close()
    say(locks.state(path))


def fork_staying(file: str, path: str) -> None:
    """Hold `path`, fork a child that keeps its copy of the descriptor, release; say what newcomers find."""
    opened = load(file)(path, "r+b")
    inlet, outlet = os.pipe()
    if (pid := os.fork()) == 0:
        os.close(outlet)
        os.read(inlet, 1)
        os._exit(0)
    opened.close()
    say(locks.state(path))
    os.close(outlet)
    os.waitpid(pid, 0)


def fork_holding_mutex(leave: str, path: str) -> None:
    """The same with a `Mutex`."""
    mutex = lockedfile.Mutex(path)
    mutex.acquire()
    if (pid := os.fork()) == 0:
        if leave == "release":
            mutex.release()
            os._exit(0)
        _leave(leave, mutex)
    os.waitpid(pid, 0)
    say(locks.state(path))
    mutex.release()
    say(locks.state(path))


def _leave(how: str, opened: Any) -> None:
    if how == "close":
        opened.close()
        os._exit(0)
    if how == "with block":
        with opened:
            sys.exit()
    if how == "end":
        warnings.simplefilter("ignore", ResourceWarning)  # it is dropped, and warns
        sys.exit()
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    os._exit(0)


def fork_in_edit(editor: str, leave: str, path: str) -> None:
    """Fork in the transform, let the child leave it as `leave` says, then say lock and content, and change it."""

    def transform(old: bytes) -> bytes:
        pid = os.fork()
        if pid == 0:
            if leave == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            if leave == "raise":
                raise ValueError
            if leave == "_exit":
                os._exit(0)
            return old + b"child\n"
        os.waitpid(pid, 0)
        with open(path, "rb") as file:
            say(f"{locks.state(path)} {file.read()!r}")
        return old + b"parent\n"

    ours = os.getpid()
    try:
        load(editor)(path, transform)
    except (ValueError, RuntimeError) as error:
        if os.getpid() == ours:
            say(f"{type(error).__name__}: {error}")
    if os.getpid() != ours:
        os._exit(0)
    say("edited")


def fork_and_acquire(path: str) -> None:
    """Fork under a mutex; the child acquires the same object, and gets it once the parent has released it."""
    mutex = lockedfile.Mutex(path)
    mutex.acquire()
    if (pid := os.fork()) == 0:
        signal.alarm(5)  # ends it if it waits for ever
        warnings.simplefilter("ignore", ResourceWarning)  # what it has of its parent's hold is dropped
        say("asking")
        mutex.acquire()
        mutex.release()
        os._exit(0)
    hear()
    mutex.release()
    say(f"the child's end: {os.waitpid(pid, 0)[1]}")


def fork_and_tell(path: str) -> None:
    """Fork in a transform and return from it in the child, which says the error."""
    pids: list[int] = []

    def transform(old: bytes) -> bytes:
        pids.append(os.fork())
        if pids[0]:
            os.waitpid(pids[0], 0)
            return old
        return b"child\n"

    try:
        lockedfile.Edit(path, transform)
    except RuntimeError as error:
        say(error)
    if not pids[0]:
        os._exit(0)


def fork_and_edit(path: str) -> None:
    """Fork in a transform a child that edits the same file by an edit of its own, once it can have the lock."""
    pids: list[int] = []

    def transform(old: bytes) -> bytes:
        pids.append(os.fork())
        if not pids[0]:
            lockedfile.Edit(path, lambda old: old + b"child\n")
            os._exit(0)
        locks.until_waiting(path)
        return old + b"parent\n"

    lockedfile.Edit(path, transform)
    os.waitpid(pids[0], 0)
    say("forked")


def fork_while_waiting(path: str) -> None:
    """Let a thread wait to edit `path`, and meanwhile fork a child that stays until it is told; say how it goes."""
    warnings.simplefilter("ignore", DeprecationWarning)  # to fork beside a thread is what this is about
    waiter = threading.Thread(target=lockedfile.Edit, args=(path, lambda old: old + b"edited\n"))
    waiter.start()
    locks.until_waiting(path)
    inlet, outlet = os.pipe()
    if (pid := os.fork()) == 0:
        os.close(outlet)
        os.read(inlet, 1)
        os._exit(0)
    say("forked")
    waiter.join()
    say("edited")
    hear()
    os.close(outlet)
    os.waitpid(pid, 0)
