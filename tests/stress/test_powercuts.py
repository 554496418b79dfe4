"""Power cuts: what a cut may leave is computed right, what may be found is judged right, and the lane can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from time import monotonic, sleep
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stress.crash.lane import Plan
from stress.crash.powercuts import cannot_run, lane
from stress.crash.powercuts.cut import SECTOR, Cut, cuts, last_flush, pending, survivors
from stress.crash.powercuts.file_systems import FILE_SYSTEMS
from stress.crash.powercuts.history import Chronicle, Mark, described, digest, kind, mark_at
from stress.crash.powercuts.job import Job, jobs
from stress.crash.powercuts.log import FLUSH_RECORD, Write, read_log, write_record
from stress.crash.powercuts.pages import PAGE, changed_by
from stress.crash.powercuts.scenario import SCENARIOS, Step, scenario
from stress.crash.powercuts.verdict import REPAIRED, Finding, verdict

if TYPE_CHECKING:
    from stress.crash.lane import Result
    from stress.crash.powercuts.log import Log

ROOT = Path(__file__).parents[2]
PAGES = 6
LONGEST_END_S = 30.0


@st.composite
def write(draw: st.DrawFn) -> Write:
    """A write of whole sectors, on a disk of a few pages."""
    sectors = PAGES * PAGE // SECTOR
    start = draw(st.integers(0, sectors - 1))
    count = draw(st.integers(1, min(sectors - start, 20)))
    letters = draw(st.lists(st.integers(1, 255), min_size=count, max_size=count))
    return Write(start * SECTOR, b"".join(bytes([letter]) * SECTOR for letter in letters))


LOGS = st.lists(st.one_of(write(), write(), st.none()), max_size=25)


def disk_after(writes: list[Write], disk: bytes = bytes(PAGES * PAGE)) -> bytes:
    """The whole content of the disk, written plainly."""
    content = bytearray(disk)
    for offset, data in writes:
        content[offset : offset + len(data)] = data
    return bytes(content)


@given(LOGS, st.integers(0, 25), st.integers(1, 40), st.integers())
def test_cut_keeps_what_was_flushed_and_nothing_later(log: Log, first: int, count: int, seed: int) -> None:
    """Only writes between the last flush and the cut are kept in part."""
    first = min(first, len(log))
    for cut in cuts(log, range(first, len(log) + 1), count, Random(seed)):
        assert first <= cut.at <= len(log)
        assert set(cut.kept) <= set(pending(log, cut.at))
        assert all(log[index] is not None for index in cut.kept)
        assert all(entry is not None for entry in log[last_flush(log, cut.at) : cut.at])


@given(LOGS, st.integers(1, 40), st.integers())
def test_survivors_are_parts_of_what_was_written(log: Log, count: int, seed: int) -> None:
    """Each in whole sectors, in the order of the log; only the torn one not whole."""
    for cut in cuts(log, range(len(log) + 1), count, Random(seed)):
        left = survivors(log, cut)
        for index in cut.kept:
            written = log[index]
            assert written is not None
            if index != cut.torn:
                assert next(left) == written
                continue
            assert 0 < len(cut.sectors) < len(written.data) // SECTOR
            for sector in cut.sectors:
                start = sector * SECTOR
                assert next(left) == Write(written.offset + start, written.data[start : start + SECTOR])
        assert not list(left)


@given(LOGS, st.integers(1, 40), st.integers())
def test_cuts_are_distinct_ordered_and_reproducible(log: Log, count: int, seed: int) -> None:
    """The same seed makes the same cuts."""
    some = cuts(log, range(len(log) + 1), count, Random(seed))
    assert some == cuts(log, range(len(log) + 1), count, Random(seed))
    assert len(set(some)) == len(some) <= count
    assert [cut.at for cut in some] == sorted(cut.at for cut in some)


def test_cuts_reach_every_moment_and_every_kind() -> None:
    """Prefixes, subsets with gaps and torn writes are all among many cuts, before and after each entry."""
    log = [Write(at * PAGE, bytes([at + 1]) * PAGE) if at != 3 else None for at in range(6)]
    some = cuts(log, range(7), 150, Random(1))
    assert {cut.at for cut in some} == set(range(7))
    assert Cut(6, (4, 5), None, ()) in some
    assert Cut(6, (5,), None, ()) in some
    assert Cut(6, (), None, ()) in some
    assert any(cut.torn == 4 and 5 in cut.kept for cut in some)


def test_a_cut_says_what_it_kept() -> None:
    """So that people can read it."""
    assert str(Cut(9, (3, 4, 5, 7), 7, (0, 1))) == (
        "cut after entry 9 of the log, kept of the unflushed: 3-5, 7, of 7 only the sectors 0-1"
    )
    assert str(Cut(2, (), None, ())) == "cut after entry 2 of the log, kept of the unflushed: none"


@given(st.lists(write(), max_size=8), st.lists(write(), max_size=8))
def test_changed_pages_are_those_of_a_plain_disk(before: list[Write], after: list[Write]) -> None:
    """Pages that are put together write by write hold what the whole disk would."""
    pages = changed_by(before, {})
    kept = dict(pages)
    changed = changed_by(after, pages)
    assert pages == kept
    whole = disk_after(after, disk_after(before))
    found = {**pages, **changed}
    assert whole == b"".join(found.get(number, bytes(PAGE)) for number in range(PAGES))
    assert set(changed) == {
        number for offset, data in after for number in range(offset // PAGE, (offset + len(data) - 1) // PAGE + 1)
    }


def test_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Writes and flushes, in order."""
    path = tmp_path / "log"
    path.write_bytes(write_record(512, b"a" * 512) + FLUSH_RECORD + write_record(0, memoryview(b"b" * 1024)))
    assert read_log(path) == [Write(512, b"a" * 512), None, Write(0, b"b" * 1024)]


