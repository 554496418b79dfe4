"""The record of a journal: it survives packing, damage to it shows, and it knows the states that its edit can leave."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lockedfile._record import MARK_BYTES, Record
from tests.lockedfile import weakened
from tests.lockedfile.changes import PAGE, changes
from tests.lockedfile.contents import brief

SECTOR = 512


class Edit(NamedTuple):
    """An edit that changes something."""

    old: bytes
    new: bytes
    record: Record

    def writes(self) -> list[tuple[int, bytes]]:
        """What it writes and where, in the order of the protocol."""
        record = self.record
        tail = [(record.old_size, record.tail)] if record.tail else []
        return [(record.end, record.mark), *tail, *((start, after) for start, _, after in record.spans)]


@st.composite
def edits(draw: st.DrawFn, *, durable: bool = False) -> Edit:
    """Any edit."""
    old, new = draw(changes())
    assume(old != new)
    return Edit(old, new, Record.of(old, new, durable=durable))


def written(content: bytes, offset: int, data: bytes) -> bytes:
    """The content of a file after a write; what is between is zeros."""
    if not data:
        return content
    content = content.ljust(offset, b"\0")
    return content[:offset] + data + content[offset + len(data) :]


@st.composite
def killed(draw: st.DrawFn, edit: Edit) -> bytes:
    """What an edit leaves that is killed after the first byte of its mark and before it is cut."""
    writes = edit.writes()
    content = edit.old
    last = draw(st.integers(0, len(writes) - 1))
    for offset, data in writes[:last]:
        content = written(content, offset, data)
    offset, data = writes[last]
    if last:
        return written(content, offset, data[: draw(st.integers(0, len(data)))])
    tear = -offset % PAGE  # the kernel copies page by page
    return written(
        content, offset, data[: draw(st.sampled_from([tear, MARK_BYTES]))] if 0 < tear < MARK_BYTES else data
    )


@st.composite
def cut_off(draw: st.DrawFn, edit: Edit) -> bytes:
    """What a durable edit leaves when the power fails: of what was not synced, any sectors are there or not."""
    content = edit.old
    mark, *rest = edit.writes()
    after = written(content, *mark)
    epoch = draw(st.integers(-1, 2))
    if epoch < 0:  # the block with the old end is there, and the size that it gives, but not the mark
        end = len(content) + -len(content) % draw(st.sampled_from([SECTOR, PAGE]))
        return after[:end]
    if epoch == 0:
        return some_sectors(draw, content.ljust(len(after), b"\0"), after)
    for write in rest:
        content = after
        after = written(after, *write)
    if epoch == 1:
        before = written(edit.old, *mark)
        return some_sectors(draw, before, after)
    zeroed = edit.new.ljust(len(after), b"\0")  # the cut has begun: what is to go is zeros already
    return some_sectors(draw, after, zeroed)


def some_sectors(draw: st.DrawFn, one: bytes, other: bytes) -> bytes:
    """Each sector that of `one` or that of `other`."""
    assert len(one) == len(other)
    parts = []
    for at in range(0, len(one), SECTOR):
        pair = one[at : at + SECTOR], other[at : at + SECTOR]
        parts.append(pair[0] if pair[0] == pair[1] else draw(st.sampled_from(pair)))
    return b"".join(parts)


@given(edits())
def test_record_survives_packing(edit: Edit) -> None:
    """All its facts are those that were packed."""
    packed = edit.record.pack()
    twin = Record.unpack(packed)
    assert twin is not None
    assert brief(twin.pack()) == brief(packed)
    for fact in ("durable", "old_size", "new_size", "mark", "spans", "tail"):
        assert getattr(twin, fact) == getattr(edit.record, fact)


def test_journal_says_what_it_is() -> None:
    """To a person who finds it: its first lines are words, and name the package."""
    head = Record.of(b"old", b"new", durable=False).pack()[:200]
    assert head.startswith(b"lockedfile journal")
    assert b"interrupted" in head


@given(st.data(), edits())
def test_damaged_record_is_none(data: st.DataObject, edit: Edit) -> None:
    """One flipped bit, an end that is missing, or more than there was."""
    packed = edit.record.pack()
    bit = data.draw(st.integers(0, 8 * len(packed) - 1))
    flipped = bytearray(packed)
    flipped[bit // 8] ^= 1 << bit % 8
    assert Record.unpack(bytes(flipped)) is None
    assert Record.unpack(packed[: data.draw(st.integers(0, len(packed) - 1))]) is None
    assert Record.unpack(packed + data.draw(st.binary(min_size=1, max_size=9))) is None


def test_each_flipped_bit_and_each_missing_end_shows() -> None:
    """Of a small record, all of them."""
    packed = Record.of(b"module m\n", b"module longer\n", durable=True).pack()
    for bit in range(8 * len(packed)):
        flipped = bytearray(packed)
        flipped[bit // 8] ^= 1 << bit % 8
        assert Record.unpack(bytes(flipped)) is None
    assert [length for length in range(len(packed)) if Record.unpack(packed[:length])] == []


@given(st.binary(max_size=400))
def test_what_is_no_record_is_none(packed: bytes) -> None:
    """Whatever it is, after our title too."""
    title = Record.of(b"", b"x", durable=False).pack().partition(b"as they are.\n")
    assert Record.unpack(packed) is None
    assert Record.unpack(title[0] + title[1] + packed) is None


def test_marks_differ() -> None:
    """No two edits have the same, be they of the same change; a mark is blanks and tabs."""
    marks = {Record.of(b"old", b"new", durable=False).mark for _ in range(1000)}
    assert len(marks) == 1000
    assert {len(mark) for mark in marks} == {MARK_BYTES}
    assert set(b"".join(marks)) == set(b" \t")


@given(st.data(), edits())
def test_killed_edit_is_undone(data: st.DataObject, edit: Edit) -> None:
    """Whatever byte it had come to."""
    content = data.draw(killed(edit))
    right = edit.record.settled(content)
    assert right is not None
    assert brief(right) == brief(edit.old)


@given(st.data(), edits(durable=True))
def test_edit_cut_off_by_a_power_cut_is_whole(data: st.DataObject, edit: Edit) -> None:
    """Old or new, whichever sectors the disk has; what is still seen as it was is one of both."""
    content = data.draw(cut_off(edit))
    right = edit.record.settled(content)
    if right is None:
        assert content in (edit.old, edit.new)
    else:
        assert right in (edit.old, edit.new)


@given(st.data(), edits())
def test_settling_is_idempotent(data: st.DataObject, edit: Edit) -> None:
    """Recovery that is itself killed leaves what settles to the same; what is settled is left alone."""
    content = data.draw(killed(edit))
    settled = edit.record.settled(content)
    assert settled is not None
    assert edit.record.settled(settled) is None
    for start, before, _ in edit.record.spans:
        content = written(content, start, before[: data.draw(st.integers(0, len(before)))])
        again = edit.record.settled(content)
        assert again is not None
        assert brief(again) == brief(settled)


@given(st.data(), edits())
def test_content_that_is_not_in_flight_is_left_alone(data: st.DataObject, edit: Edit) -> None:
    """Old, new, and a half-done change without its mark, as a foreign edit can have made it by chance."""
    assert edit.record.settled(edit.old) is None
    assert edit.record.settled(edit.new) is None
    half_done = data.draw(killed(edit))[: edit.record.end]
    assert edit.record.settled(half_done) is None
    assert edit.record.settled(half_done + data.draw(st.binary(min_size=65, max_size=70))) is None


@given(st.data(), edits(), st.booleans())
def test_blanks_and_zeros_that_somebody_appended_stay(data: st.DataObject, edit: Edit, was_made: bool) -> None:
    """To a file whose journal was left behind by a kill before the mark, or after the cut."""
    appended = data.draw(st.sampled_from([b" ", b"\t", b"\0", bytes(64), b"\n", b" " * 15, b"\t" * 15]))
    content = (edit.new if was_made else edit.old) + appended
    assume(len(content) % SECTOR)  # on a sector's end a few blanks can be a mark that a power cut tore
    assert edit.record.settled(content) is None


@given(st.data(), edits())
def test_mark_of_another_edit_is_none_of_ours(data: st.DataObject, edit: Edit) -> None:
    """Of the same change too: a journal that is replayed is not believed."""
    other = Record.of(edit.old, edit.new, durable=False)
    content = data.draw(killed(Edit(edit.old, edit.new, other)))
    assume(content[edit.record.end :] == other.mark)
    assert edit.record.settled(content) is None


@given(st.data(), edits())
def test_foreign_byte_in_a_file_in_flight_is_left_alone(data: st.DataObject, edit: Edit) -> None:
    """Who wrote to the file after the kill did not know the journal, and is not undone."""
    content = bytearray(data.draw(killed(edit)))
    at = data.draw(st.integers(0, len(content) - 1))
    possible = {content[at], 0, *edit.old[at : at + 1], *edit.new[at : at + 1], *b" \t"}
    content[at] = data.draw(st.sampled_from([byte for byte in range(256) if byte not in possible]))
    right = edit.record.settled(bytes(content))
    # What is cut off goes last, so that all else may be new, and only the mark still there, after a power cut.
    assert right is None or (right == edit.new and edit.record.new_size <= at < edit.record.old_size)


def test_belief_whatever_the_mark_would_show() -> None:
    """The check can fail: of a record that takes any mark for its own."""
    record, other = (Record.of(b"old", b"new", durable=False) for _ in range(2))
    assert record.settled(b"new" + other.mark) is None
    assert weakened.settled_whatever_the_mark(record, b"new" + other.mark) == b"old"


def test_belief_whatever_the_rest_would_show() -> None:
    """The check can fail: of a record that does not look at what it says nothing of."""
    old, new = bytes(3 * PAGE), b"new" + bytes(3 * PAGE - 3)
    record = Record.of(old, new, durable=False)
    foreign = new[:-7] + b"foreign"
    assert record.settled(foreign + record.mark) is None
    assert weakened.settled_whatever_the_rest(record, foreign + record.mark) == old[:-7] + b"foreign"


@pytest.mark.parametrize("durable", [False, True])
def test_what_is_only_cut_off_was_written_by_somebody_else_if_it_differs(durable: bool) -> None:
    """An edit that shortens the file writes nothing there, so the content is newer; zeros may be a disk's."""
    record = Record.of(b"go\n", b"", durable=durable)
    assert record.settled(b"go\n" + record.mark) == b"go\n"
    assert record.settled(b"zo\n" + record.mark) is None
    assert record.settled(b"\0\0\0" + record.mark) == (b"" if durable else None)
