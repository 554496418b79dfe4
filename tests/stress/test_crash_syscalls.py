"""The lane `syscalls`, small: real children, killed and failed, judged by a fresh process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from stress.crash.children import ChildError, Children
from stress.crash.company import Company
from stress.crash.fault import KILL
from stress.crash.lane import Plan
from stress.crash.verdict import NOT_REACHED
from tests.lockedfile import needs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = needs.strace


@pytest.fixture
def children() -> Iterator[Children]:
    """None outlives the test."""
    with Children() as those:
        yield those


def plan(directory: Path, *, long: bool = True, variant: str | None = None) -> Plan:
    """That tells nobody."""
    return Plan(long, 1, variant, directory, lambda *_: None)


def stories(company: Company, modes: list[str], change: str, most: int, *whats: str) -> list[str]:
    """What is wrong with some cases of a change, of those with these faults; each reached its fault."""
    cases = [case for case in company.cases(modes, [change]) if case.fault.what in whats]
    verdicts = company.judged(cases[:most])
    assert len(verdicts) == most
    assert not [one for one in verdicts if one.state == NOT_REACHED]
    return [one.story for one in verdicts if one.story]


@pytest.mark.parametrize("mode", ["default", "durable"])
def test_small_sample_holds(children: Children, tmp_path: Path, mode: str) -> None:
    """Of edits and recoveries, killed and failed."""
    company = Company(plan(tmp_path), children)
    assert stories(company, [mode], "shrinking", 24, KILL, "ENOSPC") == []


def test_edit_without_a_journal_is_caught(children: Children, tmp_path: Path) -> None:
    """Go's own protocol is torn by a kill between two writes."""
    company = Company(plan(tmp_path), children)
    cases = [one for one in company.cases(["go"], ["equal size, two far pages"]) if one.fault.what == KILL]
    found = company.judged([one for one in cases if one.fault.name == "pwrite64"])
    assert "torn after a kill" in {one.state for one in found}
    assert any("the file is torn" in (one.story or "") for one in found)


def test_children_that_are_ended_start_no_more(children: Children, tmp_path: Path) -> None:
    """As after Ctrl-C."""
    children.end()
    with pytest.raises(ChildError, match="being ended"):
        Company(plan(tmp_path), children).cases(["default"], ["growing"])
