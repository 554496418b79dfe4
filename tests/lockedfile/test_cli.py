"""The command line: what can be asked for, how it ends, and one line for whatever goes wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from typing import TYPE_CHECKING
from unittest.mock import ANY

import pytest

import lockedfile
from lockedfile._cli import _edit, entry, main
from tests.imports import inevitable
from tests.lockedfile import needs, program, weakened_cli
from tests.lockedfile.processes import LIMIT_S

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SUBCOMMANDS = ["edit", "run", "read", "holders"]
ARGUMENTS = program.python("import sys; print(*sys.argv[1:])")

# What is said of a file that is not there; Windows says it in several ways.
MISSING = ANY if sys.platform == "win32" else "No such file or directory"


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_of_a_subcommand_has_examples_and_exit_status(subcommand: str, option: str) -> None:
    """On standard output, and 0."""
    code, out, err = program.run(subcommand, option)
    assert (code, err) == (0, "")
    text = out.decode()
    assert text.startswith(f"usage: lockedfile {subcommand} ")
    assert f"  lockedfile {subcommand} " in text.partition("\nexamples:\n")[2]
    assert "\nexit status:\n" in text
    assert max(map(len, text.splitlines())) <= 80


def test_help_of_the_program_names_each_subcommand() -> None:
    """With a line on each."""
    code, out, err = program.run("--help")
    assert (code, err) == (0, "")
    assert all(f"\n  {subcommand} FILE" in out.decode() for subcommand in SUBCOMMANDS)


def test_version_is_that_of_the_package(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As it is installed; where it is not, that is said."""
    monkeypatch.setattr(metadata, "version", lambda name: {"lockedfile": "1.2.3"}[name])
    assert (main(["--version"]), capfd.readouterr()) == (0, ("lockedfile 1.2.3\n", ""))

    def missing(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", missing)
    assert (main(["-V"]), capfd.readouterr()) == (0, ("lockedfile of unknown version: it is not installed\n", ""))


def test_module_and_installed_command_are_the_same() -> None:
    """`python -m lockedfile` does what `lockedfile` does."""
    done = subprocess.run(
        [sys.executable, "-m", "lockedfile", "read"], capture_output=True, text=True, timeout=LIMIT_S, check=False
    )
    assert (done.returncode, done.stderr) == (2, program.run("read").err)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ("", 2, "no subcommand; use edit, run, read or holders; see lockedfile --help"),
        ("edti go.mod", 2, "unknown subcommand edti; did you mean edit?; see lockedfile --help"),
        ("go.mod", 2, "unknown subcommand go.mod; use edit, run, read or holders; see lockedfile --help"),
        ("-w 5 go.mod", 2, "unknown option -w; options of a subcommand come after it, as in lockedfile run -w ...;"),
        ("edit", 125, "edit: FILE and COMMAND are missing; such as lockedfile edit go.mod -- sort -u;"),
        ("edit f", 125, "edit: COMMAND is missing; such as lockedfile edit f -- sort -u; see lockedfile edit --help"),
        ("edit f --", 125, "edit: COMMAND is missing; such as lockedfile edit f -- sort -u;"),
        ("run f", 125, "run: COMMAND is missing; such as lockedfile run f -- make; see lockedfile run --help"),
        ("read", 2, "read: give one FILE; such as lockedfile read go.mod; see lockedfile read --help"),
        ("read a b", 2, "read: give one FILE; such as lockedfile read go.mod;"),
        ("holders", 2, "holders: FILE is missing; such as lockedfile holders go.mod;"),
        ("edit f --timeout -1 -- true", 125, "edit: -w/--timeout: '-1' is not a number of seconds; give one such as"),
        ("edit f --timeout=abc -- true", 125, "edit: -w/--timeout: 'abc' is not a number of seconds;"),
        ("run -wnan f true", 125, "run: -w/--timeout: 'nan' is not a number of seconds;"),
        ("run f -w", 125, "run: -w needs a value; see lockedfile run --help"),
        ("run f -w -- true", 125, "run: -w needs a value;"),
        ("run -E 256 f true", 125, "run: -E/--conflict-exit-code: '256' is not an exit code; give a whole number from"),
        ("read -E x f", 2, "read: -E/--conflict-exit-code: 'x' is not an exit code;"),
        ("run --timout 5 f true", 125, "run: unknown option --timout; did you mean --timeout?;"),
        ("run --time 5 f true", 125, "run: unknown option --time; did you mean --timeout?;"),
        ("run -x f true", 125, "run: unknown option -x; see lockedfile run --help"),
        ("run --shared=1 f true", 125, "run: --shared takes no value;"),
        ("run f -z true", 125, "run: unknown option -z;"),
        ("edit --durable --no-journal f cat", 125, "edit: --durable needs the journal; leave out one of"),
    ],
)
def test_wrong_usage_is_one_line_that_says_what_to_do(tmp_path: Path, arguments: str, code: int, said: str) -> None:
    """And no file is made."""
    ended = program.run(*arguments.split(), cwd=tmp_path)
    assert (ended.code, ended.out) == (code, b"")
    assert ended.err.startswith(f"lockedfile: {said}"), ended.err
    assert ended.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["f", "--", *ARGUMENTS, "-x", "--shared"],
        ["f", *ARGUMENTS, "-x", "--shared"],
        ["--timeout", "5", "f", *ARGUMENTS, "-x", "--shared"],
        ["--timeout=5", "f", "--", *ARGUMENTS, "-x", "--shared"],
        ["f", "--timeout", "5", "--", *ARGUMENTS, "-x", "--shared"],
        ["f", "-w5", *ARGUMENTS, "-x", "--shared"],
        ["-qw", "5", "f", *ARGUMENTS, "-x", "--shared"],
        ["-nqE7", "f", *ARGUMENTS, "-x", "--shared"],
        ["--", "f", "--", *ARGUMENTS, "-x", "--shared"],
        ["--", "f", *ARGUMENTS, "-x", "--shared"],
        ["-w", "inf", "-w", "1e300", "f", *ARGUMENTS, "-x", "--shared"],
    ],
)
def test_options_of_command_are_its_own(tmp_path: Path, arguments: list[str]) -> None:
    """Ours may stand before FILE and after it; what follows COMMAND belongs to it, with `--` and without."""
    assert program.run("run", *arguments, cwd=tmp_path) == (0, f"-x --shared{os.linesep}".encode(), "")
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_dashes_among_the_words_of_command_are_its_own(tmp_path: Path) -> None:
    """Only the first pair is ours."""
    ended = program.run("run", "f", *ARGUMENTS, "--", "x", cwd=tmp_path)
    assert ended.out.split() == [b"--", b"x"]


