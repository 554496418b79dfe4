"""The judge: what a fresh process finds of a file after it was harmed, and what that is called."""

from __future__ import annotations

import binascii
import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from .children import ChildError
from .target import watched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from .changes import Change
    from .children import Children

__all__ = ["Finding", "Identity", "Rest", "difference", "find", "finding", "identity", "kind", "rest", "unbroken"]


class Identity(NamedTuple):
    """What an edit must leave as it is."""

    inode: int
    mode: int
    owner: tuple[int, int]
    links: int
    attributes: tuple[tuple[str, bytes], ...]


class Rest(NamedTuple):
    """What lies there before anybody else has come: what a program sees that knows of no journal."""

    content: bytes
    journal: bool


class Finding(NamedTuple):
    """What the judging process found."""

    content: bytes
    beside: tuple[str, ...]  # what lay in the directory besides the file
    edits: bool  # could it be edited, and edited back?
    error: str  # what the judge could not do; empty if it could


def identity(path: Path) -> Identity:
    """Of the file at `path`."""
    status = path.stat()
    attributes: tuple[tuple[str, bytes], ...] = ()
    if sys.platform == "linux":
        attributes = tuple((name, os.getxattr(path, name)) for name in sorted(os.listxattr(path)))
    return Identity(status.st_ino, status.st_mode, (status.st_uid, status.st_gid), status.st_nlink, attributes)


def rest(path: Path) -> Rest:
    """Of the file at `path`."""
    return Rest(path.read_bytes(), os.path.lexists(watched(path)[1]))


def find(children: Children, paths: Sequence[Path], variant: str | None = None) -> list[Finding]:
    """Let a fresh process, which recovers first if there is need, say what is at each path."""
    request = {"do": "judge all", "paths": list(map(str, paths))} | ({"variant": variant} if variant else {})
    try:
        told = children.ask(request).told
    except ChildError as error:
        if len(paths) > 1:  # one of them is to blame
            return [find(children, [path], variant)[0] for path in paths]
        return [Finding(paths[0].read_bytes(), (), False, str(error))]
    return [finding(one, path) for one, path in zip(told["findings"], paths, strict=True)]


def finding(told: Mapping[str, Any], path: Path) -> Finding:
    """A finding by what the judging process told of the file at `path`."""
    if "error" in told:
        return Finding(path.read_bytes(), (), False, f"{told['error']['type']}: {told['error']['text']}")
    beside = {*told["beside"], *told["beside_after"]}
    return Finding(binascii.a2b_base64(told["content"]), tuple(sorted(beside)), told["edits"], "")


def kind(content: bytes, change: Change) -> str:
    """What it is: "old", "new" or "torn"."""
    return "old" if content == change.old else "new" if content == change.new else "torn"


def unbroken(found: Finding, before: Identity, after: Identity) -> str | None:
    """What, besides the content, is not as it should be; None if all is."""
    if found.error:
        return f"the judge could not work: {found.error}"
    if found.beside:
        return f"left behind: {', '.join(found.beside)}"
    if not found.edits:
        return "a further edit did not do what it should"
    changed = [name for name, was, is_ in zip(Identity._fields, before, after, strict=True) if was != is_]
    return f"no longer the same: {', '.join(changed)}" if changed else None


def difference(content: bytes, change: Change) -> str:
    """How torn content differs from old and new, in a few words."""
    return (
        f"{len(content)} bytes, where old has {len(change.old)} and new {len(change.new)}; "
        f"differs from old {_where(content, change.old)}, from new {_where(content, change.new)}"
    )


def _where(one: bytes, other: bytes) -> str:
    shared = min(len(one), len(other))
    differing = [offset for offset in range(shared) if one[offset] != other[offset]]
    if differing:
        return f"in {len(differing)} bytes from offset {differing[0]} on"
    return f"from offset {shared} on, by its length" if len(one) != len(other) else "nowhere"
