"""`lockedfile edit`: the content through COMMAND, whole or not at all."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from lockedfile._cli import entry
from tests.lockedfile import locks, needs, program, weakened_cli
from tests.lockedfile.children import hold
from tests.lockedfile.processes import LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

JOURNAL = ".lockedfile-journal"
COPY = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
UPPER = program.python("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read().upper())")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to edit."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"go 1.26\r\n\xff")
    return path


def test_content_goes_through_command(path: Path) -> None:
    """Byte for byte, and nothing is said."""
    assert program.run("edit", path, "--", *UPPER) == (0, b"", "")
    assert path.read_bytes() == b"GO 1.26\r\n\xff"


def test_equal_content_is_not_written(path: Path) -> None:
    """The modification time stays."""
    os.utime(path, (10**9, 10**9))
    assert program.run("edit", path, *program.python(COPY)).code == 0
    assert path.stat().st_mtime == 10**9


@pytest.mark.parametrize("main", [entry, weakened_cli.edit_whatever_the_code])
def test_command_that_fails_leaves_the_file(path: Path, main: Callable[[], int]) -> None:
    """And passes its exit code on; the check can fail."""
    ended = program.run(
        "edit", path, "--", *program.python("print('half', flush=True); raise SystemExit(7)"), main=main
    )
    if main is entry:
        assert ended == (7, b"", "")
    assert (path.read_bytes() == b"go 1.26\r\n\xff") == (main is entry)


def test_command_that_is_killed_leaves_the_file(path: Path) -> None:
    """The exit code is that of a shell: 128 and the number of the signal; on Windows that which it was killed with."""
    code = "import os; print('half', flush=True); os.kill(os.getpid(), 9)"
    ended = program.run("edit", path, "--", *program.python(code))
    assert ended == (9 if sys.platform == "win32" else 128 + 9, b"", "")
    assert path.read_bytes() == b"go 1.26\r\n\xff"


@pytest.mark.parametrize("main", [entry, weakened_cli.edit_making_files])
def test_missing_file_is_not_made(tmp_path: Path, main: Callable[[], int]) -> None:
    """A typing error must not; the check can fail."""
    path = tmp_path / "go.mdo"
    ended = program.run("edit", path, "--", *UPPER, main=main)
    if main is entry:
        advice = "check the name, or make it with --create"
        assert ended == (125, b"", f"lockedfile: edit {path}: No such file or directory; {advice}\n")
    assert path.exists() == (main is not entry)


@needs.more_than_windows("needs a file that can be removed while others have it open")
@pytest.mark.parametrize("main", [entry, weakened_cli.edit_making_files])
def test_file_that_goes_during_the_wait_is_not_made(spawn: Spawn, path: Path, main: Callable[[], int]) -> None:
    """Somebody has removed it, and meant to; the check can fail."""
    holder = spawn(hold, path)
    holder.expect("asking")
    holder.expect("locked")
    with program.Program("edit", "-q", path, "--", *UPPER, main=main) as waiting:
        locks.until_waiting(path, unless=lambda: waiting.process.poll() is not None)
        path.unlink()
        holder.tell()
        holder.expect("released")
        assert waiting.end() == (125 if main is entry else 0)
    assert path.exists() == (main is not entry)
    holder.end()


def test_create_makes_a_missing_file(tmp_path: Path) -> None:
    """Its content is empty at first."""
    path = tmp_path / "new"
    code = "import sys; old = sys.stdin.read(); print(repr(old), end='')"
    assert program.run("edit", "--create", path, "--", *program.python(code)) == (0, b"", "")
    assert path.read_bytes() == b"''"


def test_create_makes_no_directory(tmp_path: Path) -> None:
    """And says which name to check."""
    path = tmp_path / "no" / "new"
    ended = program.run("edit", "--create", path, "--", *UPPER)
    assert ended == (125, b"", f"lockedfile: edit {path}: No such file or directory; check the name\n")


def test_command_need_not_read(path: Path) -> None:
    """What it leaves of a content that no pipe could hold is nobody's trouble."""
    path.write_bytes(b"x" * 1_000_000)
    assert program.run("edit", path, "--", *program.python("print('new', end='')")) == (0, b"", "")
    assert path.read_bytes() == b"new"


