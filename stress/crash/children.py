"""Child processes: one request each, an answer or the signal that ended it; none outlives its use."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

__all__ = ["Answer", "ChildError", "Children"]

_CHILD = str(Path(__file__).with_name("child.py"))
_SIGKILL = 9  # Windows does not know the name
_LIMIT_S = 60.0  # for one that hangs; the slowest takes a second


class ChildError(Exception):
    """A child process went wrong itself, or took too long; or it may not be started, as all are being ended."""


class Answer(NamedTuple):
    """What became of a child."""

    killed: bool  # by SIGKILL, before it answered
    told: dict[str, Any]  # empty if killed

    @property
    def error(self) -> dict[str, Any] | None:
        """What the call raised: type, errno, filename, text, notes."""
        return self.told.get("error")


class Children:
    """Those that run now, in any thread; at the end of the `with` block they are ended, by their process groups.

    In groups of their own, so that a Ctrl-C at the terminal is for the parent alone.
    """

    def __init__(self) -> None:
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.Lock()
        self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """End all, and start no more."""
        with self._lock:
            self._over = True
            for child in self._running:
                _kill(child)

    def ask(self, request: Mapping[str, object], prefix: Sequence[str] = ()) -> Answer:
        """Let a fresh process do it, run by the command `prefix`, such as strace. Raises `ChildError`."""
        command = [*prefix, sys.executable, "-S", "-I", _CHILD, json.dumps(dict(request))]
        code, output, errors = self.run(command)
        if code in (-_SIGKILL, 128 + _SIGKILL):
            return Answer(True, {})
        if code != 0:
            last = (errors.strip().splitlines() or ["it said nothing"])[-1]
            raise ChildError(f"{request['do']} {request.get('path', '')}: exit code {code}: {last}")
        return Answer(False, json.loads(output))

    def hear(self, request: Mapping[str, object], prefix: Sequence[str] = ()) -> Answer:
        """As `ask`; but of a child that goes wrong itself that is the answer, unless all are being ended."""
        try:
            return self.ask(request, prefix)
        except ChildError as error:
            self._check()
            told: dict[str, object] = {"type": "ChildError", "errno": None, "filename": "", "text": str(error)}
            return Answer(False, {"error": {**told, "notes": []}})

    def run(self, command: Sequence[str]) -> tuple[int, str, str]:
        """The exit code of the command, what it printed, and its errors. Raises `ChildError` if it does not end."""
        with self._lock:
            self._check()
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONUTF8": "1"},
                process_group=0,
            )
            self._running.add(child)
        try:
            output, errors = child.communicate(timeout=_LIMIT_S)
        except subprocess.TimeoutExpired as error:
            raise ChildError(f"{' '.join(command)}: not done after {_LIMIT_S:.0f} s") from error
        finally:
            with self._lock:
                _kill(child)
                self._running.discard(child)
            child.communicate()
        return child.returncode, output.decode(errors="replace"), errors.decode(errors="replace")

    def _check(self) -> None:
        """Raise `ChildError` if all are being ended."""
        if self._over:
            raise ChildError("all are being ended")


def _kill(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None and sys.platform != "win32":
        os.killpg(child.pid, signal.SIGKILL)
