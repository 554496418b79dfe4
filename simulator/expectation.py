"""What is known of the lockers of this package before any run: which of them cannot be right under a load."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import Config

__all__ = ["known_wrong", "unseen_by_go"]

_WRONG = frozenset({"none", "rename"})

# Who locks what. Those of different kinds do not see each other.
_KINDS = {
    "lockedfile": "flock",
    "lockedfile-durable": "flock",
    "lockedfile-go-protocol": "flock",
    "go": "flock",
    "portalocker": "flock",
    "filelock": "a file beside it",
    "filelock-inplace": "a file beside it",
    "lockf": "POSIX record lock",
}

# The others write in place without a way back: an edit that is killed, or finds the disk full, may leave half of it.
_SURVIVE = frozenset({"lockedfile", "lockedfile-durable", "filelock"})


def unseen_by_go(strategy: str) -> bool:
    """Is it a lock that the go command does not see? Of a class from elsewhere nothing is known."""
    return any(_KINDS.get(name, "flock") != "flock" for name in strategy.split(","))


def known_wrong(config: Config) -> bool:
    """Is it no surprise if such a run is found INVALID? Of a class from elsewhere nothing is known."""
    own = {name for name in config.strategies if ":" not in name}
    harmed = config.kill_rate > 0 or config.disk_full_rate > 0
    kinds = {_KINDS[name] for name in own if name in _KINDS}
    return bool(own & _WRONG) or len(kinds) > 1 or (harmed and not own <= _SURVIVE)
