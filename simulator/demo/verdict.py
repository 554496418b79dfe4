"""What is to be said at the end: whose line is in the file, and why the others are not. Nothing, if it is not so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .player import line_of
from .told import list_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .moment import Moment

__all__ = ["NOT_AS_IT_HAS_TO_BE", "on_kill", "on_lock", "on_loss"]

NOT_AS_IT_HAS_TO_BE = "NOT AS IT HAS TO BE: the lines of the file do not fit what has happened."
"""What is said where there is no verdict."""


def _there(names: list[str], content: bytes) -> list[str]:
    return [name for name in names if line_of(name) in content]


def on_lock(names: list[str], content: bytes) -> tuple[str, ...]:
    """All have to be there."""
    if _there(names, content) != names:
        return ()
    return (
        f"NOTHING LOST: all {len(names)} edits are in the file, those of {list_of(names)}.",
        "Each read what the one before it had written, as it had to wait for the lock to read at all.",
    )


def on_kill(names: list[str], content: bytes, dead: str, heir: str) -> tuple[str, ...]:
    """All have to be there but the one that was killed, which `heir` has undone; nobody has, if that is empty."""
    others = [name for name in names if name != dead]
    if _there(names, content) != others or not heir:
        return ()
    return (
        f"NOTHING TORN: {dead} was killed half way, and {heir} undid its edit as a whole. Nobody was told that it "
        "was made.",
        f"Nothing of the others is lost: the file has what {list_of(others)} added. The journal is gone.",
    )


def on_loss(names: list[str], content: bytes, lost: Mapping[str, Moment]) -> tuple[str, ...]:
    """Of all only the last has to be there; `lost` tells at which moment each of the others went."""
    if _there(names, content) != names[-1:] or list(lost) != names[:-1]:
        return ()
    verdict = [
        f"LOST UPDATE: {len(names)} edits returned without an error, and the file has one of them, that of {names[-1]}."
    ]
    for name, moment in lost.items():
        line = line_of(name)
        at = (moment.before or b"").index(line)
        verdict.append(
            f"lost: {line.decode().strip()}, the {len(line)} bytes at {at} that {name} wrote; "
            f"{moment.name} wrote over them with {moment.calls[0].text}"
        )
    return tuple(verdict)
