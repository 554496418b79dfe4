"""The bytes behind a digest: as they were kept, or made again by the edits that led there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..history import NOTHING, Kind, Outcome, digest
from ..workload import WorkloadError, raiser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..history import History, Operation

__all__ = ["Rebuilder"]

_MOST_BYTES = 1 << 30  # that are written again on the way to one content


class Rebuilder:
    """Gives contents of one run, whose contents at its two ends are known; each has the digest that was asked for."""

    def __init__(self, history: History, contents: Mapping[bytes, bytes], ends: tuple[bytes, ...]) -> None:
        self._made_by: dict[bytes, Operation] = {}
        for outcome in (Outcome.FAIL, Outcome.INFO, Outcome.OK):  # who surely did is believed most
            self._made_by |= {
                op.written: op for op in history.operations if op.kind is Kind.EDIT and op.outcome is outcome
            }
        self._made_by.pop(NOTHING, None)
        self._contents = contents
        self._known = {digest(known): known for known in (b"", *ends)}

    def content(self, name: bytes) -> bytes | None:
        """The content of that digest; nothing if it is neither kept nor can be made again."""
        wanted = name
        edits: list[Operation] = []
        while (there := self._kept(name)) is None:
            edit = self._made_by.get(name)
            if edit is None or len(edits) > len(self._made_by):  # a circle, in a history that has lost some
                return None
            edits.append(edit)
            name = edit.read
        if len(edits) * len(there) > _MOST_BYTES:
            return None
        for edit in reversed(edits):
            there = _edited(there, edit)
            if there is None:
                return None
        self._known[wanted] = there
        return there

    def _kept(self, name: bytes) -> bytes | None:
        known = self._known.get(name)
        return self._contents.get(name) if known is None else known


def _edited(content: bytes, edit: Operation) -> bytes | None:
    """What the worker made of it, if that is what its record says."""
    for shifting in (False, True):
        try:
            made, _ = raiser(edit.worker, shifting=shifting)(content)
        except WorkloadError:
            return None
        if digest(made) == edit.written:
            return made
    return None
