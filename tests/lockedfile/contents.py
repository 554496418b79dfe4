"""Contents as a failing test can show them."""

from __future__ import annotations


def brief(content: bytes | bytearray) -> str:
    """The content if it is short, else its beginning, length and hash: equal only for equal contents.

    For assertions: in CI pytest shows the whole difference of two contents, and takes minutes for long ones.
    """
    if len(content) <= 100:
        return ascii(bytes(content))
    from hashlib import sha256  # what few children need, and each would wait for

    return f"{bytes(content[:40])!a}... of {len(content)} bytes, SHA-256 {sha256(content).hexdigest()[:16]}"
