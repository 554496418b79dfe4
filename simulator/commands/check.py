"""`python -m simulator check DIR`: judge a saved run again, and see whether it is still what the run has left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..arguments import Parser, existing_path
from ..checker import Result
from ..output import check_writable, note, tell, tell_beside
from ..report import document
from ..run import FileError
from .kept import finished, kept_account
from .sealed import changes, doubted, report, seal_of

if TYPE_CHECKING:
    from ..report import Account
    from ..report.document import Json
    from .sealed import Seal

__all__ = ["main"]

_VALID, _NOT_VALID = 0, 1

_DESCRIPTION = """\
Judge again a run that was kept with --dir: from its records, the first content
and the last. The report and the exit code are those of the run.

A run is sealed at its end. If a file of it was changed since, be it by a bit,
that is said, and the result is UNKNOWN: what the records say then is not what
the workers have told.
"""

_EPILOG = """\
examples:
  python -m simulator --workers 8 --strategy none --dir run   keep a run
  python -m simulator check run                               judge it again
  python -m simulator check run --json - | jq .verdict        for programs
  python -m simulator check run --quiet                       the exit code only

exit codes: 0 VALID, 1 INVALID or UNKNOWN, 2 no run that can be read
"""


def main(arguments: list[str]) -> int:
    """Read, judge, tell; the exit code."""
    parser = Parser("check", _DESCRIPTION, _EPILOG)
    parser.add_argument("dir", type=existing_path, metavar="DIR", help="the directory that --dir named")
    parser.add_argument("--json", type=existing_path, metavar="PATH", help="write all figures; - is stdout")
    parser.add_argument("--quiet", action="store_true", help="say nothing; the exit code tells")
    options = parser.parse_args(arguments)
    check_writable("--json", options.json)
    found = seal_of(options.dir)
    try:
        account = doubted(kept_account(options.dir), found)
    except FileError as error:
        if not found.broken:
            raise
        if not options.quiet:
            tell("\n".join(["UNKNOWN: the saved run was changed", *changes(found), f"  {error}"]) + "\n")
        return _NOT_VALID
    _write(account, found, options.json, quiet=options.quiet)
    return _VALID if account.verdict.result is Result.VALID else _NOT_VALID


def _write(account: Account, found: Seal, json_path: str | None, *, quiet: bool) -> None:
    figures: dict[str, Json] = {
        **document(account),
        "seal": {"sealed": found.sealed, "broken": list(found.broken)},
    }
    whole = finished(Path(account.kept_in or ""))
    if not found.sealed and not quiet:
        note("the run has no seal" + ("" if whole else ", nor a run.json: who started it was killed") + "\n")
    tell_beside("" if quiet else report(account, found), figures, json_path)
