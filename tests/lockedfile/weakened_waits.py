"""Ways to wait for a lock with one promise broken at a time: what the tests must be able to catch.

Each is an `open`, by the system's lock alone, that keeps all that matters but one thing.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from contextlib import suppress
from struct import pack
from typing import TYPE_CHECKING

from lockedfile._oslock import AT_ONCE, EXCLUSIVE, OPEN_FLAGS, SHARED, UNLOCKED, is_taken, lock, pwrite

if sys.platform == "linux":
    import fcntl

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TypeAlias

    from lockedfile import Waiting

    Opener: TypeAlias = Callable[..., "RawFile"]
    OnWait: TypeAlias = Callable[[Waiting], object] | None

_POLL_S = 0.02


class Alarm(Exception):  # noqa: N818 - not an error of ours
    """What the weakened call a deadlock."""


class RawFile:
    """A file, locked by nothing but that, and unlocked as it is left."""

    def __init__(self, path: str, mode: str) -> None:
        self.kind = SHARED if mode == "rb" else EXCLUSIVE
        self.fd = os.open(path, OPEN_FLAGS | (os.O_RDONLY if mode == "rb" else os.O_RDWR | os.O_CREAT), 0o666)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unlock and close."""
        lock(self.fd, UNLOCKED)
        os.close(self.fd)

    def is_at(self, path: str) -> bool:
        """Is it the one at `path`?"""
        return os.path.samestat(os.fstat(self.fd), os.stat(path))

    def lock_now(self) -> bool:
        """Have the lock if it is free."""
        try:
            lock(self.fd, self.kind | AT_ONCE)
        except OSError as error:
            if not is_taken(error):
                raise
            return False
        return True

    def poll(self, timeout: float | None) -> Self:
        """Have the lock within `timeout` seconds, or raise."""
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        while not self.lock_now():
            if time.monotonic() > end:
                os.close(self.fd)
                raise TimeoutError
            time.sleep(_POLL_S)
        return self

    def wait_in_a_thread(self, timeout: float | None, too_late: Callable[[int], None], *, daemon: bool = True) -> Self:
        """Let a thread wait in the kernel; the lock that it gets too late it hands, as a descriptor, to `too_late`."""
        copy, had, given_up = os.dup(self.fd), threading.Event(), threading.Event()

        def wait() -> None:
            lock(copy, self.kind)
            had.set()
            if given_up.is_set():
                too_late(copy)
            else:
                os.close(copy)

        threading.Thread(target=wait, daemon=daemon).start()
        if not had.wait(timeout):
            given_up.set()
            os.close(self.fd)
            raise TimeoutError
        return self


def open_raw(path: str, mode: str, **_: object) -> RawFile:
    """Waits in the kernel; it knows no deadline, no line, no deadlock, and nothing of forks."""
    file = RawFile(path, mode)
    lock(file.fd, file.kind)
    return file


