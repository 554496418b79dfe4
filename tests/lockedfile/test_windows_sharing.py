"""Windows: who has a file, or its journal, open and shares it with nobody; and what we let others do to ours."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, JournalError, _file, _journal, _oslock, _pauses
from lockedfile._oslock import _windows_refusals
from tests.lockedfile import children, crashes, windows
from tests.lockedfile.processes import LIMIT_S, name
from tests.lockedfile.protocols import beside, journal_of

assert sys.platform == "win32"  # others do not collect this file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OLD, NEW = b"module m\r\n" * 900, b"module n\r\n" * 800
ACCESS_DENIED, SHARING_VIOLATION, DELETE_PENDING, MAPPED = 5, 32, 303, 1224


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file of more than one page."""
    path = tmp_path / "go.mod"
    path.write_bytes(OLD)
    return path


WAYS = {way: crashes.USERS[way] for way in ("Edit", "read", "open r+b", "Mutex")}
"""What comes to a file, each in its own way, and the content that it finds."""

edited = WAYS["Edit"]


def having(spawn: Spawn, path: Path) -> Child:
    """A process that has the file open and shares it with nobody."""
    child = spawn(windows.have_unshared, path)
    child.expect("ready")
    return child


def let_go(child: Child) -> Callable[[float], None]:
    """A pause, in which the process closes the file."""

    def pause(_seconds: float) -> None:
        child.tell()
        child.expect("done")

    return pause


def no_pause(_seconds: float) -> None:
    """There is to be none."""
    pytest.fail("paused")


class Clock:
    """Time passes in pauses only."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_ns = 1
        monkeypatch.setattr(_pauses, "perf_counter_ns", lambda: self.now_ns)
        monkeypatch.setattr(_pauses, "sleep", self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.now_ns += round(seconds * 1e9)


@pytest.mark.parametrize("way", WAYS)
def test_file_that_another_has_for_a_moment_is_had(
    spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """As soon as it is closed there."""
    monkeypatch.setattr(_pauses, "sleep", let_go(having(spawn, path)))
    assert WAYS[way](path) == OLD


@pytest.mark.parametrize("timeout", [0, 1.5, None])
def test_file_that_another_has_for_long_is_an_error_that_says_so(
    spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch, timeout: float | None
) -> None:
    """After the timeout, and two seconds at most; path, cause, and what to do."""
    clock = Clock(monkeypatch)
    child = having(spawn, path)
    with pytest.raises(PermissionError, match=r"another program has it open.*; close it there") as caught:
        Edit(path, lambda _: NEW, timeout=timeout)
    error = caught.value
    assert (error.winerror, error.filename) == (SHARING_VIOLATION, str(path))
    waited_s = (clock.now_ns - 1) / 1e9
    assert waited_s <= (2 if timeout is None else timeout)
    assert waited_s > (1.9 if timeout is None else 0.9 * timeout - 0.1)
    child.tell()
    child.expect("done")
    assert path.read_bytes() == OLD


CUTTING: dict[str, Callable[[Path], object]] = {
    "Edit": lambda path: Edit(path, lambda _: NEW),
    "Edit, of the same size": lambda path: Edit(path, lambda old: old.swapcase()),
    "Edit, with no journal": lambda path: Edit(path, lambda _: NEW, crash_safe=False),
    "open": lambda path: lockedfile.open(path, "wb").close(),
}
"""What cuts a file: with a journal every edit, which takes its mark away."""


def mapping(spawn: Spawn, path: Path) -> Child:
    """A process that has the file mapped into memory."""
    child = spawn(windows.have_mapped, path)
    child.expect("ready")
    return child


@pytest.mark.parametrize("way", CUTTING)
def test_file_that_another_has_mapped_for_a_moment_is_edited(
    spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """As soon as it may be cut."""
    monkeypatch.setattr(_pauses, "sleep", let_go(mapping(spawn, path)))
    CUTTING[way](path)
    assert path.read_bytes() == {"Edit, of the same size": OLD.swapcase(), "open": b""}.get(way, NEW)
    assert beside(path) == []


def test_file_that_another_has_mapped_for_long_is_an_error_that_says_so(
    spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who reads gets the old content meanwhile, and who edits when it is over finds that."""
    Clock(monkeypatch)
    child = mapping(spawn, path)
    with pytest.raises(OSError, match=r"another program has it mapped into memory.*; close it there") as caught:
        Edit(path, lambda _: NEW)
    assert (caught.value.winerror, caught.value.filename) == (MAPPED, str(path))
    assert lockedfile.read(path) == OLD
    child.tell()
    child.expect("done")
    assert Edit(path, lambda old: old + NEW).recovered
    assert path.read_bytes() == OLD + NEW
    assert beside(path) == []


