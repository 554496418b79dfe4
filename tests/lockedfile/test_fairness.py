"""Turns: nobody starves, nobody who is frozen or dead is waited for, and who does not know the line is not held up."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs Linux, where there is a line", allow_module_level=True)

import fcntl
import signal
import time

import lockedfile
from lockedfile import Edit
from tests.lockedfile import footprints, locks, queueing, waiting, weakened_waits
from tests.lockedfile.processes import LIMIT_S, name, until
from tests.lockedfile.threads import run_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.go_command import Go
    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OURS = name(lockedfile.open)
WAITS = 10
MOST_OVERTAKE = 16
"""So many may, on average, ask later and have the lock sooner; a crowd of eight that overtakes at will is past it."""

_THINK_S = 0.03


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that the go command can read."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"module example.com/m\n")
    return path


def overtakers(logs: list[Path], asked_ns: int, locked_ns: int) -> int:
    """How many asked after the one and had it before the other."""
    turns = [
        line.split() for log in logs for line in log.read_bytes().splitlines(keepends=True) if line.endswith(b"\n")
    ]
    return sum(asked_ns < int(asked) and int(locked) < locked_ns for asked, locked in turns)


def overtaken(
    spawn: Spawn, path: Path, crowd: tuple[str, str, int, int], size: int, wait: Callable[[], tuple[int, int]]
) -> int:
    """How often those who wait were overtaken, in ten waits, by a crowd that uses the file; fewer once it is too often.

    `wait` waits, and says when it asked and when it had it.
    """
    logs = [path.with_name(f"log-{number}") for number in range(size)]
    children = [spawn(queueing.use_often, *crowd, path, log) for log in logs]
    for child in children:
        child.expect("ready")
    for child in children:
        child.tell()
    until(lambda: all(log.exists() and log.stat().st_size for log in logs), "all at it")
    waits: list[tuple[int, int]] = []
    begun_ns = time.perf_counter_ns()

    def wait_often() -> None:
        for _ in range(WAITS):
            time.sleep(_THINK_S)  # or all of the crowd would be in step, from having waited for the same end
            waits.append(wait())

    def end_the_crowd() -> None:
        too_often = 2 * WAITS * MOST_OVERTAKE
        until(
            lambda: len(waits) == WAITS or overtakers(logs, last_ns(), 1 << 63) > too_often,
            "ten waits, or too long a one",
        )
        for child in children:
            child.process.kill()

    def last_ns() -> int:
        return waits[-1][1] if waits else begun_ns

    run_all(wait_often, end_the_crowd)
    return sum(overtakers(logs, *one) for one in waits)


def write(path: Path) -> tuple[int, int]:
    """An edit, which waits for all others."""
    edited = Edit(path, lambda old: old)
    return edited.asked_ns, edited.locked_ns


def read_by(opener: Callable[..., lockedfile.LockedFile | weakened_waits.RawFile], path: Path) -> tuple[int, int]:
    """A look, which waits for who writes."""
    asked_ns = time.perf_counter_ns()
    with opener(str(path), "rb"):
        return asked_ns, time.perf_counter_ns()


READERS = ("rb", 10, 5)
WRITERS = ("r+b", 2, 0)


def test_writer_does_not_starve_among_readers(spawn: Spawn, path: Path) -> None:
    """Eight that read for 10 ms and think for 5: hardly one that came later comes first."""
    assert overtaken(spawn, path, (OURS, *READERS), 8, lambda: write(path)) <= WAITS * MOST_OVERTAKE


def test_starving_writer_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of readers that know no line."""
    raw = name(weakened_waits.open_raw)
    assert overtaken(spawn, path, (raw, *READERS), 8, lambda: write(path)) > WAITS * MOST_OVERTAKE


def test_reader_does_not_starve_among_writers(spawn: Spawn, path: Path) -> None:
    """Four that write for 2 ms and do not think."""
    crowd = (OURS, *WRITERS)
    assert overtaken(spawn, path, crowd, 4, lambda: read_by(lockedfile.open, path)) <= WAITS * MOST_OVERTAKE


