"""The errors: what they are, what they tell, and that they travel."""

from __future__ import annotations

import copy
import errno
import io
import pickle
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import JournalError, LockedFileError, LockUnsupported
from lockedfile._errors import name_file

if TYPE_CHECKING:
    from pathlib import Path

UNSUPPORTED = LockUnsupported(errno.ENOLCK, "No locks available: use a local file system", "/nfs/go.mod")


def test_lock_unsupported_is_ours_and_the_systems() -> None:
    """Whoever catches `OSError`, or all that is ours, catches it."""
    assert isinstance(UNSUPPORTED, LockedFileError)
    assert isinstance(UNSUPPORTED, OSError)
    assert not isinstance(UNSUPPORTED, BlockingIOError)


def test_lock_unsupported_has_its_facts_as_attributes() -> None:
    """And all of them in its message."""
    assert UNSUPPORTED.errno == errno.ENOLCK
    assert UNSUPPORTED.strerror == "No locks available: use a local file system"
    assert UNSUPPORTED.filename == "/nfs/go.mod"
    for fact in (str(errno.ENOLCK), "local file system", "/nfs/go.mod"):
        assert fact in str(UNSUPPORTED)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_errors_pickle(protocol: int) -> None:
    """With type, message and facts."""
    for error in (UNSUPPORTED, LockedFileError("why", 7)):
        twin = pickle.loads(pickle.dumps(error, protocol))
        assert (type(twin), str(twin), twin.args) == (type(error), str(error), error.args)
        assert vars(twin) == vars(error)
    assert pickle.loads(pickle.dumps(UNSUPPORTED, protocol)).filename == "/nfs/go.mod"
    assert copy.copy(UNSUPPORTED).filename == "/nfs/go.mod"


def test_errors_that_we_raise_pickle(tmp_path: Path) -> None:
    """The system's, with the file name that we gave them, too."""
    with pytest.raises(OSError, match=r".") as refused:
        lockedfile.read(tmp_path)
    (tmp_path / "mod.lockedfile-journal").mkdir()
    with pytest.raises(JournalError) as in_the_way:
        lockedfile.write(tmp_path / "mod", b"module m\n")
    journal = pickle.loads(pickle.dumps(in_the_way.value))
    assert (type(journal), str(journal), journal.filename) == (
        JournalError,
        str(in_the_way.value),
        str(tmp_path / "mod"),
    )
    with lockedfile.open(tmp_path / "file", "wb") as file, pytest.raises(OSError, match=r".") as unreadable:
        file.read()
    twin = pickle.loads(pickle.dumps(refused.value))
    assert (type(twin), str(twin), twin.filename) == (type(refused.value), str(refused.value), str(tmp_path))
    assert type(pickle.loads(pickle.dumps(unreadable.value))) is type(unreadable.value)


def test_journal_error_keeps_the_number_that_windows_gave() -> None:
    """Elsewhere there is none."""
    error = JournalError(errno.EEXIST, "no journal can be kept", "/go.mod", 80)
    twin = pickle.loads(pickle.dumps(error))
    assert getattr(twin, "winerror", None) == getattr(error, "winerror", None)
    assert (str(twin), twin.errno, twin.filename) == (str(error), errno.EEXIST, "/go.mod")
    assert vars(twin) == vars(error)


def test_name_file_names_what_has_no_name() -> None:
    """And leaves a name that is there: it may be of another file."""
    error = OSError(errno.EIO, "Input/output error")
    name_file(error, "/go.mod")
    assert error.filename == "/go.mod"
    assert "/go.mod" in str(error)
    name_file(error, "/other")
    assert error.filename == "/go.mod"


def test_name_file_keeps_the_cause() -> None:
    """Of an `OSError` that has a message but no number too, as those of `io` have."""
    error = io.UnsupportedOperation("not readable")
    name_file(error, "/go.mod")
    assert "not readable" in str(error)


def test_every_error_of_ours_has_our_root() -> None:
    """So that one `except` is enough."""
    errors = [value for value in vars(lockedfile).values() if isinstance(value, type) and issubclass(value, Exception)]
    assert {JournalError, LockUnsupported} <= set(errors)
    assert all(issubclass(error, LockedFileError) for error in errors)
