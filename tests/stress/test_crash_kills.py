"""The lane `kills`: what it makes of what the simulator tells."""

from __future__ import annotations

from typing import Any

import pytest

from stress.crash.kills import judge, runs_of
from stress.crash.tally import Tally


def told(**other: Any) -> dict[str, Any]:
    """By the simulator, of a run in which all was well."""
    evidence = {"committed": 90, "unknown": 10, "recovered": 3}
    return {
        "verdict": {"result": "VALID", "reason": "nothing torn, nothing lost", "evidence": evidence},
        "litter": [],
        "failures": [],
        "faults": {"kills": 12, "kills_in_edit": 5, "freezes": 2},
        "command": "python -m simulator --seed 1",
        **other,
    }


def test_valid_run_is_counted() -> None:
    """With how much was done to its workers."""
    tally = Tally("kills", "It holds.", 1)
    judge(told(), tally)
    found = tally.result({}, complete=True)
    assert (found.states, found.failures) == ({"VALID": 1}, ())
    assert (found.apart["kills"], found.apart["edits judged"], found.apart["recoveries"]) == (12, 100, 3)


@pytest.mark.parametrize(
    ("other", "story"),
    [
        ({"verdict": {**told()["verdict"], "result": "INVALID", "reason": "torn"}}, "INVALID: torn"),
        ({"verdict": {**told()["verdict"], "result": "UNKNOWN", "reason": "no edit"}}, "UNKNOWN: no edit"),
        ({"litter": ["go.mod.lockedfile-journal"]}, "left behind: go.mod.lockedfile-journal"),
        ({"failures": ["worker 3: OSError"]}, "workers failed: worker 3: OSError"),
    ],
)
def test_anything_else_is_a_failure(other: dict[str, Any], story: str) -> None:
    """With the command that repeats it."""
    tally = Tally("kills", "It holds.", 1)
    judge(told(**other), tally)
    assert tally.result({}, complete=True).failures == (f"python -m simulator --seed 1: {story}",)


def test_simulator_that_tells_nothing_is_a_failure() -> None:
    """Its last words are the story."""
    tally = Tally("kills", "It holds.", 1)
    judge({"error": "exit code 2: unknown argument"}, tally)
    assert tally.result({}, complete=True).failures == ("exit code 2: unknown argument",)


@pytest.mark.parametrize("long", [False, True])
def test_runs_kill_in_default_and_durable(long: bool) -> None:
    """Each run kills, some freeze, and 32 edit."""
    runs = runs_of(long=long)
    assert {run.strategy for run in runs} == {"lockedfile", "lockedfile-durable"}
    assert all(run.kill_rate for run in runs)
    assert any(run.stop_rate for run in runs)
    assert all("--workers 32" in " ".join(run.words) for run in runs)
