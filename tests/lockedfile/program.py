"""The command line as a program: real processes, whose output is heard line by line."""

from __future__ import annotations

import os
import queue
import signal
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import lockedfile
from lockedfile._cli import entry
from tests.lockedfile import interrupts
from tests.lockedfile.processes import LIMIT_S, name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Self

_numbers = count()
_PATHS = [str(Path(__file__).parents[2]), str(Path(lockedfile.__file__).parents[1])]


class Ended(NamedTuple):
    """How a program ended, and what it said."""

    code: int
    out: bytes
    err: str


def command(main: Callable[[], object], *arguments: object) -> list[str]:
    """The command that runs the command line, or one weakened, with these arguments."""
    module, _, function = name(main).partition(":")
    program = f"import sys; from {module} import {function} as main; sys.exit(main())"
    return [sys.executable, "-S", "-W", "error", "-c", program, *map(str, arguments)]


def environment(**changes: str) -> dict[str, str]:
    """What it runs in; a `python -m lockedfile` in there is this one."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(_PATHS), "PYTHONUTF8": "1", **changes}


def python(code: str) -> list[str]:
    """A COMMAND for any system; what it is to say it has to flush."""
    return [sys.executable, "-S", "-I", "-c", code]


def run(*arguments: object, main: Callable[[], object] = entry, cwd: Path | None = None, **options: Any) -> Ended:
    """Run the command line to its end; `options` are those of `subprocess.run`."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done: subprocess.CompletedProcess[Any] = subprocess.run(
        command(main, *arguments), cwd=cwd, env=environment(), timeout=LIMIT_S, check=False, **(pipes | options)
    )
    return Ended(done.returncode, done.stdout or b"", done.stderr.decode())


def interruptible() -> int:
    """The command line, as `Program.interrupt` needs it."""
    interrupts.be_interruptible()
    return entry()


class Gate:
    """Where a COMMAND waits until it is let through; it is told what to write then."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(LIMIT_S)

    def code(self) -> str:
        """What writes to standard output what it is told."""
        return (
            f"import socket, sys; file = socket.create_connection({self._server.getsockname()!r}).makefile('rb');"
            "sys.stdout.buffer.write(file.read())"
        )

    def open(self, content: bytes) -> None:
        """Let one through."""
        connection, _ = self._server.accept()
        with connection:
            connection.sendall(content)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.close()


class Program:
    """The command line, or one weakened, as a process; it ends with the `with` block, if it has not ended before."""

    def __init__(
        self,
        *arguments: object,
        main: Callable[[], object] = entry,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._name = f"program-{next(_numbers)}-of-{os.getpid()}"
        self.process = subprocess.Popen(
            command(main, *arguments),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=environment(**{interrupts.NAME: self._name}, **(env or {})),
            encoding="utf-8",
        )
        self.out = _Lines(self.process.stdout)
        self.err = _Lines(self.process.stderr)

    def tell(self, line: str = "go on") -> None:
        """Send one line to its standard input, which is that of the COMMAND of `run`."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def interrupt(self) -> None:
        """Send it a Ctrl-C; on Windows its `main` has to be `interruptible`."""
        if sys.platform == "win32":
            interrupts.interrupt(self._name)
        else:
            self.process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Wait for it; its exit code."""
        return self.process.wait(LIMIT_S)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self.process.kill()
        self.process.wait(LIMIT_S)
        if self.process.stdin is not None:
            with suppress(OSError):
                self.process.stdin.close()
        self.out.close()
        self.err.close()


class _Lines:
    """What a pipe brings."""

    def __init__(self, pipe: IO[str] | None) -> None:
        assert pipe is not None
        self._pipe = pipe
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def _listen(self) -> None:
        for line in self._pipe:
            self._lines.put(line.rstrip("\n"))
        self._lines.put(None)

    def fileno(self) -> int:
        """Of the pipe."""
        return self._pipe.fileno()

    def hear(self) -> str:
        """The next line."""
        try:
            line = self._lines.get(timeout=LIMIT_S)
        except queue.Empty:
            raise AssertionError(f"the program said nothing for {LIMIT_S} s") from None
        assert line is not None, "the program has ended, or closed its output"
        return line

    def rest(self) -> list[str]:
        """What else it says until it ends, and its children with it."""
        return list(iter(lambda: self._lines.get(timeout=LIMIT_S), None))

    def close(self) -> None:
        """Hear no more."""
        self._listener.join(LIMIT_S)
        self._pipe.close()
