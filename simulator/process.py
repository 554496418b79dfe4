"""One process of a run: start it, tell it what to do, look at it, freeze it, kill it.

It begins as nobody in particular, and takes the place of a worker when it is told to start: so a few can be kept ready
for those that will be killed. How processes differ between systems is known here and in `launch`, and nowhere else.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from . import saved
from .contents import trim
from .lanes import Doing
from .launch import launch
from .recorder import Glance, State, peek

if TYPE_CHECKING:
    from pathlib import Path

    from .config import Task

__all__ = ["CAN_FREEZE", "SLOW_STATUS", "Process", "allow_open_files"]

CAN_FREEZE = sys.platform != "win32"
"""Has this system a signal that stops a process, and one that lets it go on?"""

SLOW_STATUS = sys.platform == "win32"
"""Does it take longer to ask for the time of a file's last change than an edit takes? Windows opens it for that."""


def allow_open_files(number: int) -> None:
    """Raise the limit of open files to what the run needs, as far as the system lets us."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = number if hard == resource.RLIM_INFINITY else min(number, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _wake_with_input(read_end: int, pid: int) -> None:
    """Have a frozen process go on when whoever started it has gone: it then sees the end of its input, and goes too.

    A system does so by itself for process groups that an end leaves to nobody (setpgid(2), orphaned), but whether these
    are such is not ours to say: in a container, the first process may be of our session. Linux can be told to send a
    signal with any input, and with its end (fcntl(2), F_SETSIG); to who is not frozen, this one means nothing.
    """
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(read_end, fcntl.F_SETOWN, pid)
        fcntl.fcntl(read_end, fcntl.F_SETSIG, signal.SIGCONT)
        fcntl.fcntl(read_end, fcntl.F_SETFL, fcntl.fcntl(read_end, fcntl.F_GETFL) | os.O_ASYNC)


class Process:
    """A process that works for a run, or waits to be told to. Only who started it may call; nobody else waits for it.

    So its number is its own until it is seen to have ended, and a signal can hit no other.
    """

    def __init__(self, task: Task, directory: Path) -> None:
        """Start it. Raises `OSError`."""
        self.number = number = task.process
        self.worker: int | None = None  # whose place it has
        self.edits = 0  # that it is to try; 0 is no limit
        self.killed = False  # by us
        self.buried = False
        self.frozen = False
        self._records, self._errors = saved.records(directory, number), saved.errors(directory, number)
        self._contents = saved.contents(directory, number)
        self._glance: Glance | None = None
        # A server buries those that it has forked, at any time; after that the number might be another process's.
        self._by_server = task.config.start != "spawn"
        read_end, self._orders = os.pipe()
        try:
            self._process = launch(task.config.start, task.to_json(), read_end, self._errors)
            if task.config.stop_rate:
                _wake_with_input(read_end, self._process.pid)
        except BaseException:
            os.close(self._orders)
            raise
        finally:
            os.close(read_end)

    def __str__(self) -> str:
        return f"worker {self.number if self.worker is None else self.worker}"

    def state(self) -> State:
        """What it does, as its records tell."""
        if self.buried:
            return peek(self._records)
        if self._glance is None:
            with suppress(FileNotFoundError, ValueError):  # it has not begun to record
                self._glance = Glance(self._records)
        return self._glance.state() if self._glance else State(Doing.ABSENT, 0, 0)

    def editing(self) -> bool:
        """Is it in the middle of an edit? Quick, once it is ready."""
        if self._glance is None:
            self._glance = Glance(self._records)
        return self._glance.editing()

    def writing(self) -> bool:
        """Has it handed over what it will write, and not said yet that it is done?"""
        return self.state().doing is Doing.WRITING

    def present(self) -> bool:
        """Has it not ended yet?"""
        return self._process.poll() is None

    def at_work(self) -> bool:
        """Has it a place, and neither ended nor been killed?"""
        return self.worker is not None and not self.killed and self.present()

    def unburied(self) -> bool:
        """Was it killed, and is yet to be buried?"""
        return self.killed and not self.buried

    def last_due_ns(self) -> int:
        """When the last operation that it has begun was due, in an open loop; else 0."""
        try:
            glance = Glance(self._records)
        except (FileNotFoundError, ValueError):
            return 0
        try:
            return glance.last_due_ns()
        finally:
            glance.close()

    def start(self, worker: int, start_ns: int, edits: int, due_ns: int = 0) -> None:
        """Have it begin at `start_ns` in the place of `worker`, with so many edits to try; 0 is no limit.

        In an open loop, `due_ns` is when the last one was due that the worker had before it was killed.
        """
        self.worker, self.edits = worker, edits
        self._tell(f"start {start_ns} {worker} {edits} {due_ns}")

    def stop(self) -> None:
        """Have it end after the operation under way."""
        self._tell("stop")

    def _tell(self, order: str) -> None:
        with suppress(OSError):  # ended already
            os.write(self._orders, f"{order}\n".encode())

    def freeze(self) -> None:
        """Stop it where it is, until `thaw`."""
        if sys.platform != "win32":
            self._signal(signal.SIGSTOP)
            self.frozen = True

    def thaw(self) -> None:
        """Let it go on."""
        if sys.platform != "win32":
            self._signal(signal.SIGCONT)
            self.frozen = False

    def kill(self) -> None:
        """End it at whatever instruction it is, frozen or not, and what it has started with it."""
        self.killed = True
        if sys.platform == "win32":
            self._process.kill()
        else:
            self._signal(signal.SIGKILL)  # Popen.kill would look first, and there are microseconds to hit

    if sys.platform != "win32":

        def _signal(self, number: signal.Signals) -> None:
            """Send a signal to its group; to itself, where it has none of its own yet."""
            if self.buried or (self._by_server and not self.present()):
                return
            try:
                os.killpg(self._process.pid, number)
            except OSError:  # a process that has only just been forked
                with suppress(ProcessLookupError):
                    os.kill(self._process.pid, number)

    def bury(self) -> int:
        """Wait for its end, and let go of all that was held for it; its exit code."""
        code = self._process.wait()
        if not self.buried:
            self.buried, self.frozen = True, False
            if self.killed:
                trim(self._contents)  # or there would be no room for what its replacement keeps
            os.close(self._orders)
            if self._glance:
                self._glance.close()
        return code

    def said(self) -> str:
        """All that it said on stderr."""
        return self._errors.read_text(errors="replace").strip()

    def last_words(self) -> str:
        """The last line of it."""
        return self.said().rpartition("\n")[2] or "it said nothing"
