"""`python -m simulator compare`: all lockers that can run here, each with the same load, one after another."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from ..arguments import Parser, add_harm, add_load, config_of, whole
from ..checker import Result
from ..expectation import known_wrong
from ..output import note
from ..report.comparison import Absent, Comparison, Entry, compared
from ..report.comparison_page import page
from ..report.comparison_text import markdown, text
from ..run import prepare
from ..signals import terminable
from ..strategies import NAMES, StrategyError, load
from .exports import Told, add_exports, check_exports, export
from .judging import kept_directory, reason_against_run
from .series import Step, in_turn, light

if TYPE_CHECKING:
    import argparse

    from ..config import Config
    from ..report import Account

__all__ = ["main"]

_DONE, _NOT_VALID, _CANNOT = 0, 1, 3

_DESCRIPTION = """\
Run every locker with the same load and the same seed, one after another, and
put them beside each other: verdict, edits per second, waits, fairness, and how
many times as fast the best one is. One that is found INVALID is shown, and is
never the best.
"""

_EPILOG = """\
examples:
  python -m simulator compare --workers 32                  all, 5 seconds each
  python -m simulator compare --workers 32 --runs 5         in turns, five times
  python -m simulator compare --strategy lockedfile filelock
  python -m simulator compare --strategy lockedfile --strategy lockedfile,go
                                            a,b is a mix of editors of two kinds
  python -m simulator compare --strategy lockedfile my.module:Locker
  python -m simulator compare --export-markdown table.md --json figures.json

exit codes: 0 all ran, 1 not all did, or one is INVALID or UNKNOWN that is not
            known to be wrong, 2 wrong usage, 3 one that was named cannot run here
Ctrl-C ends it early; what was measured until then is shown.
"""


def main(arguments: list[str]) -> int:
    """Run them, tell; the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    config = config_of(options, parser)
    names = _names(options.names or list(NAMES), parser)
    check_exports(options)
    with terminable():
        absent = _absent(config, names)
        if absent and options.names:
            note("".join(f"simulator compare: {one.reason}\n" for one in absent))
            return _CANNOT
        left_out = {one.strategy for one in absent}
        comparison = _compared(config, [name for name in names if name not in left_out], options)
        comparison = comparison._replace(absent=(*absent, *comparison.absent))
        told = Told(text(comparison), markdown(comparison), page(comparison), compared(comparison))
        export(told, options)
    failed = comparison.interrupted or len(comparison.absent) > len(absent)
    return _NOT_VALID if failed or _wrong(comparison) else _DONE


def _parser() -> Parser:
    parser = Parser("compare", _DESCRIPTION, _EPILOG)
    parser.add_argument(
        "--strategy",
        dest="names",
        action="extend",
        nargs="+",
        metavar="NAME",
        help="the lockers, once or several times (default: all)",
    )
    parser.add_argument(
        "--runs", type=whole(1, 1000), default=1, metavar="N", help="rounds; figures are their medians (default 1)"
    )
    add_load(parser, strategy=False)
    add_harm(parser)
    add_exports(parser)
    return parser


def _names(wanted: list[str], parser: Parser) -> list[str]:
    try:
        for name in wanted:
            for part in name.split(","):
                load(part)
    except StrategyError as error:
        parser.error(f"argument --strategy: {error}")
    return list(dict.fromkeys(wanted))


def _absent(config: Config, names: list[str]) -> list[Absent]:
    """Who cannot run, asked before anybody does."""
    found = []
    for name in names:
        with kept_directory(None) as directory:
            one = config._replace(strategy=name)
            prepare(one, directory)
            reason = reason_against_run(one, directory)
        if reason:
            found.append(Absent(name, reason))
    return found


def _compared(config: Config, names: list[str], options: argparse.Namespace) -> Comparison:
    steps = [
        Step(name, f"round {turn} {name}" if options.runs > 1 else name, config._replace(strategy=name))
        for turn in range(1, options.runs + 1)
        for name in names
    ]
    rounds: dict[str, list[Account]] = {name: [] for name in names}
    ending = in_turn(steps, lambda step, account: rounds[step.what].append(light(account)), quiet=options.quiet)
    return Comparison(
        config=config,
        command=_command(config, options),
        wanted=options.runs,
        entries=tuple(Entry(name, tuple(accounts)) for name, accounts in rounds.items() if accounts),
        absent=tuple(Absent(name, f"strategy {name}: {reason}") for name, reason in ending.failed.items()),
        interrupted=ending.interrupted,
    )


def _command(config: Config, options: argparse.Namespace) -> str:
    words = shlex.split(config.command())
    named = ["--strategy", *options.names] if options.names else []
    more = [*named, *(["--runs", str(options.runs)] if options.runs > 1 else [])]
    return shlex.join([*words[:3], "compare", *more, *words[3:]])


def _wrong(comparison: Comparison) -> bool:
    """Is one not right of which it is not known?"""
    return any(
        entry.result is not Result.VALID and not known_wrong(comparison.config._replace(strategy=entry.strategy))
        for entry in comparison.entries
    )
