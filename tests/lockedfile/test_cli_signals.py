"""Ctrl-C, and requests to end: the file is whole, the lock is free, and no process is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs a terminal, and signals that one process sends to another", allow_module_level=True)

from lockedfile._cli import entry
from tests.lockedfile import locks, needs, program, weakened_cli
from tests.lockedfile.children import hold
from tests.lockedfile.processes import LIMIT_S, until
from tests.lockedfile.terminal import CTRL_BACKSLASH, CTRL_C, Terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

WAITS = {"edit": ["--", "cat"], "run": ["--", "true"], "read": []}

# A COMMAND that says that it runs, and how it is interrupted, and then waits for ever, or until the second time. It
# does not print: the handler may run while that is at it, and may not print then.
STUBBORN = """
import os, signal, time
def interrupted(*_):
    signal.signal(signal.SIGINT, lambda *_: os._exit(5))
    os.write(2, b"first\\n")
signal.signal(signal.SIGINT, interrupted)
os.write(2, b"runs\\n")
while True:
    time.sleep(0.01)  # not pause, which a signal that came just before would not end
"""

# One that ends well when it is asked to.
POLITE = """
import signal, sys, time
asked = []
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, lambda number, _: asked.append(number))
print("runs", file=sys.stderr, flush=True)
while not asked:
    time.sleep(0.01)  # not pause, which a signal that came just before would not end
