"""What runs in child processes: somebody who has the lock, and keeps it until told."""

from __future__ import annotations

from simulator.strategies import load
from tests.lockedfile.children import hear, say


def hold(strategy_name: str, path: str) -> None:
    """Edit the file with that strategy, and be in the middle of it until told."""
    strategy = load(strategy_name)
    strategy.open(path)

    def transform(old: bytes) -> bytes:
        say("holding")
        hear()
        return old + b"held\n"

    strategy.edit(transform)
    strategy.close()
    say("released")
