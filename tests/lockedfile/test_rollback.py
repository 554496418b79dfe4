"""Whenever an edit raised, the file has the old content: each write and each cut is made to fail in turn."""

from __future__ import annotations

import errno
import sys
from itertools import count
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit
from tests.lockedfile import faults, needs, weakened
from tests.lockedfile.contents import brief
from tests.lockedfile.protocols import JOURNAL, beside, edit_as_go, edit_durably

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]

pytestmark = needs.faults

PAGES = bytes(range(256)) * 80  # five pages


def changed(content: bytes) -> bytes:
    """Changed in the first, the third and the last page of five."""
    return b"A" + content[1:9000] + b"B" * 9 + content[9009:20000] + b"C" + content[20001:]


CHANGES = {
    "small, same size": (b"module m\n", b"module n\n"),
    "small, growing": (b"module m\n", b"module longer\n"),
    "small, shrinking": (b"module m\n", b"mod\n"),
    "from nothing": (b"", b"module m\n"),
    "to nothing": (b"module m\n", b""),
    "pages, same size": (PAGES, changed(PAGES)),
    "pages, growing": (PAGES, changed(PAGES) + b"tail" * 3000),
    "pages, appended": (PAGES, PAGES + b"tail" * 3000),
    "pages, shrinking": (changed(PAGES) + b"tail" * 3000, PAGES),
    "pages, cut": (PAGES, PAGES[:9000]),
    "all of it": (PAGES, PAGES[::-1] + b"longer"),
}


def outcomes(spawn: Spawn, path: Path, change: str, fault: str, editor: Editor = Edit) -> Iterator[faults.Outcome]:
    """Edits by `editor` in which the first, the second, ... call meets the fault; until there is no such call."""
    old, new = CHANGES[change]
    for when in count(1):
        outcome = faults.attempt(spawn, path, old, new, f"inject={fault}:when={when}", editor=editor)
        if not outcome.injected:
            assert (brief(outcome.content), outcome.told["error"]) == (brief(new), None)
            return
        yield outcome


def check_rolls_back(
    spawn: Spawn, path: Path, change: str, call: str, editor: Editor = Edit, number: str = "EIO"
) -> None:
    """Each such call fails once: the edit raises that error, and the old content is there, unlocked and alone."""
    for outcome in outcomes(spawn, path, change, f"{call}:error={number}", editor):
        assert outcome.told["errno"] == getattr(errno, number), outcome.calls
        assert outcome.told["error"] in ("OSError", "JournalError"), outcome.calls
        assert brief(outcome.content) == brief(CHANGES[change][0]), outcome.calls
        assert (outcome.lock, outcome.told["leaked"], outcome.beside) == ("free", 0, []), outcome.calls
        assert (outcome.told["filename"], outcome.told["notes"]) == (str(path), [])


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("call", ["pwrite64", "ftruncate"])
@pytest.mark.parametrize("editor", [Edit, edit_as_go])
def test_failing_call_is_rolled_back(spawn: Spawn, tmp_path: Path, editor: Editor, change: str, call: str) -> None:
    """EIO at the first, the second, ... write or cut."""
    check_rolls_back(spawn, tmp_path / "go.mod", change, call, editor)


@pytest.mark.parametrize("number", ["EIO", "ENOSPC", "EMFILE", "EACCES"])
def test_journal_that_cannot_be_made_changes_nothing(spawn: Spawn, tmp_path: Path, number: str) -> None:
    """Whatever the system says when it is opened: a `JournalError` of that number, and what to do."""
    path = tmp_path / "go.mod"
    old, new = CHANGES["pages, growing"]
    outcome = faults.attempt(spawn, path, old, new, f"inject=openat:error={number}:when=2+")
    assert (outcome.told["error"], outcome.told["errno"]) == ("JournalError", getattr(errno, number))
    assert outcome.told["filename"] == str(path)
    assert "crash_safe=False" in outcome.told["text"]
    assert str(tmp_path) in outcome.told["text"]
    assert (brief(outcome.content), outcome.lock, outcome.told["leaked"]) == (brief(old), "free", 0)
    assert outcome.beside == []
    assert outcome.injected == 1 or (number == "EACCES" and sys.platform == "win32")  # it may be over in a moment


@pytest.mark.parametrize("number", ["ENOSPC", "EDQUOT", "EFBIG"])
@pytest.mark.parametrize("change", ["pages, growing", "pages, shrinking"])
def test_write_for_which_there_is_no_room_is_rolled_back(
    spawn: Spawn, tmp_path: Path, change: str, number: str
) -> None:
    """Full disk, quota, limit: whatever it is that is full."""
    check_rolls_back(spawn, tmp_path / "go.mod", change, "pwrite64", number=number)


