"""Processes that wait for each other: one of them is told, and the others go on; who is in no circle is never told."""

from __future__ import annotations

import pickle
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform != "linux":
    pytest.skip("needs Linux, which tells who waits for whom", allow_module_level=True)

import lockedfile
from lockedfile import WouldDeadlock
from tests.lockedfile import circles, filesystems, footprints, needs, queueing, waiting, weakened_waits
from tests.lockedfile.processes import LIMIT_S, go_together, until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]


def files(directory: Path, count: int, name: str = "file") -> list[Path]:
    """Empty files."""
    paths = [directory / f"{name}-{number}" for number in range(count)]
    for path in paths:
        path.touch()
    return paths


def pids(told: WouldDeadlock) -> list[int | None]:
    """Those of the circle."""
    return [holder.pid for holder in told.circle]


def in_a_circle(spawn: Spawn, paths: Sequence[Path], *arguments: object) -> list[Child]:
    """Processes each of which holds one file, and asks for the next."""
    following = [*paths[1:], paths[0]]
    crowd = [spawn(circles.hold_and_ask, *pair, *arguments) for pair in zip(paths, following, strict=True)]
    for child in crowd:
        child.expect("ready")
    for child in crowd:
        child.tell()
    return crowd


def alarms(crowd: Sequence[Child]) -> list[tuple[int, WouldDeadlock]]:
    """Who is told of a circle, by process, and what; all others have what they waited for."""
    outcomes = {child.process.pid: waiting.heard(child).error for child in crowd}
    for child in crowd:
        child.tell()
        child.end()
    told = [(pid, error) for pid, error in outcomes.items() if isinstance(error, WouldDeadlock)]
    assert len(told) + list(outcomes.values()).count(None) == len(crowd), outcomes
    return told


@pytest.mark.parametrize("timeout", [None, LIMIT_S])
@pytest.mark.parametrize("beside", ["nobody", "a thread"])
@pytest.mark.parametrize("what", ["Edit", "read", "Mutex"])
def test_two_that_wait_for_each_other_are_told(
    spawn: Spawn, tmp_path: Path, what: str, timeout: float | None, beside: str
) -> None:
    """One at least, of the circle, itself first; then the other one has what it waits for."""
    crowd = in_a_circle(spawn, files(tmp_path, 2), timeout, what, beside)
    told = alarms(crowd)
    assert told
    for pid, error in told:
        assert pids(error) == [pid, *({child.process.pid for child in crowd} - {pid})]


def test_readers_that_want_to_write_are_told(spawn: Spawn, tmp_path: Path) -> None:
    """Each of what the other one reads."""
    assert alarms(in_a_circle(spawn, files(tmp_path, 2), None, "Edit", "nobody", "rb"))


@needs.root
@pytest.mark.parametrize("kind", filesystems.KINDS)
def test_circle_is_told_on_any_local_file_system(spawn: Spawn, tmp_path: Path, kind: str) -> None:
    """Whatever it has for numbers of devices."""
    with filesystems.KINDS[kind](tmp_path / "mounted") as directory:
        assert alarms(in_a_circle(spawn, files(directory, 2), None))


def test_circle_is_told_though_others_stand_in_line(spawn: Spawn, tmp_path: Path) -> None:
    """Before those who are in it, for either file; who holds nothing is in no circle, and all have it in the end."""
    paths = files(tmp_path, 2)
    crowd = [spawn(circles.hold_and_ask, *pair, None) for pair in (paths, paths[::-1])]
    line = [spawn(waiting.ask, "Edit", path) for path in paths]
    for child in (*crowd, *line):
        child.expect("ready")
    for child, path in zip(line, paths, strict=True):
        child.tell()
        footprints.until_in_line(path)
    for child in crowd:
        child.tell()
    assert alarms(crowd)
    for child in line:
        assert waiting.heard(child).error is None
        child.tell()
        child.end()


