"""The library without one of its steps, each of which a lane must catch: what nobody misses is not needed.

`weaken` takes the step out of the library in this process, for good.
"""

from __future__ import annotations

import os
from binascii import crc32
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

from lockedfile import _edit, _journal, _locked_file, _record, _recovery, _writeback
from lockedfile._oslock import sync, sync_data

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["VARIANTS", "Variant", "cannot_run"]


class Variant(NamedTuple):
    """One step that is missing."""

    name: str
    lacks: str  # what is not done
    weaken: Callable[[], None]
    lanes: tuple[str, ...]  # that catch it; the first is asked that can run here

    @property
    def caught_by(self) -> str:
        """The name of the lane that is to catch it here; the first one if none can run."""
        return next((name for name in self.lanes if cannot_run(name) is None), self.lanes[0])


def cannot_run(lane: str) -> str | None:
    """Why the lane of this name cannot; None if it can."""
    reason: str | None = import_module(f"{__package__}.{lane}").cannot_run()
    return reason


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

    def settle(fd: int, parts: Any, size: int, _timeout: float | None, *, durable: bool) -> None:
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


_CALLS = ("syscalls", "calls")
_ORDERS = ("machine",)
_CUTS = ("weakdisk",)

_ALL = (
    Variant("no-journal", "the journal is not laid", _without("lay"), _CALLS),
    Variant(
        "journal-late",
        "the journal is laid after the file was overwritten, not before",
        _order("mark", "overwrite", "lay", "cut", "drop"),
        _CALLS,
    ),
    Variant("no-mark", "the file is not marked while it is in flight", _without("mark"), _CALLS),
    Variant(
        "mark-late",
        "the file is marked after it was overwritten, not before",
        _order("lay", "overwrite", "mark", "cut", "drop"),
        _CALLS,
    ),
    Variant(
        "dropped-early",
        "the journal is dropped before the mark is taken away, not after",
        _order("lay", "mark", "overwrite", "drop", "cut"),
        _CALLS,
    ),
    Variant("not-dropped", "the journal is not dropped", _put(_nothing, "discard", _journal, _recovery), _CALLS),
    Variant(
        "not-looked-for",
        "nobody looks for a journal",
        _blind,
        _CALLS,
    ),
    Variant(
        "unmarked-first",
        "putting back takes the mark away before the old bytes are there, not after",
        _settled(cut_first=True),
        _CALLS,
    ),
    Variant("not-undone", "a failed edit is not undone", _put(_nothing, "undo", _edit_class), ("disks", "calls")),
    Variant("unchecked", "a journal is believed whatever its checksum says", _unchecked, _ORDERS),
    Variant(
        "any-state",
        "a journal is believed though the file is not marked, if the file is in a state that fits",
        _settled_without("mark"),
        _ORDERS,
    ),
    Variant(
        "any-content",
        "a journal is believed whatever else the file holds, if it is marked",
        _settled_without("content"),
        _ORDERS,
    ),
    Variant("journal-unsynced", "the journal is not synced", _journal_unsynced, _CUTS),
    Variant(
        "directory-unsynced",
        "the directory is not synced when the journal was laid",
        _put(_nothing, "sync_directory", _journal),
        _CUTS,
    ),
    Variant("mark-unsynced", "the mark is not synced", _without("sync mark"), _CUTS),
    Variant("content-unsynced", "the content is not synced before the mark goes", _without("sync content"), _CUTS),
    Variant("cut-unsynced", "the end of the edit is not synced", _without("sync cut"), _CUTS),
    Variant(
        "recovery-content-unsynced",
        "putting back does not sync the content before the mark goes",
        _settled(sync_content=False),
        _CUTS,
    ),
    Variant(
        "recovery-cut-unsynced",
        "putting back does not sync its end before the journal goes",
        _settled(sync_cut=False),
        _CUTS,
    ),
    Variant(
        "equal-unsynced",
        "a durable edit that changes nothing does not sync what is there",
        _put(_nothing, "confirm", _journal),
        _CUTS,
    ),
)

VARIANTS = {variant.name: variant for variant in _ALL}
"""By their names."""
