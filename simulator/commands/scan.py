"""`python -m simulator --scan workers=1,2,4`: a run for each value of an option, and the curve that they make."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING, NamedTuple

from ..arguments import Parser, add_harm, add_load, config_of
from ..checker import Result
from ..cycle import cycle
from ..near import near
from ..output import note
from ..report.scan import Point, Scan, scanned
from ..report.scan_page import page
from ..report.scan_text import markdown, text
from ..signals import terminable
from .exports import Told, add_exports, check_exports, export
from .series import Step, in_turn, light

if TYPE_CHECKING:
    from ..config import Config

__all__ = ["Wanted", "main", "wanted"]

_VALID, _NOT_VALID = 0, 1
_MOST_VALUES = 100

_OPTIONS = (
    "workers",
    "readers",
    "peekers",
    "edits",
    "duration",
    "hold-ms",
    "think-ms",
    "arrival-rate",
    "ramp",
    "limit",
    "timeout",
    "kill-rate",
    "stop-rate",
    "disk-full",
)

_DESCRIPTION = """\
A run for each value of an option, all with the same seed: how throughput and
waits follow from it, with a small plot, and beside the mean response what the
response time law R = N/X - Z makes of the throughput.
"""

_EPILOG = """\
examples:
  python -m simulator --scan workers=1,2,4,8,16,32,64,128
  python -m simulator --scan workers=1..128 --html scan.html       by doubling
  python -m simulator --scan hold-ms=0..10:2 --workers 16          in steps of 2
  python -m simulator --scan arrival-rate=500..4000 --workers 32   an open loop

exit codes: 0 all VALID, 1 one is INVALID or UNKNOWN, or not all were done,
            2 wrong usage, 3 the strategy cannot run here
Ctrl-C ends it early; what was measured until then is shown.
"""


class Wanted(NamedTuple):
    """What to go through."""

    option: str
    values: tuple[str, ...]  # in rising order


def wanted(word: str) -> Wanted:
    """Understand `OPTION=1,2,4`, `OPTION=1..128` or `OPTION=0..10:2`; `ArgumentTypeError` with one line if it is none.

    `1..128` doubles from the first to the last value, which is there in any case; `:2` goes in steps of 2 instead.
    """
    name, equals, values = word.partition("=")
    option = name.strip().removeprefix("--").replace("_", "-")
    if option not in _OPTIONS:
        meant = near(option, _OPTIONS)
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(_OPTIONS)}"
        raise argparse.ArgumentTypeError(f"{option or word!r} is not an option to go through; {hint}")
    if not equals or not values.strip():
        raise argparse.ArgumentTypeError(f"{word} has no values; such as {option}=1,2,4 or {option}=1..128")
    numbers = {number for part in values.split(",") for number in _numbers(part.strip(), word)}
    if len(numbers) > _MOST_VALUES:
        raise argparse.ArgumentTypeError(f"{word} has {len(numbers)} values; there may be {_MOST_VALUES}")
    return Wanted(option, tuple(f"{number:.10g}" for number in sorted(numbers)))


def _numbers(part: str, word: str) -> list[float]:
    span, _, step = part.partition(":")
    first, dots, last = span.partition("..")
    try:
        if not dots:
            return [float(part)]
        return _span(float(first), float(last), float(step) if step else 0.0)
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(
            f"{part or word!r} is not a number, nor a span such as 1..128 or 0..10:2"
        ) from None


def _span(first: float, last: float, step: float) -> list[float]:
    if not 0 <= first <= last or last == float("inf") or step < 0 or (not step and not first):
        raise ValueError
    values = [first]
    while len(values) <= _MOST_VALUES:
        following = first + step * len(values) if step else values[-1] * 2
        if following >= last * (1 + 1e-9):
            break
        values.append(following)
    return values if step else [*values, last]


def main(arguments: list[str]) -> int:
    """Run them, tell; the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    steps = _steps(parser, arguments, options)
    check_exports(options)
    points: list[Point] = []
    with terminable():
        ending = in_turn(
            steps,
            lambda step, account: points.append(Point(float(step.what), light(account), cycle(account.history))),
            quiet=options.quiet,
        )
        scan = Scan(options.scan.option, _command(steps[0].config, options.scan), tuple(points), ending.interrupted)
        export(Told(text(scan), markdown(scan), page(scan), scanned(scan)), options)
        for value, reason in ending.failed.items():
            note(f"simulator: {scan.option} {value}: UNKNOWN: {reason}\n")
    valid = all(point.account.verdict.result is Result.VALID for point in points)
    return _VALID if valid and len(points) == len(steps) else _NOT_VALID


_OF_ONE_RUN = ("--dir", "--fail-if", "--csv", "--trace")


def _parser() -> Parser:
    parser = Parser("", _DESCRIPTION, _EPILOG)
    parser.add_argument(
        "--scan", type=wanted, required=True, metavar="OPTION=VALUES", help=f"one of {', '.join(_OPTIONS)}"
    )
    add_load(parser)
    add_harm(parser)
    add_exports(parser)
    parser.refused = {option: f"{option} is for one run, and not for --scan" for option in _OF_ONE_RUN}
    return parser


def _steps(parser: Parser, arguments: list[str], options: argparse.Namespace) -> list[Step]:
    """A run for each value: the parser sees each as if it had been given, so that it is checked as it would be."""
    option, values = options.scan
    made: list[Step] = []
    for value in values:
        one = parser.parse_args([*arguments, f"--{option}={value}"])
        config = config_of(one, parser)
        seed = made[0].config.seed if made else config.seed
        made.append(Step(value, f"{option} {value}", config._replace(seed=seed)))
    return made


def _command(config: Config, scan: Wanted) -> str:
    words = shlex.split(config.command())
    if f"--{scan.option}" in words:
        at = words.index(f"--{scan.option}")
        del words[at : at + 2]
    return shlex.join([*words[:3], "--scan", f"{scan.option}={','.join(scan.values)}", *words[3:]])
