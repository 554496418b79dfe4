"""Programs for Windows, run in one prefix, and ended with it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from .addresses import same_each_time
from .failure import CannotRunError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import IO

    from .system import Wine

__all__ = ["OverrunError", "Session", "check", "session", "windows_path"]

# How long what was told to end may take.
_LONGEST_END_S = 30.0
_CHUNK = 1 << 16

# Neither .NET nor HTML is asked for when a prefix is made, and nothing is put into menus.
_OVERRIDES = "mscoree,mshtml=;winemenubuilder.exe=d"


class OverrunError(Exception):
    """A program did not end in its time."""


def windows_path(path: Path) -> str:
    """How a path of this machine is called there: drive Z is all of it."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


class Session:
    """A prefix in use."""

    def __init__(self, wine: Wine, prefix: Path) -> None:
        self._wine = wine
        self._prefix = prefix

    def run(
        self,
        command: Sequence[str | Path],
        *,
        limit_s: float,
        environment: Mapping[str, str] | None = None,
        output: IO[bytes] | None = None,
    ) -> int:
        """Its exit code; what it prints goes to `output` as it comes. Raises `OverrunError`.

        Wine 8 makes no good handles of terminals and regular files for the standard streams, so these are a pipe and
        the null device. The program is in a session of its own, as Ctrl-C is for us, who end it in good order.
        """
        with subprocess.Popen(
            [self._wine.loader, *command],
            env=self.environment(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as process:
            assert process.stdout is not None
            relay = threading.Thread(target=_relay, args=(process.stdout, output), daemon=True)
            relay.start()
            try:
                code = process.wait(limit_s)
            except subprocess.TimeoutExpired:
                raise OverrunError from None
            finally:
                self.end()  # whoever else has the pipe would keep the relay waiting
                process.kill()
                relay.join(_LONGEST_END_S)
        return code

    def environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Nothing of ours but where home is: a variable that is set here would be set there."""
        return {
            "HOME": os.environ.get("HOME", "/"),
            "LC_ALL": "C.UTF-8",
            "PATH": os.defpath,
            "USER": "runner",
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": _OVERRIDES,
            "WINEPREFIX": str(self._prefix),
            **more,
        }

    def end(self) -> None:
        """End all that runs in the prefix, its server included; a second Ctrl-C is of no use meanwhile."""
        with _deaf():
            self._end()

    def _end(self) -> None:
        self._server("-k")
        self._server("-w")
        deadline = time.monotonic() + _LONGEST_END_S
        while (left := list(self._processes())) and time.monotonic() < deadline:
            for pid in left:
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)  # it was told to end, and its server is gone
            time.sleep(0.05)

    def _server(self, word: str) -> None:
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(
                [self._wine.server, word],
                env=self.environment({}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=_LONGEST_END_S,
                check=False,
            )

    def _processes(self) -> Iterator[int]:
        """Whose environment names this prefix."""
        mark = f"WINEPREFIX={self._prefix}".encode()
        for entry in Path("/proc").iterdir():
            with suppress(OSError):  # it has ended, or is another user's
                if entry.name.isdecimal() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)


@contextmanager
def session(wine: Wine, prefix: Path) -> Iterator[Session]:
    """Use a prefix; nothing that was started there outlives it."""
    used = Session(wine, prefix)
    with same_each_time():
        try:
            yield used
        finally:
            used.end()


@contextmanager
def _deaf() -> Iterator[None]:
    """Hear no signal that would have us stop halfway."""
    names = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), signal.SIG_IGN) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


def _relay(source: IO[bytes], output: IO[bytes] | None) -> None:
    """Pass on what comes, with the ends of lines that are ours."""
    kept = b""
    while chunk := os.read(source.fileno(), _CHUNK):
        lines = (kept + chunk).replace(b"\r\n", b"\n")
        kept = b"\r" if lines.endswith(b"\r") else b""
        if output is not None:
            output.write(lines.removesuffix(kept))
            output.flush()


def check(code: int, what: str) -> None:
    """Raises `CannotRunError` if it is not 0."""
    if code != 0:
        raise CannotRunError(what, f"it ended with {code}", "see whether Wine runs at all: wine64 cmd /c ver")
