"""The line that says whom we wait for, once a wait has lasted a second."""

from __future__ import annotations

from os import getpid
from time import time

from .._holders import told
from .._oslock import ignore_signals
from ._streams import say
from ._text import roughly, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from threading import Event

    from .. import Holder, Waiting

__all__ = ["Notice", "line"]

_PATIENCE_S = 1.0


class Notice:
    """Given as `on_wait`; a thread of its own says the line, so that the wait is not disturbed.

    `over` is to be called when the wait is; after it nothing is said.
    """

    def __init__(self, path: str, *, quiet: bool = False) -> None:
        self._path = path
        self._quiet = quiet
        self._over: Event | None = None

    def __call__(self, waiting: Waiting) -> None:
        """The wait begins."""
        from threading import Event, Thread

        if not self._quiet:
            self._over = Event()
            try:  # noqa: SIM105 - contextlib is not needed else
                Thread(target=self._tell, args=(waiting, self._over), daemon=True).start()
            except RuntimeError:  # no thread is to be had, and it is but a courtesy
                pass

    def over(self) -> None:
        """The wait has ended, however it did."""
        if self._over is not None:
            self._over.set()

    def _tell(self, waiting: Waiting, over: Event) -> None:
        from .. import holders

        ignore_signals()
        if over.wait(_PATIENCE_S):
            return
        try:
            found: Sequence[Holder] = holders(self._path)
        except Exception:  # noqa: BLE001 - it may be removed meanwhile, and a courtesy has no traceback
            found = waiting.holders
        # Not ourselves, whom a system names that knows only who has the file open.
        others = [holder for holder in found if not holder.waiting and holder.pid != getpid()]
        text = line(self._path, others, time())
        if not over.is_set():
            say(text)


def line(path: str, found: Sequence[Holder], now_s: float) -> str:
    """Whom those wait for who wait for the lock of `path`.

    How long a holder has had it no system tells, only since when it can have had it at most.
    """
    if not found:  # it has just been given on
        return f"waiting for {shown(path)}"
    since = found[0].since if len(found) == 1 else None
    age = f" for at most {roughly(max(now_s - since, 0))}" if since is not None else ""
    return f"waiting for {shown(path)}, held by {told(tuple(found))}{age}"
