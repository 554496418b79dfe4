"""Journals that were put there, moved or changed, and what must come of it, which is nothing."""

from __future__ import annotations

import errno
import os
import sys
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, JournalError, _recovery
from tests.lockedfile import crashes
from tests.lockedfile.contents import brief
from tests.lockedfile.crashes import USERS, Flight
from tests.lockedfile.protocols import beside, edit_as_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Attack = Callable[[Flight, Path], object]

PAGES = bytes(range(256)) * 40
OLD, NEW = PAGES, b"A" + PAGES[1:6000] + b"B" + PAGES[6001:] + b"tail" * 100

TERABYTE = 1 << 40

WHOLE = [OLD, NEW, b"third", b"", NEW[:6000] + OLD[6000:]]
"""Old, new, another, nothing, and by chance what the edit was halfway."""


# Where a journal cannot be unlinked, an edit that wants its own cannot be made.
IN_THE_WAY = {"directory"}


def place(tmp_path: Path) -> Path:
    """Another directory, with a file that is not to be touched."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "victim").write_bytes(b"victim")
    (elsewhere / "victim").chmod(0o600)
    return elsewhere


def snapshot(elsewhere: Path) -> list[tuple[object, ...]]:
    """All that must not change there."""
    found: list[tuple[object, ...]] = []
    for file in sorted(elsewhere.iterdir()):
        status = file.lstat()
        content = b"" if status.st_size == TERABYTE else file.read_bytes()
        found.append((file.name, content, status.st_mode, status.st_uid, status.st_mtime_ns))
    return found


def attacked(tmp_path: Path, elsewhere: Path, attack: Attack, content: bytes | None = None) -> Flight:
    """A file with its journal attacked; it is in flight, or else holds `content`."""
    path = tmp_path / "file" / "go.sum"
    path.parent.mkdir(exist_ok=True)
    for left in (path.parent / "go.sum.lockedfile-journal", elsewhere / "genuine", elsewhere / "twin"):
        if left.is_dir() and not left.is_symlink():
            (left / "file").unlink()
            left.rmdir()
        else:
            left.unlink(missing_ok=True)
    flight = crashes.leave(path, OLD, NEW)
    attack(flight, elsewhere)
    if content is not None:
        path.write_bytes(content)
    return flight


def check_later_edits(flight: Flight, attack: str) -> None:
    """The file can be edited; where something is in the way, the error says what to move."""
    content = flight.path.read_bytes()
    if attack in IN_THE_WAY:
        with pytest.raises(JournalError, match="move it away") as caught:
            Edit(flight.path, lambda old: old + b"edited")
        assert (caught.value.errno, caught.value.filename) == (errno.EEXIST, str(flight.path))
        assert (flight.journal / "file").read_bytes() == b"in it"
        assert brief(flight.path.read_bytes()) == brief(content)
        edit_as_go(str(flight.path), lambda old: old + b"edited")
    else:
        Edit(flight.path, lambda old: old + b"edited")
        assert beside(flight.path) == []
    assert brief(flight.path.read_bytes()) == brief(content + b"edited")


def check_in_flight(tmp_path: Path, elsewhere: Path, name: str, attack: Attack) -> None:
    """The file stays as the kill left it: what cannot be believed cannot make it whole, nor worse."""
    for user, use in USERS.items():
        flight = attacked(tmp_path, elsewhere, attack)
        before = snapshot(elsewhere)
        assert brief(use(flight.path)) == brief(flight.torn), user
        assert brief(flight.path.read_bytes()) == brief(flight.torn), user
        check_later_edits(flight, name)
        assert snapshot(elsewhere) == before


def check_whole(tmp_path: Path, elsewhere: Path, name: str, attack: Attack, content: bytes) -> None:
    """The file, which is not in flight, keeps its content."""
    for user, use in USERS.items():
        flight = attacked(tmp_path, elsewhere, attack, content)
        before = snapshot(elsewhere)
        assert brief(use(flight.path)) == brief(content), user
        assert brief(flight.path.read_bytes()) == brief(content), user
        if user == "read":
            check_later_edits(flight, name)
        assert [left[:2] for left in snapshot(elsewhere)] == [left[:2] for left in before]


def check_refused(tmp_path: Path, elsewhere: Path, attack: Attack) -> None:
    """The file is in flight, and that is known: better no content than a mix, and nothing is touched."""
    for user, use in USERS.items():
        flight = attacked(tmp_path, elsewhere, attack)
        before = snapshot(elsewhere)
        with pytest.raises(JournalError) as caught:
            use(flight.path)
        assert caught.value.filename == str(flight.path), user
        assert brief(flight.path.read_bytes()) == brief(flight.torn), user
        assert flight.journal.read_bytes() == flight.packed
        assert snapshot(elsewhere) == before


def check_exchanged(tmp_path: Path, elsewhere: Path, attack: Attack, patch: pytest.MonkeyPatch) -> None:
    """It is not followed if it comes between the look whether it is a regular file and the opening."""
    flight = attacked(tmp_path, elsewhere, lambda *_: None)

    def exchange_and_open(path: str, flags: int) -> int:
        patch.undo()
        attack(flight, elsewhere)
        return os.open(path, flags)

    patch.setattr(_recovery, "os_open", exchange_and_open)
    try:
        content = lockedfile.read(flight.path)
    except OSError as error:
        assert error.errno == (errno.EACCES if sys.platform == "win32" else errno.ELOOP)  # noqa: PT017 - an error is one of two good ends
        content = flight.path.read_bytes()
    assert brief(content) == brief(flight.torn)
    assert (elsewhere / "victim").read_bytes() == b"victim"
