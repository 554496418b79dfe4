"""What the lanes `syscalls` and `disks` try, and what they call right: pure data, no process."""

from __future__ import annotations

import binascii
import errno
from pathlib import Path
from typing import Any

import pytest

from stress.crash.changes import CHANGES
from stress.crash.children import Answer
from stress.crash.fault import ERRORS, KILL, Call, Fault
from stress.crash.judge import Finding, Identity, Rest, difference, kind
from stress.crash.product import cases_of, sample
from stress.crash.scenes import Scene, flights
from stress.crash.shortages import Seen as SeenShort
from stress.crash.shortages import Shortage, all_of
from stress.crash.shortages import verdict as verdict_on_shortage
from stress.crash.tracing import calls_in, command, expression
from stress.crash.verdict import Case, Seen, verdict

PATH = Path("/place/go.mod")
JOURNAL = "/place/go.mod.lockedfile-journal"
CHANGE = CHANGES["growing"]
SAME = Identity(1, 0o100640, (1, 2), 1, ())

EDIT = [
    Call(name, file, "", False)
    for name, file in (
        ("openat", str(PATH)),
        ("flock", str(PATH)),
        ("openat", JOURNAL),
        ("pwrite64", JOURNAL),
        ("pwrite64", str(PATH)),
        ("pwrite64", str(PATH)),
        ("ftruncate", str(PATH)),
        ("unlink", JOURNAL),
        ("flock", str(PATH)),
        ("close", str(PATH)),
    )
]


def killed() -> Answer:
    """By SIGKILL."""
    return Answer(True, {})


def raised(number: int, text: str = "", *notes: str, filename: str = str(PATH)) -> Answer:
    """An `OSError`."""
    error = {"type": "OSError", "errno": number, "filename": filename, "text": text, "notes": list(notes)}
    return Answer(False, {"error": error})


def told(content: bytes) -> Answer:
    """What a reader got."""
    return Answer(False, {"content": binascii.b2a_base64(content).decode()})


def case(fault: Fault, *, mode: str = "default", committed: bool = False, operation: str = "edit") -> Case:
    """Of the change "growing"; a read comes upon a file in flight."""
    of = Scene(operation, mode, "growing", Fault("ftruncate", 1, KILL, False) if operation == "read" else None)
    return Case(of, fault, str(PATH), 2, committed)


def seen(
    answer: Answer,
    content: bytes,
    *,
    beside: tuple[str, ...] = (),
    edits: bool = True,
    after: Identity = SAME,
    rest: Rest | None = None,
) -> Seen:
    """What was found, where all else is as it should be."""
    return Seen(PATH, answer, rest or Rest(content, False), Finding(content, beside, edits, ""), SAME, after)


KILLED = Fault("pwrite64", 1, KILL, False)
FAILED = Fault("pwrite64", 1, "EIO", False)
UNSYNCED = Fault("fsync", 1, "EIO", False)
OLD, NEW = CHANGE.old, CHANGE.new
TORN = NEW[:-3]
NOT_BACK = "the old content could not be put back"


@pytest.mark.parametrize(
    ("tried", "found", "state"),
    [
        (case(KILLED), seen(killed(), OLD), "old after a kill"),
        (case(KILLED), seen(killed(), NEW), "new after a kill"),
        (case(KILLED), seen(killed(), OLD, rest=Rest(TORN, True)), "old after a kill"),
        (case(FAILED), seen(raised(errno.EIO), OLD), "old after an error"),
        (case(FAILED, committed=True), seen(raised(errno.EIO), NEW), "new after an error"),
        (case(FAILED), seen(raised(errno.EIO, "", NOT_BACK), OLD, rest=Rest(TORN, True)), "old after an error"),
        (case(FAILED._replace(what="EINTR")), seen(Answer(False, {}), NEW), "new in spite of the fault"),
        (case(UNSYNCED, mode="durable"), seen(raised(errno.EIO, "it is unknown"), NEW), "new after an error"),
        (case(UNSYNCED, mode="durable"), seen(raised(errno.EIO), OLD, rest=Rest(OLD, True)), "old after an error"),
        (case(FAILED, operation="read"), seen(told(OLD), OLD, rest=Rest(TORN, True)), "old in spite of the fault"),
        (case(UNSYNCED, operation="read"), seen(told(OLD), OLD, rest=Rest(TORN, True)), "old in spite of the fault"),
    ],
)
def test_right_outcomes_are_no_failures(tried: Case, found: Seen, state: str) -> None:
    """Each is counted as what it is."""
    assert verdict(tried, found)[:2] == (state, None)


