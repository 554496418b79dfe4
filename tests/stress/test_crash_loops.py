"""The lane `loops`: what it makes of what was found, and one round of real kills with a journal and without."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, NamedTuple

import pytest

from stress.crash import editors, loops
from stress.crash.children import Children
from stress.crash.counters import BLOCK_BYTES, content_of, counts_in
from stress.crash.judge import Finding
from stress.crash.lane import Plan

if TYPE_CHECKING:
    from pathlib import Path

OLD, NEW = content_of([3, 4]), content_of([3, 5])


class Edited(NamedTuple):
    """What an editor told, who is not real."""

    acknowledged: int
    torn: bool = False
    failure: str = ""


def found(content: bytes, *, beside: tuple[str, ...] = (), edits: bool = True, error: str = "") -> Finding:
    """By a fresh process."""
    return Finding(content, beside, edits, error)


def test_counts_are_in_a_whole_content_and_in_no_other() -> None:
    """Half of an edit is none: every other block is another one, and the length may be."""
    assert (counts_in(OLD), counts_in(NEW)) == ([3, 4], [3, 5])
    assert len(OLD) % BLOCK_BYTES == 0
    for at in range(BLOCK_BYTES, min(len(OLD), len(NEW)), 50 * BLOCK_BYTES):
        assert counts_in(NEW[:at] + OLD[at:]) is None
    assert counts_in(OLD[:-1]) is None
    assert counts_in(b"") is None
    assert counts_in(b"counts x") is None


@pytest.mark.parametrize(
    ("them", "left", "story"),
    [
        ([Edited(3), Edited(4)], found(OLD), None),
        ([Edited(2), Edited(3)], found(OLD), None),
        ([Edited(4), Edited(4)], found(OLD), "lost: an editor acknowledged edit 4, and 3 are there"),
        ([Edited(1), Edited(4)], found(OLD), "too many"),
        ([Edited(3), Edited(4)], found(OLD[:-1]), "torn: a fresh process found"),
        ([Edited(3), Edited(4)], found(OLD, error="JournalError: no"), "torn: a fresh process found"),
        ([Edited(3), Edited(4)], found(OLD, error="OSError: no"), "failed: the judge could not work: OSError"),
        ([Edited(3), Edited(4, True)], found(OLD), "torn: another editor came upon it"),
        ([Edited(3), Edited(4, False, "OSError")], found(OLD), "failed: OSError"),
        ([Edited(3), Edited(4)], found(OLD, beside=("x",)), "left behind: x"),
        ([Edited(3), Edited(4)], found(OLD, edits=False), "a further edit"),
    ],
)
def test_what_was_found_is_held_against_what_was_acknowledged(
    them: list[Edited], left: Finding, story: str | None
) -> None:
    """One edit more may be there than the one who was killed could say."""
    wrong = loops.wrong(them, left)
    assert (wrong is None) == (story is None), wrong
    assert story is None or story in (wrong or "")


def test_kills_at_any_instant_leave_a_whole_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One round, in which each of some editors is killed; and without a journal a file is torn."""
    monkeypatch.setattr(loops, "_MODES", ("default",))
    monkeypatch.setattr(loops, "_ROUNDS", {False: 1})
    monkeypatch.setattr(editors, "_AT_ONCE", 2)
    monkeypatch.setattr(editors, "_REPLACED", 2)
    monkeypatch.setattr(editors, "_AIMED", 1)
    result = loops.run(Plan(False, 1, None, tmp_path, lambda *_: None))
    assert (result.failed, result.failures, result.complete) == (0, (), True)
    assert result.states == {"whole after a kill": 4}
    assert result.apart["seen to be torn without a journal"] == 1


def test_editors_that_fail_are_told(tmp_path: Path) -> None:
    """Rather than that nothing was torn."""
    with Children() as children:
        crew, story = loops.played(tmp_path / "round", "no mode", Random(1), children)
    assert "KeyError" in (story or "")
    assert all(one.edits == 0 for one in crew.all)
