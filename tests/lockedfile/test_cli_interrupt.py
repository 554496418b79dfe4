"""Ctrl-C on any system: it ends a wait, and COMMAND, and so us."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING, cast

import pytest

from lockedfile._cli._command import CommandError, _check, ran
from lockedfile._cli._kin import Watch
from lockedfile._cli._signals import INTERRUPTED, Signals
from tests.lockedfile import program
from tests.lockedfile.children import hold

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

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


def test_command_of_another_user_is_waited_for() -> None:
    """One like sudo, to which we may not hand on what we are asked."""

    class Other:
        def send_signal(self, number: int) -> None:
            raise PermissionError(number)

    with Signals() as signals:
        signals.begin()
        signal.raise_signal(signal.SIGTERM)
        signals.started(cast("subprocess.Popen[bytes]", Other()))
        signal.raise_signal(getattr(signal, "SIGHUP", signal.SIGTERM))
    assert (signals.asked, signals.interrupted) == (signal.SIGTERM, False)


@pytest.mark.parametrize("timeout", [[], ["--timeout", "1000"]], ids=["endless", "timeout"])
@pytest.mark.parametrize("subcommand", ["edit", "run", "read"])
def test_ctrl_c_ends_a_wait(spawn: Spawn, tmp_path: Path, subcommand: str, timeout: list[str]) -> None:
    """With 130, or as a shell counts so; COMMAND has not begun."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"old")
    words = [] if subcommand == "read" else ["--", *program.python("print('new')")]
    holder = spawn(hold, path)
    holder.expect("asking")
    holder.expect("locked")
    with program.Program(subcommand, *timeout, path, *words, main=program.interruptible) as waiting:
        assert waiting.err.hear().startswith("waiting for ")
        waiting.interrupt()
        assert waiting.end() == (130 if sys.platform == "win32" else -signal.SIGINT)
        assert (waiting.out.rest(), waiting.err.rest()) == ([], [])
    holder.tell()
    holder.expect("released")
    holder.end()
    assert path.read_bytes() == b"old"
