"""Each kind of load does what it is called, in real runs, and what it did is in the figures."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from simulator.commands.simulate import requested
from simulator.history import Kind, Operation, Outcome, Why
from simulator.run import _settle
from simulator.saved import read_history
from tests.lockedfile.needs import linux, posix, root

from .test_cli import ROOT, SIMULATOR, figures, simulate


def saved_run(directory: Path, *arguments: str) -> tuple[list[Operation], dict[str, Any]]:
    """Run, and give all operations and the figures."""
    run = simulate("--dir", str(directory), "--json", "-", *arguments)
    assert run.returncode == 0, run.stderr
    return list(read_history(directory).operations), figures(run)


def test_open_loop_counts_from_when_an_edit_was_due(tmp_path: Path) -> None:
    """Holds of 10 ms, and twice as many edits due as fit: the wait from the due time grows with the queue.

    The wait from the call, which is what one measures who forgets those that came late, hides most of it.
    """
    operations, made = saved_run(
        tmp_path / "kept", "--workers", "2", "--duration", "0.6", "--arrival-rate", "200", "--hold-ms", "10"
    )
    assert all(op.due_ns and op.due_ns <= op.invoked_ns for op in operations)
    numbers = made["numbers"]
    assert numbers["wait"]["p50_ns"] > 4 * numbers["service_wait"]["p50_ns"]
    assert numbers["missed"] > 0  # those that were due while the others waited, and were never begun


def test_closed_loop_has_no_due_times(tmp_path: Path) -> None:
    """There a wait begins with the call."""
    operations, made = saved_run(tmp_path / "kept", "--workers", "2", "--edits", "20")
    assert not any(op.due_ns for op in operations)
    assert made["numbers"]["wait"] == made["numbers"]["service_wait"]


def test_peekers_see_mixes_and_nobody_is_to_blame(tmp_path: Path) -> None:
    """Edits that move 400 KB, read over without a lock: the verdict on those who take it stays VALID."""
    operations, made = saved_run(
        tmp_path / "kept", "--workers", "2", "--peekers", "2", "--duration", "1", "--kill-rate", "0.001"
    )
    peeks = [op for op in operations if op.kind is Kind.PEEK]
    assert peeks
    assert made["verdict"]["evidence"]["peeks"] == len([op for op in peeks if op.outcome is Outcome.OK])
    assert 0 < made["verdict"]["evidence"]["mixes"] <= len(peeks)


_LATE_NS = 2_000_000  # from asking at the gate until the call, and from having the lock until telling


def crossing(waits: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Waits, of which each is its begin and end, that the next one began well within."""
    return [a for a, b in pairwise(waits) if b[0] + _LATE_NS < a[1]]


def test_only_so_many_wait_at_once_and_others_are_turned_away(tmp_path: Path) -> None:
    """Of six editors with holds of 5 ms at most one waits at any time."""
    operations, made = saved_run(
        tmp_path / "kept", "--workers", "6", "--duration", "0.5", "--limit", "1", "--hold-ms", "5"
    )
    away = [op for op in operations if op.why is Why.TURNED_AWAY]
    assert away
    assert made["verdict"]["evidence"]["turned_away"] == len(away)
    waits = sorted((op.invoked_ns, op.locked_ns) for op in operations if op.outcome is Outcome.OK)
    assert not crossing(waits)


def test_without_a_limit_they_do_wait_at_once(tmp_path: Path) -> None:
    """The weakened variant: the same load, and the check of the test above sees it."""
    operations, _ = saved_run(tmp_path / "kept", "--workers", "6", "--duration", "0.5", "--hold-ms", "5")
    waits = sorted((op.invoked_ns, op.locked_ns) for op in operations if op.outcome is Outcome.OK)
    assert crossing(waits)


@pytest.mark.parametrize("strategy", ["lockedfile", "portalocker", "filelock"])
def test_edits_are_given_up_at_their_deadline(tmp_path: Path, strategy: str) -> None:
    """Holds of 50 ms, patience for 20: some get nothing, are counted, and changed nothing."""
    operations, made = saved_run(
        tmp_path / "kept", "--workers", "4", "--duration", "0.5", "--hold-ms", "50", "--timeout", "0.02",
        "--strategy", strategy,
    )  # fmt: skip
    given_up = [op for op in operations if op.why is Why.TIMEOUT]
    assert given_up
    assert all(op.outcome is Outcome.FAIL and not op.locked_ns for op in given_up)
    assert made["verdict"]["evidence"]["given_up"] == len(given_up)
    assert made["verdict"]["evidence"]["failed"] == 0


def test_locker_without_a_deadline_is_told_before_the_run() -> None:
    """It is not silently left out."""
    run = simulate("--timeout", "1", "--strategy", "none")
    assert run.returncode == 3
    assert run.stderr == "simulator: strategy none cannot run with --timeout: it has no deadline\n"


@pytest.mark.parametrize(("ramp_s", "began"), [("0.004", {0, 1, 2, 3}), ("1.6", {0, 1})])
def test_workers_begin_one_by_one_in_a_ramp(tmp_path: Path, ramp_s: str, began: set[int]) -> None:
    """Each a quarter of the ramp after the one before; whose turn is after the end of the run never begins."""
    operations, _ = saved_run(tmp_path / "kept", "--workers", "4", "--duration", "0.8", "--ramp", ramp_s)
    assert {op.worker for op in operations} == began