@pytest.mark.parametrize(
    ("tried", "found", "reason"),
    [
        (case(KILLED), seen(killed(), TORN), "the file is torn"),
        (case(KILLED), seen(killed(), OLD, beside=("x",)), "left behind: x"),
        (case(KILLED), seen(killed(), OLD, edits=False), "a further edit"),
        (case(KILLED), seen(killed(), OLD, after=SAME._replace(inode=2)), "no longer the same: inode"),
        (case(KILLED), seen(Answer(False, {}), NEW), "it was to be killed, and lived"),
        (case(FAILED), seen(raised(errno.EIO), NEW), "it raised, and yet the content is new"),
        (case(FAILED), seen(raised(errno.EPERM), OLD), "it raised another error"),
        (case(FAILED), seen(raised(errno.EIO, filename=""), OLD), "the error does not name the file"),
        (case(FAILED), seen(raised(errno.EIO), OLD, rest=Rest(TORN, True)), "left the file in flight"),
        (case(FAILED), seen(raised(errno.EIO), OLD, rest=Rest(OLD, True)), "left its journal"),
        (case(FAILED), seen(Answer(False, {}), OLD), "it succeeded, and yet the content is old"),
        (case(UNSYNCED, mode="durable"), seen(Answer(False, {}), NEW), "it passed over a failed sync"),
        (case(UNSYNCED, mode="durable"), seen(raised(errno.EIO), NEW), "it raised, and yet"),
        (case(UNSYNCED, operation="read"), seen(told(OLD), OLD), "it passed over a failed sync"),
        (case(FAILED, operation="read"), seen(told(TORN), OLD), "the read told something else"),
    ],
)
def test_wrong_outcomes_are_told_as_such(tried: Case, found: Seen, reason: str) -> None:
    """With a story that says what was done, and what is wrong."""
    story = verdict(tried, found).story
    assert story is not None
    assert story.startswith(str(tried))
    assert reason in story


def test_every_call_meets_every_fault() -> None:
    """A kill, each error once and from then on; what comes after the last change of the file is after the commit."""
    cases = cases_of(Scene("edit", "default", "growing"), EDIT)
    assert len(cases) == len(EDIT) * (1 + 2 * len(ERRORS))
    assert {(one.fault.name, one.fault.at) for one in cases if one.committed} == {
        ("unlink", 1),
        ("flock", 2),
        ("close", 1),
    }
    assert {one.of for one in cases if one.fault.name == "pwrite64"} == {3}


def test_sample_has_every_kind_of_case() -> None:
    """A failing second write to the file is like the first, the journal's is not; and every write is killed."""

    def kinds(cases: list[Case]) -> set[tuple[object, ...]]:
        return {(one.fault.name, one.file == JOURNAL, one.fault.what, one.fault.lasting) for one in cases}

    cases = cases_of(Scene("edit", "default", "growing"), EDIT)
    chosen = sample(cases)
    assert kinds(chosen) == kinds(cases)
    assert len(chosen) < len(cases)
    killed_writes = {(one.fault.name, one.fault.at) for one in chosen if one.fault.what == KILL}
    assert {("pwrite64", 1), ("pwrite64", 2), ("pwrite64", 3), ("ftruncate", 1)} <= killed_writes


@pytest.mark.parametrize(
    ("change", "points"),
    [
        ("growing", ["pwrite64 1", "pwrite64 2", "pwrite64 3", "ftruncate 1", "unlink 1"]),
        ("shrinking", ["pwrite64 3", "ftruncate 1"]),
    ],
)
def test_files_are_in_flight_wherever_something_changes(change: str, points: list[str]) -> None:
    """After the mark and before the commit; of some changes also before and after that."""
    scenes = flights(Scene("edit", "default", change), EDIT)
    assert [f"{one.killed.name} {one.killed.at}" for one in scenes if one.killed] == points


def test_recovering_edit_goes_on_from_what_was_left() -> None:
    """Old or new, and then a line more; a reader leaves it."""
    flight = Scene("edit", "default", "growing", KILLED, left="new")
    assert flight.expected.old == NEW
    assert flight.expected.new.startswith(NEW)
    assert flight._replace(operation="read", left="old").expected[1:] == (OLD, OLD)


