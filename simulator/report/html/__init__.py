"""The page of a run, and what pages are made of: charts, markup, and the shell around them."""

from .page import page

__all__ = ["page"]
