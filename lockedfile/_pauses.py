"""Short pauses between tries: for what another program does to a file for a moment, as an indexer has it open.

Source: cmd/internal/robustio of Go, which tries for as long.
"""

from __future__ import annotations

from _thread import get_ident
from os import ftruncate
from time import perf_counter_ns, sleep

from ._held import errands
from ._oslock import is_mapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["cut_after", "pauses"]

_SECOND_NS = 1_000_000_000
_FIRST_S, _RAREST_S, _LONGEST_S = 0.001, 0.1, 2.0


def pauses(most_s: float | None) -> Iterator[bool]:
    """Each draw is a pause, and then True: until `most_s` seconds are over, or two, or nobody waits for us any more."""
    now_ns, pause_s = perf_counter_ns(), _FIRST_S
    end_ns = now_ns + int(_SECOND_NS * (_LONGEST_S if most_s is None else min(most_s, _LONGEST_S)))
    errand = errands.get(get_ident())
    while now_ns < end_ns and not (errand and errand.cancelled):
        sleep(min(pause_s, (end_ns - now_ns) / _SECOND_NS))
        yield True
        now_ns, pause_s = perf_counter_ns(), min(2 * pause_s, _RAREST_S)


def cut_after(error: OSError, fd: int, size: int, timeout: float | None) -> None:
    """Cut the file to `size` bytes, which has failed by `error`.

    Windows does not do it while another program has the file mapped into memory; it is tried again for `timeout`
    seconds at most. Whatever else it was is raised.
    """
    left = pauses(timeout)
    while error.errno is not None and is_mapped(error) and next(left, False):
        try:
            ftruncate(fd, size)
        except OSError as again:
            error = again
        else:
            return
    raise error