def test_log_of_strace_is_understood() -> None:
    """Names, files, and which calls were failed."""
    log = (
        '7  openat(AT_FDCWD</x>, "/place/go.mod", O_RDWR) = 3</place/go.mod>\n'
        '7  pwrite64(3</place/go.mod>, "a\\n", 2, 0) = -1 EIO (Input/output error) (INJECTED)\n'
        "7  --- SIGCHLD {si_signo=SIGCHLD} ---\n7  +++ killed by SIGKILL +++\n"
    )
    calls = calls_in(log)
    assert [(call.name, call.file, call.injected) for call in calls] == [
        ("openat", "/place/go.mod", False),
        ("pwrite64", "/place/go.mod", True),
    ]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault("close", 2, KILL, False), "inject=close:signal=KILL:when=2"),
        (Fault("close", 2, "EIO", False), "inject=close:error=EIO:when=2"),
        (Fault("close", 2, "EIO", True), "inject=close:error=EIO:when=2+"),
        (Fault("close", 2, "EINTR", True), "inject=close:error=EINTR:when=2..11"),
    ],
)
def test_fault_is_put_as_strace_wants_it(fault: Fault, expected: str) -> None:
    """An interruption for ever would be a hang, as Python tries again; a signal does not come through a filter."""
    words = command(Path("/log"), [PATH], fault)
    assert expression(fault) == expected
    assert expected in words
    assert ("--seccomp-bpf" in words) == (fault.what != KILL)


def test_changes_are_what_their_names_say() -> None:
    """Each changes something; old and new are told apart, and a mix is neither."""
    for name, change in CHANGES.items():
        assert change.name == name
        assert change.old != change.new
        assert (kind(change.old, change), kind(change.new, change)) == ("old", "new")
        assert kind(change.old + change.new + b"!", change) == "torn"
    assert {name for name, change in CHANGES.items() if len(change.old) == len(change.new)} == {
        "equal size",
        "equal size, two far pages",
    }


def test_difference_says_where() -> None:
    """From old and from new."""
    change = CHANGE._replace(old=b"aaaa", new=b"abba")
    assert difference(b"abaa", change) == (
        "4 bytes, where old has 4 and new 4; differs from old in 1 bytes from offset 1 on, "
        "from new in 1 bytes from offset 2 on"
    )
    assert "from offset 4 on, by its length" in difference(b"aaaa!", change)


def short(answer: Answer, content: bytes, **other: Any) -> SeenShort:
    """What was found of an edit without room."""
    parts = {"rest": Rest(content, False), "read": told(content), **other}
    return SeenShort(PATH, answer, parts["rest"], parts["read"], Finding(content, (), True, ""), SAME, SAME)


NO_ROOM = Shortage("tmpfs", 0, "edit", "default", "growing")


@pytest.mark.parametrize(
    ("shortage", "found", "reason"),
    [
        (NO_ROOM, short(raised(errno.ENOSPC), OLD), None),
        (NO_ROOM, short(Answer(False, {}), NEW), None),
        (NO_ROOM._replace(mode="go"), short(raised(errno.ENOSPC, "", NOT_BACK), TORN), None),
        (NO_ROOM, short(raised(errno.ENOSPC, "", NOT_BACK), TORN), "the file is torn"),
        (NO_ROOM._replace(mode="go"), short(raised(errno.ENOSPC), TORN), "the file is torn"),
        (NO_ROOM, short(raised(errno.EIO), OLD), "it raised another error"),
        (NO_ROOM, short(raised(errno.ENOSPC), NEW), "it raised, and yet the content is new"),
        (NO_ROOM, short(raised(errno.ENOSPC, filename="x"), OLD), "does not name the file"),
        (NO_ROOM, short(Answer(False, {}), OLD), "it succeeded, and yet the content is old"),
        (NO_ROOM, short(raised(errno.ENOSPC), OLD, read=raised(errno.ENOSPC)), "there is no reading it"),
        (NO_ROOM, short(raised(errno.ENOSPC), OLD, read=told(TORN)), "a reader without room got something else"),
        (NO_ROOM, short(raised(errno.ENOSPC), OLD, rest=Rest(TORN, True)), "left the file in flight"),
        (NO_ROOM, short(raised(errno.ENOSPC), OLD, rest=Rest(OLD, True)), "left its journal"),
    ],
)
def test_shortages_are_judged(shortage: Shortage, found: SeenShort, reason: str | None) -> None:
    """The old content, the right error, a reader who gets along without room; or a story."""
    story = verdict_on_shortage(shortage, found, None, rooms_error="ENOSPC").story
    assert (story is None) == (reason is None), story
    assert reason is None or reason in (story or "")


def test_limits_lie_within_the_file_at_its_end_and_past_it() -> None:
    """For every change; on the smallest disk only what fits on it."""
    limits = {one.room_bytes for one in all_of("limit") if one.change == "growing"}
    assert {0, len(NEW) - 1, len(NEW), len(NEW) + 63, len(NEW) + 64} < limits
    assert {one.change for one in all_of("limit")} == set(CHANGES)
    assert {one.change for one in all_of("tmpfs")} == set(CHANGES) - {"line appended to 100 KB"}