print("asked by", asked[0], file=sys.stderr, flush=True)
"""

# One that is ended by any signal.
PLAIN = "import signal, sys; print('runs', file=sys.stderr, flush=True)\nimport time\nwhile True: time.sleep(0.01)"


def plain(code: str) -> list[str]:
    """A COMMAND that handles of SIGINT only what it says itself."""
    return program.python("import signal; signal.signal(signal.SIGINT, signal.SIG_DFL)\n" + code)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to edit."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"old")
    return path


@needs.linux
@pytest.mark.parametrize("timeout", [[], ["--timeout", "1000"]], ids=["endless", "timeout"])
@pytest.mark.parametrize("subcommand", WAITS)
def test_ctrl_c_ends_a_wait(spawn: Spawn, path: Path, subcommand: str, timeout: list[str]) -> None:
    """At once, with 130 as a shell counts, and in silence."""
    holder = spawn(hold, path)
    holder.expect("asking")
    holder.expect("locked")
    with Terminal(subcommand, "-q", *timeout, path, *WAITS[subcommand]) as terminal:
        locks.until_waiting(path, unless=lambda: terminal.process.poll() is not None)
        terminal.press(CTRL_C)
        assert terminal.end() == -signal.SIGINT
        assert terminal.shown() == "^C"
    assert path.read_bytes() == b"old"
    holder.tell()
    holder.expect("released")
    holder.end()


@needs.linux
def test_ctrl_c_in_a_wait_ends_the_loop_of_a_shell(spawn: Spawn, path: Path) -> None:
    """Bash goes on with a loop if what it ran exits, even with 130; it has to be ended by the signal."""
    holder = spawn(hold, path)
    holder.expect("asking")
    holder.expect("locked")
    words = program.command(entry, "run", "-q", path, "true")
    loop = ["bash", "-c", 'for turn in 1 2 3; do "$@"; echo "turn $turn"; done', "bash", *words]
    with Terminal("run", f"{path}.other", "--", *loop) as terminal:
        locks.until_waiting(path, unless=lambda: terminal.process.poll() is not None)
        terminal.press(CTRL_C)
        assert terminal.end() == -signal.SIGINT
        assert "turn" not in terminal.shown()


@pytest.mark.parametrize("subcommand", ["edit", "run"])
def test_ctrl_c_ends_command_and_then_us(path: Path, subcommand: str) -> None:
    """COMMAND has it from the terminal; we end as it did."""
    with Terminal(subcommand, path, "--", *plain(PLAIN)) as terminal:
        terminal.until_shown("runs")
        terminal.press(CTRL_C)
        assert terminal.end() == -signal.SIGINT
        assert terminal.shown() == "runs\n^C"
    assert (locks.state(path), path.read_bytes()) == ("free", b"old")


@pytest.mark.parametrize("main", [entry, weakened_cli.run_deaf])
@pytest.mark.parametrize("subcommand", ["edit", "run"])
def test_command_may_take_its_time_to_be_interrupted(path: Path, subcommand: str, main: Callable[[], int]) -> None:
    """We wait for it, with the lock, and end as it does; the check can fail."""
    with Terminal(subcommand, path, "--", *program.python(STUBBORN), main=main) as terminal:
        terminal.until_shown("runs")
        terminal.press(CTRL_C)
        if main is not entry:
            assert terminal.process.wait(LIMIT_S) == -signal.SIGINT  # before COMMAND had its say
            return
        until(lambda: "first" in terminal.shown(), "the first interrupt")
        assert locks.state(path) == "exclusive"
        terminal.press(CTRL_C)
        assert terminal.end() == 5
    assert (locks.state(path), path.read_bytes()) == ("free", b"old")


def test_command_that_ignores_ctrl_c_makes_its_edit(path: Path) -> None:
    """It has the last word."""
    code = "import os, signal, sys; signal.signal(signal.SIGINT, lambda *_: (print('new', end=''), sys.exit(0)))\n"
    with Terminal("edit", path, "--", *program.python(code + PLAIN)) as terminal:
        terminal.until_shown("runs")
        terminal.press(CTRL_C)
        assert terminal.end() == 0
    assert path.read_bytes() == b"new"


def test_quit_key_is_for_command_too(path: Path) -> None:
    """Ctrl-\\ ends COMMAND, and we end as it did, rather than before it."""
    code = "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
    with Terminal("run", path, "--", *program.python(code + PLAIN)) as terminal:
        terminal.until_shown("runs")
        terminal.press(CTRL_BACKSLASH)
        assert terminal.end() == 128 + signal.SIGQUIT
    assert locks.state(path) == "free"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("subcommand", ["edit", "run"])
@pytest.mark.parametrize("main", [entry, weakened_cli.run_deaf])
def test_request_to_end_is_handed_on(path: Path, subcommand: str, number: int, main: Callable[[], int]) -> None:
    """COMMAND ends in its own way, and we after it; the check can fail."""
    with program.Program(subcommand, path, "--", *program.python(POLITE), main=main) as running:
        assert running.err.hear() == "runs"
        os.kill(running.process.pid, number)
        code = running.end()
        if main is not entry:
            assert code == -number
            os.kill(child_of_nobody(running), signal.SIGKILL)
            return
        assert code == 128 + number
        assert running.err.rest() == [f"asked by {int(number)}"]
        assert (locks.state(path), path.read_bytes()) == ("free", b"old")


def child_of_nobody(running: program.Program) -> int:
    """The COMMAND that was left behind: who has its standard error open still."""
    pipe = os.readlink(f"/proc/self/fd/{running.err.fileno()}")
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{pid}/fd/2") == pipe:
                return int(pid)
        except OSError:
            continue
    raise AssertionError("no process was left")


@pytest.mark.parametrize("subcommand", ["edit", "run"])
def test_request_to_end_ends_command(path: Path, subcommand: str) -> None:
    """One that does not handle it."""
    with program.Program(subcommand, path, "--", *program.python(PLAIN)) as running:
        assert running.err.hear() == "runs"
        os.kill(running.process.pid, signal.SIGTERM)
        assert running.end() == 128 + signal.SIGTERM
        assert running.err.rest() == []
    assert (locks.state(path), path.read_bytes()) == ("free", b"old")


def test_signals_that_are_ignored_stay_so(path: Path) -> None:
    """As nohup has it, for us and for COMMAND."""
    ignoring = ["sh", "-c", "trap '' HUP; exec \"$@\"", "sh", *program.command(entry, "run", path, "--")]
    code = (
        "import os, signal; print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN);"
        "os.kill(os.getppid(), signal.SIGHUP); print('lives')"
    )
    done = subprocess.run(
        [*ignoring, *program.python(code)], capture_output=True, env=program.environment(), timeout=LIMIT_S, check=False
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, [b"True", b"lives"], b"")


def test_command_gets_the_signals_as_they_were(path: Path) -> None:
    """Neither our handlers nor Python's: an ignored SIGPIPE would let it write for ever."""
    code = (
        "import signal; names = ['SIGPIPE', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];"
        "print(open('/proc/self/status').read().partition('SigBlk:')[2].split()[0])"
    )
    assert program.run("run", path, "--", *program.python(code)).out.split() == [b"0" * 16]
    ended = program.run("run", path, "--", "sh", "-c", "yes | head -1; echo ${PIPESTATUS:-done}")
    assert (ended.code, ended.out.split(), ended.err) == (0, [b"y", b"done"], "")
