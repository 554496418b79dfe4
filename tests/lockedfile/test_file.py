"""What `_file` promises of links, of the identity of a file, of what is no file, and of what may not be opened."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile import Edit, LockUnsupported, _file
from tests.lockedfile import children, faults, locks, needs, weakened
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


def test_file_replaced_at_every_look_is_an_error_at_last(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rather than a loop for ever; nothing is left open or locked."""
    other = path.with_name("other")
    other.touch()
    before = children.open_descriptors()
    monkeypatch.setattr(_file, "lstat", lambda _: other.stat())
    monkeypatch.setattr(_file, "_MOST_ROUNDS", 3)
    with pytest.raises(LockUnsupported) as caught:
        Edit(path, lambda _: b"edited\n")
    assert (caught.value.errno, caught.value.filename) == (errno.ESTALE, str(path))
    assert children.open_descriptors() == before
    assert (path.read_bytes(), other.read_bytes(), locks.state(path)) == (b"first\n", b"", "free")


needs_symlinks = needs.more_than_windows("needs symbolic links, which Windows lets few make")


@needs_symlinks
def test_symlink_is_followed_and_stays(path: Path) -> None:
    """Its target is edited; a relative one and a chain of them too."""
    link, chain = path.with_name("link"), path.with_name("chain")
    link.symlink_to(path.name)
    chain.symlink_to(link)
    Edit(chain, lambda old: old + b"edited\n")
    assert path.read_bytes() == b"first\nedited\n"
    assert (os.readlink(link), os.readlink(chain)) == (path.name, str(link))


@needs_symlinks
def test_dangling_symlink_is_followed(path: Path) -> None:
    """The file that it names is made; `x` refuses, since the name is taken."""
    link, target = path.with_name("link"), path.with_name("target")
    link.symlink_to(target)
    with pytest.raises(FileExistsError):
        lockedfile.open(link, "xb")
    Edit(link, lambda _: b"edited\n")
    assert target.read_bytes() == b"edited\n"
    assert link.is_symlink()


@needs_symlinks
def test_symlink_to_itself_is_an_error_that_names_it(tmp_path: Path) -> None:
    """The system's own error."""
    link = tmp_path / "link"
    link.symlink_to(link)
    with pytest.raises(OSError, match="symbolic links") as caught:
        Edit(link, lambda old: old)
    assert caught.value.filename == str(link)


def identity(path: Path) -> tuple[int, ...]:
    """What an edit must not change of a file."""
    status = path.stat()
    return (status.st_dev, status.st_ino, status.st_mode, status.st_nlink, status.st_uid, status.st_gid)


def always(new: bytes) -> weakened.Transform:
    """A transform that does not look."""
    return lambda _: new


def keeps_identity(editor: Editor, path: Path) -> bool:
    """Does an edit by `editor` leave inode, links, mode and owner as they were?"""
    os.link(path, path.with_name("twin"))
    path.chmod(0o640)
    if sys.platform != "win32" and os.geteuid() == 0:
        os.chown(path, 1234, 5678)
    before = identity(path)
    for new in (b"longer than it was\n", b"", b"as long as this\n", b"As long as THIS\n"):
        editor(str(path), always(new))
        assert path.read_bytes() == new
    return identity(path) == before and path.with_name("twin").read_bytes() == new


def test_links_mode_and_owner_stay(path: Path) -> None:
    """The file is edited in place; its hard links show the edit."""
    assert keeps_identity(Edit, path)


@needs.root
def test_owner_stays_when_root_edits(path: Path) -> None:
    """The file of a user stays the user's."""
    if sys.platform == "win32":
        raise AssertionError
    os.chown(path, 1234, 5678)
    Edit(path, lambda old: old + b"edited\n")
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 5678)


@needs.more_than_windows("needs to rename over an open file")
def test_edit_by_rename_loses_identity(path: Path) -> None:
    """The check can fail: of an edit that renames a new file over the path."""
    assert not keeps_identity(weakened.edit_by_rename, path)


