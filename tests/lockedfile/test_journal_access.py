"""Who can read the journal could read the file; in the ordinary case, who can read the file can read it too."""

from __future__ import annotations

import errno
import json
import os
import struct
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

if sys.platform != "linux":
    pytest.skip("needs access control lists as Linux has them", allow_module_level=True)

from lockedfile import Edit
from tests.lockedfile import crashes, needs, posix, weakened
from tests.lockedfile.contents import brief
from tests.lockedfile.processes import name
from tests.lockedfile.protocols import journal_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Spawn = Callable[..., Child]

OLD, NEW = b"old and secret\n", b"new and secret\n"

USER_OBJ, USER, GROUP_OBJ, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NO_ID = 0xFFFFFFFF


def acl(*entries: tuple[int, int, int]) -> bytes:
    """An access control list, of tag, rights and id each, as the system keeps it (acl(5))."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


READER_4000 = acl((USER_OBJ, 6, NO_ID), (USER, 4, 4000), (GROUP_OBJ, 0, NO_ID), (MASK, 4, NO_ID), (OTHER, 0, NO_ID))
GROUP_5000 = acl((USER_OBJ, 6, NO_ID), (GROUP_OBJ, 4, NO_ID), (GROUP, 4, 5000), (MASK, 4, NO_ID), (OTHER, 0, NO_ID))
NOT_2000 = acl((USER_OBJ, 6, NO_ID), (USER, 0, 2000), (GROUP_OBJ, 4, NO_ID), (MASK, 4, NO_ID), (OTHER, 4, NO_ID))


class Case(NamedTuple):
    """A file in its directory, and who edits it."""

    mode: int = 0o644
    owner: tuple[int, int] = (0, 0)
    umask: int = 0o022
    list_: bytes = b""
    directory_mode: int = 0o755
    directory_group: int = 0
    handed_down: bytes = b""
    editor: tuple[int, int] = (0, 0)


ORDINARY = {
    **{
        f"{mode:o} with umask {umask:03o}": Case(mode, umask=umask)
        for mode in (0o600, 0o640, 0o644, 0o666, 0o604)
        for umask in (0, 0o077)
    },
    "a user's, edited by root": Case(0o600, (1234, 5678)),
    "a group's, edited by root": Case(0o640, (1234, 5678), umask=0o077),
    "everybody's, edited by root": Case(0o644, (1234, 5678), umask=0o077),
    "in a directory that hands its group down": Case(0o640, (1234, 5678), directory_mode=0o2755, directory_group=7777),
    "ours, in such a directory": Case(0o640, directory_mode=0o2755, directory_group=7777),
    "a user in its list": Case(0o640, (1234, 5678), list_=READER_4000),
    "a group in its list": Case(0o640, list_=GROUP_5000),
    "one excluded by its list": Case(0o644, list_=NOT_2000),
    "a list handed down to the journal alone": Case(0o600, handed_down=READER_4000),
    "a group's, and such a list": Case(0o640, (1234, 5678), handed_down=GROUP_5000),
    "a user's, edited by himself": Case(0o640, (1234, 5678), directory_mode=0o777, editor=(1234, 5678)),
}
EXTRAORDINARY = {
    "everybody's, and a list handed down that excludes one": Case(0o644, handed_down=NOT_2000, umask=0),
    "edited by one of its group": Case(0o660, (1111, 5678), directory_mode=0o777, editor=(2222, 5678)),
    "edited by one of the others": Case(0o606, (1111, 5678), directory_mode=0o777, editor=(2222, 2222)),
    "edited by one of the others, its group reads": Case(
        0o646, (1111, 5678), directory_mode=0o777, editor=(2222, 2222)
    ),
    "edited by one of the others, its group writes": Case(
        0o662, (1111, 5678), directory_mode=0o777, editor=(1111, 2222)
    ),
    "edited by another, and a list": Case(
        0o666, (1111, 5678), list_=NOT_2000, directory_mode=0o777, editor=(1111, 2222)
    ),
    "edited by another, and a list handed down": Case(
        0o666, (1111, 5678), handed_down=READER_4000, directory_mode=0o777, editor=(2222, 2222)
    ),
}

# User, group, other groups.
PEOPLE: list[tuple[int, int, list[int]]] = [
    (1111, 1, []),
    (1111, 2222, []),
    (1234, 1, []),
    (1234, 5678, []),
    (2222, 2222, []),
    (2000, 5678, []),
    (2000, 1, [5678]),
    (2000, 0, []),
    (2000, 2222, []),
    (2000, 7777, []),
    (2000, 1, []),
    (4000, 1, []),
    (4000, 5678, []),
    (3000, 5000, []),
    (65534, 65534, []),
]


@pytest.fixture
def path(public_path: Path) -> Path:
    """Where a file will be; its children need a place that they may enter too."""
    return public_path


def readers(spawn: Spawn, *paths: Path) -> list[set[int]]:
    """Which of PEOPLE may read each of `paths`."""
    child = spawn(posix.tell_readers, *paths)
    may = []
    for person in PEOPLE:
        child.tell(json.dumps(person))
        may.append(json.loads(child.hear()))
    child.end()
    return [{number for number, rights in enumerate(may) if rights[at]} for at in range(len(paths))]


def set_up(path: Path, case: Case) -> None:
    """The file, as it is before the edit."""
    try:
        path.write_bytes(OLD)
        path.chmod(case.mode)
        if case.list_:
            os.setxattr(path, "system.posix_acl_access", case.list_)
        os.chown(path, *case.owner)
        path.parent.chmod(case.directory_mode)
        os.chown(path.parent, -1, case.directory_group)
        path.parent.chmod(case.directory_mode)
        if case.handed_down:
            os.setxattr(path.parent, "system.posix_acl_default", case.handed_down)
    except OSError as error:
        if error.errno == errno.ENOTSUP:
            pytest.skip("needs a file system with access control lists")
        raise


def kill(spawn: Spawn, path: Path, case: Case, call: str, when: int = 1) -> list[str]:
    """Let the case's editor edit, be killed at that call, and tell the calls it made."""
    path.write_bytes(OLD)
    source = path.with_name("source")
    source.write_bytes(NEW)
    source.chmod(0o644)
    before = os.umask(case.umask)
    try:
        trace = crashes.kill_in(spawn, path, call, when, posix.attempt_as, *case.editor, name(Edit), path, source)
    finally:
        os.umask(before)
    return trace.lines()


