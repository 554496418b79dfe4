"""Workers killed and frozen for real, in the middle of what they do: the verdict, and who takes their places."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.history import Outcome
from simulator.process import SLOW_STATUS
from simulator.saved import read_history
from tests.lockedfile.needs import linux

ROOT = Path(__file__).parents[2]

# Windows takes its time to start a process, and Wine more of it: fewer are killed there, so that fewer are started.
CROWD = ("3", "1", "6") if SLOW_STATUS else ("5", "2", "15")
EDITS, EDIT_KILLS = (10, "4") if SLOW_STATUS else (40, "10")

SUM = "golang.org/x/mod v0.30.0/go.mod h1:lAsf5O2EvJeSFMiBxXDki7sCgAxEUcZHXoXMKT4GJKc=\n"


def simulate(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end, without a word meanwhile."""
    return subprocess.run(
        [sys.executable, "-m", "simulator", "--quiet", *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip


def figures(*arguments: str) -> dict[str, Any]:
    """What a run that is valid gives as JSON."""
    run = simulate(*arguments, "--json", "-")
    assert run.returncode == 0, run.stdout + run.stderr
    made: dict[str, Any] = json.loads(run.stdout)
    return made


@pytest.mark.parametrize("strategy", ["lockedfile", "lockedfile-durable"])
def test_kills_tear_nothing_and_lose_nothing(tmp_path: Path, strategy: str) -> None:
    """Editors and readers are killed all the time and replaced; every content is whole, and no litter is left."""
    workers, readers, kills = CROWD
    made = figures(
        "--workers", workers, "--readers", readers, "--kill-rate", kills, "--duration", "2", "--strategy", strategy,
        "--dir", str(tmp_path / "kept"),
    )  # fmt: skip
    assert made["faults"]["kills"] >= made["faults"]["replaced"] > 0
    assert (made["litter"], made["lost_workers"], made["failures"]) == ([], [], [])
    operations = read_history(tmp_path / "kept").operations
    assert {op.worker for op in operations} <= set(range(int(workers) + int(readers)))
    assert sum(op.outcome is Outcome.INFO for op in operations) <= made["faults"]["kills"]
    assert len({(op.worker, op.sequence) for op in operations}) == len(operations)


def test_go_protocol_is_torn_by_kills(tmp_path: Path) -> None:
    """The weakened variant: with no journal some kill leaves half an edit, and the report shows both who were at it."""
    load = ["--workers", "8", "--kill-rate", "10"]
    if SLOW_STATUS:  # a file so long that most kills hit while it is written
        (tmp_path / "go.sum").write_text(SUM * 20_000)
        load = ["--workers", "4", "--kill-rate", "8", "--file", str(tmp_path / "go.sum")]
    for _ in range(4):  # each is as good as sure to show it
        run = simulate(*load, "--duration", "3", "--strategy", "lockedfile-go-protocol")
        if run.stdout.startswith("INVALID: a content was read that no edit wrote\n"):
            break
    assert run.returncode == 1, run.stdout
    assert run.stdout.startswith("INVALID: a content was read that no edit wrote\n"), run.stdout
    assert "was about to write its v0.0." in run.stdout
    assert "never told its end, as when it was killed" in run.stdout
    assert "which no edit wrote" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_killed_edits_count_as_tried() -> None:
    """Each worker tries so many edits in all, whoever of its processes does it."""
    made = figures("--workers", "3", "--edits", str(EDITS), "--think-ms", "20", "--kill-rate", EDIT_KILLS)
    evidence = made["verdict"]["evidence"]
    assert evidence["committed"] + evidence["unknown"] == 3 * EDITS
    assert made["command"].endswith(f"--kill-rate {EDIT_KILLS} --seed {made['config']['seed']}")


@linux
def test_frozen_workers_hold_up_others_and_spoil_nothing() -> None:
    """They are frozen wherever they are, also while they write, and go on."""
    made = figures("--workers", "4", "--readers", "2", "--stop-rate", "30", "--duration", "2")
    assert made["faults"]["freezes"] > 0
    assert made["faults"]["frozen_s"] > 0
    assert (made["verdict"]["evidence"]["unknown"], made["lost_workers"]) == (0, [])


def test_file_of_ones_own_can_be_edited_by_workers_that_are_killed(tmp_path: Path) -> None:
    """A go.sum, whose copy has the workers' lines in front of its own."""
    (tmp_path / "go.sum").write_text(SUM * 2000)
    kept = tmp_path / "kept"
    made = figures("--workers", "3", "--duration", "1", "--kill-rate", "10", "--file", str(tmp_path / "go.sum"),
                   "--dir", str(kept))  # fmt: skip
    assert made["verdict"]["evidence"]["committed"] > 0
    assert (kept / "go.sum").read_text().endswith(SUM * 2000)
