"""The lane `calls`, small: an edit and its recoveries, killed and failed at every call, on any system."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from stress.crash import teeth
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


def played(stage: Inside, fault: Fault | None) -> tuple[Path, Played]:
    """An edit of the change, under the fault."""
    scene = Scene("edit", "default", CHANGE)
    path = stage.lay(scene)
    return path, stage.play([(scene, path, fault)])[0]


def test_every_kill_of_an_edit_and_of_every_recovery_leaves_old_or_new(
    stage: Inside, children: Children, tmp_path: Path
) -> None:
    """Before, amid and after each call; and whoever comes upon what is left is killed as well."""
    company = Company(plan(tmp_path, long=True), children, stage)
    cases = [case for case in company.cases(["default"], [CHANGE]) if case.fault.what in KILLS]
    assert {case.fault.what for case in cases} == set(KILLS)
    assert wrong(company, cases) == []


@pytest.mark.parametrize("mode", ["default", "durable"])
def test_every_failed_call_leaves_the_old_content(stage: Inside, children: Children, tmp_path: Path, mode: str) -> None:
    """Or has made the edit, if it came after that; and what was written is put back."""
    company = Company(plan(tmp_path, long=False), children, stage)
    cases = [case for case in company.cases([mode], [CHANGE]) if case.fault.what not in KILLS]
    assert wrong(company, cases) == []


def test_kill_in_effect_leaves_what_a_real_one_leaves(stage: Inside) -> None:
    """At every call that changes something: the same bytes but for the mark, and a journal or none."""
    _, (_, calls) = played(stage, None)
    counts: dict[str, int] = {}
    for call in calls:
        counts[call.name] = counts.get(call.name, 0) + 1
    assert counts["ftruncate"] == counts["unlink"] == 1
    faults = [Fault(name, at, what, False) for name in CHANGING for at in range(1, counts.get(name, 0) + 1)
              for what in ((KILL, CUT, AFTER) if "write" in name else (KILL, AFTER))]  # fmt: skip
    for fault in faults:
        left = []
        for one in (stage, stage.in_earnest()):
            path, (answer, _) = played(one, fault)
            assert answer.killed, fault
            found = rest(path)
            left.append((found.content[:-MARK_BYTES], len(found.content), found.journal))
        assert left[0] == left[1], fault


def test_calls_are_noted_with_their_files(stage: Inside) -> None:
    """The file, its journal, and on any system the lock."""
    path, (_, calls) = played(stage, None)
    names = [(call.name, os.path.basename(call.file)) for call in calls]
    opened = [file for name, file in names if name == "open"]
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


@pytest.mark.parametrize("name", [name for name, variant in VARIANTS.items() if "calls" in variant.lanes])
def test_each_step_that_is_missing_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """By this lane, though another one may be the first to be asked."""
    monkeypatch.setitem(VARIANTS, name, VARIANTS[name]._replace(lanes=("calls",)))
    found = teeth.run(plan(tmp_path, long=False, variant=name))
    assert found.states == {"caught by calls": 1}, found.failures
