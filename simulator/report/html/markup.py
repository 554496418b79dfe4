"""HTML and SVG as text: what comes from outside is escaped, and what is markup already says so by its type."""

from __future__ import annotations

from html import escape

__all__ = ["Markup", "element", "escaped", "joined", "percent"]

_VOID = frozenset({"br", "link", "meta"})


class Markup(str):
    """Text that is markup already."""

    __slots__ = ()


def element(name: str, /, *children: str, **attributes: object) -> Markup:
    """An element; children that are no `Markup` are escaped.

    In names of attributes a `_` at the end is dropped, and another one is a `-`. An attribute that is None is left out.
    """
    told = "".join(
        f' {key.removesuffix("_").replace("_", "-")}="{escaped(_told(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{told}>")
    return Markup(f"<{name}{told}>{joined(*children)}</{name}>")


def joined(*children: str) -> Markup:
    """One after the other; those that are no `Markup` are escaped."""
    return Markup("".join(child if isinstance(child, Markup) else escaped(child) for child in children))


def escaped(text: str) -> Markup:
    """The text for a place between tags or in quotes; what cannot be seen or encoded is shown as Python escapes it."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() or char in "\n\t" else _shown(char) for char in text)
    return Markup(escape(text))


def _shown(char: str) -> str:
    return char.encode("unicode_escape").decode()


def percent(share: float) -> str:
    """A coordinate: that share of the whole."""
    return f"{_told(share * 100)}%"


def _told(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
