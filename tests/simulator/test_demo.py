"""The teaching demo: what it shows is what happens, in real processes, by real calls of the real `Edit`."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulator.demo.moment import Mark, Mode, Moment, Step
from simulator.demo.player import added, line_of
from simulator.demo.script import BASE, moments
from simulator.demo.source import EDIT_FILE, excerpt, line
from simulator.demo.stage import StageError
from simulator.demo.verdict import on_kill, on_lock, on_loss
from tests.lockedfile.locks import state
from tests.lockedfile.needs import linux, strace
from tests.simulator.processes import all_gone, end, is_gone

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TRACED = "openat|flock|read|pwrite64|ftruncate|unlink|close"
OPEN, TRY, BLOCKED, READ, TRANSFORM, WRITE, RELEASE = Step

# How the lock is asked for, what it says when it is taken, and how it is waited for: by another descriptor, on Windows.
if sys.platform == "win32":
    AT_ONCE, TAKEN = "LockFileEx(3, EXCLUSIVE|FAIL_IMMEDIATELY)", "-1 EACCES"
    WAITS = "LockFileEx(4, EXCLUSIVE)"
else:
    AT_ONCE, TAKEN = "flock(3, LOCK_EX|LOCK_NB)", "-1 EWOULDBLOCK"
    WAITS = "flock(3, LOCK_EX)"

# The line of `Edit` at which each step stands, as docs/demo.md shows it. If the code moves on, so has that.
EDIT_LINES = {
    OPEN: "acquire(",
    TRY: "acquire(",
    BLOCKED: "acquire(",
    READ: "old = read_all(",
    TRANSFORM: "new = transform(old)",
    WRITE: "_journal.replace(",
    RELEASE: "lock(fd, UNLOCKED)",
}

# What the line of code says that makes the first call of a step, or of a part.
CALL_LINES = {
    (OPEN, ""): "os_open",
    (TRY, ""): "lock(fd, kind | AT_ONCE)",
    (READ, ""): "read(fd, size + 1)",
    (TRANSFORM, ""): "transform(old)",
    (WRITE, "journal"): "self._journal, _LAY",
    (WRITE, "mark"): "record.mark",
    (WRITE, "grow"): "record.tail",
    (WRITE, "overwrite"): "after, start",
    (WRITE, "cut"): "ftruncate(fd, record.new_size)",
    (WRITE, "drop"): "unlink(journal)",
    (RELEASE, ""): "lock(fd, UNLOCKED)",
}


def steps_of(shown: list[Moment], name: str) -> list[Step]:
    """The steps of one process, each once for all of its parts that follow each other."""
    return [step for step, _ in groupby(moment.step for moment in shown if moment.name == name and moment.number)]


def at(shown: Iterator[Moment], name: str, step: Step, part: str = "") -> Moment:
    """Go on until this step has been made."""
    return next(moment for moment in shown if (moment.name, moment.step, moment.part) == (name, step, part))


def is_free(file: Path) -> bool:
    """Could anybody have the lock now? Asked of the kernel, with a descriptor of its own."""
    return state(file) == "free"


@pytest.mark.parametrize("workers", [2, 4])
def test_each_process_goes_through_the_steps_in_order(tmp_path: Path, workers: int) -> None:
    """The first is never blocked, all others are; at the end all edits are in the file."""
    shown = list(moments(Mode.LOCK, workers, tmp_path))
    assert [moment.number for moment in shown] == list(range(len(shown)))
    assert steps_of(shown, "A") == [OPEN, TRY, READ, TRANSFORM, WRITE, RELEASE]
    for name in "BCD"[: workers - 1]:
        assert steps_of(shown, name) == list(Step)
    content = (tmp_path / "go.mod").read_bytes()
    assert content == shown[-1].after
    assert all(line_of(name) in content for name in "ABCD"[:workers])
    assert shown[-1].well
    assert shown[-1].verdict[0].startswith(f"NOTHING LOST: all {workers} edits are in the file")


def test_one_step_of_each_lane_is_lit(tmp_path: Path) -> None:
    """What a process is at is marked, and what it has behind it; a step that nobody needed is passed over."""
    shown = list(moments(Mode.LOCK, 2, tmp_path))
    for moment in shown[1:-1]:
        assert moment.step is RELEASE or moment.lane.marks[moment.step - 1] in (Mark.NOW, Mark.REFUSED, Mark.WAITS)
    first, second = shown[-1].lanes
    assert first.marks == (Mark.DONE, Mark.DONE, Mark.SKIPPED, *[Mark.DONE] * 4)
    assert second.marks == (Mark.DONE, Mark.REFUSED, *[Mark.DONE] * 5)


def test_second_is_blocked_while_the_first_has_the_lock(tmp_path: Path) -> None:
    """The lock is a real one, and the kernel lists who sleeps for it."""
    shown = moments(Mode.LOCK, 2, tmp_path)
    at(shown, "A", OPEN)
    assert is_free(tmp_path / "go.mod")
    taken = at(shown, "A", TRY)
    assert not is_free(tmp_path / "go.mod")
    refused = at(shown, "B", TRY)
    assert str(refused.calls[-1]) == f"{AT_ONCE} = {TAKEN}"
    blocked = at(shown, "B", BLOCKED)
    assert str(blocked.calls[-1]) == f"{WAITS} ... waits"
    if blocked.has_list:
        assert f"FLOCK ADVISORY WRITE {taken.lane.pid}" in blocked.locks
        assert f"-> FLOCK ADVISORY WRITE {blocked.lane.pid}" in blocked.locks
    for moment in shown:
        if moment.name == "A" and moment.step is not RELEASE:
            assert moment.lanes[1].marks[BLOCKED - 1] is Mark.WAITS
            assert not is_free(tmp_path / "go.mod")
        if moment.part == "woken":
            assert str(moment.calls[0]) == f"{WAITS} = 0"
            assert moment.lane.state == "has the lock"
    assert is_free(tmp_path / "go.mod")


@linux
def test_third_gets_in_line_behind_the_second(tmp_path: Path) -> None:
    """It sleeps in another call, and is woken when it is its turn."""
    shown = list(moments(Mode.LOCK, 3, tmp_path))
    blocked = next(moment for moment in shown if (moment.name, moment.step) == ("C", BLOCKED))
    assert "F_OFD_SETLKW" in blocked.calls[-1].text
    assert "B came before" in blocked.said
    order = [moment.name for moment in shown if moment.part == "woken"]
    assert order == ["B", "C"]


def test_without_the_lock_the_update_is_lost(tmp_path: Path) -> None:
    """Nobody is blocked, no call fails, and only the last edit is in the file; it is said whose bytes went."""
    shown = list(moments(Mode.WITHOUT, 3, tmp_path))
    for name in "ABC":
        assert steps_of(shown, name) == [OPEN, TRY, READ, TRANSFORM, WRITE, RELEASE]
    assert not any(call.result.startswith("-1") for moment in shown for call in moment.calls if call.at_work)
    assert (tmp_path / "go.mod").read_bytes() == added(BASE, "C")
    over_a = next(moment for moment in shown if "The line of A is gone: a LOST UPDATE" in moment.said)
    assert (over_a.name, over_a.step) == ("B", WRITE)
    assert over_a.before is not None
    assert line_of("A") in over_a.before
    assert over_a.after == added(BASE, "B")
    assert shown[-1].verdict[0].startswith("LOST UPDATE: 3 edits returned without an error")
    assert "lost: example.com/a v1.0.0, the 22 bytes at 44 that A wrote; B wrote over them" in shown[-1].verdict[1]
    assert shown[-1].well


def test_without_the_lock_nothing_is_locked(tmp_path: Path) -> None:
    """The calls are left out, and not only not shown."""
    for _ in islice(moments(Mode.WITHOUT, 2, tmp_path), 12):
        assert is_free(tmp_path / "go.mod")


def test_killed_one_leaves_half_an_edit_that_the_next_one_undoes(tmp_path: Path) -> None:
    """The process is dead, the file is neither old nor new, and then it is the old one to the byte."""
    journal = tmp_path / "go.mod.lockedfile-journal"
    shown = moments(Mode.KILL, 3, tmp_path)
    killed = at(shown, "A", WRITE, "killed")
    assert is_gone(killed.lane.pid)
    assert killed.lane.state == "killed"
    half = (tmp_path / "go.mod").read_bytes()
    assert half == killed.after
    assert half not in (BASE, added(BASE, "A"))
    assert half.startswith(BASE + added(BASE, "A")[len(BASE) :])
    assert journal.stat().st_size == killed.journal_bytes
    undone = next(moment for moment in shown if (moment.step, moment.part) == (READ, "cut back"))
    heir = undone.name  # B, where those who wait are served in order
    assert undone.after == (tmp_path / "go.mod").read_bytes() == BASE
    assert at(shown, heir, READ, "clear").journal_bytes is None
    last = list(shown)[-1]
    assert (tmp_path / "go.mod").read_bytes() == added(added(BASE, heir), "C" if heir == "B" else "B")
    assert not journal.exists()
    assert last.verdict[0].startswith(f"NOTHING TORN: A was killed half way, and {heir} undid its edit")
    assert last.well


def test_code_that_is_shown_is_where_the_steps_are(tmp_path: Path) -> None:
    """The lines come from the running code; where they are not what the docs show, the docs are to be changed."""
    for moment in islice(moments(Mode.LOCK, 2, tmp_path), 1, None):
        call = next(call for call in moment.calls if call.at_work)
        assert EDIT_LINES[moment.step] in line(EDIT_FILE, call.edit_line), moment.title
        assert CALL_LINES.get((moment.step, moment.part), "") in line(call.file, call.line), moment.title
        assert call.edit_line in [number for number, _ in excerpt(call.edit_line, 9)]


def calls_in(log: str) -> dict[str, list[str]]:
    """By process, the calls of a log of strace, as the demo writes them."""
    calls: dict[str, list[str]] = {}
    for entry in log.splitlines():
        pid, call = entry.split(maxsplit=1)
        if resumed := re.match(r"<\.\.\. \w+ resumed>(.*)", call):
            call = calls[pid].pop() + resumed[1]
        call = re.sub(r"\) += -1 EAGAIN.*", ") = -1 EWOULDBLOCK", call.removesuffix(" <unfinished ...>"))
        calls.setdefault(pid, []).append(re.sub(r"\) += ", ") = ", call))
    return calls


@strace
def test_calls_are_those_that_the_kernel_sees(tmp_path: Path) -> None:
    """Each call in the transcript is in the log of strace, of the same process, in the same order."""
    log = tmp_path / "log"
    run = subprocess.run(
        ["strace", "-f", "-qq", "-o", str(log), "-e", f"trace={TRACED.replace('|', ',')}",
         sys.executable, "-m", "simulator", "demo", "--workers", "2", "--kill"],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60, check=True,
    )  # fmt: skip
    seen, told = calls_in(log.read_text()), 0
    for paragraph in run.stdout.split("\n\n"):
        head = re.match(r"\d+\. \w \(pid (\d+)\)", paragraph)
        for call in re.findall(rf"^    ((?:{TRACED})\(.* = \S+(?: E[A-Z]+)?)", paragraph, re.MULTILINE) if head else []:
            assert head
            made = seen[head[1]]
            assert call in made, f"{call}, after {told} others"
            del made[: made.index(call) + 1]
            told += 1
    assert told >= 25


@pytest.mark.parametrize(("mode", "steps"), [(Mode.LOCK, 1), (Mode.LOCK, 9), (Mode.WITHOUT, 8), (Mode.KILL, 16)])
def test_demo_that_is_left_leaves_no_process(tmp_path: Path, mode: Mode, steps: int) -> None:
    """Wherever it is left: stopped, asleep in the kernel, or half way through a repair."""
    shown = moments(mode, 3, tmp_path)
    moment = list(islice(shown, steps))[-1]
    assert not all(is_gone(lane.pid) for lane in moment.lanes)
    shown.close()
    assert all_gone(lane.pid for lane in moment.lanes)


def test_process_that_ends_by_itself_is_an_error_that_names_it(tmp_path: Path) -> None:
    """No step is made up, and nothing is waited for without an end."""
    shown = moments(Mode.LOCK, 2, tmp_path)
    lane = at(shown, "A", TRY).lane
    end(lane.pid)
    with pytest.raises(StageError, match=rf"process A \(pid {lane.pid}\) has ended"):
        list(shown)


def test_verdict_is_none_where_the_file_is_not_so() -> None:
    """The verdict can fail: of a file with an edit too few, too many, or of the wrong one."""
    both = added(added(BASE, "A"), "B")
    assert on_lock(["A", "B"], both)
    assert not on_lock(["A", "B"], added(BASE, "B"))
    assert on_kill(["A", "B"], added(BASE, "B"), "A", "B")
    assert "C undid" in on_kill(["A", "B", "C"], added(added(BASE, "B"), "C"), "A", "C")[0]
    assert not on_kill(["A", "B"], both, "A", "B")
    assert not on_kill(["A", "B"], added(BASE, "B"), "A", "")
    assert not on_loss(["A", "B"], both, {})
    assert not on_loss(["A", "B"], added(BASE, "B"), {})
