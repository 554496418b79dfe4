"""`python -m simulator`: one run, judged."""

from __future__ import annotations

import argparse
import json
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..arguments import Parser, add_harm, add_load, config_of, existing_path
from ..checker import Result
from ..live import watching
from ..output import check_outputs, hand_out, note, tell
from ..report import document, page, rows, text, trace
from ..signals import patient, terminable
from ..thresholds import Threshold, judge, listing, parse
from .judging import judged_run, kept_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..config import Config
    from ..report import Account
    from ..report.document import Json

__all__ = ["Request", "main", "requested"]

_VALID, _NOT_VALID, _BROKEN = 0, 1, 99

_DESCRIPTION = """\
Start real processes that all edit one real go.mod: worker 7 raises the version
of example.com/worker07, again and again, each edit under the lock of the
strategy. Measure how long each waits, then decide from the recorded history
whether any write was torn or any update lost.

Other commands, each with a --help of its own:
  check DIR     judge a saved run again
  replay DIR    show it again
  compare       all lockers, with the same load
  demo          the seven steps of an edit, one by one
  predict       what many more workers would do
"""

_EPILOG = """\
examples:
  python -m simulator --workers 32                 the usual run, 5 seconds
  python -m simulator --workers 8 --strategy none  see what the lock is for
  python -m simulator --workers 16 --readers 8     readers in between
  python -m simulator --hold-ms 5 --think-ms 50    slow edits, patient editors
  python -m simulator --arrival-rate 2000          edits come by a clock
  python -m simulator --file go.sum --edits 200    on a copy of a file of yours
  python -m simulator --strategy lockedfile,go     beside the real go command
  python -m simulator --workers 32 --kill-rate 5   kill workers as they edit
  python -m simulator --kill-rate 5 --strategy lockedfile-go-protocol
                                                   and there is no journal
  python -m simulator --workers 32 --html run.html       a page to look at
  python -m simulator --scan workers=1,2,4,8,16,32       a curve
  python -m simulator --fail-if 'wait.p99 > 50ms'        for a CI
  python -m simulator --quiet --json - | jq .numbers     for other programs

exit codes: 0 VALID, 1 INVALID or UNKNOWN, 2 wrong usage,
            3 the strategy cannot run here, 99 a --fail-if came true
Ctrl-C stops the run early, and what was recorded until then is judged.
"""


class Request(NamedTuple):
    """A command line, understood."""

    config: Config
    outputs: dict[str, str]  # by option, where that goes; - is stdout, for --json
    dir: str | None  # where the run is kept
    thresholds: tuple[Threshold, ...]
    quiet: bool


def requested(arguments: list[str]) -> Request:
    """Understand `arguments`, or leave with one line on stderr and the exit code `USAGE`."""
    parser = Parser("", _DESCRIPTION, _EPILOG)
    add_load(parser)
    add_harm(parser)
    _add_output(parser)
    options = parser.parse_args(arguments)
    if "list" in options.fail_if:
        sys.stdout.write(listing())
        parser.exit()
    outputs = {option: path for option in _OUTPUTS if (path := getattr(options, option.removeprefix("--")))}
    return Request(
        config=config_of(options, parser),
        outputs=outputs,
        dir=options.dir,
        thresholds=tuple(options.fail_if),
        quiet=options.quiet,
    )


_OUTPUTS = {
    "--json": "all figures, for other programs; - is stdout, as for the others",
    "--html": "a page to look at: charts, tables, who held the lock when",
    "--trace": "a trace for Perfetto or chrome://tracing, a lane for each worker",
    "--csv": "a table with a row for each operation",
}


def _add_output(parser: Parser) -> None:
    output = parser.add_argument_group("output")
    for option, what in _OUTPUTS.items():
        output.add_argument(option, type=existing_path, metavar="PATH", help=f"write {what}")
    output.add_argument(
        "--dir",
        type=existing_path,
        metavar="DIR",
        help="keep the run there, for check and replay: the file, all records, run.json",
    )
    output.add_argument(
        "--fail-if",
        type=_threshold,
        action="append",
        default=[],
        metavar="EXPR",
        help="exit with 99 if that is so, as in 'wait.p99 > 50ms'; may be repeated; --fail-if list shows all names",
    )
    output.add_argument(
        "--scan",
        metavar="NAME=A,B,C",
        help="a run for each value of an option, and the curve, as in workers=1,2,4,8; --scan NAME --help tells more",
    )
    output.add_argument("--quiet", action="store_true", help="show nothing while it runs")


def _threshold(word: str) -> Threshold | str:
    if word == "list":
        return word
    try:
        return parse(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def main(arguments: list[str]) -> int:
    """Run, judge, tell; the exit code."""
    request = requested(arguments)
    config = request.config
    with terminable(), kept_directory(request.dir) as directory:
        check_outputs(request.outputs)
        with ExitStack() as view:
            watch = _ignore if request.quiet else view.enter_context(watching(config, directory, sys.stderr))

            def judging() -> None:
                view.close()  # the screen is given back: what is said from now on is to stay
                if not request.quiet:
                    note("judging the history\n")

            account = judged_run(config, directory, watch, kept_in=request.dir, judging=judging)
        with patient():
            return _told(request, account)


def _ignore(_: object = None) -> None:
    """Show nothing."""


def _told(request: Request, account: Account) -> int:
    """Write all that was asked for, tell of the run, and give the exit code."""
    figures = document(account)
    try:
        _write_files(request, account, figures)
    finally:  # what cannot be written is no reason not to tell
        code = _shown(request, account, figures)
    return code


def _shown(request: Request, account: Account, figures: dict[str, Json]) -> int:
    outcomes = [judge(threshold, figures) for threshold in request.thresholds]
    told = text(account) + "".join(f"{outcome.line}\n" for outcome in outcomes)
    tell(told, stream=sys.stderr if "-" in request.outputs.values() else sys.stdout)  # on stdout it makes room
    if account.verdict.result is not Result.VALID:
        return _NOT_VALID
    return _BROKEN if any(outcome.broken for outcome in outcomes) else _VALID


def _write_files(request: Request, account: Account, figures: dict[str, Json]) -> None:
    """Each by itself and as it comes: a trace may be larger than memory should be."""
    made: dict[str, Callable[[], Iterable[str]]] = {
        "--json": lambda: [json.dumps(figures, indent=2), "\n"],
        "--html": lambda: [page(account)],
        "--trace": lambda: trace(account),
        "--csv": lambda: rows(account),
    }
    for option, path in request.outputs.items():
        try:
            if path == "-":
                hand_out(made[option]())
                continue
            with Path(path).open("w", encoding="utf-8", newline="") as file:
                file.writelines(made[option]())
        except OSError as error:
            error.filename = error.filename or (path if path != "-" else None)
            raise
