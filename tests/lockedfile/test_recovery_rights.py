"""After a kill, who may not repair the file, or not remove the journal, gets the right content or an error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs rights as POSIX has them, and to be another user", allow_module_level=True)

import lockedfile
from lockedfile import Edit
from tests.lockedfile import crashes, posix
from tests.lockedfile.contents import brief
from tests.lockedfile.protocols import JOURNAL, beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OLD = bytes(range(256)) * 80
NEW = b"A" + OLD[1:9000] + b"B" + OLD[9001:] + b"tail" * 3000


def ask(child: Child) -> dict[str, object]:
    """What it says as JSON; it ends then."""
    told: dict[str, object] = json.loads(child.hear())
    child.end()
    return told


@pytest.fixture
def read_only(public_path: Path) -> crashes.Flight:
    """A file in flight that everybody may read and nobody write, in such a directory."""
    flight = crashes.leave(public_path, OLD, NEW)
    public_path.chmod(0o444)
    public_path.parent.chmod(0o555)
    return flight


def test_reader_who_may_not_write_reads_what_is_right(spawn: Spawn, read_only: crashes.Flight) -> None:
    """File and journal stay as they are, for somebody who may."""
    told = ask(spawn(posix.do_unprivileged, "read", read_only.path))
    assert (told["error"], told["content"]) == (None, brief(OLD))
    assert read_only.path.read_bytes() == read_only.torn
    assert read_only.journal.read_bytes() == read_only.packed


def test_opening_what_may_not_be_repaired_is_an_error(spawn: Spawn, read_only: crashes.Flight) -> None:
    """A `LockedFile` is the file itself, and that is torn."""
    told = ask(spawn(posix.do_unprivileged, "open rb", read_only.path))
    assert (told["error"], told["filename"]) == ("JournalError", str(read_only.path))
    assert read_only.path.read_bytes() == read_only.torn
    assert read_only.journal.read_bytes() == read_only.packed


def test_who_may_write_repairs_what_a_reader_could_not(spawn: Spawn, read_only: crashes.Flight) -> None:
    """The next user."""
    told = ask(spawn(posix.do_unprivileged, "read", read_only.path))
    assert told["content"] == brief(OLD)
    read_only.path.chmod(0o644)
    read_only.path.parent.chmod(0o755)
    assert brief(lockedfile.read(read_only.path)) == brief(OLD)
    assert (brief(read_only.path.read_bytes()), beside(read_only.path)) == (brief(OLD), [])


def test_who_may_not_write_to_the_directory_repairs_the_file(spawn: Spawn, public_path: Path) -> None:
    """The journal stays, and does no harm: later contents are not touched."""
    path = public_path
    flight = crashes.leave(path, OLD, NEW)
    path.chmod(0o666)
    path.parent.chmod(0o555)
    told = ask(spawn(posix.do_unprivileged, "read", path))
    assert (told["error"], told["content"]) == (None, brief(OLD))
    assert (brief(path.read_bytes()), beside(path)) == (brief(OLD), [path.name + JOURNAL])
    path.write_bytes(flight.new[:30])
    told = ask(spawn(posix.do_unprivileged, "read", path))
    assert told["content"] == brief(flight.new[:30])
    path.parent.chmod(0o755)
    Edit(path, lambda content: content + b"more")
    assert (path.read_bytes(), beside(path)) == (flight.new[:30] + b"more", [])