def test_large_content_does_not_block(path: Path) -> None:
    """COMMAND reads and writes as it likes, with much more on the way than pipes hold."""
    content = os.urandom(1 << 20) * 30
    path.write_bytes(content)
    turn = (
        "import sys; read, write = sys.stdin.buffer.read, sys.stdout.buffer.write\n"
        "while part := read(1 << 16): write(bytes(part[::-1]))\n"
    )
    assert program.run("edit", path, "--", *program.python(turn)) == (0, b"", "")
    expected = b"".join(content[at : at + (1 << 16)][::-1] for at in range(0, len(content), 1 << 16))
    assert path.read_bytes() == expected


def test_command_may_complain(path: Path) -> None:
    """Its standard error is ours."""
    code = "import sys; print('careful', file=sys.stderr)"
    ended = program.run("edit", path, "--", *program.python(code))
    assert (ended.code, ended.err.split()) == (0, ["careful"])


@pytest.mark.parametrize("subcommand", ["edit", "run"])
def test_command_that_is_not_found_is_127(path: Path, subcommand: str) -> None:
    """And the file is as it was."""
    ended = program.run(subcommand, path, "--", "no-such-command", "-x")
    assert (ended.code, ended.out) == (127, b"")
    assert ended.err.startswith(f"lockedfile: {subcommand} {path}: cannot run no-such-command: ")
    assert path.read_bytes() == b"go 1.26\r\n\xff"


@needs.more_than_windows("needs the right to run a file, which Windows tells by its name")
@pytest.mark.parametrize("subcommand", ["edit", "run"])
def test_command_that_cannot_be_run_is_126(path: Path, subcommand: str) -> None:
    """It is a directory, it is no program, or its name is none."""
    for name, said in {
        str(path.parent): "Permission denied; name a program",
        str(path): "Permission denied; make it executable with chmod +x",
        "": "No such file or directory; check the name and PATH",
    }.items():
        ended = program.run(subcommand, path, "--", name)
        assert ended.err == f"lockedfile: {subcommand} {path}: cannot run {name or repr('')}: {said}\n"
        assert ended.code == (126 if name else 127)


@needs.more_than_windows("needs a shell to run scripts")
def test_script_of_no_interpreter_is_run_by_the_shell(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As execvp(3) does it, so flock(1) too; by its path and by its name."""
    script = path.parent / "shout"
    script.write_text('tr a-z A-Z; exit "$1"\n')
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path.parent}:{os.environ['PATH']}")
    assert program.run("edit", path, "--", script, "3") == (3, b"", "")
    assert program.run("edit", path, "--", "shout", "0") == (0, b"", "")
    assert path.read_bytes() == b"GO 1.26\r\n\xff"


@needs.more_than_windows("needs scripts that name their interpreter")
def test_script_of_a_missing_interpreter_says_so(path: Path) -> None:
    """What is not found is not the script."""
    script = path.parent / "script"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    ended = program.run("edit", path, "--", script)
    assert (ended.code, ended.err.partition("; ")[2]) == (127, "its interpreter is missing, see its first line\n")


def test_edits_at_once_lose_nothing(path: Path) -> None:
    """Each appends its line."""
    path.write_bytes(b"")
    names = [f"line{number}" for number in range(4 if sys.platform == "win32" else 12)]  # there programs start slowly
    append = program.python("import sys; print(sys.stdin.read() + sys.argv[1])")
    with ExitStack() as stack:
        crowd = [stack.enter_context(program.Program("edit", path, "-q", "--", *append, name)) for name in names]
        assert [one.end() for one in crowd] == [0] * len(names)
    assert sorted(path.read_text().split()) == sorted(names)


def test_durable_edit_is_an_edit(path: Path) -> None:
    """What the disk has is the crash harness' to see."""
    assert program.run("edit", "--durable", path, "--", *UPPER) == (0, b"", "")
    assert path.read_bytes() == b"GO 1.26\r\n\xff"


@needs.more_than_windows("needs a limit on the size of files")
def test_write_that_fails_leaves_the_file(path: Path) -> None:
    """No file may grow past so many blocks; the file is as it was."""
    old = b"x" * 400
    path.write_bytes(old)
    limited = ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh"]
    grow = ["sh", "-c", "cat; cat; head -c 5000 /dev/zero"]
    done = subprocess.run(
        [*limited, *program.command(entry, "edit", path, "--", *grow)],
        capture_output=True,
        env=program.environment(),
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 125
    assert done.stderr.startswith(f"lockedfile: edit {path}: File too large".encode())
    assert path.read_bytes() == old
    assert not path.with_name(path.name + JOURNAL).exists()
