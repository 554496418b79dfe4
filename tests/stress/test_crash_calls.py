"""The lane `calls`, small: an edit and its recoveries, killed and failed at every call, on any system."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from stress.crash.children import Children
from stress.crash.company import Company
from stress.crash.fault import AFTER, CUT, KILL, KILLS, Fault
from stress.crash.inside import Inside
from stress.crash.judge import rest
from stress.crash.lane import Plan
from stress.crash.scenes import Scene
from stress.crash.variants import VARIANTS
from stress.crash.verdict import NOT_REACHED

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from stress.crash.stage import Played
    from stress.crash.verdict import Case

CHANGE = "insertion that shifts pages"
MARK_BYTES = 64
CHANGING = ("write", "pwrite", "ftruncate", "unlink")


@pytest.fixture
def children() -> Iterator[Children]:
    """None outlives the test."""
    with Children() as those:
        yield those


@pytest.fixture
def stage(tmp_path: Path, children: Children) -> Inside:
    """On which the scenes are played."""
    return Inside(tmp_path, children, None)


def plan(directory: Path, *, long: bool, variant: str | None = None) -> Plan:
    """That tells nobody."""
    return Plan(long, 1, variant, directory, lambda *_: None)


def wrong(company: Company, cases: list[Case]) -> list[str]:
    """What is wrong with the cases, each of which reaches its fault."""
    verdicts = [one for at in range(0, len(cases), 100) for one in company.judged(cases[at : at + 100])]
    assert len(verdicts) == len(cases) > 100
    assert [case for case, one in zip(cases, verdicts, strict=True) if one.state == NOT_REACHED] == []
    return [one.story for one in verdicts if one.story]


def played(stage: Inside, *faults: Fault | None) -> list[tuple[Path, Played]]:
    """Edits of the change, each under its fault."""
    scene = Scene("edit", "default", CHANGE)
    paths = [stage.lay(scene) for _ in faults]
    done = stage.play([(scene, path, fault) for path, fault in zip(paths, faults, strict=True)])
    return list(zip(paths, done, strict=True))


def left_by(stage: Inside, faults: list[Fault]) -> list[tuple[bytes, int, bool]]:
    """What those leave who are killed so: the content but for the mark, its length, and was there a journal?"""
    left = []
    for path, (answer, _) in played(stage, *faults):
        assert answer.killed
        found = rest(path)
        left.append((found.content[:-MARK_BYTES], len(found.content), found.journal))
    return left


def test_every_kill_of_an_edit_and_of_every_recovery_leaves_old_or_new(
    stage: Inside, children: Children, tmp_path: Path
) -> None:
    """Before, amid and after each call; and whoever comes upon what is left is killed as well."""
    company = Company(plan(tmp_path, long=True), children, stage)
    cases = [case for case in company.cases(["default"], [CHANGE]) if case.fault.what in KILLS]
    assert {case.fault.what for case in cases} == set(KILLS)
    assert wrong(company, cases) == []


def test_every_failed_call_leaves_the_old_content(stage: Inside, children: Children, tmp_path: Path) -> None:
    """Or has made the edit, if it came after that; and what was written is put back."""
    company = Company(plan(tmp_path, long=False), children, stage)
    assert wrong(company, [case for case in company.cases(changes=[CHANGE]) if case.fault.what == "ENOSPC"]) == []


def test_kill_in_effect_leaves_what_a_real_one_leaves(stage: Inside) -> None:
    """At every call that changes something: the same bytes but for the mark, and a journal or none."""
    ((_, (_, calls)),) = played(stage, None)
    counts = Counter(call.name for call in calls)
    assert counts["ftruncate"] == counts["unlink"] == 1
    faults = [
        Fault(name, at, what, False)
        for name in CHANGING
        for at in range(1, counts[name] + 1)
        for what in (KILL, CUT if "write" in name else AFTER)
    ]
    assert left_by(stage, faults) == left_by(stage.in_earnest(), faults)


def test_calls_are_noted_with_their_files(stage: Inside) -> None:
    """The file, its journal, and on any system the lock."""
    ((path, (_, calls)),) = played(stage, None)
    names = [(call.name, os.path.basename(call.file)) for call in calls]
    opened = [file for name, file in names if name in ("open", "CreateFileW")]
    assert opened[:2] == [path.name, f"{path.name}.lockedfile-journal"]
    assert ("ftruncate", path.name) in names
    assert ("unlink", opened[1]) in names
    assert {name for name, _ in names} & {"flock", "LockFileEx"}


def test_edit_without_a_journal_is_caught(stage: Inside, children: Children, tmp_path: Path) -> None:
    """Go's own protocol is torn by a kill between two writes, and amid one."""
    company = Company(plan(tmp_path, long=True), children, stage)
    cases = [case for case in company.cases(["go"], [CHANGE]) if case.fault.what in KILLS]
    states = {one.state for one in company.judged(cases)}
    assert "torn after a kill" in states


@pytest.mark.parametrize("name", ["no-journal", "mark-late", "not-undone"])
def test_step_that_is_missing_is_caught(children: Children, tmp_path: Path, name: str) -> None:
    """Where the lane `teeth` takes out all of them one after the other, by this lane if there is no strace."""
    assert "calls" in VARIANTS[name].lanes
    stage = Inside(tmp_path, children, name)
    company = Company(plan(tmp_path, long=False, variant=name), children, stage)
    cases = [case for case in company.cases(["default"], [CHANGE]) if case.scene.operation == "edit"]
    assert [one.story for one in company.judged(cases[:120]) if one.story]
