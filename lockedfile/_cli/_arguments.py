"""The arguments of a subcommand: options, FILE, COMMAND, and one clear line for what cannot be done as it is."""

from __future__ import annotations

import argparse
from math import isnan
from typing import TYPE_CHECKING, Any, NoReturn

from ._streams import put, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Parser", "exit_code", "seconds"]

_WIDTH = 80
_MOST_CODE = 255


class Parser(argparse.ArgumentParser):
    """Parses the options of one subcommand; FILE and COMMAND it leaves alone.

    By itself, argparse would take the options of COMMAND for ours, or ours for those of COMMAND. `usage_code` is the
    exit code of wrong usage.
    """

    def __init__(self, name: str, usage: str, text: str, epilog: str, usage_code: int) -> None:
        super().__init__(
            prog=f"lockedfile {name}",
            usage=f"lockedfile {name} {usage}",
            description=text,
            epilog=epilog,
            formatter_class=_formatter,
            allow_abbrev=False,
            add_help=False,
        )
        self._takes_value: dict[str, bool] = {}
        self._name = name
        self._usage_code = usage_code
        self.add("-h", "--help", action="help", help="this help")

    def add(self, *names: str, **options: Any) -> None:
        """An option, as `add_argument` takes it."""
        action = self.add_argument(*names, **options)
        self._takes_value |= dict.fromkeys(names, action.nargs != 0)

    def add_waiting(self, *, conflict_code: bool = True) -> None:
        """The options of all that waits for a lock."""
        self.add("-w", "--timeout", type=seconds, metavar="S", help="give up after S seconds; 0 tries once")
        self.add("-n", "--nonblock", action="store_const", dest="timeout", const=0.0, help="the same as --timeout 0")
        if conflict_code:
            self.add(
                "-E",
                "--conflict-exit-code",
                type=exit_code,
                metavar="N",
                default=1,
                help="the exit code when the lock was not had in time (1)",
            )
        self.add("-q", "--quiet", action="store_true", help="do not say whom we wait for")

    def words(self, arguments: Sequence[str], *, command: bool) -> tuple[argparse.Namespace, list[str]]:
        """The options, and the words that are none; with `command`, all that follow the second word are words."""
        options: list[str] = []
        words: list[str] = []
        rest = list(arguments)
        while rest:
            word = rest.pop(0)
            if word == "--":
                if command and not words:  # options are over; FILE comes, and perhaps one more
                    words, rest = rest[:1], rest[2:] if rest[1:2] == ["--"] else rest[1:]
                break
            if len(word) > 1 and word.startswith("-"):
                options.append(word)
                if self._wants_value(word):
                    if not rest or rest[0] == "--":
                        self.error(f"{word} needs a value")
                    options.append(rest.pop(0))
            else:
                words.append(word)
                if command and len(words) > 1:
                    break
        return self.parse_args(options), words + rest

    def _wants_value(self, word: str) -> bool:
        """Is the argument after the option `word` its value? Complains of what is no option."""
        if word.startswith("--"):
            name, equals, _ = word.partition("=")
            if name not in self._takes_value:
                self._unknown(name, (known for known in self._takes_value if known.startswith("--")))
            if equals and not self._takes_value[name]:
                self.error(f"{name} takes no value")
            return self._takes_value[name] and not equals
        for at, letter in enumerate(word[1:], 2):
            if f"-{letter}" not in self._takes_value:
                self._unknown(f"-{letter}", ())
            if self._takes_value[f"-{letter}"]:
                return len(word) == at
        return False

    def _unknown(self, name: str, known: Iterable[str]) -> NoReturn:
        from difflib import get_close_matches

        near = get_close_matches(name, list(known), n=1)
        self.error(f"unknown option {name}" + (f"; did you mean {near[0]}?" if near else ""))

    def error(self, message: str) -> NoReturn:
        """Say what is wrong, in one line, and leave."""
        say(f"lockedfile: {self._name}: {message.removeprefix('argument ')}; see {self.prog} --help")
        raise SystemExit(self._usage_code)

    def print_help(self, file: Any = None) -> None:  # noqa: ARG002 - argparse's name for where else it could go
        """The help, to standard output, if that can be written to."""
        put(self.format_help())


def _formatter(prog: str) -> argparse.HelpFormatter:
    # With a width: to find out that of the terminal, argparse would import much, even where no help is wanted.
    return argparse.RawDescriptionHelpFormatter(prog, width=_WIDTH, max_help_position=34)


def seconds(word: str) -> float:
    """A timeout."""
    try:
        number = float(word)
    except ValueError:
        number = float("nan")
    if isnan(number) or number < 0:
        raise argparse.ArgumentTypeError(
            f"{word!r} is not a number of seconds; give one such as 5 or 0.5, or 0 to try once"
        )
    return number


def exit_code(word: str) -> int:
    """An exit code."""
    try:
        number = int(word)
    except ValueError:
        number = -1
    if not 0 <= number <= _MOST_CODE:
        raise argparse.ArgumentTypeError(f"{word!r} is not an exit code; give a whole number from 0 to {_MOST_CODE}")
    return number