def test_an_edit_is_old_or_new_until_it_is_acknowledged() -> None:
    """And then it must be the new one."""
    told = Chronicle((b"a",), 10, durable=True)
    told.began(Step("edit", b"b"), 12)
    told.done(Step("edit", b"b"), 20, digest(b"b"))
    told.began(Step("edit", b"c"), 20)
    assert not told.failures
    assert [kind(b"a", told.marks, at) for at in (9, 11, 12, 19, 20)] == ["acknowledged"] * 2 + ["old"] * 2 + ["lost"]
    assert [kind(b"b", told.marks, at) for at in (11, 12, 19, 20)] == ["torn", "new", "new", "old"]
    assert kind(b"ab", told.marks, 15) == "torn"


def test_a_killed_edit_stays_open_until_the_next_is_acknowledged() -> None:
    """Whoever comes next finds one of the two, and what they add to it is what may be there."""
    told = Chronicle((b"a",), 0, durable=True)
    told.began(Step("edit", b"b"), 1)  # and was killed
    told.began(Step("read"), 2)
    told.done(Step("read"), 3, digest(b"a"))
    told.began(Step("append", b"+"), 3)
    assert mark_at(told.marks, 3).allowed == (b"a", b"b", b"a+", b"b+")
    told.done(Step("append", b"+"), 5, digest(b"a+"))
    assert mark_at(told.marks, 5).allowed == (b"a+",)
    assert not told.failures


def test_a_file_that_is_made_may_be_missing_or_empty_before() -> None:
    """And after it was removed, missing only."""
    told = Chronicle((None,), 0, durable=True)
    told.began(Step("edit", b"a"), 1)
    assert mark_at(told.marks, 1).allowed == (None, b"", b"a")
    told.done(Step("edit", b"a"), 2, digest(b"a"))
    told.began(Step("remove"), 2)
    assert mark_at(told.marks, 2).allowed == (b"a", None)
    told.done(Step("remove"), 3, None)
    assert mark_at(told.marks, 3).allowed == (None,)


