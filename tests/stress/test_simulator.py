"""The lane that repeats the simulator: what it makes of what was told, what it refuses, and what its exit code says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.strategies import NAMES
from stress.simulator.__main__ import exit_code
from stress.simulator.arguments import requested
from stress.simulator.lockers import EXPECTED, Found, as_table, found, holds
from tests.lockedfile.needs import posix
from tests.lockedfile.processes import until

ROOT = Path(__file__).parents[2]
CANNOT = {"error": "python -m simulator: exit code 3: strategy lockf cannot run here", "code": 3}
BROKEN = {"error": "python -m simulator: exit code 1: UNKNOWN", "code": 1}


def repeated(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m stress.simulator` from the root of the checkout."""
    command = [sys.executable, "-m", "stress.simulator", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def told(result: str, failures: tuple[str, ...] = ()) -> dict[str, Any]:
    """By the simulator, of one run."""
    verdict = {"result": result, "reason": "of some reason", "evidence": {"committed": 100}}
    return {"verdict": verdict, "failures": list(failures), "command": "python -m simulator --seed 1"}


def test_each_locker_is_to_be_found_something() -> None:
    """So that a new one is not forgotten."""
    assert set(NAMES) <= set(EXPECTED)


def test_as_expected_every_time_holds() -> None:
    """VALID of a sound one, INVALID of a wrong one."""
    rows = [found("lockf", [told("VALID")] * 2), found("rename", [told("INVALID", ("one edit failed",))])]
    assert [(row.runs, row.verdicts, row.edits) for row in rows] == [(2, {"VALID": 2}, 200), (1, {"INVALID": 1}, 100)]
    assert holds(rows)
    assert exit_code(rows, in_ci=True) == 0
    assert "lockf   VALID       2  2 VALID                        200\n" in as_table(rows)


@pytest.mark.parametrize(
    ("strategy", "run", "story"),
    [
        ("lockf", told("INVALID"), "python -m simulator --seed 1: INVALID: of some reason"),
        ("lockf", told("UNKNOWN"), "python -m simulator --seed 1: UNKNOWN: of some reason"),
        ("lockf", told("VALID", ("worker 1: OSError",)), "python -m simulator --seed 1: worker 1: OSError"),
        ("rename", told("VALID"), "python -m simulator --seed 1: VALID: of some reason"),
        ("rename", BROKEN, "exit code 1: UNKNOWN"),
    ],
)
def test_anything_else_is_told(strategy: str, run: dict[str, Any], story: str) -> None:
    """Once is enough, with the command that repeats it."""
    row = found(strategy, [told(EXPECTED[strategy]), run])
    assert not holds([row])
    assert exit_code([row], in_ci=False) == 1
    assert f"{strategy}: " in as_table([row])
    assert row.stories[0].endswith(story)


def test_locker_that_cannot_run_is_exit_code_3_and_a_failure_in_ci() -> None:
    """It says why; the others count."""
    rows = [found("lockf", [CANNOT]), found("rename", [told("INVALID")])]
    assert (rows[0].runs, rows[0].cannot) == (0, CANNOT["error"])
    assert (exit_code(rows, in_ci=False), exit_code(rows, in_ci=True)) == (3, 1)
    assert "lockf cannot run here: python -m simulator" in as_table(rows)


def test_nothing_found_does_not_hold() -> None:
    """As when it was stopped before the first run had ended."""
    assert not holds([Found("lockf", "VALID", {}, 0, (), None)])
    assert not holds([])


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--rnus", "3"], "unknown argument --rnus; did you mean --runs?"),
        (["lokf"], "lokf is none of the lockers; did you mean lockf?"),
        (["--runs", "0"], "0 is not a whole number from 1 to 1000"),
        (["--workers", "many"], "many is not a whole number"),
        (["--seed", "x"], "argument --seed: "),
    ],
)
def test_mistake_is_one_line(arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]) -> None:
    """And exit code 2."""
    with pytest.raises(SystemExit) as left:
        requested(arguments)
    said = capsys.readouterr().err
    assert left.value.code == 2
    assert said.startswith("python -m stress.simulator: ")
    assert reason in said
    assert said.count("\n") == 1


def test_command_is_what_was_asked_for() -> None:
    """So that it can be repeated; all lockers go without saying."""
    words = "rename lockedfile,lockf --runs 2 --workers 4 --duration 3 --seed 5"
    assert requested(words.split()).command == f"python -m stress.simulator {words}"
    assert requested(["--seed", "1"]).command == "python -m stress.simulator --runs 3 --workers 8 --duration 1 --seed 1"


def test_runs_are_real(tmp_path: Path) -> None:
    """One of one locker; the figures are what was told."""
    done = repeated("none", "--runs", "1", "--workers", "4", "--seed", "1", "--json", str(tmp_path / "figures"))
    assert (done.returncode, done.stderr) == (0, "")
    assert "each was found what it is to be\nrepeat: python -m stress.simulator none --runs 1" in done.stdout
    figures = json.loads((tmp_path / "figures").read_text())
    assert [row["verdicts"] for row in figures["lockers"]] == [{"INVALID": 1}]


def test_help_lists_the_lockers() -> None:
    """And the exit codes."""
    done = repeated("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(strategy in done.stdout for strategy in EXPECTED)
    assert "exit codes: 0 each was found what it is to be" in done.stdout


@posix
def test_interrupt_tells_what_was_found(tmp_path: Path) -> None:
    """The run under way is ended in good order; those before it count, and nothing is left behind."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    lane = subprocess.Popen(
        [sys.executable, "-m", "stress.simulator", "rename", "lockf", "--runs", "1", "--duration", "1"],
        cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    until(lambda: list(tmp_path.glob("*/*/run/run")), "a run that has begun")
    lane.send_signal(signal.SIGINT)
    out, err = lane.communicate(timeout=60)
    assert (lane.returncode, err) == (130, "stopped\n")
    assert "repeat: python -m stress.simulator rename lockf" in out
    assert list(tmp_path.iterdir()) == []
