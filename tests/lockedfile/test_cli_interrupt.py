"""Ctrl-C while there is a COMMAND, on any system: it ends, and so do we."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from lockedfile._cli._command import CommandError, _check, ran
from lockedfile._cli._kin import Watch
from lockedfile._cli._signals import INTERRUPTED, Signals
from tests.lockedfile import program

if TYPE_CHECKING:
    from pathlib import Path

# A COMMAND that any signal ends, and nothing else.
PLAIN = "import signal, time; signal.signal(signal.SIGINT, signal.SIG_DFL)\nwhile True: time.sleep(0.01)"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_before_command_is_there_is_for_it(tmp_path: Path, number: int) -> None:
    """It comes when nothing ends us any more, and nobody else has it yet."""
    with Signals() as signals:
        signals.begin()
        signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt if number == signal.SIGINT else CommandError):
            ran(program.python(PLAIN), signals, Watch(str(tmp_path)), descriptors=[])


@pytest.mark.parametrize("code", INTERRUPTED)
def test_command_that_ctrl_c_ends_interrupts_us(code: int) -> None:
    """If we had one; else it has ended so by itself, as it might by any code."""
    signals = Signals()
    with pytest.raises(CommandError):
        _check(code, signals)
    signals.interrupted = True
    with pytest.raises(KeyboardInterrupt):
        _check(code, signals)
