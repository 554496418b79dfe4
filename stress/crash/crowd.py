"""Two at a time: work on many things in threads, each of which waits for its child processes."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .children import Children

__all__ = ["each"]

_AT_ONCE = 2

_Thing = TypeVar("_Thing")
_Done = TypeVar("_Done")


def each(children: Children, work: Callable[[_Thing], _Done], things: Iterable[_Thing]) -> Iterator[_Done]:
    """What `work` makes of each thing, in the order in which they are done.

    If the loop over it is left early, or work fails, the children are ended and no more work is begun.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        waiting = {pool.submit(work, thing) for thing in things}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for one in done:
                    yield one.result()
        except BaseException:
            for one in waiting:
                one.cancel()
            children.end()
            raise
