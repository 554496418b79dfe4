"""What `holders --watch` shows: the changes from one look to the next."""

from __future__ import annotations

from time import localtime, strftime
from typing import NamedTuple

from .._holders import told
from ._table import entry, state
from ._text import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .. import Holder

__all__ = ["Change", "Watched", "as_json", "as_line"]


class Change(NamedTuple):
    """What was seen at a look that was not so at the one before."""

    at_s: float
    path: str
    event: str  # holds, waits, may hold, released, left; gone, back
    holder: Holder | None = None
    after_s: float | None = None  # how long it held, or waited, before, if we saw the beginning
    reason: str | None = None  # why the file could not be looked at


class _Seen(NamedTuple):
    """One lock, or one wait, and when it was first seen; None if it was there before us."""

    holder: Holder
    since_s: float | None

    def is_same(self, holder: Holder) -> bool:
        """Is it this one? A process may have changed its command line, by exec."""
        return (self.holder.pid, self.holder.mode, self.holder.waiting) == (holder.pid, holder.mode, holder.waiting)

    def after_s(self, now_s: float) -> float | None:
        """How long it was seen."""
        return None if self.since_s is None else now_s - self.since_s


class Watched:
    """One file, look by look."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._seen: list[_Seen] | None = None
        self._lost = False

    def changed(self, found: Sequence[Holder], now_s: float) -> Iterator[Change]:
        """What has changed, now that these were found: who has gone, then who has come."""
        if self._lost:
            self._lost = False
            yield Change(now_s, self._path, "back")
        since_s = None if self._seen is None else now_s
        before = self._seen or []
        self._seen = []
        come: list[Holder] = []
        for holder in found:
            same = next((seen for seen in before if seen.is_same(holder)), None)
            if same is None:
                come.append(holder)
                self._seen.append(_Seen(holder, since_s))
            else:
                before.remove(same)
                self._seen.append(same)
        got = [(holder, _drawn(before, holder)) for holder in come]
        for seen in before:
            event = "left" if seen.holder.waiting else "released"
            yield Change(now_s, self._path, event, seen.holder, seen.after_s(now_s))
        for holder, waited in got:
            yield Change(now_s, self._path, state(holder), holder, waited and waited.after_s(now_s))

    def lost(self, error: Exception, now_s: float) -> Iterator[Change]:
        """The file cannot be looked at any more."""
        yield from self.changed((), now_s) if not self._lost else ()
        if not self._lost:
            self._lost = True
            reason = getattr(error, "strerror", None) or str(error)
            yield Change(now_s, self._path, "gone", reason=reason)


def _drawn(before: list[_Seen], holder: Holder) -> _Seen | None:
    """The wait that has ended in this lock, taken out of `before`."""
    for seen in before:
        if seen.holder.waiting and not holder.waiting and seen.holder.pid == holder.pid is not None:
            before.remove(seen)
            return seen
    return None


def as_line(change: Change) -> str:
    """For people: the time of day, the file, who, and what."""
    tenth = int(change.at_s * 10) % 10
    start = f"{strftime('%H:%M:%S', localtime(change.at_s))}.{tenth}  {shown(change.path)}  "
    if change.holder is None:
        text = f"cannot be looked at: {change.reason}" if change.event == "gone" else "is there again"
        return f"{start}{text}\n"
    after = "" if change.after_s is None else f" after {change.after_s:.1f} s"
    text = {
        "released": f"released{after}",
        "left": f"no longer waits{after}",
        "holds": f"holds ({change.holder.mode})" + (after and f"{after} of waiting"),
    }.get(change.event, f"{change.event} ({change.holder.mode})")
    return f"{start}{told((change.holder,))} {text}\n"


def as_json(change: Change) -> str:
    """For programs: one object on one line; times in seconds, since the epoch."""
    from json import dumps

    about = {"at": round(change.at_s, 3), "file": change.path, "event": change.event}
    after_s = None if change.after_s is None else round(change.after_s, 3)
    holder = {"after_s": after_s} | entry(change.holder) if change.holder else {"reason": change.reason}
    return dumps(about | holder) + "\n"
