"""Where there is no turnstile: everybody goes straight to the system's own queue, and nobody is marked."""

from __future__ import annotations

__all__ = ["enter", "has_turnstile", "is_clear", "is_first_to_look", "is_line", "leave", "mark", "stand", "waiter"]


def has_turnstile(fd: int, device: int) -> bool:
    return False


def is_clear(fd: int, kind: int) -> bool:
    return True


def is_line(fd: int) -> bool:
    return False


def enter(fd: int, kind: int) -> bool:
    return True


def stand(fd: int, kind: int) -> None:
    """Nothing to wait for."""


def mark(fd: int, kind: int) -> None:
    """Nobody to show it to."""


def waiter(place: int) -> tuple[int, int, bool] | None:
    return None


def is_first_to_look(fd: int, now_ns: int) -> bool:
    return True


def leave(fd: int) -> None:
    """Nothing to give up."""
