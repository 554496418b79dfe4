"""Runs in which the real go command edits the same go.mod as others: what is lost, and what is not."""

from __future__ import annotations

import os
import sys
from select import select
from typing import TYPE_CHECKING

import pytest

from simulator import blind, saved
from simulator.config import Config
from simulator.crew import Crew
from simulator.history import NOTHING, Kind, Outcome
from simulator.run import prepare, run
from simulator.strategies import is_blind, load
from simulator.verdict import Flaw, Result
from tests.lockedfile.processes import LIMIT_S

if TYPE_CHECKING:
    from pathlib import Path

    from simulator.history import History
    from simulator.verdict import Verdict

pytestmark = pytest.mark.usefixtures("go")

WORKERS = 4


def run_of(strategy: str, directory: Path, *, readers: int = 0, kill_rate: float = 0.0) -> tuple[History, Verdict]:
    """What becomes of a short run, and what is said of it."""
    edits = None if kill_rate else 12
    duration_s = 1.5 if kill_rate else None
    config = Config(WORKERS, readers, duration_s, edits, "2", "0", None, strategy, 5, kill_rate=kill_rate)
    prepare(config, directory)
    ended = run(config, directory, lambda _: None)
    assert (ended.lost, ended.litter) == ((), ())
    return blind.judged(
        saved.read_history(directory),
        saved.initial(directory).read_bytes(),
        saved.shared(directory).read_bytes(),
        {worker for worker in range(WORKERS) if is_blind(load(config.strategy_of(worker)))},
        shifting=config.shifting,
    )


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """For the run."""
    (tmp_path / "run").mkdir()
    return tmp_path / "run"


@pytest.mark.parametrize(("strategy", "readers"), [("lockedfile,go", 0), ("go", 1)])
def test_go_loses_nothing_beside_who_locks_as_it_does(directory: Path, strategy: str, readers: int) -> None:
    """Every edit that returned is on the one chain, go's among them; who was refused has tried again."""
    history, verdict = run_of(strategy, directory, readers=readers)
    assert verdict.result is Result.VALID, verdict.reason
    edits = [op for op in history.operations if op.kind is Kind.EDIT]
    assert verdict.evidence.committed == verdict.evidence.chain_length == WORKERS * 12
    assert all(op.read != NOTHING != op.written for op in edits if op.outcome is Outcome.OK)


def test_go_beside_who_does_not_lock_loses(directory: Path) -> None:
    """And it shows, though nobody knows what go wrote."""
    _, verdict = run_of("none,go", directory)
    assert verdict.result is Result.INVALID


def test_killed_go_edits_are_of_unknown_end(directory: Path) -> None:
    """On the chain or not, and nothing is held to be lost by that."""
    history, verdict = run_of("go", directory, kill_rate=8)
    assert Flaw.LOST not in verdict.counts, verdict.reason
    assert any(op.outcome is Outcome.INFO for op in history.operations)


def test_go_is_killed_with_its_worker(directory: Path) -> None:
    """Else it would edit when its worker has been replaced, and what came between would be lost."""
    if sys.platform == "win32":
        pytest.skip("needs POSIX")
    config = Config(1, 0, 0.2, None, "0", "0", None, "go", 5)
    prepare(config, directory)
    go, pipe = directory / "go.mod.go", directory / "pipe"
    os.mkfifo(pipe)
    command = directory / "waiting-go"
    command.write_text(f"#!/bin/sh\nexec >{pipe}\necho ready\nexec sleep 1000\n")
    command.chmod(0o755)
    go.mkdir()
    (go / "users").touch()
    (go / "command").write_text(str(command))
    crew = Crew(config, directory)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as end:
        try:
            crew.spawn(lambda _: None)
            crew.work(lambda _: None)
            assert select([end], [], [], LIMIT_S)[0]
            assert end.read(6) == b"ready\n"
        finally:
            crew.reap()
        assert select([end], [], [], LIMIT_S)[0], "it lives on"
        assert end.read() == b""  # nobody is left who could write there
