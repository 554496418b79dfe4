"""Who has a lock of a file: not who acquired it, whom /proc/locks names, but whoever has it now.

    the lines of the file ──> has he who acquired it the file open, and locked? ──> he has it
                                  no, or he has ended
                                    ├──> is the line gone by now? it was true when it was read
                                    └──> has anybody? a forked child, or several, have it; nobody: unknown

Of those whose open files we may not see, the line stands.
"""

from __future__ import annotations

import os
from itertools import starmap

from .._oslock import AT_ONCE, EXCLUSIVE, OPEN_FLAGS, SHARED, UNLOCKED, is_taken, lock
from ._proc import flocks, listing
from ._process import GONE, files, is_hidden, pids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from ._inode import Inode

    Claim: TypeAlias = tuple[int, bool]  # who acquired a lock, and is it exclusive?
    Share: TypeAlias = tuple[int | None, bool]  # who has it, None is unknown, and is it exclusive?

__all__ = ["having", "heirs_of_hidden", "lines_of", "tried"]

# While a list is read that is not of one instant, a lock may slip through. It does not do so each time.
_LISTINGS = 3


def lines_of(inode: Inode) -> str | None:
    """The list of all locks, with those of the file; None if there is no such list, or it is not for us."""
    texts = []
    for _ in range(_LISTINGS):
        try:
            text, of_one_instant = listing()
        except OSError:
            return None
        if of_one_instant:
            return text
        texts.append(text)
    return max(texts, key=lambda text: text.count(f" {inode.name} "))


def having(inode: Inode, text: str) -> list[Share]:
    """Who has a lock of the file, by the lines of a list of locks; in the order of the list."""
    return _Roll(inode, text).called()


class _Roll:
    """The locks of one list, and who was found to have them."""

    __slots__ = ("_claims", "_doubtful", "_found", "_inode")

    def __init__(self, inode: Inode, text: str) -> None:
        self._inode = inode
        self._claims = _claims(inode, text)
        self._found: dict[Claim, list[int | None]] = {claim: [] for claim in self._claims}
        # Those that who acquired them does not have; may he have had them just now?
        self._doubtful: dict[Claim, bool] = {}

    def called(self) -> list[Share]:
        for claim in self._claims:
            self._ask_who_acquired(claim)
        self._drop_released()
        if self._doubtful:
            self._ask_everybody()
            self._drop_released()
        for claim in self._doubtful:
            self._found[claim] = [None] * self._claims[claim]
        return [(pid, exclusive) for (_, exclusive), pids in self._found.items() for pid in pids]

    def _ask_who_acquired(self, claim: Claim) -> None:
        pid, count = claim[0], self._claims[claim]
        try:
            ours = _locked(self._inode, pid).get(claim)
        except GONE:
            if is_hidden(pid):
                self._found[claim] = [pid] * count
            else:
                self._doubtful[claim] = False
        except OSError:  # we may not look
            self._found[claim] = [pid] * count
        else:
            if ours is None:
                self._doubtful[claim] = True
            else:
                self._found[claim] = [pid] * min(count, sum(ours))

    def _drop_released(self) -> None:
        now = _claims(self._inode, lines_of(self._inode) or "") if self._doubtful else {}
        for claim in self._doubtful.keys() - now.keys():
            if self._doubtful.pop(claim):
                self._found[claim] = [claim[0]] * self._claims[claim]

    def _ask_everybody(self) -> None:
        heirs = _heirs(self._inode)
        for claim in self._doubtful.keys() & heirs.keys():
            del self._doubtful[claim]
            self._found[claim] = [*heirs[claim]]


def _claims(inode: Inode, text: str) -> dict[Claim, int]:
    """Who acquired a lock of the file, or its twin, and how many; in the order of the list."""
    claims: dict[Claim, int] = {}
    for _, _, pid, exclusive, waiting in flocks(text, inode.name):
        if not waiting:
            claims[pid, exclusive] = claims.get((pid, exclusive), 0) + 1
    return claims


def _locked(inode: Inode, pid: int) -> dict[Claim, list[bool]]:
    """By who acquired them, the locks of the file or its twin that a process has: is it the file itself?"""
    found: dict[Claim, list[bool]] = {}
    for place, text in files(pid):
        if inode.name in text:
            for _, _, acquirer, exclusive, _ in flocks(text, inode.name):
                found.setdefault((acquirer, exclusive), []).append(inode.is_at(place))
    return found


def _heirs(inode: Inode) -> dict[Claim, list[int]]:
    """By who acquired it, the processes that have a lock of the file; nobody, of one that is its twin's."""
    heirs: dict[Claim, list[int]] = {}
    for pid in pids():
        try:
            locked = _locked(inode, pid)
        except OSError:
            continue  # it has ended, or we may not look
        for claim, ours in locked.items():
            heirs.setdefault(claim, []).extend([pid] if any(ours) else [])
    return heirs


def heirs_of_hidden(inode: Inode) -> list[Share]:
    """Those that show, and have a lock of the file that was acquired by one who does not."""
    return [(pid, exclusive) for (_, exclusive), pids in _heirs(inode).items() for pid in pids]


def tried(path: str | bytes) -> int:
    """The kind of lock that others have; `UNLOCKED` if they have none, or if it cannot be tried."""
    try:
        for fd in starmap(os.open, ((path, os.O_RDONLY | OPEN_FLAGS),)):
            taken = EXCLUSIVE
            try:
                lock(fd, SHARED | AT_ONCE)  # first, as it does not keep readers out
                taken = SHARED
                lock(fd, EXCLUSIVE | AT_ONCE)
            except OSError as error:
                return taken if is_taken(error) else UNLOCKED
            finally:
                try:
                    lock(fd, UNLOCKED)  # not by closing alone: a child forked meanwhile would keep it
                finally:
                    os.close(fd)
    except OSError:  # not for us to read; or there are no such locks here
        pass
    return UNLOCKED
