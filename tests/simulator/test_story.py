"""What went wrong, told with the bytes: the lines that differ, and where a mix begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.checker import Flaw, check
from simulator.history import NOTHING, History, Kind, Operation, Outcome, digest
from simulator.report.excerpt import line_of, mixture, shown
from simulator.report.rebuilt import Rebuilder
from simulator.report.story import Told, stories
from simulator.workload import module_file, raiser

from .accounts import account
from .histories import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from simulator.report import Account

INITIAL = module_file(4, 7)
LONG = module_file(4, 7, shifting=True)


class Scene:
    """Edits of real contents, made one after the other, and what became of them."""

    def __init__(self, initial: bytes = INITIAL) -> None:
        self.initial = self.content = initial
        self.operations: list[Operation] = []
        self.contents: dict[bytes, bytes] = {}

    def edit(self, worker: int, *, of: bytes | None = None, outcome: Outcome = Outcome.OK) -> bytes:
        """One more edit, of what is there or of another content; what it makes."""
        old, at = self.content if of is None else of, 1000 * (len(self.operations) + 1)
        self.content, version = raiser(worker, shifting=self.initial is LONG)(old)
        ended = outcome is not Outcome.INFO
        self.operations.append(
            Operation(
                worker, len(self.operations), Kind.EDIT, outcome, at, at + 100, ended * (at + 200), ended * (at + 300),
                digest(old), digest(self.content), len(old), version,
            )
        )  # fmt: skip
        return self.content

    def read(self, worker: int, what: bytes, *, kept: bool = True) -> None:
        """A reader reads that."""
        self.operations.append(read(worker, digest(what), at=1000 * (len(self.operations) + 1)))
        if kept:
            self.contents[digest(what)] = what

    def account(self, final: bytes | None = None) -> Account:
        """What a run says of it."""
        last = self.content if final is None else final
        history = History(digest(self.initial), digest(last), self.operations)
        return account(history)._replace(initial=self.initial, contents=self.contents)

    def told(self, flaw: Flaw) -> Told:
        """The story of one flaw."""
        (told,) = (told for told in stories(self.account()) if told.anomaly.flaw is flaw)
        return told


def bytes_of(told: Told) -> list[str]:
    """The end of a story, where the bytes are."""
    begin = next(number for number, line in enumerate(told.lines) if line.startswith("the bytes: "))
    return [line.strip() for line in told.lines[begin:]]


def test_lost_update_shows_the_line_that_was_put_back() -> None:
    """Worker 2 raised its line; worker 3 wrote all that it had read before that."""
    scene = Scene()
    before = scene.edit(1)
    scene.edit(2)
    scene.edit(3, of=before)
    assert bytes_of(scene.told(Flaw.LOST)) == [
        "the bytes: worker 2 wrote",
        "example.com/worker02 v0.0.1",
        "then worker 3 wrote all that it had read before that, and so again",
        "example.com/worker02 v0.0.0",
    ]


def test_torn_read_shows_where_the_mix_begins() -> None:
    """The same place before the write, after it, and as it was read."""
    scene = Scene(LONG)
    old = scene.edit(1)
    new = scene.edit(2, outcome=Outcome.INFO)
    scene.content = old
    scene.read(4, new[:4096] + old[4096:])
    lines = bytes_of(scene.told(Flaw.TORN))
    assert lines[0] == "the bytes: up to byte 4,096 it is the new content, and then the old one:"
    assert [line.split()[0] for line in lines[1:4]] == ["old", "new", "read"]
    before, behind = shown(new[4078:4096]), shown(old[4096:4114])
    assert lines[3].removeprefix("read").strip() == (before + behind).strip()
    assert lines[-1] == "(old and new: of worker 2, edit 1)"


def test_empty_file_is_said_to_be_empty() -> None:
    """Nothing is there to be shown, and nothing has to be kept for that."""
    scene = Scene()
    scene.edit(1)
    scene.read(4, b"", kept=False)
    assert bytes_of(scene.told(Flaw.TORN)) == ["the bytes: there were none: the file was cut, and not written yet"]


def test_failed_edit_shows_its_line() -> None:
    """It is there, though the edit raised."""
    scene = Scene()
    scene.edit(1)
    scene.edit(2, outcome=Outcome.FAIL)
    scene.read(4, scene.content)
    lines = bytes_of(scene.told(Flaw.FAILED))
    assert lines[:2] == ["the bytes: worker 2 would have written", "example.com/worker02 v0.0.1"]
    assert lines[3] == "example.com/worker02 v0.0.1"


def test_stale_read_shows_both_lines() -> None:
    """What was written, and what was read long after."""
    scene = Scene()
    old = scene.content
    scene.edit(1)
    scene.read(4, old)
    assert bytes_of(scene.told(Flaw.ORDER)) == [
        "the bytes: worker 1 wrote",
        "example.com/worker01 v0.0.1",
        "and what was read says",
        "example.com/worker01 v0.0.0",
    ]


def test_story_with_its_bytes_at_hand_is_preferred() -> None:
    """Of two torn reads the later one is told, if nobody has kept what the earlier one saw."""
    scene = Scene()
    scene.edit(1)
    scene.read(4, INITIAL[:300] + b"?", kept=False)
    scene.read(5, INITIAL[:200])
    told = scene.told(Flaw.TORN)
    assert told.anomaly.witness[-1].worker == 5
    assert told.number == 2
    assert "only the first 200 were there" in bytes_of(told)[0]
    assert check(scene.account().history).anomalies[0].witness[-1].worker == 4


def test_story_without_bytes_is_told_all_the_same() -> None:
    """Who, what and when is known from the records."""
    scene = Scene()
    scene.edit(1)
    scene.read(4, b"?", kept=False)
    told = scene.told(Flaw.TORN)
    assert told.lines[0] == "torn read: a content was read that no edit wrote"
    assert not any("the bytes" in line for line in told.lines)


def test_bytes_that_are_no_text_are_shown_in_hexadecimal() -> None:
    """And so they stay on their line."""
    scene = Scene()
    scene.edit(1)
    scene.read(4, INITIAL[:100] + b"\xff\x00\xfe" + INITIAL[103:])
    assert any("ff 00 fe" in line for line in bytes_of(scene.told(Flaw.TORN)))
    assert shown(b"a\tb\n") == "a\\tb\\n"


def test_stories_fit_eighty_columns() -> None:
    """With the four columns by which a report sets them in; hexadecimal is as wide as it is."""
    scene = Scene(LONG)
    old = scene.edit(1)
    new = scene.edit(2, of=old)
    scene.edit(3, of=old, outcome=Outcome.FAIL)
    scene.read(4, new[:70_000] + old[70_000:])
    scene.read(5, scene.content)
    lines = [line for told in stories(scene.account()) for line in told.lines]
    assert sum("the bytes" in line for line in lines) >= 3
    assert [line for line in lines if len(line) > 76] == []


def test_contents_are_made_again_from_the_first_one() -> None:
    """Any that an edit made of one that is known; what is given has the digest that was asked for."""
    scene = Scene(LONG)
    made = [scene.edit(number % 4) for number in range(9)]
    rebuilder = Rebuilder(scene.account().history, {}, (LONG,))
    assert [rebuilder.content(digest(content)) for content in made] == made
    assert rebuilder.content(digest(b"?")) is None
    wrong = scene.operations[3]._replace(worker=2, sequence=99)
    history = scene.account().history._replace(operations=[*scene.operations[:3], wrong])
    assert Rebuilder(history, {}, (LONG,)).content(wrong.written) is None


def test_contents_are_made_again_from_one_that_was_kept() -> None:
    """Where a content that nobody wrote lies in between."""
    scene = Scene()
    mix = INITIAL.replace(b"worker03 v0.0.0", b"worker03 v0.0.7")
    made = scene.edit(1, of=mix)
    history = scene.account().history
    assert Rebuilder(history, {}, (INITIAL,)).content(digest(made)) is None
    kept: Mapping[bytes, bytes] = {digest(mix): mix}
    assert Rebuilder(history, kept, (INITIAL,)).content(digest(made)) == made
    assert Rebuilder(history, kept, (INITIAL,)).content(NOTHING) is None


@given(st.binary(max_size=60), st.binary(max_size=60), st.binary(max_size=60))
def test_any_contents_can_be_set_beside_each_other(there: bytes, old: bytes, new: bytes) -> None:
    """Whatever they are: something is said of them."""
    assert len(mixture(there, old, new)) == 4


@pytest.mark.parametrize(("worker", "line"), [(3, "example.com/worker03 v0.0.0"), (44, None)])
def test_line_of_a_worker_is_found(worker: int, line: str | None) -> None:
    """By its number; there may be none."""
    assert line_of(worker, INITIAL) == line
