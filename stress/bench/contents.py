"""The contents of the files that are edited: the beginning of a go.sum."""

from __future__ import annotations

import base64
import hashlib

__all__ = ["go_sum"]


def go_sum(size_bytes: int) -> bytes:
    """So many bytes of lines like those of a go.sum."""
    lines: list[bytes] = []
    while size_bytes > 0:
        digest = base64.b64encode(hashlib.sha256(b"%d" % len(lines)).digest())
        line = b"example.com/module%05d v1.0.0 h1:%s\n" % (len(lines), digest)
        lines.append(line[:size_bytes])
        size_bytes -= len(line)
    return b"".join(lines)
