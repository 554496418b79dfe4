"""The content that edit loops count in: a count for each of them, and much else that changes with every edit.

Every other block has the checksum of the counts in it, so an edit is many writes, and of half of it two blocks differ.
The number of blocks goes up and down, so that an edit also grows the file, or cuts it.
"""

from __future__ import annotations

import sys
from binascii import crc32

TYPE_CHECKING = False  # as in `child`
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["BLOCK_BYTES", "content_of", "counts_in"]

BLOCK_BYTES = 4096
"""The length of a whole content is a multiple of it, of one in flight it is not."""

# A megabyte, or four: a process is looked at and killed less quickly on Windows, and most would be between two edits.
_BLOCKS = 250 if sys.platform != "win32" else 1000
_STILL = b"# which no edit changes\n".ljust(BLOCK_BYTES, b"#")


def content_of(counts: Sequence[int]) -> bytes:
    """The whole content that has these counts."""
    head = b"counts %b\n" % b" ".join(b"%d" % count for count in counts)
    stamped = (b"%08x" % crc32(head)) * (BLOCK_BYTES // 8)
    pairs, odd = divmod(_BLOCKS - sum(counts) % 7, 2)
    return head.ljust(BLOCK_BYTES, b"#") + (_STILL + stamped) * pairs + stamped * odd


def counts_in(content: bytes) -> list[int] | None:
    """The counts of a whole content; None if it is torn."""
    try:
        counts = list(map(int, content[:BLOCK_BYTES].partition(b"\n")[0].removeprefix(b"counts ").split()))
    except ValueError:
        return None
    return counts if content == content_of(counts) else None
