"""Lockers under test, each a small file; only its name crosses to a worker process."""

from __future__ import annotations

from importlib import import_module

from ..near import question
from ._own import StrategyError, own
from ._strategy import Held, Refused, Strategy, Times, has_deadline, is_blind

__all__ = ["NAMES", "Held", "Refused", "Strategy", "StrategyError", "Times", "has_deadline", "is_blind", "load"]

NAMES = (
    "lockedfile",
    "lockedfile-durable",
    "lockedfile-go-protocol",
    "portalocker",
    "filelock",
    "filelock-inplace",
    "go",
    "rename",
    "lockf",
    "none",
)
"""The lockers of this package: each is the `STRATEGY` of the module of its name."""


def load(name: str) -> Strategy:
    """Make the strategy of that name: one of `NAMES`, or a `package.module:attribute`. Raises `StrategyError`."""
    if ":" in name:
        return own(name)
    if name not in NAMES:
        known = f"; there are {', '.join(NAMES)}, and a class of your own, package.module:attribute"
        hint = question(name, NAMES) or known
        raise StrategyError(f"there is no strategy {name or 'without a name'}{hint}")
    made: Strategy = import_module(f"{__name__}.{name.replace('-', '_')}").STRATEGY()
    return made