def test_threads_of_one_process_that_wait_for_each_other_are_told(spawn: Spawn, tmp_path: Path) -> None:
    """One of them, and then the other one goes on."""
    x, y = files(tmp_path, 2)
    child = spawn(circles.ask_in_threads, x, y, y, x)
    child.expect("ready")
    child.tell()
    errors = [waiting.heard(child).error for _ in range(2)]
    assert None in errors
    told = next(error for error in errors if isinstance(error, WouldDeadlock))
    assert set(pids(told)) == {child.process.pid}
    child.tell()
    child.end()


def test_circle_through_two_threads_of_a_process_is_told(spawn: Spawn, tmp_path: Path) -> None:
    """P waits for Q, and Q for what another thread of P holds, which waits for what the first one holds."""
    x, y, z = files(tmp_path, 3)
    p, q = spawn(circles.ask_in_threads, x, y, z, x), spawn(circles.hold_and_ask, y, z, None)
    for child in (p, q):
        child.expect("ready")
    for child in (q, p):
        child.tell()
    errors = [waiting.heard(child).error for child in (p, p, q)]
    assert any(isinstance(error, WouldDeadlock) for error in errors)
    assert all(isinstance(error, (WouldDeadlock, type(None))) for error in errors)
    for child in (p, q):
        child.tell()
        child.end()


def test_three_that_wait_for_each_other_are_told(spawn: Spawn, tmp_path: Path) -> None:
    """In the order in which they wait."""
    crowd = in_a_circle(spawn, files(tmp_path, 3), None)
    order = [child.process.pid for child in crowd]
    told = alarms(crowd)
    assert told
    for pid, error in told:
        place = order.index(pid)
        assert pids(error) == order[place:] + order[:place]


def test_error_names_all_of_the_circle_and_pickles(spawn: Spawn, tmp_path: Path) -> None:
    """In its message, and as facts; it came from another process already."""
    paths = files(tmp_path, 2)
    crowd = in_a_circle(spawn, paths, LIMIT_S, "Edit")
    for pid, error in alarms(crowd):
        asked = paths[0] if pid == crowd[1].process.pid else paths[1]
        assert (error.operation, error.path) == ("Edit", str(asked))
        assert str(error).startswith(f"Edit {asked}: ")
        assert all(f"pid {child.process.pid}" in str(error) for child in crowd if child.process.pid != pid)
        assert pickle.loads(pickle.dumps(error)).circle == error.circle


def until_asked(child: Child, path: Path) -> None:
    """Return once the child waits for the file, or has been answered."""
    until(lambda: child.has_spoken() or footprints.in_line(path), "a wait")


@pytest.mark.parametrize("ours_first", [True, False])
def test_circle_with_a_stranger_is_told(spawn: Spawn, tmp_path: Path, ours_first: bool) -> None:
    """Who locks by flock(2) is in it as anybody; whoever of the two waited first."""
    x, y = files(tmp_path, 2)
    ours, stranger = spawn(circles.hold_and_ask, x, y, None), spawn(queueing.hold_and_ask_raw, y, x)
    order = [(ours, y), (stranger, x)] if ours_first else [(stranger, x), (ours, y)]
    for child in (ours, stranger):
        child.expect("ready")
    for child, path in order:
        child.tell()
        until_asked(child, path)
    error = waiting.heard(ours).error
    assert isinstance(error, WouldDeadlock)
    assert pids(error) == [ours.process.pid, stranger.process.pid]
    stranger.expect("had")
    ours.tell()
    for child in (ours, stranger):
        child.end()


def another_circle(spawn: Spawn, directory: Path, name: str) -> None:
    """Let a real circle come and be told: as much time as that takes, and one who is told wrongly would be too."""
    assert alarms(in_a_circle(spawn, files(directory, 2, name), None))


