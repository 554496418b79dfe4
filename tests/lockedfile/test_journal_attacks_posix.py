"""What is no file in the place of a journal, or a link, or somebody else's, is never believed and never followed."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

if sys.platform == "win32":
    pytest.skip("needs symbolic links, FIFOs, sockets with names, and owners", allow_module_level=True)

import lockedfile
from lockedfile import JournalError, _recovery
from lockedfile._record import Record
from tests.lockedfile import needs, posix
from tests.lockedfile.attacks import (
    OLD,
    WHOLE,
    attacked,
    check_exchanged,
    check_in_flight,
    check_later_edits,
    check_refused,
    check_whole,
    place,
)
from tests.lockedfile.contents import brief
from tests.lockedfile.crashes import USERS
from tests.lockedfile.protocols import beside

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lockedfile.attacks import Attack
    from tests.lockedfile.crashes import Flight
    from tests.lockedfile.processes import Child

# The beginning of a record, and of no record: it says that it has no bytes.
_HEAD_AT = Record.of(b"", b"x", durable=False).pack().index(b"as they are.\n") + len(b"as they are.\n")
NO_BYTES = Record.of(b"", b"x", durable=False).pack()[:_HEAD_AT] + bytes(8) + b"\1" * 400


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


def of_a_stranger(flight: Flight, _elsewhere: Path) -> None:
    """What somebody made who can write to the directory, and not to the file."""
    os.chown(flight.journal, 4321, 4321)


UNBELIEVABLE: dict[str, Attack] = {
    "symlink to a genuine one": link_to_genuine,
    "symlink to a file": link_to("victim"),
    "symlink to nowhere": link_to("nowhere"),
    "symlink to itself": link_to_itself,
    "FIFO": fifo,
    "socket": made_socket,
}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Another directory, with a file that is not to be touched."""
    return place(tmp_path)


@pytest.mark.parametrize("attack", UNBELIEVABLE)
def test_attack_on_a_file_in_flight_changes_nothing(tmp_path: Path, elsewhere: Path, attack: str) -> None:
    """It stays as the kill left it: what cannot be believed cannot make it whole, nor worse."""
    check_in_flight(tmp_path, elsewhere, attack, UNBELIEVABLE[attack])


@pytest.mark.parametrize("content", WHOLE)
@pytest.mark.parametrize("attack", UNBELIEVABLE)
def test_attack_on_a_whole_file_changes_nothing(tmp_path: Path, elsewhere: Path, attack: str, content: bytes) -> None:
    """Be it old, new, another, or by chance what the edit was halfway."""
    check_whole(tmp_path, elsewhere, attack, UNBELIEVABLE[attack], content)


@needs.root
@pytest.mark.parametrize("content", WHOLE)
def test_strangers_journal_of_a_whole_file_changes_nothing(tmp_path: Path, elsewhere: Path, content: bytes) -> None:
    """Though it is genuine."""
    check_whole(tmp_path, elsewhere, "of a stranger", of_a_stranger, content)


@needs.root
def test_genuine_journal_of_a_stranger_is_an_error(tmp_path: Path, elsewhere: Path) -> None:
    """The file is in flight, and that is known: better no content than a mix, and nothing is touched."""
    check_refused(tmp_path, elsewhere, of_a_stranger)


@needs.root
def test_file_with_the_journal_of_a_stranger_can_be_written_anew(tmp_path: Path, elsewhere: Path) -> None:
    """Nothing is left then of what it was about."""
    flight = attacked(tmp_path, elsewhere, of_a_stranger)
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


@pytest.mark.parametrize("attack", ["symlink to a genuine one", "symlink to a file", "FIFO"])
def test_journal_that_is_exchanged_as_it_is_looked_at_is_not_followed(
    tmp_path: Path, elsewhere: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look whether it is a regular file and the opening."""
    check_exchanged(tmp_path, elsewhere, UNBELIEVABLE[attack], monkeypatch)


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
        check_in_flight(tmp_path, elsewhere, "symlink to a genuine one", link_to_genuine)


@needs.root
def test_belief_in_anybody_would_show(tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check can fail: of a recovery that does not ask whose the journal is."""
    monkeypatch.setattr(_recovery, "trusts", lambda *_: True)
    with pytest.raises(pytest.fail.Exception):
        check_refused(tmp_path, elsewhere, of_a_stranger)
