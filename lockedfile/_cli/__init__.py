"""The command line: which subcommand is meant, and how the process ends.

_arguments   what was asked for
_edit, _run, _read, _holders   the subcommands; only the one that is asked for is imported
_command     a COMMAND: started, fed, waited for; _signals: what reaches us meanwhile; _kin: does it wait for us?
_notice      the line that says whom we wait for; _failure: the line that says what went wrong
_table, _watch   what `holders` shows
_text        what a terminal may be sent; _streams: the way there
"""

from __future__ import annotations

import sys

from ._streams import OutputError, have_standard_descriptors, put, say

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["entry", "main"]

_INTERRUPTED = 130
_NOBODY_READS = 141  # 128 + SIGPIPE, with which others end who write to a pipe that nobody reads
_USAGE = 2

# The exit code of a subcommand's own failures, for those that nothing else has foreseen.
_SUBCOMMANDS = {"edit": 125, "run": 125, "read": 1, "holders": 1}

_HELP = """\
usage: lockedfile SUBCOMMAND ...

Edit, read or guard a file that other programs use too, under the operating
system's own lock: flock on POSIX, LockFileEx on Windows, as the go command.

subcommands:
  edit FILE -- COMMAND...   pass the content through COMMAND and keep what comes
  run FILE -- COMMAND...    run COMMAND while holding the lock, as flock(1) does
  read FILE                 the content, to standard output
  holders FILE...           who holds the lock, and who waits for it

options:
  -h, --help                this help; lockedfile SUBCOMMAND --help tells more
  --version                 the version

examples:
  lockedfile edit go.mod -- sed 's/^go .*/go 1.27/'
  lockedfile run --timeout 10 build.lock -- make
  lockedfile holders --watch go.mod

exit status:
  edit and run end as COMMAND does; 1 when the lock was not had in time, 125 when
  they fail themselves. read and holders: 0 done, 1 failed, 2 for wrong usage.
"""


def entry() -> int:
    """Run the command line of this process; the exit code."""
    have_standard_descriptors()
    try:
        return main(sys.argv[1:])
    except KeyboardInterrupt:
        _die_interrupted()
        return _INTERRUPTED


def main(arguments: list[str]) -> int:
    """Run the command line `arguments`; the exit code. `KeyboardInterrupt` is the caller's."""
    name, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    try:
        if name in _SUBCOMMANDS:
            return _subcommand(name)(rest)
        if name in ("-h", "--help"):
            put(_HELP)
            return 0
        if name in ("-V", "--version"):
            put(f"lockedfile {_version()}\n")
            return 0
        say(f"lockedfile: {_hint(name)}; see lockedfile --help")
        return _USAGE
    except SystemExit as end:  # argparse's way
        return end.code if isinstance(end.code, int) else 0
    except BrokenPipeError:
        return _NOBODY_READS
    except OutputError as error:
        say(f"lockedfile: {name}: {error}")
        return 1
    except Exception as error:  # noqa: BLE001 - the user of a command gets a line, not a traceback
        say(f"lockedfile: {name}: {type(error).__name__}: {error}; this is unforeseen, please report it")
        return _SUBCOMMANDS.get(name, 1)


def _subcommand(name: str) -> Callable[[list[str]], int]:
    if name == "edit":
        from ._edit import main
    elif name == "run":
        from ._run import main
    elif name == "read":
        from ._read import main
    else:
        from ._holders import main
    return main


def _hint(name: str) -> str:
    """What was probably meant."""
    if not name:
        return "no subcommand; use edit, run, read or holders"
    if name.startswith("-"):
        return f"unknown option {name}; options of a subcommand come after it, as in lockedfile run {name} ..."
    from difflib import get_close_matches

    near = get_close_matches(name, _SUBCOMMANDS, n=1)
    return f"unknown subcommand {name}; " + (f"did you mean {near[0]}?" if near else "use edit, run, read or holders")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("lockedfile")
    except PackageNotFoundError:
        return "of unknown version: it is not installed"


def _die_interrupted() -> None:
    """End by SIGINT itself, where that can be: a shell then ends the loop that we run in, too, and sees 130."""
    import os
    import signal

    if hasattr(signal, "SIGHUP"):  # where signals are more than an emulation
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
