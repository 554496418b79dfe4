"""A journal that was put there, moved or changed is never believed and never followed, and the content stays."""

from __future__ import annotations

import errno
import os
import random
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs links and owners", allow_module_level=True)

import lockedfile
from lockedfile import Edit, JournalError, _recovery
from lockedfile._record import Record
from tests.lockedfile import crashes, needs, posix
from tests.lockedfile.contents import brief
from tests.lockedfile.crashes import USERS, Flight
from tests.lockedfile.protocols import beside, edit_as_go

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.processes import Child

    Attack = Callable[[Flight, Path], object]

PAGES = bytes(range(256)) * 40
OLD, NEW = PAGES, b"A" + PAGES[1:6000] + b"B" + PAGES[6001:] + b"tail" * 100

TERABYTE = 1 << 40

# The beginning of a record, and of no record: it says that it has no bytes.
_HEAD_AT = Record.of(b"", b"x", durable=False).pack().index(b"as they are.\n") + len(b"as they are.\n")
NO_BYTES = Record.of(b"", b"x", durable=False).pack()[:_HEAD_AT] + bytes(8) + b"\1" * 400


def instead(flight: Flight, packed: bytes) -> None:
    """Put another content in the place of the journal's."""
    flight.journal.write_bytes(packed)


def link_to_genuine(flight: Flight, elsewhere: Path) -> None:
    """A symlink to what was the journal."""
    flight.journal.rename(elsewhere / "genuine")
    flight.journal.symlink_to(elsewhere / "genuine")


def link_to(target: str) -> Attack:
    """A symlink to a file that is not for us."""

    def attack(flight: Flight, elsewhere: Path) -> None:
        flight.journal.unlink()
        flight.journal.symlink_to(elsewhere / target)

    return attack


def link_to_itself(flight: Flight, _elsewhere: Path) -> None:
    """A symlink that leads nowhere."""
    flight.journal.unlink()
    flight.journal.symlink_to(flight.journal)


def hard_link(flight: Flight, elsewhere: Path) -> None:
    """Another file by one more name."""
    flight.journal.unlink()
    os.link(elsewhere / "victim", flight.journal)


def fifo(flight: Flight, _elsewhere: Path) -> None:
    """What would wait for its other end."""
    flight.journal.unlink()
    os.mkfifo(flight.journal)


def made_socket(flight: Flight, _elsewhere: Path) -> None:
    """What cannot be opened."""
    flight.journal.unlink()
    here = os.getcwd()
    os.chdir(flight.journal.parent)  # the path of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(flight.journal.name)
    finally:
        os.chdir(here)


def directory(flight: Flight, _elsewhere: Path) -> None:
    """What cannot be unlinked."""
    flight.journal.unlink()
    flight.journal.mkdir()
    (flight.journal / "file").write_bytes(b"in it")


def enormous(flight: Flight, _elsewhere: Path) -> None:
    """A genuine one, and a terabyte of zeros."""
    os.truncate(flight.journal, TERABYTE)


def more_names(flight: Flight, elsewhere: Path) -> None:
    """A genuine one that somebody else can write to by another name."""
    os.link(flight.journal, elsewhere / "twin")


def of_a_stranger(flight: Flight, _elsewhere: Path) -> None:
    """What somebody made who can write to the directory, and not to the file."""
    os.chown(flight.journal, 4321, 4321)


def writable(flight: Flight, _elsewhere: Path) -> None:
    """What others can write to who cannot write to the file."""
    flight.journal.chmod(0o666)


UNBELIEVABLE: dict[str, Attack] = {
    "symlink to a genuine one": link_to_genuine,
    "symlink to a file": link_to("victim"),
    "symlink to nowhere": link_to("nowhere"),
    "symlink to itself": link_to_itself,
    "hard link": hard_link,
    "FIFO": fifo,
    "socket": made_socket,
    "directory": directory,
    "enormous": enormous,
    "empty": lambda flight, _: instead(flight, b""),
    "garbage": lambda flight, _: instead(flight, b"garbage" * 1000),
    "of another file": lambda flight, _: instead(flight, Record.of(b"other", b"file", durable=False).pack()),
    "of another edit of it": lambda flight, _: instead(flight, Record.of(OLD, NEW + b"!", durable=False).pack()),
    "of the same edit before": lambda flight, _: instead(flight, Record.of(OLD, NEW, durable=False).pack()),
    "twice": lambda flight, _: instead(flight, flight.packed * 2),
}
REFUSED: dict[str, Attack] = {
    "more names": more_names,
    "writable": writable,
    **({"of a stranger": of_a_stranger} if os.geteuid() == 0 else {}),
}

# Where a journal cannot be unlinked, an edit that wants its own cannot be made.
IN_THE_WAY = {"directory"}


