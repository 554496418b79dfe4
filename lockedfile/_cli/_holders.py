"""`lockedfile holders`: who holds the lock of each FILE, and who waits for it."""

from __future__ import annotations

import os
from time import sleep, time

from .. import holders
from ._arguments import Parser
from ._failure import failed
from ._streams import put
from ._table import entry, table
from ._text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from .. import Holder

__all__ = ["main"]

_FAILURE, _USAGE = 1, 2
_STDOUT = 1

# How often --watch looks: it waits for no lock, and what changes faster nobody can read.
_LOOK_S = 0.15

# Where the system tells who has a lock; elsewhere that nobody is known does not mean that nobody has it.
_LOCKS = "/proc/locks"

_TEXT = """\
Show who holds the lock of each FILE, and who waits for it, as far as the
operating system tells. No lock is waited for.
"""

_EPILOG = """\
examples:
  lockedfile holders go.mod go.sum
  lockedfile holders --watch go.mod
  lockedfile holders --json go.mod | jq '.[].holders[].pid'

exit status:
  0    done, whether anybody was found or not
  1    a FILE could not be looked at
  2    used in a wrong way
  130  Ctrl-C, which ends --watch
"""


def main(arguments: list[str]) -> int:
    """Run `lockedfile holders` with these arguments; the exit code."""
    options, paths = _parser().words(arguments, command=False)
    if not paths:
        _parser().error("FILE is missing; such as lockedfile holders go.mod")
    paths = list(dict.fromkeys(paths))
    found, errors = _looked(paths)
    for path, error in errors.items():
        failed("holders", path, error, code=_FAILURE, conflict_code=_FAILURE)
    if options.watch:
        if found:
            _watch(found, options)
    elif options.json:
        _put_json(paths, found, errors)
    else:
        nobody = "".join(f"{_nobody(path)}\n" for path in paths if path in found and not found[path])
        put(table(found, _width()) + nobody)
    return _FAILURE if errors else 0


def _looked(paths: Sequence[str]) -> tuple[dict[str, list[Holder]], dict[str, Exception]]:
    """Who was found for each path, and why others could not be looked at."""
    found: dict[str, list[Holder]] = {}
    errors: dict[str, Exception] = {}
    for path in paths:
        try:
            found[path] = holders(path)
        except (OSError, ValueError) as error:
            errors[path] = error
    return found, errors


def _nobody(path: str) -> str:
    tells = os.path.abspath(_LOCKS) == _LOCKS and os.path.exists(_LOCKS)  # Windows may find one on the current drive
    known = "holds or waits" if tells else "is known to hold or wait"
    return f"nobody {known} for {shown(path)}"


def _put_json(paths: Sequence[str], found: dict[str, list[Holder]], errors: dict[str, Exception]) -> None:
    from json import dumps

    entries = [
        {
            "file": path,
            "error": getattr(errors[path], "strerror", None) or str(errors[path]) if path in errors else None,
            "holders": [entry(holder) for holder in found.get(path, ())],
        }
        for path in paths
    ]
    put(dumps(entries, indent=2) + "\n")


def _watch(first: dict[str, list[Holder]], options: Namespace) -> None:
    """A line for each change, for ever; Ctrl-C ends it."""
    from ._watch import Watched, as_json, as_line

    watched = {path: Watched(path) for path in first}
    found, errors = first, dict[str, Exception]()
    while True:
        now_s = time()
        for path, one in watched.items():
            changes = one.lost(errors[path], now_s) if path in errors else one.changed(found[path], now_s)
            for change in changes:
                put(as_json(change) if options.json else as_line(change))
        sleep(_LOOK_S)
        found, errors = _looked(list(watched))


def _width() -> int | None:
    """The columns of the terminal that standard output is, if it is one."""
    try:
        return os.get_terminal_size(_STDOUT).columns if os.isatty(_STDOUT) else None
    except OSError:
        return None


def _parser() -> Parser:
    parser = Parser("holders", "[options] FILE...", _TEXT, _EPILOG, _USAGE)
    parser.add("--watch", action="store_true", help="go on, with a line for each change, until Ctrl-C")
    parser.add("--json", action="store_true", help="as JSON; with --watch an object a line")
    return parser