def test_what_is_found_amiss_without_a_cut_is_a_failure() -> None:
    """A read that returns a mix, and a call that raises."""
    told = Chronicle((b"a",), 0, durable=True)
    told.began(Step("read"), 1)
    told.done(Step("read"), 2, digest(b"mix"))
    told.began(Step("edit", b"b"), 2)
    told.failed(Step("edit", b"b"), "OSError: no")
    assert len(told.failures) == 2
    assert "OSError: no" in told.failures[1]


def test_from_a_loose_edit_to_the_next_durable_one_nothing_is_promised() -> None:
    """Which then acknowledges what it found."""
    told = Chronicle((b"a",), 0, durable=True)
    told.began(Step("loose", b"b"), 1)
    told.done(Step("loose", b"b"), 2, digest(b"b"))
    told.began(Step("append"), 3)
    told.done(Step("append"), 4, digest(b"b"))
    assert [mark_at(told.marks, at).promised for at in range(5)] == [True, False, False, False, True]
    assert mark_at(told.marks, 4).allowed == (b"b",)


def test_without_a_promise_every_past_content_may_be_found() -> None:
    """But no other one."""
    told = Chronicle((b"a",), 0, durable=False)
    for content in (b"b", b"c"):
        told.began(Step("edit", content), 1)
        told.done(Step("edit", content), 1, digest(content))
    assert kind(b"a", told.marks, 5) == "old"
    assert kind(b"mix", told.marks, 5) == "torn"


WHOLE = Finding(b"new", (), True, b"new", None, b"new")
MARKS = (Mark(0, (b"older",), "before"), Mark(1, (b"old", b"new"), "in edit"))


@pytest.mark.parametrize(
    ("found", "name", "fails"),
    [
        (WHOLE, "new", False),
        (WHOLE._replace(raw=b"new  \t "), "new" + REPAIRED, False),
        (WHOLE._replace(content=b"old", unprivileged=b"old", raw=b"old"), "old", False),
        (WHOLE._replace(content=b"nld"), "torn", True),
        (WHOLE._replace(content=None), "torn", True),
        (WHOLE._replace(content=b"older"), "lost", True),
        (WHOLE._replace(unprivileged=b"old"), "readers differ", True),
        (WHOLE._replace(refused="JournalError"), "refused", True),
        (WHOLE._replace(beside=("left",)), "littered", True),
        (WHOLE._replace(edits=False), "not editable", True),
        (RuntimeError("JournalError: no"), "error", True),
    ],
)
def test_verdict_names_what_was_found(found: Finding | Exception, name: str, fails: bool) -> None:
    """And tells a story if it should not have been found."""
    given_ = verdict(found, MARKS, Cut(1, (), None, ()))
    assert given_.name == name
    assert (given_.story is not None) == fails
    assert given_.story is None or "in edit" in given_.story


def test_torn_content_is_described_by_where_it_differs() -> None:
    """With the lengths, as the first thing that one wants to know."""
    assert described(b"abXd", [b"abcd", b"abXde", None]) == (
        "4 bytes; of 4 that could be: 1 differ, at 2 to 2; of 5 that could be: the same so far; not missing"
    )
    assert described(None, [b""]) == "no file"


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("seed", range(5))
def test_scenarios_are_reproducible_and_every_step_changes_something(name: str, seed: int) -> None:
    """No two contents are alike, or a lost edit could not be told."""
    scene = scenario(name, seed)
    assert scene == scenario(name, seed)
    assert scene != scenario(name, seed + 1)
    contents = [scene.first] + [
        step.new for turn in scene.turns for step in turn.steps if step.call in ("edit", "write")
    ]
    filled = [content for content in contents if content]
    assert len(set(filled)) == len(filled) > 2


def test_jobs_are_as_many_states_as_promised() -> None:
    """In the long form 10,000 and twice 1,000, with some to spare; each scenario on each file system; no seed twice."""
    long = jobs(long=True, seed=1)
    for name, least in (("ext4", 10_000), ("xfs", 1_000), ("btrfs", 1_000)):
        ours = [job for job in long if job.file_system == name]
        assert sum(job.states for job in ours) >= 1.2 * least  # some logs have too few different cuts
        assert {job.scenario for job in ours} == set(SCENARIOS)
        assert len({(job.scenario, job.seed) for job in ours}) == len(ours)
    short = jobs(long=False, seed=1, variant="one")
    assert {job.file_system for job in short} == set(FILE_SYSTEMS)
    assert all(job.variant == "one" for job in short)


