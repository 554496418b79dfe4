"""`lockedfile edit`: the content through COMMAND, under the lock."""

from __future__ import annotations

from .._edit import change
from .._file import patience
from ._arguments import Parser
from ._command import CommandError, StartError, filtered
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
_PERMISSIONS = 0o666

_TEXT = """\
Hold the exclusive lock of FILE, pass its content to COMMAND as standard input,
and make what COMMAND writes to standard output the new content. If COMMAND
fails, or writes what was there, FILE stays as it is.
"""

_EPILOG = """\
examples:
  lockedfile edit go.mod -- sed 's/^go .*/go 1.27/'
  lockedfile edit --timeout 10 words.txt -- sort -u
  lockedfile edit config.json -- jq .debug=true
  lockedfile edit --create notes.txt -- sh -c 'cat; date'

exit status:
  that of COMMAND, or 128+N if signal N ended it; then FILE is as it was
  1    the lock was not had in time; -E changes that
  125  lockedfile itself failed, or was used in a wrong way
  126  COMMAND cannot be run
  127  COMMAND was not found
  130  Ctrl-C
"""


def main(arguments: list[str]) -> int:
    """Run `lockedfile edit` with these arguments; the exit code."""
    options, words = _parser().words(arguments, command=True)
    if len(words) < 2:
        what = "COMMAND is missing" if words else "FILE and COMMAND are missing"
        _parser().error(f"{what}; such as lockedfile edit {shown(words[0]) if words else 'go.mod'} -- sort -u")
    path, command = words[0], words[1:]
    if options.durable and options.no_journal:
        _parser().error("--durable needs the journal; leave out one of --durable and --no-journal")
    try:
        _edit(path, command, options)
    except StartError as error:
        say(f"lockedfile: edit {shown(path)}: {error.reason}")
        return error.code
    except CommandError as error:
        return error.code
    except FileNotFoundError as error:
        if not options.create:
            error.strerror = f"{error.strerror}; check the name, or make it with --create"
            say(f"lockedfile: edit {shown(path)}: {error.strerror}")
            return _OWN_FAILURE
        return failed("edit", path, error, code=_OWN_FAILURE, conflict_code=options.conflict_exit_code)
    except Exception as error:  # noqa: BLE001 - the user of a command gets a line, not a traceback
        return failed("edit", path, error, code=_OWN_FAILURE, conflict_code=options.conflict_exit_code)
    return 0


def _edit(path: str, command: list[str], options: Namespace) -> None:
    notice = Notice(path, quiet=options.quiet)
    watch = Watch(path, quiet=options.quiet)
    with Signals() as signals:

        def through_command(content: bytes) -> bytes:
            notice.over()
            signals.begin()
            return filtered(command, content, signals, watch)

        waiting = patience("edit", path, options.timeout, notice)
        mode = _PERMISSIONS if options.create else None  # without --create a typing error must not make a file
        try:
            change(path, through_command, waiting, not options.no_journal, options.durable, mode)
        finally:
            notice.over()


def _parser() -> Parser:
    parser = Parser("edit", "[options] FILE [--] COMMAND...", _TEXT, _EPILOG, _OWN_FAILURE)
    parser.add_waiting()
    parser.add("--create", action="store_true", help="make FILE, empty at first, if it does not exist")
    parser.add("--durable", action="store_true", help="return when the disk has the new content")
    parser.add("--no-journal", action="store_true", help="as go does it: a kill in the middle may tear FILE")
    return parser
