"""Runs on terminals of several kinds, as those who look at them have it; POSIX only."""

from __future__ import annotations

import os
import site
import sys

from simulator.cli import main

__all__ = ["colourless", "dumb", "letters", "usual"]


def usual() -> int:
    """Run the command line on a terminal with colours and shapes."""
    return _on({"TERM": "xterm-256color", "LANG": "C.UTF-8"})


def colourless() -> int:
    """Run it for somebody who wants no colours."""
    return _on({"TERM": "xterm-256color", "LANG": "C.UTF-8", "NO_COLOR": "1"})


def letters() -> int:
    """Run it on a terminal that shows ASCII only."""
    return _on({"TERM": "xterm", "LANG": "C"})


def dumb() -> int:
    """Run it on a terminal that only prints."""
    return _on({"TERM": "dumb", "LANG": "C.UTF-8"})


def _on(terminal: dict[str, str]) -> int:
    site.main()  # such programs are started without it; but it finds what draws
    for name in ("NO_COLOR", "LC_ALL", "LC_CTYPE", "COLUMNS", "LINES"):
        os.environ.pop(name, None)
    os.environ.update(terminal)
    return main(sys.argv[1:])
