"""The file that is at the path in the end is the one that is edited, whatever became of it meanwhile; POSIX only."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs to rename over, or remove, a file that others have open", allow_module_level=True)

import lockedfile
from lockedfile import Edit
from tests.lockedfile import children, locks, weakened
from tests.lockedfile.processes import name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child
    from tests.lockedfile.weakened import Editor

    Spawn = Callable[..., Child]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file whose content says that it was there first."""
    path = tmp_path / "go.mod"
    path.write_bytes(b"first\n")
    return path


def rename_over(path: Path, content: bytes) -> None:
    """Do as git and editors do."""
    fresh = path.with_name("fresh")
    fresh.write_bytes(content)
    fresh.replace(path)


def unlink(path: Path) -> None:
    """Remove the file."""
    path.unlink()


def recreate(path: Path) -> None:
    """Remove the file and make it anew."""
    path.rename(path.with_name("old"))  # not unlinked, or the new file may get its inode
    path.write_bytes(b"second\n")


def change_under_an_edit(spawn: Spawn, path: Path, editor: Editor, change: Callable[[Path], None]) -> bytes:
    """Let an edit that appends `edited` wait for the lock, `change` the path, release; what the path holds then."""
    with lockedfile.open(path, "r+b"):
        child = spawn(children.append, name(editor), path, "edited\n")
        child.expect("asking")
        locks.until_waiting(path)
        change(path)
    child.expect("edited")
    child.end()
    return path.read_bytes() if path.exists() else b"nothing\n"


@pytest.mark.parametrize(
    ("change", "content"),
    [
        (lambda path: rename_over(path, b"second\n"), b"second\nedited\n"),
        (unlink, b"edited\n"),
        (recreate, b"second\nedited\n"),
    ],
    ids=["renamed over", "unlinked", "unlinked and recreated"],
)
def test_edit_lands_in_the_file_at_the_path(
    spawn: Spawn, path: Path, change: Callable[[Path], None], content: bytes
) -> None:
    """Whatever became of the path while it waited; the file that it waited for stays as it was."""
    ghost = path.with_name("ghost")
    os.link(path, ghost)
    assert change_under_an_edit(spawn, path, Edit, change) == content
    assert ghost.read_bytes() == b"first\n"


def test_edit_without_inode_check_edits_a_ghost(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an edit that does not look at the path again."""
    editor = weakened.edit_without_inode_check
    assert change_under_an_edit(spawn, path, editor, lambda path: rename_over(path, b"second\n")) == b"second\n"
    assert change_under_an_edit(spawn, path, editor, unlink) == b"nothing\n"


def test_edit_follows_a_symlink_repointed_while_it_waits(spawn: Spawn, path: Path) -> None:
    """It edits the file that the link names at last; the link stays one."""
    link, other = path.with_name("link"), path.with_name("other")
    other.write_bytes(b"other\n")
    link.symlink_to(path)

    def repoint(link: Path) -> None:
        fresh = link.with_name("fresh")
        fresh.symlink_to(other)
        fresh.replace(link)

    assert change_under_an_edit(spawn, link, Edit, repoint) == b"other\nedited\n"
    assert path.read_bytes() == b"first\n"
    assert link.is_symlink()


def test_edit_waits_again_however_often_the_file_is_replaced(spawn: Spawn, path: Path) -> None:
    """Each time it waits for the file that is there, and edits the last."""
    child = spawn(children.append, name(Edit), path, "edited\n")
    held = None
    for round_ in range(8):
        fresh = path.with_name("fresh")
        fresh.write_bytes(b"%d\n" % round_)
        next_held = lockedfile.open(fresh, "r+b")
        fresh.replace(path)
        if held:
            held.close()
        else:
            child.expect("asking")
        held = next_held
        locks.until_waiting(path)
    assert held
    held.close()
    child.expect("edited")
    child.end()
    assert path.read_bytes() == b"7\nedited\n"


def test_read_reads_the_file_at_the_path(spawn: Spawn, path: Path) -> None:
    """Of a file renamed over while it waited, not of the ghost."""
    with lockedfile.open(path, "r+b"):
        child = spawn(children.read, path)
        child.expect("asking")
        locks.until_waiting(path)
        rename_over(path, b"second\n")
    child.expect(ascii(b"second\n"))
    child.end()


def test_directory_gone_while_an_edit_waits_is_an_error(spawn: Spawn, tmp_path: Path) -> None:
    """The edit cannot land, and says at which path."""
    path = tmp_path / "sub" / "go.mod"
    path.parent.mkdir()
    path.write_bytes(b"first\n")
    with lockedfile.open(path, "r+b"):
        child = spawn(children.append_or_say, path, "edited\n")
        child.expect("asking")
        locks.until_waiting(path)
        path.unlink()
        path.parent.rmdir()
    child.expect(f"FileNotFoundError {path}")
    child.end()
