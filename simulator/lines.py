"""The lines of the workers in a module file, apart from all the rest: a number for each tells the content."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .workload import MODULES, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Lines"]

_LINE = re.compile(rb"(%b)(\d+)( v0\.0\.)(\d+)(?:-rc\.1)?" % re.escape(MODULES))


class Lines:
    """A content taken apart, to be put together with other versions."""

    def __init__(self, content: bytes, *, shifting: bool = False) -> None:
        self._shifting = shifting
        parts = _LINE.split(content)
        self._parts = [b"".join(parts[at : at + 4]) for at in range(0, len(parts) - 1, 5)]
        self._end = parts[-1]
        self.versions = _versions(content)
        """The N of the v0.0.N of each worker."""

    def content(self, versions: Mapping[int, int]) -> bytes:
        """The content with these versions; `versions` has all workers."""
        found = []
        for part, worker in zip(self._parts, self.versions, strict=True):
            found += [part, version_of(versions[worker], shifting=self._shifting)]
        return b"".join([*found, self._end])

    def versions_in(self, content: bytes) -> dict[int, int] | None:
        """The versions in another content; None if it differs in anything else."""
        versions = _versions(content)
        same = versions.keys() == self.versions.keys() and self.content(versions) == content
        return versions if same else None


def _versions(content: bytes) -> dict[int, int]:
    return {int(found[2]): int(found[4]) for found in _LINE.finditer(content)}
