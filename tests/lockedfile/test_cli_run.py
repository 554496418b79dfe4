"""`lockedfile run`: COMMAND while the lock is held."""

from __future__ import annotations

import signal
import sys
from typing import TYPE_CHECKING

import pytest

from lockedfile._cli import entry
from tests.lockedfile import locks, needs, program, weakened_cli
from tests.lockedfile.children import hold
from tests.lockedfile.processes import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

# A COMMAND that says that it runs, and ends when it is told.
UNTIL_TOLD = program.python("import sys; print('runs', flush=True); sys.stdin.readline()")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to lock."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"content")
    return path


@pytest.mark.parametrize("main", [entry, weakened_cli.run_without_lock])
def test_lock_is_held_while_command_runs(path: Path, main: Callable[[], int]) -> None:
    """Exclusively, and free when it has ended; the check can fail."""
    with program.Program("run", path, "--", *UNTIL_TOLD, main=main) as running:
        assert running.out.hear() == "runs"
        assert locks.state(path) == ("exclusive" if main is entry else "free")
        running.tell()
        assert running.end() == 0
        assert running.err.rest() == []
    assert (locks.state(path), path.read_bytes()) == ("free", b"content")


def test_lock_of_an_edit_is_held_while_command_runs(path: Path) -> None:
    """And free when it has ended."""
    with program.Gate() as gate:
        words = program.python(f"import sys; print('started', file=sys.stderr, flush=True); {gate.code()}")
        with program.Program("edit", path, "--", *words) as running:
            assert running.err.hear() == "started"
            assert locks.state(path) == "exclusive"
            gate.open(b"new")
            assert running.end() == 0
    assert (locks.state(path), path.read_bytes()) == ("free", b"new")


# A COMMAND that leaves a process behind, which has all that can be inherited.
LEAVING = """
import subprocess, sys
subprocess.Popen([sys.executable, "-S", "-I", "-c", sys.argv[1]], close_fds=False, stdout=sys.stdout)
print("left", flush=True)
"""


def test_lock_ends_with_command_whatever_it_leaves(path: Path) -> None:
    """A process in the background has inherited the lock, and does not keep it: we have given it back."""
    with program.Gate() as gate, program.Program("run", path, "--", *program.python(LEAVING), gate.code()) as running:
        assert running.out.hear() == "left"
        assert running.end() == 0
        assert locks.state(path) == "free"
        gate.open(b"it lived\n")
        assert running.out.rest() == ["it lived"]


@pytest.mark.parametrize("option", ["-s", "--shared"])
def test_shared_locks_are_held_together(path: Path, option: str) -> None:
    """And exclude an exclusive one."""
    arguments = ["run", option, path, "--", *UNTIL_TOLD]
    with program.Program(*arguments) as one, program.Program(*arguments) as other:
        assert (one.out.hear(), other.out.hear()) == ("runs", "runs")
        assert locks.state(path) == "shared"
        assert program.run("run", "-n", path, "--", *program.python("")).code == 1
        for running in (one, other):
            running.tell()
            assert running.end() == 0


@pytest.mark.parametrize("code", [0, 1, 7, 125, 255])
def test_exit_code_is_that_of_command(path: Path, code: int) -> None:
    """Whatever it is."""
    assert program.run("run", path, "--", *program.python(f"raise SystemExit({code})")) == (code, b"", "")


@pytest.mark.parametrize("number", [signal.SIGTERM, 9, 11])
def test_command_that_is_killed_gives_128_and_the_signal(path: Path, number: int) -> None:
    """As a shell does, and flock(1); on Windows, where no signal kills, it is the code that it was ended with."""
    ended = program.run("run", path, "--", *program.python(f"import os; os.kill(os.getpid(), {int(number)})"))
    assert ended == (number if sys.platform == "win32" else 128 + number, b"", "")


