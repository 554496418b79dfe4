"""Two ways to start a worker process: a fresh interpreter, or a fork of a server that has all modules loaded already.

Either gives a `Launched`. How processes differ between systems is known here and in `process`, and nowhere else.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.connection import Connection
    from pathlib import Path

    if sys.platform != "win32":
        from multiprocessing.context import ForkServerProcess

__all__ = ["STARTS", "Launched", "launch"]

if sys.platform == "win32":
    from .job import Job

    STARTS: tuple[str, ...] = ("spawn",)
    _PROCESS_GROUP, _CREATION_FLAGS = None, subprocess.CREATE_NEW_PROCESS_GROUP
else:
    STARTS = ("spawn", "forkserver")
    _PROCESS_GROUP, _CREATION_FLAGS = 0, 0
"""The ways that there are on this system."""


class Launched(Protocol):
    """A process that was started; a `subprocess.Popen` is one."""

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Its exit code, or minus the signal that ended it; `None` while it goes on."""

    def wait(self) -> int:
        """Wait for its end, and give the same."""

    def kill(self) -> None:
        """End it."""


def launch(start: str, task: str, orders: int, errors: Path) -> Launched:
    """Start a worker with that task, `orders` (a descriptor) as its input, and a file for its errors. Raises `OSError`.

    It is in a process group of its own: Ctrl-C at the terminal is for the run, which then stops its workers in good
    order; and what a locker starts is ended with its worker, by the group, or by a job where groups cannot be killed.
    """
    if start == "forkserver" and sys.platform != "win32":
        return _forked(task, orders, errors)
    with errors.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "simulator.worker", task],
            stdin=orders,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            process_group=_PROCESS_GROUP,
            creationflags=_CREATION_FLAGS,
        )
    if sys.platform == "win32":
        return Job(process)
    return process


if sys.platform != "win32":

    class _Forked:
        """A child of the server."""

        def __init__(self, process: ForkServerProcess) -> None:
            self._process, self.pid = process, process.pid or 0
            self._code: int | None = None

        def poll(self) -> int | None:
            return self._process.exitcode if self._code is None else self._code

        def wait(self) -> int:
            if self._code is None:
                self._process.join()
                self._code = self._process.exitcode or 0
                self._process.close()  # it has descriptors, and a run that kills has no end of processes
            return self._code

        def kill(self) -> None:
            if self._code is None:
                self._process.kill()

    # What is sent to a whole group, as by a closing terminal, is not for the server: if it went, nobody would know any
    # more how its children end, nor whether they have. Ctrl-C it ignores by itself.
    _GROUP_SIGNALS = signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT

    @contextmanager
    def _ignored() -> Iterator[None]:
        """Have these signals ignored in the block, and for good in what is started there."""
        before = [signal.signal(number, signal.SIG_IGN) for number in _GROUP_SIGNALS]
        try:
            yield
        finally:
            for number, was in zip(_GROUP_SIGNALS, before, strict=True):
                signal.signal(number, was)

    def _forked(task: str, orders: int, errors: Path) -> _Forked:
        from multiprocessing import get_context
        from multiprocessing.connection import Connection
        from multiprocessing.forkserver import ensure_running

        context = get_context("forkserver")
        context.set_forkserver_preload(["simulator.worker", "simulator.strategies.lockedfile"])
        with _ignored():
            ensure_running()
        reading = Connection(os.dup(orders), writable=False)
        try:
            process = context.Process(target=_work, args=(task, reading, str(errors)), daemon=False)
            process.start()
        finally:
            reading.close()
        return _Forked(process)

    def _work(task: str, orders: Connection, errors: str) -> None:
        """What the child does: as a fresh interpreter would, with the same three descriptors."""
        import fcntl

        from .worker import main

        for ignored in _GROUP_SIGNALS:
            signal.signal(ignored, signal.SIG_DFL)
        os.setpgid(0, 0)
        wanted = (
            orders.fileno(),
            os.open(os.devnull, os.O_WRONLY),
            os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        )
        high = [
            fcntl.fcntl(fd, fcntl.F_DUPFD, 3) for fd in wanted
        ]  # where the starter had none of the three, it is one
        for number, fd in enumerate(high):
            os.dup2(fd, number)
            os.close(fd)
        code = 1
        try:
            main(task)
            code = 0
        except BaseException:  # noqa: BLE001 - told as an interpreter would, whatever it is
            sys.excepthook(*sys.exc_info())
        sys.stderr.flush()
        os._exit(code)
