"""Records are there whatever becomes of the worker."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from simulator.history import NOTHING, Kind, Operation, Outcome, Why, digest
from simulator.lanes import Doing
from simulator.recorder import Glance, Recorder, State, load, missed, peek

if TYPE_CHECKING:
    from pathlib import Path

READ, WRITTEN = digest(b"old"), digest(b"new")


def test_what_was_recorded_is_loaded(tmp_path: Path) -> None:
    """Every field comes back as it was, edits and reads alike."""
    recorder = Recorder(str(tmp_path / "records"), worker=7)
    recorder.begin(Kind.EDIT, 10)
    recorder.intend(20, READ, 3, WRITTEN, 41)
    recorder.end(Outcome.OK, 21, 30, 40)
    recorder.begin(Kind.READ, 50)
    recorder.intend(0, WRITTEN, 4, NOTHING, 0)
    recorder.end(Outcome.OK, 0, 0, 60)
    recorder.begin(Kind.EDIT, 70)
    recorder.end(Outcome.FAIL, 0, 0, 80)
    recorder.begin(Kind.EDIT, 95, 90)
    recorder.intend(96, READ, 3, WRITTEN, 42)
    recorder.write(97)
    recorder.end(Outcome.FAIL, 96, 98, 99, why=Why.REFUSED, recovered=True)
    recorder.miss(5)
    recorder.close()
    assert missed(tmp_path / "records") == 5
    assert load(tmp_path / "records") == [
        Operation(7, 0, Kind.EDIT, Outcome.OK, 10, 21, 30, 40, READ, WRITTEN, 3, 41),
        Operation(7, 1, Kind.READ, Outcome.OK, 50, 0, 0, 60, WRITTEN, NOTHING, 4, 0),
        Operation(7, 2, Kind.EDIT, Outcome.FAIL, 70, 0, 0, 80, NOTHING, NOTHING, 0, 0),
        Operation(7, 3, Kind.EDIT, Outcome.FAIL, 95, 96, 98, 99, READ, WRITTEN, 3, 42, True, Why.REFUSED, 90, 97),
    ]


def test_file_grows_with_the_records(tmp_path: Path) -> None:
    """Many more records than a new file has room for are all there."""
    recorder = Recorder(str(tmp_path / "records"), worker=0)
    number = 20_000
    for n in range(number):
        recorder.begin(Kind.EDIT, n + 1)
        recorder.end(Outcome.OK, n + 2, n + 3, n + 4)
    recorder.close()
    loaded = load(tmp_path / "records")
    assert [op.sequence for op in loaded] == list(range(number))
    assert all(op.invoked_ns == op.sequence + 1 and op.returned_ns == op.sequence + 4 for op in loaded)


KILLED = """
import os, sys
from simulator.history import Kind, Outcome, digest
from simulator.lanes import Doing
from simulator.recorder import Recorder

recorder = Recorder(sys.argv[1], worker=3)
steps = [
    lambda: recorder.begin(Kind.EDIT, 10),
    lambda: recorder.intend(20, digest(b"old"), 3, digest(b"new"), 41),
    lambda: recorder.end(Outcome.OK, 20, 30, 40),
]
for step in steps[: int(sys.argv[2])]:
    step()
