"""Windows: the journal of a file has its access list from its birth, and is believed by whose it is."""

from __future__ import annotations

import errno
import msvcrt
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, JournalError, _journal, _oslock
from lockedfile._oslock import _windows_access, _windows_refusals
from tests.lockedfile import crashes, windows
from tests.lockedfile.protocols import beside, journal_of

assert sys.platform == "win32"  # others do not collect this file

if TYPE_CHECKING:
    from collections.abc import Callable

OLD, NEW = b"module m\n" * 900, b"module n\n" * 900
WORLD = ";;;WD)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that everybody may read."""
    path = tmp_path / "go.mod"
    windows.make(str(path), OLD, f"D:P(A;;FA;;;SY)(A;;FA;;;{_windows_access._user()})(A;;FR;;;WD)")
    return path


def make_secret(path: Path) -> None:
    """Let nobody but us read the file."""
    path.unlink()
    windows.make(str(path), OLD, f"D:P(A;;FA;;;SY)(A;;FA;;;{_windows_access._user()})")


def lists_of_journals(path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The access list of the journal of each edit, when it is made, and when it is used; noted as they come."""
    seen: list[str] = []
    create, cut = _oslock.create, os.ftruncate

    def noting(place: str, flags: int, access: _windows_access.Birth | None) -> int:
        fd = create(place, flags, access)
        seen.append(_windows_access._access_of(fd))
        return fd

    def cutting(fd: int, size: int) -> None:
        seen.append(windows.access(str(journal_of(path))))
        cut(fd, size)

    monkeypatch.setattr(_journal, "create", noting)
    monkeypatch.setattr(_journal, "ftruncate", cutting)
    return seen


def test_journal_of_a_secret_is_born_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the directory hands down; so nobody has it open who may not read the file."""
    make_secret(path)
    assert WORLD not in windows.access(str(path))
    seen = lists_of_journals(path, monkeypatch)
    assert Edit(path, lambda _: NEW).changed
    assert [WORLD in access for access in seen] == [False, False], seen
    assert beside(path) == []


def test_journal_of_what_everybody_reads_can_be_read_by_everybody(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who then comes to a file in flight can read it right."""
    assert WORLD in windows.access(str(path))
    seen = lists_of_journals(path, monkeypatch)
    assert Edit(path, lambda _: NEW).changed
    assert [WORLD in access for access in seen] == [True, True], seen


def test_journal_made_as_any_file_would_show(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: of a journal that has what the directory hands down."""
    make_secret(path)
    monkeypatch.setattr(_journal, "access_at_birth", lambda _source, _status: None)
    seen = lists_of_journals(path, monkeypatch)
    Edit(path, lambda _: NEW)
    assert [WORLD in access for access in seen] == [True, True], seen


def test_where_files_have_no_access_lists_the_journal_has_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on FAT."""
    monkeypatch.setattr(_windows_access, "_access_of", lambda _fd: "")
    assert Edit(path, lambda _: NEW).changed
    assert (path.read_bytes(), beside(path)) == (NEW, [])


def test_new_journal_is_new(tmp_path: Path) -> None:
    """It takes the place of nothing; the error names it."""
    taken = tmp_path / "taken"
    taken.write_bytes(b"x")
    with pytest.raises(FileExistsError) as caught:
        _windows_access.create(str(taken), os.O_WRONLY | os.O_BINARY | os.O_NOINHERIT, None)
    assert (caught.value.filename, taken.read_bytes()) == (str(taken), b"x")
    with pytest.raises(FileNotFoundError):
        _windows_access.create(str(tmp_path / "missing" / "file"), os.O_WRONLY | os.O_BINARY | os.O_NOINHERIT, None)
    for name in (str(tmp_path / "text"), os.fsencode(tmp_path / "bytes")):
        fd = _windows_access.create(name, os.O_WRONLY | os.O_BINARY | os.O_NOINHERIT, None)
        assert not os.get_inheritable(fd)
        os.write(fd, b"a\nb\r\n\x1a")
        os.close(fd)
        assert Path(os.fsdecode(name)).read_bytes() == b"a\nb\r\n\x1a"


def test_file_that_has_no_owner_has_none(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As some file systems say of all."""
    monkeypatch.setattr(_windows_access, "_GetSecurityInfo", lambda *_: 0)
    with path.open("rb") as file:
        assert _windows_access.owner_of(file.fileno()) == ""


def test_owners_are_told_by_number(path: Path) -> None:
    """Ours, of a file that we have made; or that of the administrators, if we are one and have their rights."""
    with path.open("rb") as file:
        assert _windows_access.owner_of(file.fileno()) in {_windows_access._user(), _windows_access._ADMINISTRATORS}
    assert _windows_access._user().startswith("S-1-5-")


STRANGER = "S-1-5-21-1-2-3-4567"


def owned_by(monkeypatch: pytest.MonkeyPatch, path: Path, owner: str) -> None:
    """Let the journal of the file at `path` be said to be another's; under Wine all files are ours."""
    true_owner = _windows_access.owner_of
    here = journal_of(path)

    def owner_of(fd: int) -> str:
        return owner if here.exists() and _is(fd, here) else true_owner(fd)

    monkeypatch.setattr(_windows_access, "owner_of", owner_of)


def _is(fd: int, path: Path) -> bool:
    return os.path.samestat(os.fstat(fd), path.stat())


def test_journal_of_a_stranger_is_not_believed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who may not write to the file; better no content than what he likes, and the file stays as it is."""
    flight = crashes.leave(path, OLD, NEW)
    owned_by(monkeypatch, path, STRANGER)
    for call in (lambda: lockedfile.read(path), lambda: Edit(path, lambda _: NEW)):
        with pytest.raises(JournalError, match=f"is of user {STRANGER}") as caught:
            call()
        assert caught.value.filename == str(path)
    assert (path.read_bytes(), flight.journal.read_bytes()) == (flight.torn, flight.packed)


@pytest.mark.parametrize("owner", ["S-1-5-18", "S-1-5-32-544"], ids=["the system", "administrators"])
def test_journal_of_those_who_may_do_all_is_believed(path: Path, monkeypatch: pytest.MonkeyPatch, owner: str) -> None:
    """As root's is elsewhere."""
    crashes.leave(path, OLD, NEW)
    owned_by(monkeypatch, path, owner)
    assert lockedfile.read(path) == OLD


@pytest.mark.parametrize("call", [lockedfile.read, lambda path: Edit(path, lambda _: NEW)])
def test_access_that_is_not_told_is_an_error_that_names_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch, call: Callable[[Path], object]
) -> None:
    """Not the journal, of which nobody asked."""
    flight = crashes.leave(path, OLD, NEW)
    owned_by(monkeypatch, path, STRANGER)

    def fail(_fd: int) -> str:
        raise OSError(0, "denied", None, 5)

    monkeypatch.setattr(_windows_access, "_access_of", fail)
    with pytest.raises(PermissionError, match="denied") as caught:
        call(path)
    assert caught.value.filename == str(path)
    assert path.read_bytes() == flight.torn


def test_journal_of_one_who_may_write_to_the_file_is_believed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its access list."""
    crashes.leave(path, OLD, NEW)
    owned_by(monkeypatch, path, STRANGER)
    monkeypatch.setattr(_windows_access, "_access_of", lambda _fd: f"D:(A;;FA;;;SY)(A;;0x12019f;;;{STRANGER})")
    assert lockedfile.read(path) == OLD


def test_reader_drops_what_a_durable_edit_left(path: Path) -> None:
    """It has the file synced first, which Windows does for none who cannot write: it takes a handle of its own."""
    crashes.leave(path, OLD, NEW, durable=True)
    path.write_bytes(NEW)
    assert (lockedfile.read(path), beside(path)) == (NEW, [])


def test_file_is_synced_through_what_can_only_read_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless we may not write to it at all: then it is an error, and nothing counts as synced."""
    with path.open("rb") as file:
        _oslock.sync(file.fileno())
        monkeypatch.setattr(_windows_access, "_ReOpenFile", lambda *_: None)
        with pytest.raises(OSError, match=r"."):
            _oslock.sync(file.fileno())
    with pytest.raises(OSError, match=r"."):
        _oslock.sync(file_descriptor_of_nothing())


def file_descriptor_of_nothing() -> int:
    """One that is closed."""
    fd = os.open(os.devnull, os.O_RDONLY)
    os.close(fd)
    return fd


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EACCES, errno.EBADF])
def test_sync_that_failed_is_not_tried_again(path: Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Not even if what the C library says of it could mean that the right is missing: what the disk has is unknown."""

    def fail(_fd: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    monkeypatch.setattr(_windows_refusals, "_last_error", lambda: 1117)  # ERROR_IO_DEVICE
    monkeypatch.setattr(_windows_access, "flush", lambda _fd: pytest.fail("tried again"))
    with path.open("r+b") as file, pytest.raises(OSError, match=r".") as caught:
        _oslock.sync(file.fileno())
    assert caught.value.errno == number


def test_journal_for_which_there_is_no_descriptor_is_not_left_open(path: Path) -> None:
    """The C library has so many; with one more, the next edit makes its journal in the place of that one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(msvcrt, "open_osfhandle", no_descriptor)
        with pytest.raises(JournalError) as caught:
            Edit(path, lambda _: NEW)
    assert (caught.value.errno, path.read_bytes()) == (errno.EMFILE, OLD)
    assert Edit(path, lambda _: NEW).changed
    assert (path.read_bytes(), beside(path)) == (NEW, [])


def no_descriptor(_handle: int, _flags: int) -> int:
    """What Python says when there are none."""
    raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
