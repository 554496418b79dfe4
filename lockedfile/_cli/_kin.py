"""Does COMMAND wait for the lock that is held for it? Then it would wait for ever."""

from __future__ import annotations

from .._holders import told
from .._oslock import ignore_signals
from ._streams import say
from ._text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from threading import Event

    from .. import Holder

__all__ = ["Watch", "descends", "waiting_kin"]

_FIRST_S, _MOST_S = 1.0, 10.0
_MOST_GENERATIONS = 1000


class Watch:
    """Looks now and then, from `begin` to `end`, whether COMMAND waits for the lock of `path`, and says so once."""

    def __init__(self, path: str, *, shared: bool = False, quiet: bool = False) -> None:
        self._path = path
        self._shared = shared
        self._quiet = quiet
        self._over: Event | None = None

    def begin(self, pid: int) -> None:
        """COMMAND runs, as this process."""
        from threading import Event, Thread

        if not self._quiet:
            self._over = Event()
            try:  # noqa: SIM105 - contextlib is not needed else
                Thread(target=self._look, args=(pid, self._over), daemon=True).start()
            except RuntimeError:  # no thread is to be had, and it is but a courtesy
                pass

    def end(self) -> None:
        """COMMAND has ended."""
        if self._over is not None:
            self._over.set()

    def _look(self, pid: int, over: Event) -> None:
        from .. import holders

        ignore_signals()
        pause_s = _FIRST_S
        while not over.wait(pause_s):
            pause_s = min(2 * pause_s, _MOST_S)
            try:
                found = waiting_kin(holders(self._path), pid, shared=self._shared)
            except Exception:  # noqa: BLE001 - it may be gone for a moment, and a courtesy has no traceback
                continue
            if found is not None:
                say(
                    f"lockedfile: COMMAND itself waits for the lock of {shown(self._path)}, which is held for it: "
                    f"{told((found,))}; stop it with Ctrl-C, and run it without lockedfile"
                )
                return


def waiting_kin(found: list[Holder], pid: int, *, shared: bool) -> Holder | None:
    """Who of `found` waits for us, and is the process `pid` or descends from it; we hold it, perhaps `shared`."""
    for holder in found:
        blocked = holder.waiting and not (shared and holder.mode == "shared")
        if blocked and holder.pid is not None and descends(holder.pid, pid):
            return holder
    return None


def _parent(pid: int) -> int:
    """The parent of a process; 0 if that is not known here."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return int(stat.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError, ValueError):
        return 0


def descends(pid: int, ancestor: int, parent: Callable[[int], int] = _parent) -> bool:
    """Is `pid` the process `ancestor`, or a child of it, or of one of its children, and so on?"""
    for _ in range(_MOST_GENERATIONS):
        if pid == ancestor:
            return True
        if pid <= 1:
            return False
        pid = parent(pid)
    return False
