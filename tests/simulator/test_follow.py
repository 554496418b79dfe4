"""Records read while they grow: figures and a verdict so far, of what is told, and never more than that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator import saved
from simulator.checker import Flaw, Result
from simulator.follow import Follower
from simulator.histogram import Histogram
from simulator.history import NOTHING, Kind, Outcome, Why, digest
from simulator.lanes import Doing
from simulator.recorder import Glance, Recorder, State
from simulator.sofar import Judge
from simulator.stats import quantiles
from tests.simulator.histories import content

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@given(st.lists(st.integers(0, 10**12), min_size=1))
def test_running_quantiles_are_those_of_all_durations(durations_ns: list[int]) -> None:
    """Up to a 64th part; number and maximum are exact."""
    histogram = Histogram()
    for duration_ns in durations_ns:
        histogram.add(duration_ns)
    found, exact = histogram.quantiles(), quantiles(durations_ns)
    assert (found.number, found.max) == (exact.number, exact.max)
    for mine, true in zip(found[1:5], exact[1:5], strict=True):
        assert abs(mine - true) <= true / 64


def test_no_durations_have_no_quantiles() -> None:
    """As in the figures of a run."""
    assert Histogram().quantiles() == quantiles([])


class Worker:
    """Records as a worker makes them, each operation taking ten nanoseconds."""

    def __init__(self, directory: Path, worker: int, process: int | None = None) -> None:
        self.recorder = Recorder(str(saved.records(directory, worker if process is None else process)), worker)

    def begin(self, at_ns: int, read: bytes, written: bytes) -> None:
        """It has the lock, and has told what it will write."""
        self.recorder.begin(Kind.EDIT, at_ns)
        self.recorder.intend(at_ns + 4, read, 1, written, 1)

    def end(self, at_ns: int, outcome: Outcome = Outcome.OK) -> None:
        """Nothing is under way any more."""
        self.recorder.end(outcome, at_ns + 4, at_ns + 8, at_ns + 10)

    def edit(self, at_ns: int, before: int, after: int, outcome: Outcome = Outcome.OK) -> None:
        """Edit content `before` into `after`."""
        self.begin(at_ns, content(before), content(after))
        self.end(at_ns, outcome)

    def read(self, at_ns: int, what: int) -> None:
        """Read a content."""
        self.recorder.begin(Kind.READ, at_ns)
        self.recorder.intend(0, content(what), 1, NOTHING, 0)
        self.recorder.end(Outcome.OK, 0, 0, at_ns + 10)


class Run:
    """A directory in which workers record; the first content is content 0."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._recorders: list[Recorder] = []
        saved.initial(directory).write_bytes(b"content 0")
        assert digest(b"content 0") == content(0)

    def worker(self, number: int, process: int | None = None) -> Worker:
        """One more, of the process of that number or another."""
        worker = Worker(self.directory, number, process)
        self._recorders.append(worker.recorder)
        return worker

    def close(self) -> None:
        """All have ended."""
        for recorder in self._recorders:
            recorder.close()


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A look that reads all there is, on a busy machine too."""
    monkeypatch.setattr("simulator.follow._LOOK_NS", 60_000_000_000)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run that has not begun."""
    made = Run(tmp_path)
    yield made
    made.close()


def test_follower_tells_what_is_there_until_now(run: Run) -> None:
    """With each look more, and workers that come later too."""
    with Follower(run.directory) as follower:
        assert follower.look().so_far.result is Result.UNKNOWN
        first = run.worker(0)
        first.edit(100, 0, 1)
        assert follower.look().so_far.edits == 1
        second = run.worker(1)
        second.edit(110, 1, 2)
        first.edit(120, 2, 3)
        second.begin(130, content(3), content(4))
        sight = follower.look()
    assert (sight.so_far.edits, sight.so_far.result, sight.behind) == (3, Result.VALID, 0)
    assert sight.holders == (0, 1, 0)
    assert (sight.wait.number, sight.wait.max) == (3, 4)


