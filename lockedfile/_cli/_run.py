"""`lockedfile run`: COMMAND while the lock is held, as flock(1) does it."""

from __future__ import annotations

import os

from .. import open as open_locked
from ._arguments import Parser
from ._command import CommandError, StartError, ran
from ._failure import failed
from ._kin import Watch
from ._notice import Notice
from ._signals import Signals
from ._streams import say
from ._text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import Namespace

__all__ = ["main"]

_OWN_FAILURE = 125

# Where children inherit descriptors.
_INHERITS = hasattr(os, "fork")

_TEXT = """\
Hold the lock of FILE while COMMAND runs, as flock(1) does. FILE is made if it
does not exist, except for a shared lock; its content is not touched. COMMAND
must not want the lock of FILE itself.
"""

_EPILOG = """\
examples:
  lockedfile run build.lock -- make
  lockedfile run --timeout 10 build.lock make -j4
  lockedfile run --shared go.sum -- sha256sum go.sum
  lockedfile run -n cron.lock -E 0 -- ./nightly

exit status:
  that of COMMAND, or 128+N if signal N ended it
  1    the lock was not had in time; -E changes that
  125  lockedfile itself failed, or was used in a wrong way
  126  COMMAND cannot be run
  127  COMMAND was not found
  130  Ctrl-C
"""


def main(arguments: list[str]) -> int:
    """Run `lockedfile run` with these arguments; the exit code."""
    options, words = _parser().words(arguments, command=True)
    if len(words) < 2:
        what = "COMMAND is missing" if words else "FILE and COMMAND are missing"
        _parser().error(f"{what}; such as lockedfile run {shown(words[0]) if words else 'build.lock'} -- make")
    path, command = words[0], words[1:]
    try:
        _run(path, command, options)
    except StartError as error:
        say(f"lockedfile: run {shown(path)}: {error.reason}")
        return error.code
    except CommandError as error:
        return error.code
    except Exception as error:  # noqa: BLE001 - the user of a command gets a line, not a traceback
        return failed("run", path, error, code=_OWN_FAILURE, conflict_code=options.conflict_exit_code)
    return 0


def _run(path: str, command: list[str], options: Namespace) -> None:
    notice = Notice(path, quiet=options.quiet)
    try:
        file = open_locked(path, "rb" if options.shared else "a+b", timeout=options.timeout, on_wait=notice)
    finally:
        notice.over()
    # COMMAND has the lock too, so that it stays if we are killed, who would give it back; else we do, at its end.
    descriptors = [file.fileno()] if _INHERITS and not options.close else []
    with file, Signals() as signals:
        signals.begin()
        ran(command, signals, Watch(path, shared=options.shared, quiet=options.quiet), descriptors=descriptors)


def _parser() -> Parser:
    parser = Parser("run", "[options] FILE [--] COMMAND...", _TEXT, _EPILOG, _OWN_FAILURE)
    parser.add("-s", "--shared", action="store_true", help="hold a shared lock, beside other shared ones")
    parser.add_waiting()
    parser.add("-o", "--close", action="store_true", help="do not let COMMAND inherit the lock's descriptor")
    return parser