def test_a_job_says_what_repeats_it() -> None:
    """All that it is made of."""
    job = Job("xfs", "same size", 7, 20, "go", "no-mark")
    assert job.command == (
        "python -m stress.crash.powercuts --file-system xfs --scenario 'same size' --seed 7 --states 20 --mode go"
        " --variant no-mark"
    )


@pytest.mark.parametrize(
    ("capabilities", "may"), [("000001ffffffffff", True), ("0000000000200000", True), ("00000000a80425fb", False)]
)
def test_root_in_a_plain_container_may_not_mount(capabilities: str, may: bool) -> None:
    """Its capabilities tell."""
    assert lane._may_mount(f"Name:\tpython\nCapEff:\t{capabilities}\nSeccomp:\t0\n") == may


@pytest.fixture
def possible() -> None:
    """Can the power be cut here?"""
    reason = cannot_run()
    if reason:
        pytest.skip(reason)


def cut_power(directory: Path, *todo: Job) -> Result:
    """Run these jobs."""
    return lane.run_jobs(todo, Plan(False, 1, None, directory, lambda *_: None))


@pytest.mark.usefixtures("possible")
def test_durable_edits_survive_power_cuts(tmp_path: Path) -> None:
    """A few states of each file system; some of them need repair, and are repaired."""
    result = cut_power(tmp_path, Job("ext4", "insert", 3, 20), Job("xfs", "grow", 3, 6), Job("btrfs", "shrink", 3, 6))
    assert result.holds, result.failures
    assert result.complete
    assert any(name.endswith(REPAIRED) for name in result.states)
    assert set(result.versions) >= {"mkfs.ext4", "mkfs.xfs", "mkfs.btrfs"}


@pytest.mark.usefixtures("possible")
def test_edits_by_the_go_protocol_are_torn_by_power_cuts(tmp_path: Path) -> None:
    """So the lane can tell; and a state that was kept is found torn again."""
    kept = tmp_path / "kept"
    kept.mkdir()
    todo = [Job("ext4", "insert", 1, 20, "go"), Job("ext4", "shrink", 1, 20, "go")]
    result = lane.run_jobs(todo, Plan(False, 1, None, tmp_path, lambda *_: None), kept)
    assert result.states["torn"] > 0
    assert "repeat: python -m stress.crash.powercuts --file-system ext4" in result.failures[0]
    command = [sys.executable, "-m", "stress.crash.powercuts", "--judge", str(next(kept.iterdir()))]
    again = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_END_S, check=False)
    assert again.returncode == 1, again.stderr
    assert "verdict: torn" in again.stdout


@pytest.mark.usefixtures("possible")
def test_ctrl_c_leaves_no_loop_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor a mount, as those are in a view of their own; what is known so far is returned."""
    monkeypatch.setattr(lane, "_place", lambda plan: plan.directory)

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    todo = [Job("ext4", "same size", 1, 6), *(Job("ext4", "killed", seed, 400) for seed in range(3))]
    result = lane.run_jobs(todo, Plan(False, 1, None, tmp_path, stop))
    assert not result.complete
    assert result.tried > 0
    assert list(tmp_path.iterdir()) == []
    end = monotonic() + LONGEST_END_S
    while (left := loop_devices_in(tmp_path)) and monotonic() < end:
        sleep(0.01)  # the kernel frees them when the last process that has them open is gone
    assert left == []


def loop_devices_in(directory: Path) -> list[str]:
    """The files in it that have a loop device."""
    assert sys.platform == "linux"
    found = []
    for path in Path("/sys/block").glob("loop*/loop/backing_file"):
        try:
            backing = path.read_text().strip()
        except FileNotFoundError:  # freed meanwhile
            continue
        if backing.startswith(str(directory)):
            found.append(backing)
    return found