def test_starving_reader_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of a reader that looks again and again."""
    crowd = (name(weakened_waits.open_raw), *WRITERS)
    polling = weakened_waits.open_polling
    assert overtaken(spawn, path, crowd, 4, lambda: read_by(polling, path)) > WAITS * MOST_OVERTAKE


def line_behind_a_frozen_one(spawn: Spawn, path: Path, opener: str, mode: str) -> tuple[Child, Child]:
    """Two that wait for a file that is free: the first is frozen, the second came after him."""
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        pair = spawn(queueing.stand_in_line, opener, "r+b", path), spawn(queueing.stand_in_line, opener, mode, path)
        for place, child in enumerate(pair, 1):
            child.expect("ready")
            child.tell()
            footprints.until_in_line(path, place)
        pair[0].process.send_signal(signal.SIGSTOP)
        until(lambda: footprints.state(pair[0].process.pid) == "T", "stopped")
    return pair


@pytest.mark.parametrize("mode", ["rb", "r+b"])
def test_frozen_one_is_not_waited_for(spawn: Spawn, path: Path, mode: str) -> None:
    """Who stands behind him goes past; he has his turn when he is awake again."""
    frozen, other = line_behind_a_frozen_one(spawn, path, OURS, mode)
    other.expect("had")
    assert footprints.state(frozen.process.pid) == "T"
    frozen.process.send_signal(signal.SIGCONT)
    assert not frozen.has_spoken()
    other.tell()
    frozen.expect("had")
    for child in (other, frozen):
        child.tell()
        child.end()
    assert footprints.locks_of(path) == []


def test_line_that_stands_behind_a_frozen_one_would_show(spawn: Spawn, path: Path, tmp_path: Path) -> None:
    """The check can fail: of a line that nobody may leave; he still stands there when one of ours has gone past."""
    strict = line_behind_a_frozen_one(spawn, path, name(weakened_waits.open_in_strict_line), "r+b")
    (tmp_path / "other").touch()
    line_behind_a_frozen_one(spawn, tmp_path / "other", OURS, "r+b")[1].expect("had")
    assert locks.state(path) == "free"
    assert not strict[1].has_spoken()


def test_reader_is_not_kept_from_reading_by_a_writer_who_waits_for_its_parent(spawn: Spawn, path: Path) -> None:
    """A process reads, and has a child of its own read too; a writer between them gives way in the end.

    But not as soon as one who is frozen: he does wait.
    """
    parent = spawn(queueing.read_in_a_child, path)
    parent.expect("held")
    writer = spawn(waiting.ask, "Edit", path)
    writer.expect("ready")
    writer.tell()
    footprints.until_in_line(path)
    parent.tell()
    footprints.until_in_line(path, 2)
    other = path.with_name("other")
    other.touch()
    line_behind_a_frozen_one(spawn, other, OURS, "r+b")[1].expect("had")
    assert not parent.has_spoken()
    parent.expect("0")
    parent.end()
    assert waiting.heard(writer).error is None
    writer.tell()
    writer.end()


def in_line(spawn: Spawn, path: Path, modes: list[str]) -> list[Child]:
    """So many of ours, that wait."""
    line = [spawn(queueing.stand_in_line, OURS, mode, path) for mode in modes]
    for place, child in enumerate(line, 1):
        child.expect("ready")
        child.tell()
        footprints.until_in_line(path, place)
    return line


def all_had(line: list[Child]) -> None:
    """Everybody gets it, in any order."""
    for child in line:
        child.tell()
    for child in line:
        child.expect("had")
        child.end()


def test_stranger_is_not_held_up_by_our_line(spawn: Spawn, path: Path) -> None:
    """Whoever knows flock(2) alone reads with the readers at once, and gets its turn, though many of ours wait."""
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        line = in_line(spawn, path, ["r+b", "r+b", "rb", "r+b"])
        stranger, patient = spawn(queueing.use_raw, "at once", path), spawn(queueing.use_raw, "in time", path)
        for child in (stranger, patient):
            child.expect("ready")
        for answer, kind in (("had", "LOCK_SH"), ("taken", "LOCK_EX"), ("had", "LOCK_SH")):
            stranger.tell(kind)
            stranger.expect(answer)
        patient.tell("LOCK_EX")
        until(lambda: locks.waiters(path) >= 2, "the stranger waits")
    all_had(line)
    patient.expect("had")
    for child in (stranger, patient):
        child.end()


def test_go_is_not_held_up_by_our_line(spawn: Spawn, path: Path, go: Go) -> None:
    """It reads with who reads, and edits once that one is gone, though ours wait."""
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        line = in_line(spawn, path, ["r+b", "r+b"])
        assert go.run("mod", "edit", "-json", path)[0] == 0
        with go.start("mod", "edit", "-module=example.com/n", path) as process:
            until(lambda: locks.waiters(path) >= 2 or process.poll() is not None, "go waits too")
            fcntl.flock(held, fcntl.LOCK_UN)
            all_had(line)
            assert process.wait(LIMIT_S) == 0
    assert path.read_bytes() == b"module example.com/n\n"


def kinds_of_locks(spawn: Spawn, path: Path, file_system: str) -> set[str]:
    """What kinds of locks the file has, as one of ours holds it, and two of ours wait, on such a file system."""
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        line = [spawn(queueing.stand_in_line_on, file_system, mode, path) for mode in ("r+b", "rb")]
        for place, child in enumerate(line, 1):
            child.expect("ready")
            child.tell()
            footprints.until_in_line(path, place)
        kinds = {lock.removeprefix("->").split()[0] for lock in footprints.locks_of(path)}
    all_had(line)
    return kinds


@pytest.mark.parametrize("file_system", ["nfs", "nfs4", "cifs", "fuse.sshfs", "9p", "unheard of"])
def test_there_is_no_line_on_a_network(spawn: Spawn, path: Path, file_system: str) -> None:
    """Nor on what nobody knows: there the locks of the line might be those of the file."""
    assert kinds_of_locks(spawn, path, file_system) == {"FLOCK"}


def test_line_on_a_network_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: where there is a line, it is of other locks."""
    assert kinds_of_locks(spawn, path, "ext4") == {"FLOCK", "OFDLCK"}


def test_lock_of_another_kind_does_not_hold_us_up(spawn: Spawn, path: Path) -> None:
    """Whoever holds the whole file by fcntl(2) excludes none of ours, nor makes them wait; Go does not see it."""
    stranger = spawn(queueing.hold_by_lockf, path)
    stranger.expect("locked")
    Edit(path, lambda old: old, timeout=0)
    assert lockedfile.read(path, timeout=0)
    with lockedfile.open(path, "r+b"):
        line = in_line(spawn, path, ["r+b", "rb"])
    all_had(line)
    stranger.tell()
    stranger.end()
