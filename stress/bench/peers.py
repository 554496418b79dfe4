"""The peers: other libraries that lock files, as far as they are installed."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["PEERS", "installed"]

PEERS = ("filelock", "portalocker", "fasteners")


def installed(peer: str) -> bool:
    """Can it be imported? It is not: that is for the child that measures it."""
    return find_spec(peer) is not None
