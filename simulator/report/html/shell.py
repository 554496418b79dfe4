"""A page around what it shows: one file that asks nothing of any network."""

from __future__ import annotations

from importlib.resources import files

from .markup import Markup, element, joined

__all__ = ["shell"]

# The browser holds the page to its word: nothing is fetched, and no script runs.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def shell(title: str, *body: Markup) -> str:
    """A whole HTML document; `body` is what stands in its main part."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("link", rel="icon", href="data:,"),
        element("title", title),
        element("style", Markup(files(__package__ or "").joinpath("style.css").read_text(encoding="utf-8"))),
    )
    page = element("html", head, element("body", element("main", *body)), lang="en")
    return f"<!doctype html>\n{joined(page)}\n"