def test_file_may_begin_with_a_dash(tmp_path: Path) -> None:
    """After `--`."""
    (tmp_path / "-n").write_bytes(b"content")
    assert program.run("read", "--", "-n", cwd=tmp_path) == (0, b"content", "")


def cases_of_files(directory: Path) -> dict[str, tuple[str, str]]:
    """Files that cannot be had, by what is said of them: the cause, and what to do."""
    (directory / "file").touch()
    cases = {
        "missing": (MISSING, "check the name"),
        "file/below": ("Not a directory" if sys.platform != "win32" else ANY, "check the name"),
        "": (MISSING, "check the name"),
        ".": ("only a regular file can be locked, and this is a directory", "name a file"),
    }
    if sys.platform != "win32":
        os.mkfifo(directory / "fifo")
        (directory / "loop").symlink_to("loop")
        cases |= {
            "x" * 300: ("File name too long", "use a shorter name"),
            "fifo": ("only a regular file can be locked, and this is a FIFO", "name a file"),
            "loop": ("Too many levels of symbolic links", "see with ls -l where the links lead"),
        }
    return cases


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_file_that_cannot_be_had_is_one_line(tmp_path: Path, subcommand: str) -> None:
    """Operation, path, cause, next step; and nothing on standard output."""
    options = {"run": ["--shared"]}.get(subcommand, [])
    words = ["--", "cat"] if subcommand in ("edit", "run") else []
    for path, (cause, advice) in cases_of_files(tmp_path).items():
        ended = program.run(subcommand, *options, path, *words, cwd=tmp_path)
        if subcommand == "holders" and path in (".", "fifo"):
            continue  # anybody may lock one of them
        operation, _, said = ended.err.partition(": ")[2].partition(": ")
        said, _, to_do = said.partition("; ")
        assert (operation, said) == (f"{subcommand} {path or repr('')}", cause), ended
        assert to_do.startswith(advice), ended
        assert ended.err.startswith("lockedfile: ")
        assert (ended.out, ended.err.count("\n")) == (b"", 1)
        assert ended.code == (125 if subcommand in ("edit", "run") else 1)


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_impossible_path_is_one_line(capfd: pytest.CaptureFixture[str], subcommand: str) -> None:
    """No shell can give it, a program that calls `main` can."""
    code = main([subcommand, "a\0b", *(["cat"] if subcommand in ("edit", "run") else [])])
    assert code == (125 if subcommand in ("edit", "run") else 1)
    said = "no name has a null character in it; check the name"
    assert capfd.readouterr() == ("", f"lockedfile: {subcommand} a\\x00b: {said}\n")


# A name that holds an escape sequence, a line end, and bytes that are no text; or, where no name may have these, one of
# those control characters that any name may have, and one that turns the direction of what follows.
if sys.platform == "win32":
    CONTROL, UNSAFE, SAFE = "\x9b", "\x9b2Jgo\u202e.mod", "\\x9b2Jgo\\u202e.mod"
