"""`python -m simulator`: one run, judged."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..arguments import Parser, add_harm, add_load, config_of, existing_path
from ..checker import Result
from ..live import watching
from ..output import check_writable, note, tell
from ..report import document, text
from ..signals import terminable
from .judging import judged_run, kept_directory

if TYPE_CHECKING:
    from ..config import Config
    from ..report import Account

__all__ = ["Request", "main", "requested"]

_VALID, _NOT_VALID = 0, 1

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
  python -m simulator --quiet --json - | jq .numbers     for other programs

exit codes: 0 VALID, 1 INVALID or UNKNOWN, 2 wrong usage,
            3 the strategy cannot run here
Ctrl-C stops the run early, and what was recorded until then is judged.
"""


class Request(NamedTuple):
    """A command line, understood."""

    config: Config
    json: str | None  # where the figures go; - is stdout
    dir: str | None  # where the run is kept
    quiet: bool


def requested(arguments: list[str]) -> Request:
    """Understand `arguments`, or leave with one line on stderr and the exit code `USAGE`."""
    parser = Parser("", _DESCRIPTION, _EPILOG)
    add_load(parser)
    add_harm(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--json", type=existing_path, metavar="PATH", help="write all figures there; - is stdout")
    output.add_argument(
        "--dir", type=existing_path, metavar="PATH", help="keep the run there: the file, all records, run.json"
    )
    output.add_argument("--quiet", action="store_true", help="show nothing while it runs")
    options = parser.parse_args(arguments)
    return Request(config_of(options, parser), options.json, options.dir, options.quiet)


def main(arguments: list[str]) -> int:
    """Run, judge, tell; the exit code."""
    request = requested(arguments)
    config = request.config
    with kept_directory(request.dir) as directory, terminable():
        check_writable("--json", request.json)
        shown = nullcontext(_ignore) if request.quiet else watching(config, sys.stderr, live=sys.stderr.isatty())
        with shown as watch:
            judging = _ignore if request.quiet else _say_judging
            account = judged_run(config, directory, watch, kept_in=request.dir, judging=judging)
        _put_out(request, account)
    return _VALID if account.verdict.result is Result.VALID else _NOT_VALID


def _say_judging() -> None:
    note("judging the history\n")


def _ignore(_: object = None) -> None:
    """Show nothing."""


def _put_out(request: Request, account: Account) -> None:
    figures = json.dumps(document(account), indent=2) + "\n"
    if request.json and request.json != "-":
        Path(request.json).write_text(figures, encoding="utf-8")
    tell(text(account), stream=sys.stderr if request.json == "-" else sys.stdout)  # figures on stdout: text makes room
    if request.json == "-":
        sys.stdout.write(figures)
        sys.stdout.flush()
