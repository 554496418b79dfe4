"""The word that was probably meant."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["near", "question"]


def near(word: str, words: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Which of `words` is most like it; None if none is alike, by the measure of `difflib`."""
    return next(iter(get_close_matches(word, list(words), n=1, cutoff=cutoff)), None)


def question(word: str, words: Iterable[str], cutoff: float = 0.6) -> str:
    """The same as the end of a sentence; empty if none is alike."""
    found = near(word, words, cutoff)
    return f"; did you mean {found}?" if found else ""