def snapshot(elsewhere: Path) -> list[tuple[object, ...]]:
    """All that must not change there."""
    found: list[tuple[object, ...]] = []
    for file in sorted(elsewhere.iterdir()):
        status = file.lstat()
        content = b"" if status.st_size == TERABYTE else file.read_bytes()
        found.append((file.name, content, status.st_mode, status.st_uid, status.st_mtime_ns))
    return found


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Another directory, with a file that is not to be touched."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "victim").write_bytes(b"victim")
    (elsewhere / "victim").chmod(0o600)
    return elsewhere


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


@pytest.mark.parametrize("attack", UNBELIEVABLE)
def test_attack_on_a_file_in_flight_changes_nothing(tmp_path: Path, elsewhere: Path, attack: str) -> None:
    """It stays as the kill left it: what cannot be believed cannot make it whole, nor worse."""
    for user, use in USERS.items():
        flight = attacked(tmp_path, elsewhere, UNBELIEVABLE[attack])
        before = snapshot(elsewhere)
        assert brief(use(flight.path)) == brief(flight.torn), user
        assert brief(flight.path.read_bytes()) == brief(flight.torn), user
        check_later_edits(flight, attack)
        assert snapshot(elsewhere) == before


@pytest.mark.parametrize("content", [OLD, NEW, b"third", b"", NEW[:6000] + OLD[6000:]])
@pytest.mark.parametrize("attack", [*UNBELIEVABLE, *REFUSED])
def test_attack_on_a_whole_file_changes_nothing(tmp_path: Path, elsewhere: Path, attack: str, content: bytes) -> None:
    """Be it old, new, another, or by chance what the edit was halfway: a genuine journal among the attacks too."""
    for user, use in USERS.items():
        flight = attacked(tmp_path, elsewhere, (UNBELIEVABLE | REFUSED)[attack], content)
        before = snapshot(elsewhere)
        assert brief(use(flight.path)) == brief(content), user
        assert brief(flight.path.read_bytes()) == brief(content), user
        if user == "read":
            check_later_edits(flight, attack)
        assert [left[:2] for left in snapshot(elsewhere)] == [left[:2] for left in before]


@pytest.mark.parametrize("attack", REFUSED)
def test_genuine_journal_in_doubtful_hands_is_an_error(tmp_path: Path, elsewhere: Path, attack: str) -> None:
    """The file is in flight, and that is known: better no content than a mix, and nothing is touched."""
    for user, use in USERS.items():
        flight = attacked(tmp_path, elsewhere, REFUSED[attack])
        before = snapshot(elsewhere)
        with pytest.raises(JournalError) as caught:
            use(flight.path)
        assert caught.value.filename == str(flight.path), user
        assert brief(flight.path.read_bytes()) == brief(flight.torn), user
        assert flight.journal.read_bytes() == flight.packed
        assert snapshot(elsewhere) == before


def test_file_with_a_doubtful_journal_can_be_written_anew(tmp_path: Path, elsewhere: Path) -> None:
    """Nothing is left then of what it was about."""
    for attack in REFUSED.values():
        flight = attacked(tmp_path, elsewhere, attack)
        with lockedfile.open(flight.path, "wb") as file:
            file.write(b"anew")
        assert (flight.path.read_bytes(), beside(flight.path)) == (b"anew", [])


@needs.root
@pytest.mark.parametrize("owner", [(1234, 1234), (0, 1234), (4321, 4321)], ids=["the file's", "root", "a stranger"])
def test_journal_is_believed_by_its_owner(tmp_path: Path, elsewhere: Path, owner: tuple[int, int]) -> None:
    """That of the file's owner and root's, also of a file of somebody else; a stranger's not."""
    user, of_file = owner[0], 1234
    flight = attacked(tmp_path, elsewhere, lambda flight, _: os.chown(flight.journal, user, user))
    os.chown(flight.path, of_file, of_file)
    if user == 4321:
        with pytest.raises(JournalError, match="4321"):
            lockedfile.read(flight.path)
        assert brief(flight.path.read_bytes()) == brief(flight.torn)
    else:
        assert brief(lockedfile.read(flight.path)) == brief(OLD)
        assert (flight.path.stat().st_uid, beside(flight.path)) == (of_file, [])