def while_it_is_made(calls: list[str]) -> list[tuple[str, int]]:
    """The calls between the making of the journal and its first byte, this included."""
    points = crashes.points(calls)
    made = next(at for at, line in enumerate(calls) if "O_EXCL" in line)
    filled = next(at for at, line in enumerate(calls) if line.startswith("pwrite64"))
    return [point for point in points[made + 1 : filled + 1] if point[0] != "newfstatat"]


@needs.root
@needs.strace
@pytest.mark.parametrize("case", [*ORDINARY, *EXTRAORDINARY])
def test_journal_is_for_the_eyes_that_may_see_the_file(spawn: Spawn, path: Path, case: str) -> None:
    """From the moment that it exists, as whoever has it open then can read it later."""
    facts = (ORDINARY | EXTRAORDINARY)[case]
    set_up(path, facts)
    calls = kill(spawn, path, facts, "ftruncate")
    editor = {number for number, (user, *_) in enumerate(PEOPLE) if user == facts.editor[0]}  # who has read the file
    of_file, of_journal = readers(spawn, path, journal_of(path))
    assert OLD[:3] in journal_of(path).read_bytes()
    assert of_journal <= of_file | editor, [PEOPLE[one] for one in of_journal - of_file]
    if case in ORDINARY:
        assert of_journal == of_file, [PEOPLE[one] for one in of_file - of_journal]
    assert journal_of(path).stat().st_mode & 0o7111 == 0
    for call, when in while_it_is_made(calls):
        journal_of(path).unlink()
        kill(spawn, path, facts, call, when)
        of_file, of_journal = readers(spawn, path, journal_of(path))
        assert of_journal <= of_file | editor, (call, when, [PEOPLE[one] for one in of_journal - of_file])


