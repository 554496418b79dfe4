"""All that the lane `syscalls` can try, and a sample of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .fault import AFTER, CUT, ERRORS, KILL, KILLS, Fault
from .target import JOURNAL
from .verdict import Case

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .fault import Call
    from .scenes import Scene

__all__ = ["cases_of", "sample"]

_WRITES = {"write", "pwrite", "pwrite64"}
_CHANGES = {*_WRITES, "ftruncate"}
_WHERE = {CUT: _WRITES, AFTER: {*_CHANGES, "unlink"}}  # elsewhere they are what a kill is before the call, or the next

# The others are for one call what these are; recoveries are too many to try them all.
_LASTING_IN_RECOVERY = ("EIO", "ENOSPC")


def cases_of(
    scene: Scene, calls: Sequence[Call], kills: Sequence[str] = (KILL,), errors: Sequence[str] = ERRORS
) -> list[Case]:
    """Each of the calls that the scene makes, with each fault; the first time, the second time, and so on."""
    last = max((at for at, call in enumerate(calls) if _changes_file(call)), default=len(calls))
    totals: dict[str, int] = {}
    for call in calls:
        totals[call.name] = totals.get(call.name, 0) + 1
    lasting = errors if scene.killed is None else _LASTING_IN_RECOVERY
    counts: dict[str, int] = {}
    cases: list[Case] = []
    for at, call in enumerate(calls):
        counts[call.name] = counts.get(call.name, 0) + 1
        whats = [what for what in kills if what not in _WHERE or call.name in _WHERE[what]]
        faults = [Fault(call.name, counts[call.name], what, False) for what in (*whats, *errors)]
        faults += [Fault(call.name, counts[call.name], what, True) for what in lasting]
        cases += [Case(scene, fault, call.file, totals[call.name], at > last) for fault in faults]
    return cases


def sample(cases: Iterable[Case]) -> list[Case]:
    """Of those that do the same with a file in the same state, in the same mode, under the same fault, one each."""
    return list({_kind_of(case): case for case in cases}.values())


def _kind_of(case: Case) -> tuple[object, ...]:
    """Whenever the fault comes; but a call on the journal is another one than on the file.

    An edit that is killed as it writes leaves something else for every change and at every call: that is all kept.
    """
    scene, fault = case.scene, case.fault
    state: tuple[object, ...] = (scene.operation, scene.mode, scene.killed is None)
    if fault.what in KILLS and fault.name in _CHANGES and scene.operation == "edit" and scene.killed is None:
        state += (scene.change, fault.at)
    return *state, fault.name, fault.what, fault.lasting, case.file.endswith(JOURNAL)


def _changes_file(call: Call) -> bool:
    return call.name in _CHANGES and not call.file.endswith(JOURNAL)
