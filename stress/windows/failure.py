"""Why the tests cannot run here."""

from __future__ import annotations

__all__ = ["CannotRunError"]


class CannotRunError(Exception):
    """What was tried, why it did not work, and what to do."""

    def __init__(self, what: str, cause: str, remedy: str) -> None:
        super().__init__(f"{what}: {cause}; {remedy}")
