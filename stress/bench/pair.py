"""A pair: this process, and a forked one beside it for as long as a block lasts."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TYPE_CHECKING, Concatenate, ParamSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

__all__ = ["beside"]

_P = ParamSpec("_P")


@contextmanager
def beside(
    work: Callable[Concatenate[Connection, _P], None], *arguments: _P.args, **named: _P.kwargs
) -> Iterator[Connection]:
    """Our end of a pipe to a process that does `work`, with the other end as its first argument; killed in the end."""
    if sys.platform != "win32":  # which has no fork
        context = get_context("fork")
        ours, theirs = context.Pipe()

        def alone() -> None:
            ours.close()  # so that it ends when we do: nobody else can write to it
            work(theirs, *arguments, **named)

        process = context.Process(target=alone)
        process.start()
        theirs.close()
        try:
            yield ours
        finally:
            process.kill()
            process.join()
    else:
        raise NotImplementedError