def test_follower_reads_files_that_have_grown_much(run: Run) -> None:
    """In more than one look, if it must."""
    worker = run.worker(0)
    with Follower(run.directory) as follower:
        follower.look()
        for number in range(5000):
            worker.edit(10 * number + 1, number, number + 1)
        while (sight := follower.look()).behind or sight.so_far.edits < 5000:
            pass
    assert sight.so_far.result is Result.VALID
    assert sight.wait.number == 5000


def test_lost_update_is_seen_while_the_run_goes_on(run: Run) -> None:
    """Two committed edits that read the same content."""
    run.worker(0).edit(100, 0, 1)
    run.worker(1).edit(101, 0, 2)
    with Follower(run.directory) as follower:
        follower.look()
        so_far = follower.look().so_far
    assert (so_far.result, so_far.flaw) == (Result.INVALID, Flaw.LOST)
    assert "0" in so_far.what
    assert "1" in so_far.what


def test_torn_read_is_seen_while_the_run_goes_on(run: Run) -> None:
    """A content that nobody wrote; not at the first look, as its writer's records may have been read before."""
    run.worker(0).edit(100, 0, 1)
    run.worker(1).read(110, 77)
    with Follower(run.directory) as follower:
        assert follower.look().so_far.result is Result.VALID
        so_far = follower.look().so_far
    assert (so_far.flaw, so_far.what) == (Flaw.TORN, "worker 1 read a content that no edit wrote")


def test_content_whose_writer_is_not_done_is_not_torn(run: Run) -> None:
    """It has told what it writes, and somebody reads it, before it tells that it is done."""
    writer, reader = run.worker(0), run.worker(1)
    writer.begin(100, content(0), content(1))
    reader.read(105, 1)
    with Follower(run.directory) as follower:
        for _ in range(3):
            assert follower.look().so_far.flaw is None
        writer.end(100)
        reader.edit(120, 1, 2)
        for _ in range(3):
            so_far = follower.look().so_far
    assert (so_far.edits, so_far.flaw) == (2, None)


def test_edit_that_was_killed_may_have_happened_or_not(run: Run) -> None:
    """Of two that read the same content one never told its end; who comes next reads what it wrote, or what was."""
    run.worker(0).begin(100, content(0), content(1))
    other = run.worker(1)
    other.edit(110, 0, 2)
    run.worker(2).begin(120, content(2), content(3))
    other.edit(130, 3, 4)
    with Follower(run.directory) as follower:
        for _ in range(3):
            so_far = follower.look().so_far
    assert (so_far.edits, so_far.flaw) == (2, None)


def test_what_a_killed_edit_wrote_is_known_when_another_has_its_place(run: Run) -> None:
    """Others may read it long after: it is not torn then."""
    run.worker(0).begin(100, content(0), content(1))
    with Follower(run.directory) as follower:
        follower.look()
        run.worker(0, process=2).begin(120, content(1), content(2))
        for _ in range(3):
            follower.look()
        run.worker(1).edit(130, 1, 3)
        for _ in range(3):
            so_far = follower.look().so_far
    assert (so_far.edits, so_far.flaw) == (1, None)


def test_what_was_told_just_before_a_kill_is_read(run: Run) -> None:
    """The one who was killed told more after it was read, and then another had its place."""
    killed, spare = run.worker(0), run.worker(7, process=2)
    killed.edit(100, 0, 1)
    with Follower(run.directory) as follower:
        follower.look()
        killed.edit(120, 1, 2)
        spare.recorder.take(0)
        spare.edit(140, 2, 3)
        for _ in range(3):
            so_far = follower.look().so_far
    assert (so_far.edits, so_far.flaw) == (3, None)


def test_who_has_not_begun_replaces_nobody(run: Run) -> None:
    """Records that are being made say nothing yet, and that looks like worker 0."""
    working = run.worker(0)
    working.edit(100, 0, 1)
    saved.records(run.directory, 2).write_bytes(bytes(4096))
    with Follower(run.directory) as follower:
        for _ in range(3):
            follower.look()
        working.edit(120, 1, 2)
        working.edit(140, 2, 3)
        for _ in range(3):
            so_far = follower.look().so_far
    assert (so_far.edits, so_far.flaw) == (3, None)


