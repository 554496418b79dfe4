"""The command line as a user meets it: real runs, and everything that can be mistyped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simulator.cli import main
from simulator.commands.simulate import requested
from simulator.history import Kind, Outcome
from simulator.saved import read_history, shared
from tests.lockedfile.needs import strace

if TYPE_CHECKING:
    from tests.go_command import Go

ROOT = Path(__file__).parents[2]
SIMULATOR = [sys.executable, "-m", "simulator"]
MODULE = "module example.org/m\n\ngo 1.25\n\nrequire golang.org/x/mod v0.30.0\n"


def simulate(*arguments: str, within_s: float = 90) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with pipes for its output."""
    return subprocess.run(
        [*SIMULATOR, *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=within_s, check=False,
    )  # fmt: skip


def figures(run: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Give what `--json -` printed."""
    made: dict[str, Any] = json.loads(run.stdout)
    return made


def test_run_is_valid_and_says_why() -> None:
    """All edits of all workers are on the chain; the exit code says so too."""
    run = simulate("--workers", "4", "--edits", "50", "--think-ms", "0")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("VALID: nothing torn, nothing lost\n")
    assert "edits committed          200   (0 failed, 0 unknown)" in run.stdout
    assert "repeat    python -m simulator --workers 4 --edits 50 --think-ms 0 --seed " in run.stdout


def test_run_without_a_lock_is_invalid_with_a_witness() -> None:
    """The weakened variant: eight workers that do not lock are caught, and the report shows two of them at it."""
    run = simulate("--workers", "8", "--strategy", "none", "--duration", "2")
    assert run.returncode == 1, run.stderr
    assert run.stdout.startswith("INVALID: ")
    assert "Traceback" not in run.stdout + run.stderr
    assert "lost update: two edits read the same content" in run.stdout
    assert run.stdout.count("making content") >= 2


def test_readers_read_only_whole_contents() -> None:
    """Readers among editors are part of the verdict."""
    run = simulate("--workers", "3", "--readers", "3", "--duration", "1", "--json", "-")
    assert run.returncode == 0, run.stderr
    evidence = figures(run)["verdict"]["evidence"]
    assert evidence["reads"] > 0
    assert evidence["contents_checked"] == evidence["reads"] + evidence["committed"] + 1
    assert run.stderr.startswith(("starting", "running"))


def test_hold_and_think_are_done() -> None:
    """A hold of 20 ms is in the figures as a hold, and makes others wait."""
    run = simulate("--workers", "3", "--edits", "5", "--hold-ms", "20", "--think-ms", "1", "--json", "-")
    numbers = figures(run)["numbers"]
    assert numbers["hold"]["p50_ns"] >= 20e6
    assert numbers["wait"]["max_ns"] >= 20e6
    assert numbers["handoff"]["count"] > 0


@pytest.mark.parametrize("name", ["go.mod", "go.work", "go.sum"])
def test_copy_of_a_file_is_edited_and_go_accepts_it(tmp_path: Path, go: Go, name: str) -> None:
    """The file given stays as it is; its copy, after the run, is one that the real go command reads."""
    content = {
        "go.mod": MODULE,
        "go.work": "go 1.25\n\nuse .\n",
        "go.sum": "golang.org/x/mod v0.30.0/go.mod h1:lAsf5O2EvJeSFMiBxXDki7sCgAxEUcZHXoXMKT4GJKc=\n",
    }[name]
    (tmp_path / name).write_text(content)
    kept = tmp_path / "kept"
    run = simulate(
        "--workers", "4", "--edits", "30", "--think-ms", "0", "--file", str(tmp_path / name), "--dir", str(kept)
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert (tmp_path / name).read_text() == content
    edited = shared(kept)
    assert edited.name == name
    assert edited.read_text().count(" v0.0.30") == 4
    if name != "go.sum":
        code, output = go.run("mod" if name == "go.mod" else "work", "edit", "-json", edited)
        assert code == 0, output
        assert "example.com/worker03" in json.dumps(json.loads(output))


def test_written_go_mod_is_accepted_by_go(tmp_path: Path, go: Go) -> None:
    """So is the file that the simulator writes itself, with each worker's version what its edits made of it."""
    run = simulate("--workers", "12", "--edits", "15", "--think-ms", "0", "--dir", str(tmp_path / "kept"))
    assert run.returncode == 0, run.stderr
    versions = go.requirements(shared(tmp_path / "kept"))
    assert [versions[f"example.com/worker{worker:02d}"] for worker in range(12)] == ["v0.0.15"] * 12


def test_kept_run_has_all_that_the_verdict_rests_on(tmp_path: Path) -> None:
    """The history can be read again from the directory, and the figures stand beside it."""
    run = simulate(
        "--workers", "2", "--edits", "20", "--dir", str(tmp_path / "kept"), "--json", str(tmp_path / "figures")
    )
    assert run.returncode == 0, run.stderr
    history = read_history(tmp_path / "kept")
    assert len(history.operations) == 40
    assert {(op.kind, op.outcome) for op in history.operations} == {(Kind.EDIT, Outcome.OK)}
    kept, figures_ = (json.loads(p.read_text()) for p in (tmp_path / "kept" / "run.json", tmp_path / "figures"))
    assert kept == figures_
    assert f"kept      in {tmp_path / 'kept'}" in run.stdout


def test_repeat_command_repeats_the_run(tmp_path: Path) -> None:
    """It carries the seed: the same file is made again."""
    first = simulate("--workers", "2", "--edits", "5", "--dir", str(tmp_path / "a"))
    command = first.stdout.split("repeat    python -m simulator ")[1].split()
    second = simulate(*command, "--dir", str(tmp_path / "b"))
    assert second.returncode == 0, second.stderr
    assert shared(tmp_path / "a").read_bytes() == shared(tmp_path / "b").read_bytes()


@pytest.mark.parametrize("arguments", [[], ["--quiet"]])
def test_piped_output_has_no_control_codes(arguments: list[str]) -> None:
    """Plain lines only; with --quiet none at all until the verdict."""
    run = simulate("--workers", "2", "--edits", "10", *arguments)
    assert not any(ord(letter) < 32 and letter != "\n" for letter in run.stdout + run.stderr)
    assert bool(run.stderr) is not bool(arguments)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--wrokers", "4"], "did you mean --workers?"),
        (["--workers", "0"], "0 is not 1 or more"),
        (["--workers", "many"], "many is not a whole number"),
        (["--workers", "100000"], "up to 1024"),
        (["--readers", "-1"], "-1 is not 0 or more"),
        (["--duration", "0"], "0 is not more than 0"),
        (["--duration", "nan"], "nan is not more than 0"),
        (["--think-ms", "1e300"], "1e300 is not 0 or more, up to 1,000,000"),
        ([""], "unrecognized arguments"),
        (["--file", ""], "the path is empty"),
        (["--file", "/dev/zero"], "cannot use --file /dev/zero: it is not a regular file"),
        (["--file", "./no.mod"], "cannot read --file ./no.mod: "),
        (["--duration", "1", "--edits", "1"], "not allowed with"),
        (["--edits", "0"], "0 is not 1 or more"),
        (["--hold-ms", "-3"], "-3 is not 0 or more"),
        (["--think-ms", "soon"], "soon is not a duration in ms; use one such as 5, exp:5"),
        (["--strategy", "hope"], "there is no strategy hope"),
        (["--kill-rate", "-1"], "-1 is not 0 or more, up to 1,000"),
        (["--kill-rate", "nan"], "nan is not 0 or more"),
        (["--kill-rate"], "expected one argument"),
        (["--stop-rate", "often"], "often is not a number"),
        (["--stop-rate", "1e9"], "1e9 is not 0 or more, up to 1,000"),
        (["--kil-rate", "5"], "did you mean --kill-rate?"),
        (["--file", "no/such/go.mod"], "cannot read --file no/such/go.mod: "),
        (["--file", "."], "cannot use --file .: it is not a regular file"),
        (["--file", "LICENSE"], "cannot use --file LICENSE: it has no module line"),
        (["--json", "no/such/figures.json"], "cannot write --json no/such/figures.json: there is no directory no/such"),
        (["--json", "."], "cannot write --json .: it is a directory"),
        (["--json", "-", "--csv", "-"], "cannot write both --json and --csv to stdout"),
        (["--json", "run", "--csv", "./run"], "cannot write both --json and --csv to ./run"),
        (["--dir", "lockedfile"], "cannot use --dir lockedfile: it is not empty"),
        (["--dir", "LICENSE"], "cannot use --dir LICENSE"),
        (["go.mod"], "unknown argument go.mod"),
        (["chek", "run"], "there is no command chek; did you mean check?"),
        (["--scan", "workers=1,2", "--dir=run"], "--dir is for one run, and not for --scan"),
    ],
)
def test_mistake_is_one_line_and_exit_code_2(
    arguments: list[str], said: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is started, nothing is shown but one line that tells what is wrong."""
    monkeypatch.chdir(ROOT)
    try:
        code: object = main(arguments)
    except SystemExit as left:  # as the parser of arguments leaves
        code = left.code
    told = capfd.readouterr()
    assert code == 2
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert told.err.startswith("simulator: ")
    assert said in told.err


def test_mistake_is_the_exit_code_of_the_process() -> None:
    """As the others, from without."""
    run = simulate("--workers", "many")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == "simulator: argument --workers: many is not a whole number (--help tells more)\n"


def test_freezing_is_refused_where_it_cannot_be_done(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A system without the signals for it: wrong usage, with the reason, before anything is started."""
    monkeypatch.setattr("simulator.arguments.CAN_FREEZE", False)
    with pytest.raises(SystemExit) as left:
        requested(["--stop-rate", "5"])
    assert left.value.code == 2
    assert "--stop-rate: this system cannot stop a process" in capsys.readouterr().err
    assert requested(["--kill-rate", "5"]).config.kill_rate == 5


def test_help_explains_every_option() -> None:
    """Each option has its line, and the exit codes are told."""
    run = simulate("--help")
    assert run.returncode == 0
    for option in (
        "--workers", "--duration", "--edits", "--readers", "--hold-ms", "--think-ms", "--file", "--strategy",
        "--seed", "--json", "--dir", "--quiet", "--kill-rate", "--stop-rate", "lockedfile-durable",
        "lockedfile-go-protocol", "exit codes", "examples",
    ):  # fmt: skip
        assert option in run.stdout


def test_second_run_beside_the_first_is_no_trouble(tmp_path: Path) -> None:
    """Two runs at once have nothing in common."""
    other = subprocess.Popen(
        [*SIMULATOR, "--workers", "3", "--duration", "2", "--dir", str(tmp_path / "a")],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    run = simulate("--workers", "3", "--duration", "1", "--dir", str(tmp_path / "b"))
    assert (run.returncode, other.wait(60)) == (0, 0)


@strace
def test_strategy_that_cannot_run_here_is_exit_code_3() -> None:
    """A file system that cannot lock: said before anything is started."""
    run = subprocess.run(
        ["strace", "-qq", "-o", os.devnull, "-e", "inject=flock:error=ENOLCK", *SIMULATOR, "--workers", "2"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (3, "")
    assert run.stderr.startswith("simulator: strategy lockedfile cannot run here: ")
    assert "No locks available" in run.stderr
    assert run.stderr.count("\n") == 1


def test_long_holds_are_not_cut_short() -> None:
    """Who waits when the time is over is sent away with its wait; who holds the lock holds it to the end."""
    run = simulate("--workers", "3", "--duration", "0.3", "--hold-ms", "500", "--json", "-")
    assert run.returncode == 0, run.stderr
    made = figures(run)
    assert made["numbers"]["hold"]["p50_ns"] >= 500e6
    assert made["verdict"]["evidence"]["withdrawn"] >= 1
    assert made["verdict"]["evidence"]["failed"] == 0
    assert made["numbers"]["wait"]["count"] > made["verdict"]["evidence"]["committed"]
