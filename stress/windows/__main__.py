"""`stress/windows/run`: set Windows up, run the tests there, and leave nothing behind."""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING

from .arguments import PROGRAM, requested
from .cache import VARIABLE, Cache, directory_for
from .failure import CannotRunError
from .parts import set_up
from .suite import pytest_words, run
from .telling import tell

if TYPE_CHECKING:
    from collections.abc import Sequence

_CANNOT = 3
_STOPPED = 130  # 128 and the number of SIGINT, as shells say it


def main(arguments: Sequence[str]) -> int:
    """Do what was asked for; the exit code."""
    request = requested(arguments)
    for ending in ("SIGINT", "SIGTERM", "SIGHUP"):  # the background of a shell ignores the first
        signal.signal(getattr(signal, ending), signal.default_int_handler)  # what was started must be ended, too
    try:
        windows = set_up(Cache(directory_for(os.environ)))
        if request.set_up_only:
            return 0
        return run(windows, request.python or pytest_words(request.pytest), limit_s=request.limit_s)
    except CannotRunError as error:
        tell(f"{PROGRAM}: {error}")
        return _CANNOT
    except OSError as error:
        cache = directory_for(os.environ)
        tell(f"{PROGRAM}: {error}; see that {cache} can be written to, with 1 GB of room (${VARIABLE} names another)")
        return _CANNOT
    except KeyboardInterrupt:
        tell("stopped")
        return _STOPPED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
