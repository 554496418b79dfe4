"""No room: on a real full disk, and past the limit for files, the old content stays."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs tmpfs or limits", allow_module_level=True)

import lockedfile
from lockedfile import Edit, JournalError
from tests.lockedfile import needs, posix, weakened
from tests.lockedfile.contents import brief
from tests.lockedfile.processes import name
from tests.lockedfile.protocols import edit_as_go

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mount.returncode:
        pytest.skip(f"needs to mount a tmpfs: {mount.stderr.strip()}")
    try:
        yield disk
    finally:
        if subprocess.run(["umount", str(disk)], check=False).returncode:
            subprocess.run(["umount", "-l", str(disk)], check=True)


OLD = b"".join(b"old line %05d\n" % i for i in range(2800))  # 42 KB
TOO_LONG = OLD.replace(b"old", b"new") * 2


def check_full_disk_keeps_old(disk: Path, edit: Editor) -> None:
    """An edit for which the disk is too small raises and leaves content, free space and directory as they were."""
    path = disk / "go.sum"
    path.write_bytes(OLD)
    free = shutil.disk_usage(disk).free
    with pytest.raises(OSError, match=r".") as caught:
        edit(str(path), lambda _: TOO_LONG)
    assert caught.value.errno == errno.ENOSPC
    assert brief(path.read_bytes()) == brief(OLD)
    assert shutil.disk_usage(disk).free == free
    assert os.listdir(disk) == ["go.sum"]
    assert caught.value.filename == str(path)
    assert getattr(caught.value, "__notes__", []) == []


@needs.root
@pytest.mark.parametrize("editor", [Edit, edit_as_go])
def test_full_disk_keeps_the_old_content(full_disk: Path, editor: Editor) -> None:
    """A real one, where the first write is short and the second fails."""
    check_full_disk_keeps_old(full_disk, editor)


@needs.root
def test_full_disk_keeps_what_write_would_replace(full_disk: Path) -> None:
    """`write` has the promises of `Edit`."""
    check_full_disk_keeps_old(full_disk, lambda path, transform: lockedfile.write(path, transform(b"")))


@needs.root
@pytest.mark.parametrize("editor", [weakened.edit_rewriting_all, weakened.edit_without_putting_back])
def test_full_disk_would_show_a_loss(full_disk: Path, editor: Editor) -> None:
    """The check can fail: of an edit that overwrites before it grows, and of one that does not put back."""
    with pytest.raises(AssertionError):
        check_full_disk_keeps_old(full_disk, editor)


def fill(disk: Path) -> None:
    """Leave no room."""
    with pytest.raises(OSError, match="No space"):
        (disk / "filler").write_bytes(bytes(1 << 20))
    assert shutil.disk_usage(disk).free == 0


@needs.root
def test_full_disk_takes_what_needs_no_room(full_disk: Path) -> None:
    """On a disk with nothing left, same-size and shrinking edits work without a journal."""
    path = full_disk / "go.sum"
    path.write_bytes(OLD)
    fill(full_disk)
    Edit(path, lambda old: old.replace(b"old", b"new"), crash_safe=False)
    assert brief(path.read_bytes()) == brief(OLD.replace(b"old", b"new"))
    Edit(path, lambda old: old[:100].upper(), crash_safe=False)
    assert path.read_bytes() == OLD.replace(b"old", b"new")[:100].upper()


@needs.root
@pytest.mark.parametrize("new", [OLD.replace(b"old", b"new"), OLD[:100].upper(), OLD + b"more"])
def test_full_disk_has_no_room_for_a_journal(full_disk: Path, new: bytes) -> None:
    """The error says so, and what to do; the content stays, and nothing is left beside it."""
    path = full_disk / "go.sum"
    path.write_bytes(OLD)
    fill(full_disk)
    with pytest.raises(JournalError, match="crash_safe=False") as caught:
        Edit(path, lambda _: new)
    assert (caught.value.errno, caught.value.filename) == (errno.ENOSPC, str(path))
    assert str(full_disk) in str(caught.value)
    assert brief(path.read_bytes()) == brief(OLD)
    assert sorted(os.listdir(full_disk)) == ["filler", "go.sum"]


@needs.root
@pytest.mark.parametrize("pages_free", range(1, 5))
@pytest.mark.parametrize("editor", [Edit, edit_as_go])
def test_full_disk_gives_a_hole_back_its_room(full_disk: Path, editor: Editor, pages_free: int) -> None:
    """What was a hole needs room to be put back as bytes: the room that the new tail had."""
    path = full_disk / "go.sum"
    page = 4096
    old = b"a" * page + bytes(page) + b"b" * page
    with path.open("wb") as file:
        file.write(old[:page])
        file.seek(2 * page)
        file.write(old[2 * page :])
    with (full_disk / "filler").open("wb") as filler:
        filler.truncate(0)
        while shutil.disk_usage(full_disk).free > pages_free * page:
            filler.write(bytes(page))
            filler.flush()
    with pytest.raises(OSError, match="No space") as caught:
        editor(str(path), lambda _: b"n" * (3 * page) + b"tail" * (pages_free * page // 4))
    assert brief(path.read_bytes()) == brief(old)
    assert getattr(caught.value, "__notes__", []) == []
    assert sorted(os.listdir(full_disk)) == ["filler", "go.sum"]


def check_limit_keeps_old(spawn: Spawn, path: Path, editor: Editor, limit: int) -> None:
    """An edit past the limit for files raises EFBIG and leaves content and directory as they were."""
    path.write_bytes(OLD)
    source = path.with_name("source")
    source.write_bytes(TOO_LONG)
    child = spawn(posix.attempt_limited, name(editor), path, source, limit)
    told = json.loads(child.hear())
    child.tell()
    child.end()
    assert told["errno"] == errno.EFBIG
    assert brief(path.read_bytes()) == brief(OLD)
    assert told["filename"] == str(path)
    assert (told["notes"], told["leaked"]) == ([], 0)
    assert sorted(os.listdir(path.parent)) == sorted([path.name, "source"])


@pytest.mark.parametrize("editor", [Edit, edit_as_go])
@pytest.mark.parametrize("room", [0, 1, 5000, len(TOO_LONG) - len(OLD) - 1])
def test_limit_for_files_keeps_the_old_content(spawn: Spawn, tmp_path: Path, editor: Editor, room: int) -> None:
    """`RLIMIT_FSIZE`, which needs no root: a short write and then a failure, or none at all."""
    check_limit_keeps_old(spawn, tmp_path / "go.sum", editor, len(OLD) + room)


@pytest.mark.parametrize("room", [0, 1, 63])
def test_limit_for_the_mark_keeps_the_old_content(spawn: Spawn, tmp_path: Path, room: int) -> None:
    """There is room for the journal, and not, or not for all, of what an edit in flight ends in."""
    path, source = tmp_path / "go.sum", tmp_path / "source"
    path.write_bytes(OLD)
    source.write_bytes(OLD.replace(b"line 00000", b"LINE 00000"))
    child = spawn(posix.attempt_limited, name(Edit), path, source, len(OLD) + room)
    told = json.loads(child.hear())
    child.tell()
    child.end()
    assert (told["errno"], told["filename"], told["notes"]) == (errno.EFBIG, str(path), [])
    assert brief(path.read_bytes()) == brief(OLD)
    assert sorted(os.listdir(tmp_path)) == ["go.sum", "source"]


@pytest.mark.parametrize("editor", [weakened.edit_rewriting_all, weakened.edit_without_putting_back])
def test_limit_would_show_a_loss(spawn: Spawn, tmp_path: Path, editor: Editor) -> None:
    """The check can fail, where there is no root too."""
    with pytest.raises(AssertionError):
        check_limit_keeps_old(spawn, tmp_path / "go.sum", editor, len(OLD) + 5000)


def test_write_that_does_not_fit_raises(spawn: Spawn, tmp_path: Path) -> None:
    """The system takes a part, and then no more: an error that names the file, not a short count."""
    path = tmp_path / "go.mod"
    child = spawn(posix.write_past_limit, path, 5000)
    told = json.loads(child.hear())
    child.end()
    assert (told["errno"], told["filename"]) == (errno.EFBIG, str(path))
