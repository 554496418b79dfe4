"""The content of a disk, as the pages that are not all zeros: a small part of it, quick to copy and to change."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .log import Write

__all__ = ["PAGE", "ZEROS", "Pages", "changed_by"]

PAGE = 4096

Pages = Mapping[int, bytes]  # by number; those of zeros are left out, or there

ZEROS = bytes(PAGE)


def changed_by(writes: Iterable[Write], pages: Pages) -> dict[int, bytes]:
    """The pages that the writes change, as they are after them; `pages` stay as they are."""
    changed: dict[int, bytes] = {}
    for offset, data in writes:
        for number in range(offset // PAGE, -(-(offset + len(data)) // PAGE)):
            start = number * PAGE - offset  # of the page, within the data
            if start >= 0 and start + PAGE <= len(data):
                changed[number] = data[start : start + PAGE]
                continue
            page = bytearray(changed.get(number) or pages.get(number) or ZEROS)
            part = data[max(start, 0) : start + PAGE]
            at = max(-start, 0)
            page[at : at + len(part)] = part
            changed[number] = bytes(page)
    return changed