FIRST_ERROR = """
import sys, lockedfile
try:
    lockedfile.read(sys.argv[1], timeout=0)
except PermissionError as error:
    print(error.winerror)
"""


def test_first_error_of_a_process_says_it_too(path: Path) -> None:
    """What it may import to find out, and look in vain for compiled, does not make the C library forget it."""
    handle = windows.open_unshared(str(path))
    try:
        told = subprocess.run(
            [sys.executable, "-B", "-X", f"pycache_prefix={path.parent}", "-c", FIRST_ERROR, path],
            check=True,
            capture_output=True,
            timeout=LIMIT_S,
        )
    finally:
        windows.close(handle)
    assert int(told.stdout) == SHARING_VIOLATION


@pytest.mark.parametrize("kind", [lockedfile.LockUnsupported, JournalError])
def test_error_with_a_number_of_windows_is_pickled_with_it(kind: type[OSError]) -> None:
    """And says the same afterwards."""
    error = kind(0, "no", "go.mod", SHARING_VIOLATION)
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), again.winerror, again.errno, str(again)) == (kind, SHARING_VIOLATION, error.errno, str(error))


def test_file_that_is_being_deleted_is_waited_for(spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows calls that a denial; here it is told so of a file that another has."""
    monkeypatch.setattr(_windows_refusals, "_last_error", lambda: ACCESS_DENIED)
    child = having(spawn, path)
    with pytest.raises(PermissionError, match="just being deleted; check its permissions") as caught:
        Edit(path, lambda _: NEW, timeout=0)
    assert (caught.value.winerror, caught.value.filename) == (ACCESS_DENIED, str(path))
    monkeypatch.setattr(_pauses, "sleep", let_go(child))
    assert Edit(path, lambda _: NEW).changed


def test_directory_is_refused_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It will be one in two seconds, too."""
    monkeypatch.setattr(_pauses, "sleep", no_pause)
    with pytest.raises(IsADirectoryError, match="directory") as caught:
        Edit(tmp_path, lambda _: NEW)
    assert caught.value.filename == str(tmp_path)


def test_read_only_attribute_is_told_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what to do; `read` reads on. A user who may do everything is not refused by Wine, so it is said for it."""

    def refuse(where: str, flags: int, perm: int) -> int:
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise PermissionError(13, "Permission denied", where)
        return os.open(where, flags, perm)

    path.chmod(0o444)
    monkeypatch.setattr(_file, "os_open", refuse)
    monkeypatch.setattr(_windows_refusals, "_last_error", lambda: ACCESS_DENIED)
    monkeypatch.setattr(_pauses, "sleep", no_pause)
    for way in (edited, WAYS["open r+b"], WAYS["Mutex"]):
        with pytest.raises(PermissionError, match=r"read-only attribute.*attrib -r") as caught:
            way(path)
        assert caught.value.filename == str(path)
    assert lockedfile.read(path) == OLD


def at_the_cut(monkeypatch: pytest.MonkeyPatch, then: Callable[[], None]) -> None:
    """Let `then` run once in an edit, when its journal lies there."""
    cut = os.ftruncate

    def ftruncate(fd: int, size: int) -> None:
        monkeypatch.setattr(_journal, "ftruncate", cut)
        then()
        cut(fd, size)

    monkeypatch.setattr(_journal, "ftruncate", ftruncate)


def test_journal_that_another_has_for_a_moment_is_removed(
    spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As an indexer has what is new."""
    at_the_cut(monkeypatch, lambda: monkeypatch.setattr(_pauses, "sleep", let_go(having(spawn, journal_of(path)))))
    assert Edit(path, lambda _: NEW).changed
    assert (path.read_bytes(), beside(path)) == (NEW, [])


def test_journal_that_another_has_for_long_stays_and_the_next_edit_says_so(
    spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The edit is made; no other can be, without a journal of its own; once it is closed there, all is well."""
    holders: list[Child] = []
    at_the_cut(monkeypatch, lambda: holders.append(having(spawn, journal_of(path))))
    assert Edit(path, lambda _: NEW, timeout=0).changed
    assert (path.read_bytes(), beside(path)) == (NEW, [journal_of(path).name])
    Clock(monkeypatch)
    with pytest.raises(JournalError, match="cannot be removed; move it away") as caught:
        Edit(path, lambda _: OLD)
    assert (caught.value.filename, str(journal_of(path)) in str(caught.value)) == (str(path), True)
    assert pickle.loads(pickle.dumps(caught.value)).filename == str(path)
    assert path.read_bytes() == NEW
    monkeypatch.setattr(_pauses, "sleep", let_go(holders[0]))
    assert Edit(path, lambda _: OLD).changed
    assert (path.read_bytes(), beside(path)) == (OLD, [])


@pytest.mark.parametrize("number", [ACCESS_DENIED, DELETE_PENDING])
def test_journal_whose_predecessor_is_going_is_made_when_it_is_gone(
    path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """Removed, but open somewhere: Windows denies the name until it is closed."""
    create, denials = _oslock.create, [1, 2, 3]

    def deny(place: str | bytes, flags: int, access: object) -> int:
        if denials:
            denials.pop()
            raise OSError(0, "Access denied", place, number)
        return create(place, flags, access)  # type: ignore[arg-type]  # as it came

    Clock(monkeypatch)
    monkeypatch.setattr(_journal, "create", deny)
    assert Edit(path, lambda _: NEW).changed
    assert (path.read_bytes(), beside(path), denials) == (NEW, [], [])


@pytest.mark.parametrize("timeout", [0, None])
def test_directory_that_takes_no_journal_is_an_error_that_names_it(
    path: Path, monkeypatch: pytest.MonkeyPatch, timeout: float | None
) -> None:
    """And what to do; the file is untouched."""

    def deny(place: str | bytes, _flags: int, _access: object) -> int:
        raise OSError(0, "Access denied", place, ACCESS_DENIED)

    Clock(monkeypatch)
    monkeypatch.setattr(_journal, "create", deny)
    with pytest.raises(JournalError, match=r"no journal can be kept in .*; with crash_safe=False") as caught:
        Edit(path, lambda _: NEW, timeout=timeout)
    error = caught.value
    assert (error.filename, error.winerror, str(path.parent) in str(error)) == (str(path), ACCESS_DENIED, True)
    assert path.read_bytes() == OLD


def test_journal_that_is_needed_and_that_another_has_is_waited_for(
    spawn: Spawn, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Better late than a mix; at once it is an error."""
    flight = crashes.leave(path, OLD, NEW)
    child = having(spawn, flight.journal)
    for call in (lambda: lockedfile.read(path, timeout=0), lambda: Edit(path, lambda _: NEW, timeout=0)):
        with pytest.raises(JournalError, match="cannot be read; close it where it is open") as caught:
            call()
        assert caught.value.filename == str(path)
    monkeypatch.setattr(_pauses, "sleep", let_go(child))
    assert lockedfile.read(path) == OLD
    assert (path.read_bytes(), beside(path)) == (OLD, [])


def test_journal_with_the_read_only_attribute_is_believed_and_removed(path: Path) -> None:
    """Whoever has given it to it."""
    for way in WAYS.values():
        flight = crashes.leave(path, OLD, NEW)
        flight.journal.chmod(0o444)
        assert way(path) == OLD
        assert (path.read_bytes(), beside(path)) == (OLD, [])


def test_read_only_file_in_flight_is_read_right(path: Path) -> None:
    """By its journal, which the attribute does not make doubtful."""
    crashes.leave(path, OLD, NEW)
    path.chmod(0o444)
    assert lockedfile.read(path) == OLD
    path.chmod(0o666)
    assert edited(path) == OLD
    assert (path.read_bytes(), beside(path)) == (OLD, [])


def test_journal_of_a_file_that_was_deleted_is_dropped(path: Path) -> None:
    """The file that is made anew is empty, whatever the journal says."""
    crashes.leave(path, OLD, NEW)
    path.unlink()
    assert edited(path) == b""
    assert (path.read_bytes(), beside(path)) == (b"", [])


REFUSED = ("PermissionError 5", "PermissionError 32")
DONE = ("done",)
LOCKED = ("PermissionError None",) if windows.enforces_locks() else DONE  # the C library does not say more
# What another process meets, by what of ours has the file open.
MEETS: dict[str, dict[str, tuple[str, ...]]] = {
    "an exclusive lock": {
        "look": DONE,
        "read": LOCKED,
        "write": LOCKED,
        "rename over": REFUSED,
        "rename": REFUSED,
        "delete": REFUSED,
    },
    "a shared lock": {
        "look": DONE,
        "read": DONE,
        "write": LOCKED,
        "rename over": REFUSED,
        "rename": REFUSED,
        "delete": REFUSED,
    },
    "nothing": {"look": DONE, "read": DONE, "write": DONE, "rename over": DONE, "rename": DONE},
}


@pytest.mark.parametrize("ours", MEETS)
def test_what_others_can_do_to_the_file(spawn: Spawn, path: Path, ours: str) -> None:
    """Nobody can rename, replace or delete what we have open; all is as before once we have closed it."""
    child = spawn(windows.do_what_others_do, path)
    if ours != "nothing":
        holder = spawn(children.hold, path, "r+b" if ours == "an exclusive lock" else "rb")
        holder.expect("asking")
        holder.expect("locked")
    for what, answers in MEETS[ours].items():
        child.tell(what)
        assert child.hear() in answers, what
    if ours != "nothing":
        holder.tell()
        holder.expect("released")
        holder.end()
        child.tell("delete")
        assert child.hear() == "done"
    child.end()


def test_directory_in_the_place_of_the_journal_is_told_at_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not removed, and the file is not changed."""
    monkeypatch.setattr(_pauses, "sleep", no_pause)
    journal_of(path).mkdir()
    with pytest.raises(JournalError, match="is in the place of the journal") as caught:
        Edit(path, lambda _: NEW)
    assert (caught.value.filename, path.read_bytes()) == (str(path), OLD)
    assert journal_of(path).is_dir()


def test_no_edit_is_lost_or_fails_beside_a_scanner(spawn: Spawn, path: Path) -> None:
    """It opens file and journals whenever it can, and shares them with nobody."""
    path.write_bytes(b"0\n")
    scanner = spawn(windows.scan, path, 2500)
    editors = [spawn(children.count, name(Edit), path, 40) for _ in range(2)]
    for child in (scanner, *editors):
        child.expect("ready")
    for child in (scanner, *editors):
        child.tell()
    for child in editors:
        child.expect("done")
        child.end()
    assert int(scanner.hear()) > 0
    scanner.expect("done")
    scanner.end()
    assert (path.read_bytes(), beside(path)) == (b"80\n", [])
