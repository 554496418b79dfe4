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
_KILLED = {_SIGKILL} if sys.platform == "win32" else {-_SIGKILL, 128 + _SIGKILL}  # exit codes
_OWN_GROUP = 0x200 if sys.platform == "win32" else 0  # CREATE_NEW_PROCESS_GROUP, as process_group is elsewhere
_LONGEST_WORD = 8000  # of a command line; Windows takes 32,767 in all
_LIMIT_S = 60.0  # for one that hangs; the slowest takes a second


class ChildError(Exception):
    """A child process went wrong itself, or took too long; or it may not be started, as all are being ended."""


class Answer(NamedTuple):
    """What became of a child."""

    killed: bool  # before it answered, by SIGKILL, or by itself as if by that
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
        asked = json.dumps(dict(request))
        is_long = len(asked) > _LONGEST_WORD
        command = [*prefix, sys.executable, "-S", "-I", _CHILD, "-" if is_long else asked]
        code, output, errors = self.run(command, asked if is_long else "")
        if code in _KILLED:
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

    def run(self, command: Sequence[str], text: str = "") -> tuple[int, str, str]:
        """The exit code of the command, which may read the text, what it printed, and its errors.

        Raises `ChildError` if it does not end.
        """
        with self._lock:
            self._check()
            child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE if text else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONUTF8": "1"},
                process_group=0,
                creationflags=_OWN_GROUP,
            )
            self._running.add(child)
        try:
            output, errors = child.communicate(text.encode() if text else None, timeout=_LIMIT_S)
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
    if child.poll() is None:
        if sys.platform == "win32":
            child.kill()
        else:
            os.killpg(child.pid, signal.SIGKILL)
