"""The command line: which command it is, and an exit code and one line for whatever goes wrong."""

from __future__ import annotations

import os
import sys
from importlib import import_module

from .arguments import USAGE
from .commands.judging import CannotRunError
from .crew import RunError
from .near import near
from .output import OutputError, has_gone, note
from .run import FileError

__all__ = ["COMMANDS", "main"]

COMMANDS = ("check", "compare", "demo", "predict", "replay")
"""The commands that have a name; without one it is a run."""

_NOT_VALID, _CANNOT = 1, 3


def main(arguments: list[str]) -> int:
    """Run the command line `arguments`; the exit code."""
    sys.stdout, sys.stderr = (stream or open(os.devnull, "w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    try:
        return _code(arguments)
    finally:
        for stream in (sys.stdout, sys.stderr):
            try:
                stream.flush()
            except OSError:  # or the interpreter would try once more, and say so
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _code(arguments: list[str]) -> int:
    try:
        return _command(arguments)
    except (FileError, OutputError) as error:
        note(f"simulator: {error}\n")
        return USAGE
    except CannotRunError as error:
        note(f"simulator: {error}\n")
        return _CANNOT
    except RunError as error:
        note(f"simulator: UNKNOWN: {error}\n")
    except KeyboardInterrupt:
        note("simulator: given up; --dir keeps the records of a run\n")
    except OSError as error:
        if not has_gone(error):
            note(f"simulator: cannot write {error.filename or 'the report'}: {error.strerror}\n")
    return _NOT_VALID


def _command(arguments: list[str]) -> int:
    name, rest = "simulate", arguments
    if arguments and arguments[0] in COMMANDS:
        name, rest = arguments[0], arguments[1:]
    elif arguments and (meant := near(arguments[0], COMMANDS)):
        note(f"simulator: there is no command {arguments[0]}; did you mean {meant}? (--help tells more)\n")
        return USAGE
    elif any(word.split("=")[0] == "--scan" for word in arguments):
        name = "scan"
    code: int = import_module(f"{__package__}.commands.{name}").main(rest)
    return code
