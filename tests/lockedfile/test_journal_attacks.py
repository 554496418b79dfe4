"""A journal that was put there, moved or changed is never believed and never followed, and the content stays."""

from __future__ import annotations

import os
import random
import sys
from typing import TYPE_CHECKING

import pytest

import lockedfile
from lockedfile._record import Record
from tests.lockedfile import crashes
from tests.lockedfile.attacks import (
    NEW,
    OLD,
    TERABYTE,
    WHOLE,
    attacked,
    check_exchanged,
    check_in_flight,
    check_refused,
    check_whole,
    place,
)
from tests.lockedfile.contents import brief
from tests.lockedfile.protocols import beside

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lockedfile.attacks import Attack
    from tests.lockedfile.crashes import Flight


def instead(flight: Flight, packed: bytes) -> None:
    """Put another content in the place of the journal's."""
    flight.journal.write_bytes(packed)


def hard_link(flight: Flight, elsewhere: Path) -> None:
    """Another file by one more name."""
    flight.journal.unlink()
    os.link(elsewhere / "victim", flight.journal)


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


def writable(flight: Flight, _elsewhere: Path) -> None:
    """What others can write to who cannot write to the file."""
    flight.journal.chmod(0o666)


UNBELIEVABLE: dict[str, Attack] = {
    "hard link": hard_link,
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
    **({"writable": writable} if sys.platform != "win32" else {}),  # where all files of a directory are so
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
@pytest.mark.parametrize("attack", [*UNBELIEVABLE, *REFUSED])
def test_attack_on_a_whole_file_changes_nothing(tmp_path: Path, elsewhere: Path, attack: str, content: bytes) -> None:
    """Be it old, new, another, or by chance what the edit was halfway: a genuine journal among the attacks too."""
    check_whole(tmp_path, elsewhere, attack, (UNBELIEVABLE | REFUSED)[attack], content)


@pytest.mark.parametrize("attack", REFUSED)
def test_genuine_journal_in_doubtful_hands_is_an_error(tmp_path: Path, elsewhere: Path, attack: str) -> None:
    """The file is in flight, and that is known: better no content than a mix, and nothing is touched."""
    check_refused(tmp_path, elsewhere, REFUSED[attack])


def test_file_with_a_doubtful_journal_can_be_written_anew(tmp_path: Path, elsewhere: Path) -> None:
    """Nothing is left then of what it was about."""
    for attack in REFUSED.values():
        flight = attacked(tmp_path, elsewhere, attack)
        with lockedfile.open(flight.path, "wb") as file:
            file.write(b"anew")
        assert (flight.path.read_bytes(), beside(flight.path)) == (b"anew", [])


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


@pytest.mark.parametrize("attack", ["directory", "hard link"])
def test_journal_that_is_exchanged_as_it_is_looked_at_is_not_followed(
    tmp_path: Path, elsewhere: Path, attack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look whether it is a regular file and the opening."""
    check_exchanged(tmp_path, elsewhere, UNBELIEVABLE[attack], monkeypatch)


def test_enormous_journal_is_not_read(tmp_path: Path, elsewhere: Path) -> None:
    """Nor is memory taken for it; that of a journal that is as large as it may be is believed."""
    old, new = os.urandom(1 << 16), os.urandom(1 << 18)
    flight = crashes.leave(tmp_path / "go.sum", old, new)
    assert len(flight.packed) > 3 << 16
    assert lockedfile.read(flight.path) == old
    flight = attacked(tmp_path, elsewhere, enormous)
    assert brief(lockedfile.read(flight.path)) == brief(flight.torn)