os.write(1, b"done")
os.read(0, 1)
"""


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        (1, Operation(3, 0, Kind.EDIT, Outcome.INFO, 10, 0, 0, 0, NOTHING, NOTHING, 0, 0)),
        (2, Operation(3, 0, Kind.EDIT, Outcome.INFO, 10, 20, 0, 0, READ, WRITTEN, 3, 41)),
        (3, Operation(3, 0, Kind.EDIT, Outcome.OK, 10, 20, 30, 40, READ, WRITTEN, 3, 41)),
    ],
)
def test_killed_worker_leaves_its_last_step(tmp_path: Path, steps: int, expected: Operation) -> None:
    """A worker that is killed with no chance to flush anything leaves what it had recorded, and no more."""
    command = [sys.executable, "-c", KILLED, str(tmp_path / "records"), str(steps)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as worker:
        assert worker.stdout
        assert worker.stdout.read(4) == b"done"
        worker.kill()
    assert load(tmp_path / "records") == [expected]


def test_peek_tells_what_a_worker_does(tmp_path: Path) -> None:
    """Not there, getting ready, ready, waiting, holding, done: each is seen from outside."""
    path = tmp_path / "records"
    assert peek(path) == State(Doing.ABSENT, 0, 0)
    recorder = Recorder(str(path), worker=0)
    assert peek(path) == State(Doing.ABSENT, 0, 0)
    recorder.ready()
    assert peek(path) == State(Doing.THINKING, 0, 0)
    recorder.begin(Kind.EDIT, 10)
    assert peek(path) == State(Doing.WAITING, 10, 0)
    recorder.intend(20, READ, 3, WRITTEN, 41)
    assert peek(path) == State(Doing.HOLDING, 20, 0)
    recorder.write(25)
    assert peek(path) == State(Doing.WRITING, 25, 0)
    recorder.end(Outcome.OK, 20, 30, 40)
    assert peek(path) == State(Doing.THINKING, 40, 1)
    recorder.close()


@pytest.mark.parametrize("content", [b"lfrec", b"something else" * 100])
def test_other_file_is_refused(tmp_path: Path, content: bytes) -> None:
    """What is not a file of records is not read as one."""
    (tmp_path / "records").write_bytes(content)
    with pytest.raises(ValueError, match="not a file of records"):
        load(tmp_path / "records")


@pytest.mark.parametrize("content", [b"", bytes(4096)])
def test_file_of_a_worker_that_never_began_is_empty(tmp_path: Path, content: bytes) -> None:
    """It was ended between making its file and writing the first byte."""
    (tmp_path / "records").write_bytes(content)
    assert load(tmp_path / "records") == []


def test_cut_file_is_refused(tmp_path: Path) -> None:
    """A file that lacks records it counts is not taken for a shorter history."""
    recorder = Recorder(str(tmp_path / "records"), worker=0)
    for n in range(10):
        recorder.begin(Kind.EDIT, n + 1)
    recorder.close()
    content = (tmp_path / "records").read_bytes()
    (tmp_path / "records").write_bytes(content[:500])
    with pytest.raises(ValueError, match="cut short"):
        load(tmp_path / "records")


def test_digest_counts_only_once_it_is_told(tmp_path: Path) -> None:
    """A worker killed in the middle of storing what it read has read nothing, rather than something strange."""
    path = tmp_path / "records"
    recorder = Recorder(str(path), worker=0)
    recorder.begin(Kind.EDIT, 10)
    recorder.close()
    content = bytearray(path.read_bytes())
    content[64 + 64 : 64 + 72] = READ[:8]  # the first half of a digest, in the first record
    path.write_bytes(content)
    assert load(path) == [Operation(0, 0, Kind.EDIT, Outcome.INFO, 10, 0, 0, 0, NOTHING, NOTHING, 0, 0)]


def test_records_are_of_the_worker_whose_place_was_taken(tmp_path: Path) -> None:
    """A replacement goes on where the numbers of its predecessor ended; a spare that nobody needed has no records."""
    sequences: dict[int, int] = {}
    loaded = []
    for process, worker in enumerate([7, 8, 7, None]):
        recorder = Recorder(str(tmp_path / f"{process}"), worker=process)
        if worker is not None:
            recorder.take(worker)
            recorder.begin(Kind.EDIT, 10)
            recorder.begin(Kind.EDIT, 20)
        recorder.close()
        loaded += load(tmp_path / f"{process}", sequences)
    assert [(op.worker, op.sequence) for op in loaded] == [(7, 0), (7, 1), (8, 0), (8, 1), (7, 2), (7, 3)]


def test_repair_is_recorded(tmp_path: Path) -> None:
    """An edit that found a half-made one says so."""
    recorder = Recorder(str(tmp_path / "records"), worker=0)
    for recovered in (False, True):
        recorder.begin(Kind.EDIT, 10)
        recorder.end(Outcome.OK, 20, 30, 40, recovered=recovered)
    recorder.close()
    assert [op.recovered for op in load(tmp_path / "records")] == [False, True]


def test_glance_sees_the_middle_of_an_edit(tmp_path: Path) -> None:
    """From telling what will be written until the end, also when the file has grown meanwhile."""
    path = tmp_path / "records"
    recorder = Recorder(str(path), worker=0)
    glance = Glance(path)
    for _ in range(3000):
        recorder.begin(Kind.EDIT, 10)
        assert not glance.editing()
        recorder.intend(20, READ, 3, WRITTEN, 41)
        assert glance.editing()
        recorder.end(Outcome.OK, 20, 30, 40)
        assert not glance.editing()
    glance.close()
    recorder.close()
