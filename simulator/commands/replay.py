"""`python -m simulator replay DIR`: a run that was kept, shown again as it was to be seen, at any pace."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from ..arguments import Parser, amount, existing_path
from ..checker import Result
from ..history import NOTHING, Kind, Outcome
from ..live import KEYS, Player, Stage, keys
from ..output import tell
from ..playback import Playback
from .kept import kept_account
from .sealed import doubted, report, seal_of

if TYPE_CHECKING:
    import argparse

    from ..report import Account

__all__ = ["main"]

_FRAME_S = 0.05
_LINE_S = 1.0  # of the show, between two lines

_DESCRIPTION = """\
Show a run that was kept with --dir once more: on a terminal as the live view
that was to be seen, else as a line for each second. Then tell what there is
to tell of it, judged again; if a file of it was changed since, as check does.
"""

_EPILOG = f"""\
examples:
  python -m simulator --workers 8 --hold-ms 2 --dir kept   make a run, keep it
  python -m simulator replay kept                  at the pace it had
  python -m simulator replay kept --speed 0.01     a hundred times slower: see
                                                   the lock go from hand to hand
  python -m simulator replay kept --speed 0.001 --from 2.5 --to 2.6
                                                   a tenth of a second of it

keys: {KEYS}
      while it pauses, left and right go a step

exit codes: 0 VALID, 1 INVALID or UNKNOWN, 2 no such run
"""


def main(arguments: list[str]) -> int:
    """Show the run, tell of it; the exit code."""
    options = _options(arguments)
    found = seal_of(options.dir)
    account = doubted(kept_account(options.dir), found)
    _show(account, options)
    tell(report(account, found))
    return 0 if account.verdict.result is Result.VALID else 1


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = Parser("replay", _DESCRIPTION, _EPILOG)
    parser.add_argument("dir", type=existing_path, metavar="DIR", help="where the run was kept")
    parser.add_argument(
        "--speed",
        type=amount(zero=False),
        default=1.0,
        metavar="X",
        help="so many times as fast as it was; 0.01 is a hundred times slower (default 1)",
    )
    parser.add_argument(
        "--from", dest="first", type=amount(zero=True), default=0.0, metavar="SECONDS", help="begin there (default 0)"
    )
    parser.add_argument(
        "--to", dest="last", type=amount(zero=False), metavar="SECONDS", help="end there (default: all)"
    )
    options = parser.parse_args(arguments)
    if options.last is not None and options.last <= options.first:
        parser.error(f"argument --to: {options.last:g} is not after --from {options.first:g}")
    return options


def _show(account: Account, options: argparse.Namespace) -> None:
    operations = account.history.operations
    blind = any(op.kind is Kind.EDIT and op.outcome is Outcome.OK and op.written == NOTHING for op in operations)
    playback = Playback(account.history, account.config, blind=blind)
    whole_s = (playback.end_ns - playback.begin_ns) / 1e9
    last_s = whole_s if options.last is None else min(options.last, whole_s)
    player = Player(min(options.first, last_s), last_s, options.speed)
    stage = Stage(account.config, sys.stderr)
    if not operations:
        return
    if stage.live:
        _play(stage, playback, player)
    else:
        _list(stage, playback, player)


def _play(stage: Stage, playback: Playback, player: Player) -> None:
    try:
        with keys() as pressed, stage.open():
            then = time.monotonic()
            while True:
                snapshot, sight = playback.at(playback.begin_ns + round(player.at_s * 1e9))
                stage.show(snapshot, sight, clock=player.clock(), done=player.done, keys=KEYS)
                if player.over:
                    return
                for key in pressed(_FRAME_S - (time.monotonic() - then)):
                    player.press(key)
                then, before = time.monotonic(), then
                player.pass_time(then - before)
    except KeyboardInterrupt:
        pass  # who has seen enough wants the report, as after a run


def _list(stage: Stage, playback: Playback, player: Player) -> None:
    while True:
        stage.tell(*playback.at(playback.begin_ns + round(player.at_s * 1e9)), digits=player.digits)
        if player.over:
            return
        player.pass_time(_LINE_S)