def test_editors_of_several_kinds_are_mixed(tmp_path: Path) -> None:
    """They take the workers in turn; two that respect each other's lock are VALID together."""
    operations, made = saved_run(
        tmp_path / "kept", "--workers", "4", "--edits", "20", "--strategy", "lockedfile,portalocker"
    )
    assert made["verdict"]["result"] == "VALID"
    assert {op.worker for op in operations} == {0, 1, 2, 3}


@posix
def test_forked_workers_do_as_fresh_ones_do(tmp_path: Path) -> None:
    """From a server that has loaded all; killed and frozen ones too, and nobody is left behind."""
    operations, made = saved_run(
        tmp_path / "kept", "--workers", "6", "--readers", "2", "--duration", "1", "--start", "forkserver",
        "--kill-rate", "8", "--stop-rate", "8",
    )  # fmt: skip
    assert made["verdict"]["result"] == "VALID"
    assert made["faults"]["kills"] > 0
    assert made["faults"]["freezes"] > 0
    assert len({op.worker for op in operations}) == 8


@root
def test_full_disk_is_an_error_and_loses_nothing(tmp_path: Path) -> None:
    """There are edits that fail for want of space, and the verdict stays VALID; the small disk is gone afterwards."""
    _, made = saved_run(tmp_path / "kept", "--workers", "4", "--duration", "0.8", "--disk-full", "8")
    assert made["faults"]["disk_fulls"] > 0
    assert made["verdict"]["evidence"]["failed"] > 0
    assert any("No space left on device" in line for line in made["failures"])
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    assert not (tmp_path / "kept" / "disk").exists()


def test_full_disk_needs_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """For others it says so; it does not run without the harm that was asked for."""
    from simulator import disk

    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert disk.reason() is not None


@root
@pytest.mark.parametrize("command", ["mount", "umount"])
def test_interrupt_while_it_mounts_leaves_no_disk(tmp_path: Path, command: str) -> None:
    """Ctrl-C comes while the command is at it, which does its work all the same."""
    there = shutil.which(command)
    (tmp_path / "bin").mkdir()
    script = tmp_path / "bin" / command
    script.write_text(f'#!/bin/sh\n{there} "$@"\ncode=$?\nkill -INT $PPID\nexit $code\n')
    script.chmod(0o755)
    run = subprocess.run(
        [*SIMULATOR, "--workers", "2", "--duration", "0.3", "--disk-full", "2", "--dir", str(tmp_path / "kept")],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=False,
        env={**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"},
    )  # fmt: skip
    assert "Traceback" not in run.stderr
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    assert not (tmp_path / "kept" / "disk").exists()


HANGING = """
import threading

class Hanging:
    name = "hanging"
    probe = close = lambda self: None
    def open(self, path): pass
    def edit(self, transform): pass
    def read(self): threading.Event().wait()
"""


def test_last_read_that_never_ends_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of a locker that waits for a file which a killed one has left: what was recorded is judged all the same."""
    (tmp_path / "hanging_locker.py").write_text(HANGING)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("simulator.run._LAST_READ_S", 0.1)
    config = requested(["--workers", "1"]).config._replace(strategy="hanging_locker:Hanging")
    assert _settle(config, tmp_path) == ["the last read: hanging_locker:Hanging has not answered for 0 s"]


def test_replacements_go_on_where_the_killed_were_in_an_open_loop(tmp_path: Path) -> None:
    """What was due while nobody was there is late, and not forgotten."""
    # Of 150 that were due. Without it, it is a fifth. A place that nobody has taken again at the end has not told, and
    # where a start takes long, that may be both.
    assert any(_told_of_a_run_with_kills(tmp_path / f"{attempt}") > 60 for attempt in range(4))


def _told_of_a_run_with_kills(directory: Path) -> int:
    operations, made = saved_run(
        directory, "--workers", "2", "--duration", "1.5", "--arrival-rate", "100", "--hold-ms", "50", "--kill-rate", "4"
    )
    assert made["faults"]["replaced"] > 0
    edits = len([op for op in operations if op.kind is Kind.EDIT])
    return edits + int(made["numbers"]["missed"])


def test_who_is_turned_away_takes_a_breath(tmp_path: Path) -> None:
    """Without any think time, too: else it would do nothing but write records of that."""
    operations, _ = saved_run(
        tmp_path / "kept", "--workers", "3", "--duration", "0.5", "--limit", "1", "--hold-ms", "50", "--think-ms", "0"
    )
    assert 0 < len([op for op in operations if op.why is Why.TURNED_AWAY]) < 3000


@linux
def test_forked_workers_stop_in_good_order_when_their_group_is_told_to(tmp_path: Path) -> None:
    """As by timeout(1), or a terminal that closes: the server that knows how they end is not ended with them."""
    run = subprocess.Popen(
        [*SIMULATOR, "--workers", "3", "--duration", "60", "--start", "forkserver", "--dir", str(tmp_path / "kept")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert run.stderr
    next(line for line in run.stderr if line.startswith("running"))
    getattr(os, "killpg")(run.pid, signal.SIGTERM)  # noqa: B009 - by name: some systems lack it
    told, _ = run.communicate(timeout=60)
    assert "stopped   before its time" in told
    assert "lost " not in told.replace("nothing lost", "")