@pytest.mark.parametrize("editor", [weakened.edit_rewriting_all, weakened.edit_without_putting_back])
def test_missing_rollback_would_show(spawn: Spawn, tmp_path: Path, editor: Editor) -> None:
    """The check can fail: of edits that leave what they had written."""
    with pytest.raises(AssertionError):
        check_rolls_back(spawn, tmp_path / "go.mod", "pages, growing", "pwrite64", editor)


@pytest.mark.parametrize("change", ["small, growing", "pages, growing", "pages, shrinking"])
def test_putting_back_is_begun_again_when_it_fails(spawn: Spawn, tmp_path: Path, change: str) -> None:
    """A write that changes bytes and the three after it fail, those of putting back among them."""
    old, new = CHANGES[change]
    for editor, when in ((edit_as_go, "2..5"), (Edit, "3..6")):
        fault = f"inject=pwrite64:error=EIO:when={when}"
        outcome = faults.attempt(spawn, tmp_path / "go.mod", old, new, fault, editor=editor)
        assert (outcome.told["errno"], outcome.injected) == (errno.EIO, 4)
        assert (brief(outcome.content), outcome.told["notes"], outcome.beside) == (brief(old), [], [])


def test_what_cannot_be_put_back_is_said(spawn: Spawn, tmp_path: Path) -> None:
    """Every write from the third on fails: the error is the first one, and its note says that the file is torn."""
    old, new = CHANGES["pages, growing"]
    fault = "inject=pwrite64:error=EIO:when=3+"
    outcome = faults.attempt(spawn, tmp_path / "go.mod", old, new, fault, editor=edit_as_go)
    assert outcome.told["errno"] == errno.EIO
    assert outcome.content not in (old, new)
    assert ["could not be put back" in note for note in outcome.told["notes"]] == [True]
    assert outcome.lock == "free"


@pytest.mark.parametrize("editor", [Edit, edit_durably])
@pytest.mark.parametrize("call", ["pwrite64", "ftruncate"])
def test_what_cannot_be_put_back_the_next_user_puts_back(
    spawn: Spawn, tmp_path: Path, editor: Editor, call: str
) -> None:
    """Where there is a journal it stays, and the note says so."""
    path = tmp_path / "go.mod"
    old, new = CHANGES["pages, growing"]
    fault = f"inject={call}:error=EIO:when={4 if call == 'pwrite64' else 1}+"
    outcome = faults.attempt(spawn, path, old, new, fault, editor=editor)
    assert outcome.told["errno"] == errno.EIO
    assert [("could not be put back" in note, "next user" in note) for note in outcome.told["notes"]] == [(True, True)]
    assert (outcome.lock, outcome.told["leaked"], outcome.beside) == ("free", 0, [path.name + JOURNAL])
    assert outcome.content not in (old, new)
    assert brief(lockedfile.read(path)) == brief(old)
    assert (brief(path.read_bytes()), beside(path)) == (brief(old), [])


def test_failing_read_leaves_all_as_it_was(spawn: Spawn, tmp_path: Path) -> None:
    """The error names the file; nothing is written, nothing stays locked."""
    for outcome in outcomes(spawn, tmp_path / "go.mod", "pages, growing", "read:error=EIO"):
        assert (outcome.told["errno"], outcome.told["filename"]) == (errno.EIO, str(tmp_path / "go.mod"))
        assert (brief(outcome.content), outcome.lock, outcome.told["leaked"]) == (brief(PAGES), "free", 0)


@pytest.mark.parametrize("call", ["newfstatat", "openat"])
def test_failing_look_at_the_file_leaves_all_as_it_was(spawn: Spawn, tmp_path: Path, call: str) -> None:
    """Whichever it is, and the error names the file; the last, as the journal is dropped, comes when all is done."""
    new = CHANGES["pages, growing"][1]
    for outcome in outcomes(spawn, tmp_path / "go.mod", "pages, growing", f"{call}:error=EIO"):
        if outcome.told["error"] is None:
            assert (brief(outcome.content), outcome.lock, outcome.beside) == (brief(new), "free", [])
            continue
        assert (outcome.told["errno"], outcome.told["filename"]) == (errno.EIO, str(tmp_path / "go.mod"))
        assert (brief(outcome.content), outcome.lock, outcome.told["leaked"]) == (brief(PAGES), "free", 0)


def test_failing_close_says_so(spawn: Spawn, tmp_path: Path) -> None:
    """As file systems do that write late: the edit may or may not be there, and the caller is told."""
    old, new = CHANGES["pages, growing"]
    outcome = faults.attempt(spawn, tmp_path / "go.mod", old, new, "inject=close:error=EIO:when=1")
    assert (outcome.told["errno"], outcome.told["filename"]) == (errno.EIO, str(tmp_path / "go.mod"))
