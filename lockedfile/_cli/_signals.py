"""What reaches us while COMMAND runs: COMMAND is what has to end, and we end when it has.

SIGINT and SIGQUIT come from a terminal, which sends them to COMMAND as well; SIGTERM and SIGHUP we hand on.
"""

from __future__ import annotations

import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from subprocess import Popen
    from types import FrameType, TracebackType
    from typing import Any, Self

__all__ = ["INTERRUPTED", "Signals"]

# What a process ends with that Ctrl-C ends: STATUS_CONTROL_C_EXIT is what it is on Windows.
INTERRUPTED = (-signal.SIGINT, 0xC000013A)


class Signals:
    """From `begin` until the end of the `with` block nothing but COMMAND ends by them."""

    def __init__(self) -> None:
        self.asked: int | None = None
        """By which signal we were asked to end."""
        self.interrupted = False
        """Was there a Ctrl-C?"""
        self._process: Popen[bytes] | None = None
        self._before: dict[int, Any] = {}

    def begin(self) -> None:
        """No signal ends us from now on."""
        for name, handler in (
            ("SIGINT", self._note),
            ("SIGQUIT", self._note),
            ("SIGTERM", self._hand_on),
            ("SIGHUP", self._hand_on),
        ):
            number = getattr(signal, name, None)  # Windows has two of them
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
                self._before[number] = signal.signal(number, handler)

    def started(self, process: Popen[bytes]) -> None:
        """COMMAND runs; what has come since `begin` reached nobody yet."""
        self._process = process
        if self.interrupted:
            self._send(signal.SIGINT)
        if self.asked is not None:
            self._send(self.asked)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self.interrupted = self.interrupted or number == signal.SIGINT

    def _hand_on(self, number: int, _frame: FrameType | None) -> None:
        self.asked = self.asked or number
        self._send(number)

    def _send(self, number: int) -> None:
        if self._process is not None:
            try:  # noqa: SIM105 - contextlib is not needed else
                _send_to(self._process, number)
            except PermissionError:  # it has become another user, as sudo does; we wait for it all the same
                pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)


def _send_to(process: Popen[bytes], number: int) -> None:
    try:
        process.send_signal(number)
    except ValueError:  # Windows, where nobody can send SIGINT to one process
        os.kill(process.pid, INTERRUPTED[-1])
