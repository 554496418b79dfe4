"""A row of a screen: texts, each with the name of its style."""

from __future__ import annotations

from typing import TypeAlias

__all__ = ["Row", "cut"]

Row: TypeAlias = tuple[tuple[str, str], ...]
"""Texts, each with the name of its style."""


def cut(row: Row, width: int) -> Row:
    """As much of it as fits in `width` letters; a $ at its end tells that there was more."""
    if sum(len(text) for text, _ in row) <= width:
        return row
    kept: list[tuple[str, str]] = []
    left = width - 1
    for text, style in row:
        if left > 0:
            kept.append((text[:left], style))
            left -= len(text)
    return *kept, ("$" if width > 0 else "", "dim")
