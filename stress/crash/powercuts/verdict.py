"""The verdict on one power cut: a name for what was found, and a story if it should not have been."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .history import described, kind, mark_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cut import Cut
    from .history import Mark
    from .scenario import Content

__all__ = ["REPAIRED", "Finding", "Verdict", "verdict"]

REPAIRED = ", by repair"
"""What the name of a verdict ends with if the file was neither old nor new until it was read."""

_HARM = ("torn", "lost")


class Finding(NamedTuple):
    """What it found."""

    content: Content
    beside: tuple[str, ...]  # what lay beside the file, after it was read and after it was edited
    edits: bool  # could it be edited, and edited back?
    unprivileged: Content  # what somebody read before who may not write, and so not repair
    refused: str | None  # why they could not
    raw: Content  # what the file held before


class Verdict(NamedTuple):
    """What one state counts as."""

    name: str
    story: str | None = None  # if it failed


def verdict(found: Finding | Exception, marks: Sequence[Mark], cut: Cut) -> Verdict:
    """The verdict on what a judge found after the cut, or on what it raised."""
    mark = mark_at(marks, cut.at)
    where = f"{mark.doing}: {cut}"
    if isinstance(found, Exception):
        return Verdict("error", f"{where}: the judge could not work: {found}")
    name = kind(found.content, marks, cut.at)
    if name in _HARM:
        return Verdict(name, f"{where}: {name}: {described(found.content, mark.allowed)}")
    if found.beside:
        return Verdict("littered", f"{where}: left behind: {', '.join(found.beside)}")
    if not found.edits:
        return Verdict("not editable", f"{where}: a further edit did not do what it should")
    if found.refused:
        return Verdict("refused", f"{where}: who may not write was refused to read: {found.refused}")
    if found.unprivileged != found.content:
        told = described(found.unprivileged, [found.content])
        return Verdict("readers differ", f"{where}: who may not write read something else: {told}")
    return Verdict(name + REPAIRED if found.raw != found.content else name)