def open_polling(path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
    """Looks again and again; and has no memory of what the thread holds."""
    return RawFile(path, mode).poll(timeout)


def open_impatient(path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
    """Times out before its deadline."""
    return RawFile(path, mode).poll(None if timeout is None else timeout / 100)


def open_keeping_late(path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
    """Keeps what arrives too late."""
    return RawFile(path, mode).wait_in_a_thread(timeout, lambda _copy: None)


def open_closing_late(path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
    """Closes what arrives too late, without unlocking it: a child forked meanwhile has it."""
    return RawFile(path, mode).wait_in_a_thread(timeout, os.close)


def open_holding_up_exit(path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
    """Has a thread for which the interpreter waits as it exits."""
    return RawFile(path, mode).wait_in_a_thread(timeout, os.close, daemon=False)


if sys.platform != "win32":

    def open_by_alarm(path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
        """Lets a signal end the wait, which only the main thread may."""

        def expire(*_signal: object) -> None:
            raise TimeoutError

        signal.signal(signal.SIGALRM, expire)
        signal.setitimer(signal.ITIMER_REAL, timeout or 0)
        return open_raw(path, mode)


def open_telling_late(path: str, mode: str, *, timeout: float | None = None, on_wait: OnWait = None) -> RawFile:
    """Says that it waits when it has done so, and also when it had not to."""
    file = RawFile(path, mode).poll(timeout)
    if on_wait:
        from lockedfile import Waiting

        on_wait(Waiting(("open", path, "exclusive", timeout, ())))
    return file


def open_with_a_deadline_a_round(path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
    """Gives the file that came to the path meanwhile a deadline of its own."""
    while True:
        file = RawFile(path, mode).wait_in_a_thread(timeout, lambda copy: lock(copy, UNLOCKED))
        if file.is_at(path):
            return file
        file.close()


if sys.platform != "win32":

    def open_with_a_deadline_a_signal(path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
        """Begins its deadline anew when a handler has run."""
        file = RawFile(path, mode)
        signals, sender = os.pipe()
        os.set_blocking(sender, False)
        signal.set_wakeup_fd(sender)
        while True:
            try:
                return file.poll(timeout)
            except TimeoutError:
                file = RawFile(path, mode)
                os.set_blocking(signals, False)
                try:
                    os.read(signals, 1 << 16)
                except BlockingIOError:
                    raise TimeoutError from None


if sys.platform != "win32":

    def open_deaf(path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
        """Hears no Ctrl-C while it waits."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            return RawFile(path, mode).wait_in_a_thread(timeout, lambda copy: lock(copy, UNLOCKED))
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)


def open_by_a_file(path: str, mode: str, **_: object) -> RawFile:
    """Stands in line by a file beside, which stays when the process dies."""
    while True:
        with suppress(FileExistsError):
            os.close(os.open(f"{path}.turn", os.O_CREAT | os.O_EXCL))
            break
        time.sleep(_POLL_S)
    file = open_raw(path, mode)
    os.unlink(f"{path}.turn")
    return file


if sys.platform == "linux":

    def open_in_strict_line(path: str, mode: str, **_: object) -> RawFile:
        """Lets nobody past who waits, whatever became of him."""
        file = RawFile(path, mode)
        for kind in (fcntl.F_RDLCK if mode == "rb" else fcntl.F_WRLCK, fcntl.F_UNLCK):
            fcntl.fcntl(file.fd, fcntl.F_OFD_SETLKW, pack("hhqqi4x", kind, os.SEEK_SET, 1 << 40, 1, 0))
            if kind != fcntl.F_UNLCK:
                lock(file.fd, file.kind)
        return file


def edit_regardless(path: str, transform: Callable[[bytes], bytes], *, timeout: float) -> None:
    """Edits when the time is over, be the lock there or not."""
    try:
        file = RawFile(path, "r+b").poll(timeout)
    except TimeoutError:
        file = RawFile(path, "r+b")
    with file:
        new = transform(os.read(file.fd, 1 << 16))
        pwrite(file.fd, new, 0)


class _Registry:
    """What is held, by keys of a weakened kind, and by whom."""

    def __init__(self, key: Callable[[RawFile, str], object], owner: Callable[[], object], *, forgets: bool) -> None:
        self.key, self.owner, self.forgets = key, owner, forgets
        self.held: dict[object, object] = {}

    def __call__(self, path: str, mode: str, *, timeout: float | None = None, **_: object) -> RawFile:
        """An `open` that raises the alarm if it is in the registry that its file is held by its owner."""
        file = _Registered(self, path, mode)
        if not file.lock_now():
            if self.held.get(file.key) == self.owner():
                os.close(file.fd)
                raise Alarm
            file.poll(timeout)
        self.held[file.key] = self.owner()
        return file


class _Registered(RawFile):
    """A file that the registry may forget."""

    def __init__(self, registry: _Registry, path: str, mode: str) -> None:
        super().__init__(path, mode)
        self.registry = registry
        self.key = registry.key(self, path)

    def close(self) -> None:
        """Unlock, close, and be forgotten."""
        if self.registry.forgets:
            self.registry.held.pop(self.key, None)
        super().close()


def _inode(file: RawFile, _: str) -> object:
    status = os.fstat(file.fd)
    return status.st_dev, status.st_ino


open_knowing_paths = _Registry(lambda _, path: os.path.realpath(path), threading.get_ident, forgets=True)
"""Does not see that two names are one file."""

open_knowing_processes = _Registry(_inode, os.getpid, forgets=True)
"""Takes another thread of the process for its own."""

open_forgetting_nothing = _Registry(_inode, threading.get_ident, forgets=False)
"""Believes for ever to hold what it held."""


def circle_of_processes(pid: int) -> list[int]:
    """The circle of processes that begins with `pid`, each of which waits for what the next holds; empty if none.

    As one would find it who does not ask which threads they are.
    """
    waits: dict[int, str] = {}
    holds: dict[str, int] = {}
    with open("/proc/locks", encoding="ascii") as listing:
        for line in listing:
            fields = line.split()[1:]
            if fields[0] == "->" and fields[1] == "FLOCK":
                waits[int(fields[4])] = fields[5]
            elif fields[0] == "FLOCK":
                holds[fields[4]] = int(fields[3])
    circle: list[int] = []
    while pid and pid not in circle:
        circle.append(pid)
        pid = holds.get(waits.get(pid, ""), 0)
    return circle if pid else []
