"""What one worker records of its operations, whatever its locker does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from simulator.editor import Editor, Peeker, Reader
from simulator.history import NOTHING, Kind, Operation, Outcome, Why, digest
from simulator.recorder import Recorder, load
from simulator.strategies import Refused, Times
from simulator.workload import module_file, raiser

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

INITIAL = module_file(1, 0)


class Locker:
    """A locker without a lock, for one worker alone; others here differ in one thing."""

    name = "locker"
    timeout_s: float | None = None

    def __init__(self, path: Path) -> None:
        self.path = path
        path.write_bytes(INITIAL)

    def probe(self) -> str | None:
        """It can."""
        return None

    def open(self, path: str) -> None:
        """Nothing more to do."""
        assert path == str(self.path)

    def edit(self, transform: Callable[[bytes], bytes]) -> Times | None:
        """Read and write."""
        self.path.write_bytes(transform(self.path.read_bytes()))
        return None

    def read(self) -> bytes:
        """Read."""
        return self.path.read_bytes()

    def close(self) -> None:
        """Nothing is open."""


class TooLate(Locker):
    """It finds that somebody else was quicker, when it has made the new content."""

    def edit(self, transform: Callable[[bytes], bytes]) -> Times | None:
        """Make the new content in vain."""
        transform(self.path.read_bytes())
        raise Refused("quicker")


class WallClock(Locker):
    """It tells times of another clock."""

    def edit(self, transform: Callable[[bytes], bytes]) -> Times | None:
        """Edit."""
        super().edit(transform)
        return Times(time.time_ns(), time.time_ns())


class Impatient(Locker):
    """It gives up."""

    timeout_s: float | None = 0.1

    def edit(self, transform: Callable[[bytes], bytes]) -> Times | None:  # noqa: ARG002 - it does not come to that
        """Wait in vain."""
        raise TimeoutError("no lock")

    def read(self) -> bytes:
        """Wait in vain."""
        raise TimeoutError("no lock")


class Blind(Locker):
    """It has somebody else do the edit."""

    blind = True


def recorded(directory: Path, use: Callable[[Recorder], object]) -> Operation:
    """The record of the one operation that `use` does."""
    recorder = Recorder(str(directory / "records"), worker=0)
    try:
        use(recorder)
    finally:
        recorder.close()
    (operation,) = load(directory / "records")
    return operation


def test_edit_is_recorded_with_what_it_read_and_wrote(tmp_path: Path) -> None:
    """And with times in their order."""
    op = recorded(tmp_path, lambda log: Editor(Locker(tmp_path / "go.mod"), log, 0).operate(5))
    written, version = raiser(0)(INITIAL)
    assert (op.kind, op.outcome, op.why, op.due_ns, op.version) == (Kind.EDIT, Outcome.OK, Why.NONE, 5, version)
    assert (op.read, op.written) == (digest(INITIAL), digest(written))
    assert 0 < op.invoked_ns <= op.locked_ns <= op.writing_ns <= op.released_ns <= op.returned_ns


def test_refused_edit_had_no_lock_for_sure(tmp_path: Path) -> None:
    """The transform of one that is refused may have run without, and it is the locker's right."""
    op = recorded(tmp_path, lambda log: Editor(TooLate(tmp_path / "go.mod"), log, 0).operate())
    assert (op.outcome, op.why, op.locked_ns, op.released_ns) == (Outcome.FAIL, Why.REFUSED, 0, 0)


def test_times_of_another_clock_are_an_error_and_not_believed(tmp_path: Path) -> None:
    """The edit counts as made; that it had the lock while the transform ran is what is known."""
    editor = WallClock(tmp_path / "go.mod")
    with pytest.raises(ValueError, match="locker tells lock times outside of the call"):
        recorded(tmp_path, lambda log: Editor(editor, log, 0).operate())
    (op,) = load(tmp_path / "records")
    assert op.outcome is Outcome.OK
    assert op.invoked_ns <= op.locked_ns <= op.released_ns <= op.returned_ns


@pytest.mark.parametrize("operator", [lambda locker, log: Editor(locker, log, 0), Reader])
def test_who_gives_up_is_no_failure(tmp_path: Path, operator: Callable[[Locker, Recorder], Editor | Reader]) -> None:
    """It is counted apart, and has read nothing."""
    op = recorded(tmp_path, lambda log: operator(Impatient(tmp_path / "go.mod"), log).operate())
    assert (op.outcome, op.why, op.read) == (Outcome.FAIL, Why.TIMEOUT, NOTHING)


def test_timeout_that_nobody_asked_for_is_a_failure(tmp_path: Path) -> None:
    """As of a network that does not answer."""
    locker = Impatient(tmp_path / "go.mod")
    locker.timeout_s = None
    with pytest.raises(TimeoutError):
        recorded(tmp_path, lambda log: Editor(locker, log, 0).operate())
    (op,) = load(tmp_path / "records")
    assert (op.outcome, op.why) == (Outcome.FAIL, Why.NONE)


def test_blind_edit_tells_its_version_only(tmp_path: Path) -> None:
    """What was read for it here is not what it is made from."""
    op = recorded(tmp_path, lambda log: Editor(Blind(tmp_path / "go.mod"), log, 0).operate())
    assert (op.outcome, op.read, op.written, op.locked_ns, op.version) == (Outcome.OK, NOTHING, NOTHING, 0, 1)


def test_edit_of_a_run_that_is_over_is_withdrawn(tmp_path: Path) -> None:
    """The file stays, and the wait is known."""
    locker = Locker(tmp_path / "go.mod")
    op = recorded(tmp_path, lambda log: Editor(locker, log, 0, over=lambda: True).operate())
    assert (op.outcome, op.why, op.read) == (Outcome.FAIL, Why.OVER, NOTHING)
    assert op.locked_ns >= op.invoked_ns
    assert locker.read() == INITIAL


def test_peek_reads_what_is_there(tmp_path: Path) -> None:
    """Through no locker."""
    (tmp_path / "go.mod").write_bytes(b"half")
    op = recorded(tmp_path, lambda log: Peeker(str(tmp_path / "go.mod"), log).operate())
    assert (op.kind, op.outcome, op.read) == (Kind.PEEK, Outcome.OK, digest(b"half"))


def test_peek_that_a_lock_kept_out_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, where a lock binds those who take none: it read nothing, and that is counted apart."""

    def locked(_: Path) -> bytes:
        raise PermissionError(13, "another process has locked a portion of the file")

    def peek(log: Recorder) -> Why:
        with monkeypatch.context() as patch:
            patch.setattr("pathlib.Path.read_bytes", locked)
            return Peeker(str(tmp_path / "go.mod"), log).operate()

    op = recorded(tmp_path, peek)
    assert (op.kind, op.outcome, op.why, op.read) == (Kind.PEEK, Outcome.FAIL, Why.LOCKED, NOTHING)