else:
    CONTROL, UNSAFE, SAFE = "\x1b", os.fsdecode(b"\x1b[2Jgo\n\xff.mod"), "\\x1b[2Jgo\\n\\udcff.mod: No such file"


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
@pytest.mark.parametrize("main", [entry, weakened_cli.say_all])
def test_terminal_is_sent_nothing_that_it_would_obey(tmp_path: Path, subcommand: str, main: Callable[[], int]) -> None:
    """Whatever a name may hold; the check can fail."""
    words = ["cat"] if subcommand in ("edit", "run") else []
    options = ["--shared"] if subcommand == "run" else []
    ended = program.run(subcommand, *options, UNSAFE, *words, cwd=tmp_path, main=main)
    safe = ended.err.startswith(f"lockedfile: {subcommand} {SAFE}") and ended.err.count("\n") == 1
    assert (safe and CONTROL not in ended.err) == (main is entry), ended.err


def test_unforeseen_error_is_one_line(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it is."""

    def fail(*_: object) -> None:
        raise RuntimeError("of a kind that nobody expects")

    monkeypatch.setattr(_edit, "_edit", fail)
    assert main(["edit", "f", "cat"]) == 125
    monkeypatch.setattr(_edit, "_parser", fail)
    assert main(["edit", "f", "cat"]) == 125
    said = "RuntimeError: of a kind that nobody expects; this is unforeseen, please report it\n"
    assert capfd.readouterr() == ("", f"lockedfile: edit f: {said}lockedfile: edit: {said}")


@needs.linux  # for its /dev/full
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["read", "f"], ["holders", "f"]])
def test_output_that_fails_is_one_line(tmp_path: Path, arguments: list[str]) -> None:
    """A full disk, or a standard output that the caller has closed."""
    (tmp_path / "f").write_bytes(b"content")
    with open("/dev/full", "wb") as full:
        ended = program.run(*arguments, cwd=tmp_path, stdout=full)
    assert ended.code == 1
    assert ended.err.endswith(": cannot write to standard output: No space left on device\n")
    closing = ["sh", "-c", 'exec "$@" >&-', "sh", *program.command(entry, *arguments)]
    done = subprocess.run(
        closing,
        cwd=tmp_path,
        env=program.environment(),
        stderr=subprocess.PIPE,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.endswith(": cannot write to standard output: Bad file descriptor\n")
    assert (tmp_path / "f").read_bytes() == b"content"


@needs.more_than_windows("needs descriptors that a file gets if standard output is closed")
@pytest.mark.parametrize("main", [entry, weakened_cli.start_with_what_is_open])
def test_closed_standard_output_does_not_become_the_file(tmp_path: Path, main: Callable[[], int]) -> None:
    """Or what COMMAND writes would land in it; the check can fail."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"content\n")
    arguments = program.command(main, "run", path, "--", "sh", "-c", "echo torn; exit 0")
    closing = ["sh", "-c", 'exec "$@" >&-', "sh", *arguments]
    subprocess.run(closing, env=program.environment(), stderr=subprocess.DEVNULL, timeout=LIMIT_S, check=False)
    assert (path.read_bytes() == b"content\n") == (main is entry)


def test_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    """As of `lockedfile read f | head -1`."""
    path = tmp_path / "f"
    path.write_bytes(b"line\n" * 1_000_000)
    process = subprocess.Popen(
        program.command(entry, "read", path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=program.environment(),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline() == b"line\n"
    process.stdout.close()
    assert (process.wait(LIMIT_S), process.stderr.read()) == (141, b"")
    process.stderr.close()


def test_read_gives_the_content(tmp_path: Path) -> None:
    """Byte for byte."""
    path = tmp_path / "f"
    path.write_bytes(bytes(range(256)) * 1000)
    assert program.run("read", path) == (0, path.read_bytes(), "")


def modules_of(*arguments: str) -> set[str]:
    """What is imported by the time the command line ends."""
    code = (
        "import sys; from lockedfile._cli import main; main(sys.argv[1:]);"
        "print(*(m for m in sys.modules), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code, *arguments],
        capture_output=True,
        text=True,
        env=program.environment(),
        timeout=LIMIT_S,
        check=True,
    )
    return set(done.stderr.split())


def test_start_imports_only_what_is_asked_for(tmp_path: Path) -> None:
    """Neither other subcommands, nor what only a wait needs."""
    path = tmp_path / "f"
    path.touch()
    heavy = {"subprocess", "json", "shutil", "threading", "difflib", "importlib.metadata"} - inevitable()
    assert modules_of("read", str(path)) & heavy == set()
    assert modules_of("holders", str(path)) & (heavy - {"subprocess"}) == set()
    assert modules_of("run", str(path), *program.python("")) & (heavy - {"subprocess", "threading"}) == set()
    assert not {f"lockedfile._cli.{name}" for name in ("_run", "_edit", "_holders")} & modules_of("read", str(path))
    assert "json" in modules_of("holders", "--json", str(path))  # so the check can fail


def test_public_names_have_no_command_line() -> None:
    """To import the library costs nothing of it."""
    code = "import sys, lockedfile; print(any('_cli' in m for m in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], capture_output=True, text=True, env=program.environment(), check=True
    )
    assert done.stdout.strip() == "False"
    assert lockedfile.__doc__