def test_file_is_made_for_an_exclusive_lock(tmp_path: Path) -> None:
    """As by flock(1); a shared lock makes none."""
    assert program.run("run", "--shared", "shared.lock", "--", *program.python(""), cwd=tmp_path).code == 125
    assert program.run("run", "build.lock", "--", *program.python(""), cwd=tmp_path) == (0, b"", "")
    assert [path.name for path in tmp_path.iterdir()] == ["build.lock"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["-n"], 1),
        (["--nonblock"], 1),
        (["--timeout", "0"], 1),
        (["--timeout", "0.2"], 1),
        (["-w", ".2", "-E", "75"], 75),
        (["-n", "--conflict-exit-code=0"], 0),
    ],
)
@pytest.mark.parametrize("subcommand", ["edit", "run", "read"])
def test_lock_that_is_not_had_in_time(spawn: Spawn, path: Path, subcommand: str, options: list[str], code: int) -> None:
    """Exit code 1, or what -E says; COMMAND does not run."""
    words = [] if subcommand == "read" else ["--", *program.python("print('runs', flush=True)")]
    holder = spawn(hold, path)
    holder.expect("asking")
    holder.expect("locked")
    ended = program.run(subcommand, *options, path, *words)
    assert (ended.code, ended.out) == (code, b"")
    assert ended.err.startswith(f"lockedfile: {subcommand} {path}: no lock a"), ended.err
    assert "; held by " in ended.err
    assert ended.err.endswith(" with --timeout\n")
    if locks.TELLS:
        assert f"held by pid {holder.process.pid} (" in ended.err
    holder.tell()
    holder.expect("released")
    holder.end()


@needs.more_than_windows("needs a lock that a child inherits")
@pytest.mark.parametrize("main", [entry, weakened_cli.run_keeping_the_descriptor])
def test_lock_stays_when_we_are_killed(path: Path, main: Callable[[], int]) -> None:
    """COMMAND has it too, until it ends; the check can fail."""
    with program.Program("run", path, "--", *UNTIL_TOLD, main=main) as running:
        assert running.out.hear() == "runs"
        running.process.kill()
        running.end()
        assert locks.state(path) == ("exclusive" if main is entry else "free")
        running.tell()
        assert running.out.rest() == []  # it has ended
    until(lambda: locks.state(path) == "free", "free")


@pytest.mark.parametrize("option", ["-o", "--close"])
def test_lock_is_not_inherited_if_it_is_to_be_closed(path: Path, option: str) -> None:
    """Then it goes with us."""
    with program.Program("run", option, path, "--", *UNTIL_TOLD) as running:
        assert running.out.hear() == "runs"
        assert locks.state(path) == "exclusive"
        running.process.kill()
        running.end()
        assert locks.state(path) == "free"
        running.tell()
        assert running.out.rest() == []


@needs.linux  # which tells who waits
@pytest.mark.parametrize("main", [weakened_cli.run_looking_soon, weakened_cli.run_without_a_look_at_kin])
@pytest.mark.parametrize("subcommand", ["run", "edit"])
def test_command_that_waits_for_its_own_lock_is_told_of(path: Path, subcommand: str, main: Callable[[], int]) -> None:
    """Once, naming it, though it is a grandchild; the check can fail."""
    inner = [
        "sh",
        "-c",
        '"$@" || exit 5',
        "sh",
        sys.executable,
        "-m",
        "lockedfile",
        "run",
        "-q",
        "-w",
        "1.5",
        path,
        "true",
    ]
    with program.Program(subcommand, path, "--", *inner, main=main) as running:
        assert running.end() == 5
        said = running.err.rest()
    told = [line for line in said if line.startswith("lockedfile: COMMAND itself waits for the lock of ")]
    assert len(told) == (main is weakened_cli.run_looking_soon)
    for line in told:
        assert f" of {path}, which is held for it: pid " in line
        assert line.endswith("; stop it with Ctrl-C, and run it without lockedfile")
        assert " lockedfile run -q" in line


def test_others_that_wait_are_no_kin(path: Path) -> None:
    """Nothing is said of them."""
    with program.Program("run", path, "--", *UNTIL_TOLD, main=weakened_cli.run_looking_soon) as running:
        assert running.out.hear() == "runs"
        with program.Program("run", "-q", "-w", "1.5", path, *program.python("")) as other:
            assert other.end() == 1
        running.tell()
        assert running.end() == 0
        assert running.err.rest() == []