KINDS: dict[str, Callable[[Path], object]] = {"a directory": lambda path: path.mkdir()}

if sys.platform != "win32":

    def make_socket(path: Path) -> None:
        """Bind a socket; it stays when closed. By its name from within: the whole path may be too long for it."""
        here = os.getcwd()
        os.chdir(path.parent)
        try:
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(path.name)
        finally:
            os.chdir(here)

    KINDS |= {
        "a FIFO": os.mkfifo,
        "a socket": make_socket,
        "a character device": lambda path: path.symlink_to("/dev/null"),
        "a directory by symlink": lambda path: path.symlink_to(path.parent),
    }


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_regular_file_is_refused_at_once(spawn: Spawn, tmp_path: Path, kind: str) -> None:
    """By every function and mode, with an error that names path and kind; a FIFO without other end blocks nobody."""
    path = tmp_path / "special"
    KINDS[kind](path)
    before = path.stat()
    child = spawn(children.try_everything, path)
    for _ in range(12):
        told = json.loads(child.hear())
        assert told["error"] in ("OSError", "IsADirectoryError", "FileExistsError"), told
        assert told["filename"] == str(path), told
        if told["error"] != "FileExistsError":  # which is x's own, and as good
            assert kind.removesuffix(" by symlink") in told["text"], told
    child.end()
    assert path.stat() == before


@needs.more_than_windows("needs to become a user who may not do all")
def test_forbidden_file_is_an_error_that_names_it(spawn: Spawn, path: Path) -> None:
    """The system's own error, with `filename`."""
    from tests.lockedfile import posix

    path.chmod(0o444)
    child = spawn(posix.edit_unprivileged, path)
    child.expect(f"PermissionError {path}")
    child.end()
    assert path.read_bytes() == b"first\n"


@needs.linux  # for leases
@pytest.mark.parametrize("kind", ["F_RDLCK", "F_WRLCK"])
def test_leased_file_is_edited_once_the_lease_is_given_up(spawn: Spawn, path: Path, kind: str) -> None:
    """The holder of the lease is told, and the edit waits for it."""
    from tests.lockedfile import posix

    holder = spawn(posix.lease, path, kind)
    holder.expect("leased")
    child = spawn(children.append, name(Edit), path, "edited\n")
    child.expect("asking")
    holder.expect("wanted")
    holder.tell()
    child.expect("edited")
    child.end()
    holder.end()
    assert path.read_bytes() == b"first\nedited\n"


@needs.strace
def test_file_that_may_be_opened_but_not_made_is_edited(spawn: Spawn, path: Path) -> None:
    """Linux may refuse O_CREAT of what is there and another's, in a sticky directory; an edit does not need it."""
    outcome = faults.attempt(spawn, path, b"old", b"new", "inject=openat:error=EACCES:when=1")
    assert (outcome.injected, outcome.told["error"]) == (1, None)
    assert (outcome.content, outcome.lock, outcome.told["leaked"]) == (b"new", "free", 0)


SCARCE = """
import os, resource, sys
import lockedfile

size = os.stat(sys.argv[1]).st_size
pages = int(open("/proc/self/statm").read().split()[0])
limit = pages * resource.getpagesize() + size + (8 << 20)
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
bytes(size)
print(len(lockedfile.Edit(sys.argv[1], lambda old: old)), os.stat(sys.argv[1]).st_size == size)
"""


@needs.linux  # for its limit on memory
def test_edit_needs_no_more_memory_than_the_content(path: Path) -> None:
    """What is done to keep memory for later edits is not done where there is none."""
    path.write_bytes(bytes(12 << 20))
    run = subprocess.run([sys.executable, "-c", SCARCE, path], capture_output=True, text=True, timeout=60, check=False)
    assert (run.returncode, run.stdout) == (0, "5 True\n"), run.stderr