def test_edit_that_failed_replaces_nothing(run: Run) -> None:
    """So another may read what it has read; but what it would have written is nobody's content."""
    failing, other = run.worker(0), run.worker(1)
    failing.edit(100, 0, 1, Outcome.FAIL)
    other.edit(110, 0, 2)
    with Follower(run.directory) as follower:
        for _ in range(3):
            assert follower.look().so_far.flaw is None
        other.read(120, 1)
        for _ in range(3):
            so_far = follower.look().so_far
    assert so_far.flaw is Flaw.TORN


def test_blind_edits_are_left_to_the_end(run: Run) -> None:
    """They tell no contents: what others read may be theirs, and nobody is blamed for it."""
    blind = run.worker(0)
    blind.recorder.begin(Kind.EDIT, 100)
    blind.recorder.end(Outcome.OK, 0, 0, 110)
    run.worker(1).edit(120, 50, 51)
    with Follower(run.directory, blind=True) as follower:
        for _ in range(3):
            so_far = follower.look().so_far
    assert (so_far.edits, so_far.blind, so_far.flaw) == (1, 1, None)


def test_lost_update_is_seen_beside_blind_edits_too(run: Run) -> None:
    """Who it is that wrote the content does not matter for that."""
    run.worker(0).edit(100, 50, 51)
    run.worker(1).edit(110, 50, 52)
    with Follower(run.directory, blind=True) as follower:
        so_far = follower.look().so_far
    assert so_far.flaw is Flaw.LOST


def test_peeks_are_not_judged(run: Run) -> None:
    """A read without the lock may see half an edit."""
    recorder = run.worker(0).recorder
    recorder.begin(Kind.PEEK, 100)
    recorder.intend(0, content(77), 1, NOTHING, 0)
    recorder.end(Outcome.OK, 0, 0, 110)
    with Follower(run.directory) as follower:
        for _ in range(3):
            assert follower.look().so_far.flaw is None


def test_wait_of_an_edit_that_came_too_late_counts(run: Run) -> None:
    """It had the lock when the run was over; the figures at the end have its wait too."""
    recorder = run.worker(0).recorder
    recorder.begin(Kind.EDIT, 100, due_ns=40)
    recorder.end(Outcome.FAIL, 160, 170, 180, why=Why.OVER)
    with Follower(run.directory) as follower:
        sight = follower.look()
    assert (sight.wait.number, sight.wait.max, sight.so_far.edits) == (1, 120, 0)


def test_what_is_remembered_is_bounded() -> None:
    """A reader of something long gone is not blamed, but an edit of it has lost an update."""
    judge = Judge(content(0), remembered=10)
    for number in range(100):
        judge.committed(0, content(number), content(number + 1))
        judge.passed(())
    judge.looked(1, content(5))
    for _ in range(3):
        judge.passed(())
    assert judge.so_far().flaw is None
    judge.committed(1, content(5), content(1000))
    for _ in range(3):
        judge.passed(())
    assert judge.so_far().result is Result.INVALID


def test_glance_sees_each_state_as_it_comes(tmp_path: Path) -> None:
    """Through one mapping, which follows the file as it grows."""
    recorder = Recorder(str(tmp_path / "records"), 3)
    glance = Glance(tmp_path / "records")
    assert glance.state() == State(Doing.ABSENT, 0, 0)
    recorder.ready()
    for number in range(3000):
        recorder.begin(Kind.EDIT, 10 * number + 1)
        recorder.end(Outcome.FAIL, 0, 0, 10 * number + 9, why=Why.TIMEOUT)
    assert glance.state() == State(Doing.THINKING, 29_999, 3000)
    recorder.begin(Kind.READ, 30_000)
    assert glance.state() == State(Doing.READING, 30_000, 3000)
    operations, will_write = glance.fresh(2990, 100)
    assert [op.sequence for op in operations] == list(range(2990, 3000))
    assert {op.why for op in operations} == {Why.TIMEOUT}
    assert will_write == NOTHING
    glance.close()
    recorder.close()
