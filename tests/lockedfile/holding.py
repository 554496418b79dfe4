"""Child processes that hold locks, wait for them, hand them on, and say who else does; Linux only."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

if sys.platform != "linux":
    raise ImportError("Linux only")

import fcntl

import lockedfile
from lockedfile import _oslock
from lockedfile._holders import held_by
from lockedfile._holders._inode import Inode
from lockedfile._holders._proc import flocks, listing, marks
from tests.lockedfile.children import hear, load, say
from tests.lockedfile.posix import drop
from tests.lockedfile.processes import until

if TYPE_CHECKING:
    from pathlib import Path

    from lockedfile._holders import Holder

KINDS = {"exclusive": fcntl.LOCK_EX, "shared": fcntl.LOCK_SH}


def _name(path: str | Path) -> str:
    fd = os.open(path, os.O_PATH)
    try:
        return Inode(fd).name
    finally:
        os.close(fd)


def until_waiting(path: str | Path, count: int = 1) -> None:
    """Return once so many wait for the flock of a file; who is seen twice in a long list counts once."""

    def waiting() -> int:
        return sum(lock[4] for lock in flocks(listing()[0], _name(path)))

    until(lambda: waiting() >= count, f"{count} waiting for the lock of {path}")


def until_marked(path: str | Path, count: int) -> None:
    """Return once so many marks are at a file."""

    def marked() -> int:
        return sum(_oslock.waiter(place) is not None for place in marks(listing()[0], _name(path)))

    until(lambda: marked() >= count, f"{count} marks at {path}")


def hold(kind: str, *paths: str) -> None:
    """Hold flocks until told."""
    files = [os.open(path, os.O_RDONLY) for path in paths]
    for fd in files:
        fcntl.flock(fd, KINDS[kind])
    say("locked")
    hear()
    for fd in files:
        fcntl.flock(fd, fcntl.LOCK_UN)
        os.close(fd)
    say("released")
    hear()


def take(path: str | Path) -> None:
    """Wait for an exclusive flock, and give it back."""
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)
    os.close(fd)


def take_and_die(path: str) -> None:
    """Take a flock again and again, each time in a process that dies with it."""
    say("ready")
    hear()
    for _ in range(100):
        if (pid := os.fork()) == 0:
            fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX)
            os.kill(os.getpid(), signal.SIGKILL)
        os.waitpid(pid, 0)


def hold_as(user: str, kind: str, path: str) -> None:
    """`hold`, as that user."""
    drop(int(user), int(user))
    hold(kind, path)


def hold_titled(path: str, *_: str) -> None:
    """`hold`, where the command line has more in it."""
    hold("exclusive", path)


def await_lock(kind: str, path: str, threads: str = "1") -> None:
    """Wait for a flock in so many threads, give each back at once, and say so when all had it."""

    def wait() -> None:
        fd = os.open(path, os.O_RDONLY)
        fcntl.flock(fd, KINDS[kind])
        os.close(fd)

    waiters = [threading.Thread(target=wait) for _ in range(int(threads))]
    for waiter in waiters:
        waiter.start()
    for waiter in waiters:
        waiter.join()
    say("had it")


def _shout(what: object) -> None:
    """Say it in one write, as others write to the same pipe."""
    os.write(1, f"{what}\n".encode())


def _inherit() -> NoReturn:
    """Say who we are, have what we have until told, and in no case for ever: nobody can wait for the end of an heir."""
    signal.alarm(20)
    _shout(os.getpid())
    os.read(0, 1)
    os._exit(0)


def hand_on(how: str, kind: str, path: str, heirs: str = "1") -> None:
    """Hold a flock, fork children that keep it until told, and `die`, or `close` and stay.

    The children say who they are, and each ends at one byte heard; after them the one that stayed.
    """
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, KINDS[kind])
    for _ in range(int(heirs)):
        if os.fork() == 0:
            _inherit()
    if how == "die":
        os._exit(0)
    os.close(fd)
    _shout("closed")
    for _ in range(int(heirs)):
        os.wait()


def become_zombie(path: str) -> None:
    """Fork a child that takes a flock, hands it on to one of its own, and ends, but is not reaped until told."""
    if (pid := os.fork()) == 0:
        fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX)
        if os.fork() == 0:
            _inherit()
        os._exit(0)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    _shout(f"dead: {pid}")
    os.read(0, 1)
    os.waitpid(pid, 0)


def leave_the_first_thread(path: str) -> None:
    """Hold a flock, and end the first thread of the process, while another lives until told."""
    import ctypes

    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_EX)

    def stay() -> None:
        say("locked")
        os.read(0, 1)
        os._exit(0)

    threading.Thread(target=stay).start()
    ctypes.CDLL(None).syscall(60, 0)  # exit of this thread alone


def tell(function: str, path: str) -> None:
    """Say as JSON what a function says of the holders of a path, for each line heard."""
    say("ready")
    while hear():
        say(json.dumps(load(function)(path)))


def tell_as(user: str, function: str, path: str) -> None:
    """`tell`, as that user."""
    drop(int(user), int(user))
    tell(function, path)


def hold_and_tell(function: str, path: str) -> None:
    """`tell`, and hold the lock shared meanwhile."""
    fd = os.open(path, os.O_RDONLY)
    fcntl.flock(fd, fcntl.LOCK_SH)
    say("locked")
    tell(function, path)


def hand_on_and_tell(function: str, path: str) -> None:
    """`tell`, when another process has acquired the lock, handed it on, and died."""
    if (pid := os.fork()) == 0:
        fcntl.flock(os.open(path, os.O_RDONLY), fcntl.LOCK_EX)
        if (heir := os.fork()) == 0:
            signal.alarm(20)
            signal.pause()
        _shout(heir)
        os._exit(0)
    os.waitpid(pid, 0)
    tell(function, path)


def mark_and_tell(function: str, path: str) -> None:
    """`tell`, marked as one who waits at the turnstile."""
    fd = os.open(path, os.O_RDWR)
    _oslock.mark(fd, fcntl.LOCK_EX)
    tell(function, path)


def holders_of_taken(path: str) -> list[Holder]:
    """As one who waits for the lock has them."""
    with open(path, "rb") as file:
        return list(held_by(file.fileno(), path))


def open_locked(mode: str, path: str, timeout: str) -> None:
    """Open a file by this package, and say when it was locked."""
    say("asking")
    lockedfile.open(path, mode, timeout=None if timeout == "None" else float(timeout)).close()
    say("had it")


def mark(kind: str, path: str, threads: str = "1") -> None:
    """Mark oneself as one who waits at the turnstile, in so many threads, until told."""
    done = threading.Event()

    def stand() -> None:
        fd = os.open(path, os.O_RDWR)
        _oslock.mark(fd, KINDS[kind])
        _shout("marked")
        done.wait()
        os.close(fd)

    standing = [threading.Thread(target=stand) for _ in range(int(threads))]
    for thread in standing:
        thread.start()
    hear()
    done.set()
    for thread in standing:
        thread.join()


def mark_and_await(kind: str, path: str) -> None:
    """Wait for a flock with a mark, as one who has passed the turnstile."""
    fd = os.open(path, os.O_RDWR)
    _oslock.mark(fd, KINDS[kind])
    say("asking")
    fcntl.flock(fd, KINDS[kind])
    os.close(fd)
    say("had it")


def leave_mark(path: str) -> None:
    """Mark oneself, and die while a forked child, which says who it is, keeps the file open until told."""
    fd = os.open(path, os.O_RDWR)
    _oslock.mark(fd, fcntl.LOCK_EX)
    if os.fork() == 0:
        _inherit()
    os._exit(0)
