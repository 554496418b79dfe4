"""What a strategy needs, and what to do where it is missing."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

__all__ = ["no_fcntl", "no_library"]


def no_library(library: str, wanted: str | None = None) -> str | None:
    """Why that peer cannot be imported, and that `wanted` brings it; None if it can. It is imported by that."""
    try:
        import_module(library)
    except ImportError as error:
        absent = isinstance(error, ModuleNotFoundError) and error.name == library
        why = f"{library} is not installed" if absent else f"{library} cannot be imported: {error}"
        return f"{why}; pip install {wanted or library}"
    return None


def no_fcntl(call: str) -> str | None:
    """Why that call of `fcntl` cannot be made; None if it can."""
    return None if find_spec("fcntl") else f"it needs {call}, and Python has fcntl on POSIX only; use another strategy"
