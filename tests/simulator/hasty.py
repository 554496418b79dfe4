"""The simulator, for tests of how it ends: `python -c 'from tests.simulator.hasty import main; main()' GRACE_S ...`.

It tells more often how far it is, and the numbers of the processes that it starts; has no more patience than it is told
with workers that do not stop; and on Windows it hears a Ctrl-C that is for it alone.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from simulator import cli, crew, process
from simulator.live import lines
from tests.lockedfile import interrupts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from simulator.launch import Launched

__all__ = ["LAUNCHED", "main"]

LAUNCHED = "launched"
"""The first word of a line that tells of a process, which ends in its number."""

_EVERY_S = 0.1


def main() -> None:
    """Run the command line."""
    grace_s, *arguments = sys.argv[1:]
    interrupts.be_interruptible()
    launch: Callable[..., Launched] = vars(process)["launch"]

    def told(start: str, task: str, orders: int, errors: Path) -> Launched:
        launched = launch(start, task, orders, errors)
        os.write(2, f"{LAUNCHED} {launched.pid}\n".encode())
        return launched

    vars(process)["launch"] = told
    vars(lines)["_EVERY_S"] = _EVERY_S
    vars(crew)["_GRACE_S"] = float(grace_s)
    sys.exit(cli.main(arguments))