def test_damaged_journal_is_not_believed(tmp_path: Path, elsewhere: Path) -> None:
    """Cut at any length, or with any bit flipped; a sample of them."""
    size = len(attacked(tmp_path, elsewhere, lambda *_: None).packed)
    chance = random.Random(7)
    for length in [0, 1, size - 1, *(chance.randrange(size) for _ in range(20))]:
        flight = attacked(tmp_path, elsewhere, lambda *_: None)
        os.truncate(flight.journal, length)
        assert brief(lockedfile.read(flight.path)) == brief(flight.torn)
    for bit in (chance.randrange(8 * size) for _ in range(40)):
        flight = attacked(tmp_path, elsewhere, lambda *_: None)
        flipped = bytearray(flight.packed)
        flipped[bit // 8] ^= 1 << bit % 8
        flight.journal.write_bytes(flipped)
        assert brief(lockedfile.read(flight.path)) == brief(flight.torn)


@pytest.mark.parametrize("content", [b"third", OLD, NEW, NEW[:6000] + OLD[6000:], NEW[:6000] + NEW[6000:-200]])
def test_journal_of_an_earlier_edit_is_not_believed(tmp_path: Path, elsewhere: Path, content: bytes) -> None:
    """Somebody kept it, and puts it back when the content is another, or in flight by another edit."""
    flight = attacked(tmp_path, elsewhere, lambda *_: None)
    assert brief(lockedfile.read(flight.path)) == brief(OLD)
    lockedfile.write(flight.path, content)
    flight.journal.write_bytes(flight.packed)
    assert brief(lockedfile.read(flight.path)) == brief(content)
    again = crashes.leave(flight.path, content, content[::-1] + b"more")
    again.journal.write_bytes(flight.packed)
    assert brief(lockedfile.read(flight.path)) == brief(again.torn)


@pytest.mark.parametrize("attack", ["symlink to a genuine one", "symlink to a file", "FIFO", "directory", "hard link"])
def test_journal_that_is_exchanged_as_it_is_looked_at_is_not_followed(
    tmp_path: Path, elsewhere: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look whether it is a regular file and the opening."""
    flight = attacked(tmp_path, elsewhere, lambda *_: None)

    def exchange_and_open(path: str, flags: int) -> int:
        monkeypatch.undo()
        UNBELIEVABLE[attack](flight, elsewhere)
        return os.open(path, flags)

    monkeypatch.setattr(_recovery, "os_open", exchange_and_open)
    try:
        content = lockedfile.read(flight.path)
    except OSError as error:
        assert error.errno == errno.ELOOP  # noqa: PT017 - an error is one of two good ends
        content = flight.path.read_bytes()
    assert brief(content) == brief(flight.torn)
    assert (elsewhere / "victim").read_bytes() == b"victim"


def test_enormous_journal_is_not_read(tmp_path: Path, elsewhere: Path) -> None:
    """Nor is memory taken for it; that of a journal that is as large as it may be is believed."""
    old, new = os.urandom(1 << 16), os.urandom(1 << 18)
    flight = crashes.leave(tmp_path / "go.sum", old, new)
    assert len(flight.packed) > 3 << 16
    assert lockedfile.read(flight.path) == old
    flight = attacked(tmp_path, elsewhere, enormous)
    assert brief(lockedfile.read(flight.path)) == brief(flight.torn)


@pytest.mark.parametrize("written", [b"", b"garbage", NO_BYTES], ids=["nothing", "garbage", "a head of no bytes"])
@pytest.mark.parametrize("content", [None, b"whole"], ids=["in flight", "whole"])
def test_fifo_with_a_writer_is_no_journal(
    tmp_path: Path, elsewhere: Path, content: bytes | None, written: bytes
) -> None:
    """Nobody waits for what it has to say, nor believes it."""
    for user, use in USERS.items():
        flight = attacked(tmp_path, elsewhere, fifo, content)
        fd = os.open(flight.journal, os.O_RDWR | os.O_NONBLOCK)
        try:
            os.write(fd, written)
            assert brief(use(flight.path)) == brief(content or flight.torn), user
        finally:
            os.close(fd)
        check_later_edits(flight, "FIFO")


@needs.root
@needs.linux
@pytest.mark.parametrize("content", [None, b"whole"], ids=["in flight", "whole"])
def test_journal_of_a_stranger_under_a_lease_is_no_journal(
    spawn: Callable[..., Child], tmp_path: Path, elsewhere: Path, content: bytes | None
) -> None:
    """Who has a lease on a file is told when somebody wants it, and may be slow: nobody waits for a stranger."""
    flight = attacked(tmp_path, elsewhere, of_a_stranger, content)
    holder = spawn(posix.lease, flight.journal, "F_WRLCK")
    holder.expect("leased")
    with suppress(*[JournalError] * (content is None)):  # a file in flight may be refused
        assert brief(lockedfile.read(flight.path)) == brief(content or flight.torn)
    assert brief(flight.path.read_bytes()) == brief(content or flight.torn)
    holder.process.kill()


def test_journal_that_is_followed_would_show(tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: of a recovery that looks through links."""
    monkeypatch.setattr(_recovery, "lstat", os.stat)
    monkeypatch.setattr(_recovery, "_READ", os.O_RDONLY)
    with pytest.raises(AssertionError):
        test_attack_on_a_file_in_flight_changes_nothing(tmp_path, elsewhere, "symlink to a genuine one")


@needs.root
def test_belief_in_anybody_would_show(tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: of a recovery that does not ask whose the journal is."""
    monkeypatch.setattr(_recovery, "trusts", lambda *_: True)
    with pytest.raises(pytest.fail.Exception):
        test_genuine_journal_in_doubtful_hands_is_an_error(tmp_path, elsewhere, "of a stranger")