@needs.root
@needs.strace
@pytest.mark.parametrize("case", ["a user's, edited by root", "a group's, edited by root"])
def test_journal_that_root_made_is_the_owners(spawn: Spawn, path: Path, case: str) -> None:
    """Who may then repair the file, and remove it if the directory lets him."""
    set_up(path, ORDINARY[case])
    kill(spawn, path, ORDINARY[case], "ftruncate")
    status = journal_of(path).stat()
    assert (status.st_uid, status.st_gid) == ORDINARY[case].owner
    path.parent.chmod(0o777)
    child = spawn(posix.do_as, *ORDINARY[case].owner, "read", path)
    told = json.loads(child.hear())
    child.end()
    assert (told["error"], told["content"]) == (None, brief(OLD))
    assert path.read_bytes() == OLD
    assert not journal_of(path).exists()


@needs.strace
@pytest.mark.parametrize("umask", [0, 0o022, 0o077])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o660, 0o666, 0o444])
def test_journal_of_our_own_file_has_its_rights_to_read(spawn: Spawn, tmp_path: Path, mode: int, umask: int) -> None:
    """And none to write or to run but our own, whatever the umask."""
    if mode == 0o444 and os.geteuid() != 0:
        mode = 0o644
    path = tmp_path / "go.mod"
    path.write_bytes(OLD)
    path.chmod(mode)
    before = os.umask(umask)
    try:
        crashes.kill(spawn, path, OLD, NEW, "ftruncate")
    finally:
        os.umask(before)
    assert journal_of(path).stat().st_mode & 0o7777 == mode & 0o444 | 0o600
    assert journal_of(path).stat().st_gid == path.stat().st_gid


@needs.root
@needs.strace
def test_journal_for_all_eyes_would_show(spawn: Spawn, path: Path) -> None:
    """The check can fail: of an edit whose journal is what the umask makes it."""
    set_up(path, ORDINARY["a user's, edited by root"])
    crashes.kill(spawn, path, OLD, NEW, "ftruncate", editor=weakened.edit_laying_late)
    of_file, of_journal = readers(spawn, path, journal_of(path))
    assert of_journal - of_file


WRITER_4000 = acl((USER_OBJ, 6, NO_ID), (USER, 6, 4000), (GROUP_OBJ, 4, NO_ID), (MASK, 6, NO_ID), (OTHER, 4, NO_ID))
UNKNOWN = {
    "by a list": Case(0o664, (1111, 1111), list_=WRITER_4000, directory_mode=0o777, editor=(4000, 4000)),
    "by a group that no list of users tells": Case(0o660, (1111, 5678), directory_mode=0o777, editor=(2222, 5678)),
}


@needs.root
@needs.strace
@pytest.mark.parametrize("reader", [(1111, 1111), (0, 0)], ids=["the owner", "root"])
@pytest.mark.parametrize("case", UNKNOWN)
def test_edit_of_one_whom_nobody_knows_is_never_a_mix(
    spawn: Spawn, path: Path, case: str, reader: tuple[int, int]
) -> None:
    """Who may write, and is not known to, leaves a journal of his own; the next reader has the old content or none."""
    set_up(path, UNKNOWN[case])
    kill(spawn, path, UNKNOWN[case], "ftruncate")
    for what in ("read", "open rb", "open r+b", "read"):
        child = spawn(posix.do_as, *reader, what, path)
        told = json.loads(child.hear())
        child.end()
        if told["error"] is None:
            assert told["content"] == brief(OLD)
        else:
            assert (told["error"], told["filename"]) == ("JournalError", str(path))
            assert journal_of(path).exists()
