"""The command line as a user who may not do all; POSIX only."""

from __future__ import annotations

import sys

if sys.platform == "win32":
    raise ImportError("POSIX only")

# What is loaded late elsewhere has to be there before the user changes: this one may not read the library's files.
import pwd  # noqa: F401

import lockedfile
from lockedfile import _holders
from lockedfile._cli import _edit, _read, _run, _table, _watch, entry
from lockedfile._cli import _holders as _cli_holders
from tests.lockedfile.posix import drop

_LOADED = (_edit, _read, _run, _table, _watch, _cli_holders, _holders)


def nobody() -> int:
    """The command line, as nobody."""
    lockedfile.holders(__file__)
    drop()
    return entry()