def test_circle_of_processes_that_is_none_of_threads_is_not_told(spawn: Spawn, tmp_path: Path) -> None:
    """P waits for Q's file in one thread, Q for one that another thread of P has, and will give back.

    That thread may hold a third file.
    """
    for third in ("", str(files(tmp_path, 1, "third")[0])):
        x, y = files(tmp_path, 2)
        p = spawn(circles.hold_and_ask_elsewhere, x, y, third, None)
        q = spawn(circles.hold_and_ask, y, x, None)
        for child in (p, q):
            child.expect("ready")
        for child, path in ((p, y), (q, x)):
            child.tell()
            footprints.until_in_line(path)
        assert weakened_waits.circle_of_processes(p.process.pid) == [p.process.pid, q.process.pid]
        for number in range(2):
            another_circle(spawn, tmp_path, f"real-{number}")
        assert not p.has_spoken()
        assert not q.has_spoken()
        p.tell()
        assert waiting.heard(q).error is None
        assert waiting.heard(p).error is None
        q.tell()
        for child in (p, q):
            child.end()


def test_wait_that_is_over_is_no_part_of_a_circle(spawn: Spawn, tmp_path: Path) -> None:
    """P and Q have waited for each other, with deadlines; now P waits no more, and Q for P alone."""
    x, y = files(tmp_path, 2)
    p = spawn(circles.hold_and_ask_often, x, y, 0.38)
    q = spawn(circles.hold_and_ask_often, y, x, *[0.12] * 3, None)
    for child in (p, q):
        child.expect("ready")
    p.tell()
    for _ in range(3):
        q.tell()
        assert waiting.heard(q).error is not None
    assert waiting.heard(p).error is not None
    q.tell()
    footprints.until_in_line(x)
    assert weakened_waits.circle_of_processes(q.process.pid) == [q.process.pid, p.process.pid]
    for number in range(2):
        another_circle(spawn, tmp_path, f"real-{number}")
    assert not q.has_spoken()
    p.tell()
    assert waiting.heard(q).error is None
    q.tell()
    for child in (p, q):
        child.end()


def test_lock_that_another_thread_will_release_is_no_part_of_a_circle(spawn: Spawn, tmp_path: Path) -> None:
    """Whoever took a mutex may be told, though another thread gives it back; nothing else comes of it."""
    x, y = files(tmp_path, 2)
    p, q = spawn(circles.lend_and_ask, x, y), spawn(circles.hold_and_ask, y, x, None)
    for child in (p, q):
        child.expect("ready")
        child.tell()
    until_asked(q, x)
    p.tell()
    outcomes = [waiting.heard(child).error for child in (p, q)]
    assert all(isinstance(error, (WouldDeadlock, type(None))) for error in outcomes)
    q.tell()
    for child in (p, q):
        child.end()


@pytest.mark.parametrize(("hold_ms", "times"), [(0, 150), (6, 8)])
@pytest.mark.parametrize("way", [circles.take_in_order, circles.take_hand_over_hand])
def test_who_takes_them_in_one_order_is_never_told(
    spawn: Spawn, tmp_path: Path, way: Callable[..., None], hold_ms: int, times: int
) -> None:
    """Of three processes with two threads each, that wait long or briefly; nor does one of them wait for ever."""
    paths = files(tmp_path, 3)
    go_together([spawn(way, hold_ms, times, *paths) for _ in range(3)])
    assert [locks for path in paths for locks in footprints.locks_of(path)] == []


def test_circle_ends_by_a_deadline_if_that_comes_first(spawn: Spawn, tmp_path: Path) -> None:
    """Or by the alarm; the other one goes on either way."""
    x, y = files(tmp_path, 2)
    crowd = [spawn(circles.hold_and_ask, x, y, 0.01), spawn(circles.hold_and_ask, y, x, None)]
    for child in crowd:
        child.expect("ready")
    for child in crowd:
        child.tell()
    errors = [waiting.heard(child).error for child in crowd]
    assert isinstance(errors[0], (lockedfile.LockTimeout, WouldDeadlock, type(None)))
    assert isinstance(errors[1], (WouldDeadlock, type(None)))
    assert errors.count(None) == 1
    for child in crowd:
        child.tell()
        child.end()
