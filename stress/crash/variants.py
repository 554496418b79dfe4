"""The library without one of its steps, each of which a lane must catch: what nobody misses is not needed.

`weaken` takes the step out of the library in this process, for good.
"""

from __future__ import annotations

import os
from binascii import crc32
from typing import TYPE_CHECKING, Any, NamedTuple

from lockedfile import _edit, _journal, _locked_file, _record, _recovery, _writeback
from lockedfile._oslock import sync, sync_data

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["VARIANTS", "Variant"]


class Variant(NamedTuple):
    """One step that is missing."""

    name: str
    lacks: str  # what is not done
    weaken: Callable[[], None]
    caught_by: str  # the name of the lane


_edit_class: Any = _journal._Journalled


def _sync(edit: Any, call: Callable[[int], None]) -> None:
    if edit._record.durable:
        edit._sync(call)


def _overwrite(edit: Any) -> None:
    record = edit._record
    _writeback.write_all(edit._fd, record.tail, record.old_size)
    for start, _, after in record.spans:
        _writeback.write_all(edit._fd, after, start)


# The steps of an edit, by `_journal`. Those that sync do so in a durable edit only.
_STEPS: dict[str, Callable[[Any], None]] = {
    "lay": lambda edit: edit._lay(),
    "mark": lambda edit: _writeback.write_all(edit._fd, edit._record.mark, edit._record.end),
    "sync mark": lambda edit: _sync(edit, sync),
    "overwrite": _overwrite,
    "sync content": lambda edit: _sync(edit, sync_data),
    "cut": lambda edit: os.ftruncate(edit._fd, edit._record.new_size),
    "sync cut": lambda edit: _sync(edit, sync),
    "drop": lambda edit: edit._drop(),
}


def _order(*names: str) -> Callable[[], None]:
    """The edit as these steps."""

    def write(edit: Any) -> None:
        for name in names:
            _STEPS[name](edit)

    return _put(write, "write", _edit_class)


def _without(*missing: str) -> Callable[[], None]:
    return _order(*(name for name in _STEPS if name not in missing))


def _put(value: object, name: str, *owners: Any) -> Callable[[], None]:
    """Something else by this name, wherever it is used."""

    def weaken() -> None:
        for owner in owners:
            setattr(owner, name, value)

    return weaken


def _settled(*, sync_content: bool = True, sync_cut: bool = True, cut_first: bool = False) -> Callable[[], None]:
    """Putting back, by the next user or after a failure, without one of its steps."""

    def settle(fd: int, parts: Any, size: int, *, durable: bool) -> None:
        if cut_first:
            os.ftruncate(fd, size)
        for start, part in parts:
            _writeback.write_all(fd, part, start)
        if durable and sync_content:
            sync_data(fd)
        os.ftruncate(fd, size)
        if durable and sync_cut:
            sync(fd)

    return _put(settle, "settle", _journal, _recovery)


def _journal_unsynced() -> None:
    """The journal itself is not synced, its directory is."""
    fill = _edit_class._fill

    def without(edit: Any) -> None:
        packed, record = edit._record.pack(), edit._record
        record_like = type("Packed", (), {"durable": False, "pack": lambda _: packed})()
        edit._record = record_like
        try:
            fill(edit)
        finally:
            edit._record = record

    _edit_class._fill = without


def _settled_without(check: str) -> Callable[[], None]:
    """The record without one of the questions that it asks of a content."""
    record: Any = _record.Record
    settled = record.settled

    def without_mark(self: Any, content: bytes) -> bytes | None:
        whole: bytes | None = settled(self, content)
        if whole is None and len(content) <= self.end:  # as if the mark were there
            whole = settled(self, content.ljust(self.end, b"\0") + self.mark)
        return whole

    def without_content(self: Any, content: bytes) -> bytes | None:
        if content[self.end :] != self.mark:
            whole: bytes | None = settled(self, content)
            return whole
        old = bytearray(content[: self.old_size])
        for start, before, _ in self.spans:
            old[start : start + len(before)] = before
        return bytes(old)

    return _put({"mark": without_mark, "content": without_content}[check], "settled", record)


def _unchecked() -> None:
    """A record is believed whatever its checksum says."""
    unpack = _record.Record.unpack

    def unchecked(packed: bytes) -> Any:
        size = _record._CHECKSUM.size
        return unpack(packed[:-size] + _record._CHECKSUM.pack(crc32(packed[:-size])))

    _record.Record.unpack = staticmethod(unchecked)  # type: ignore[method-assign]  # that is what weakening is


def _blind() -> None:
    """Nobody looks."""
    for name, owner in (("is_left", _edit), ("exists", _locked_file)):
        _put(lambda *_: False, name, owner)()


def _nothing(*_args: object, **_kwargs: object) -> None:
    pass


_ALL = (
    Variant("no-journal", "the journal is not laid", _without("lay"), "syscalls"),
    Variant(
        "journal-late",
        "the journal is laid after the file was overwritten, not before",
        _order("mark", "overwrite", "lay", "cut", "drop"),
        "syscalls",
    ),
    Variant("no-mark", "the file is not marked while it is in flight", _without("mark"), "syscalls"),
    Variant(
        "mark-late",
        "the file is marked after it was overwritten, not before",
        _order("lay", "overwrite", "mark", "cut", "drop"),
        "syscalls",
    ),
    Variant(
        "dropped-early",
        "the journal is dropped before the mark is taken away, not after",
        _order("lay", "mark", "overwrite", "drop", "cut"),
        "syscalls",
    ),
    Variant("not-dropped", "the journal is not dropped", _put(_nothing, "discard", _journal, _recovery), "syscalls"),
    Variant(
        "not-looked-for",
        "nobody looks for a journal",
        _blind,
        "syscalls",
    ),
    Variant(
        "unmarked-first",
        "putting back takes the mark away before the old bytes are there, not after",
        _settled(cut_first=True),
        "syscalls",
    ),
    Variant("not-undone", "a failed edit is not undone", _put(_nothing, "undo", _edit_class), "disks"),
    Variant("unchecked", "a journal is believed whatever its checksum says", _unchecked, "machine"),
    Variant(
        "any-state",
        "a journal is believed though the file is not marked, if the file is in a state that fits",
        _settled_without("mark"),
        "machine",
    ),
    Variant(
        "any-content",
        "a journal is believed whatever else the file holds, if it is marked",
        _settled_without("content"),
        "machine",
    ),
    Variant("journal-unsynced", "the journal is not synced", _journal_unsynced, "weakdisk"),
    Variant(
        "directory-unsynced",
        "the directory is not synced when the journal was laid",
        _put(_nothing, "sync_directory", _journal),
        "weakdisk",
    ),
    Variant("mark-unsynced", "the mark is not synced", _without("sync mark"), "weakdisk"),
    Variant("content-unsynced", "the content is not synced before the mark goes", _without("sync content"), "weakdisk"),
    Variant("cut-unsynced", "the end of the edit is not synced", _without("sync cut"), "weakdisk"),
    Variant(
        "recovery-content-unsynced",
        "putting back does not sync the content before the mark goes",
        _settled(sync_content=False),
        "weakdisk",
    ),
    Variant(
        "recovery-cut-unsynced",
        "putting back does not sync its end before the journal goes",
        _settled(sync_cut=False),
        "weakdisk",
    ),
    Variant(
        "equal-unsynced",
        "a durable edit that changes nothing does not sync what is there",
        _put(_nothing, "confirm", _journal),
        "weakdisk",
    ),
)

VARIANTS = {variant.name: variant for variant in _ALL}
"""By their names."""
