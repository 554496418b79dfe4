"""What is skipped in CI: nothing; on Windows and macOS only what the list of each leaves out by name, with its reason.

Each line of the list names a file or a test as pytest does, and says why: `tests/lockedfile/test_fork.py: needs fork`.
An entry stands for all that it names: if one of these runs, the entry is too wide; if none is skipped in a whole run,
it is stale. Both fail the run, as does a skip that no entry names.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

__all__ = ["LIST_VARIABLE", "CiRule", "read_list"]

# Names another list, which then holds on any system.
LIST_VARIABLE = "LOCKEDFILE_LEFT_OUT"
_LISTS = {"win32": "windows", "darwin": "platforms"}

Report = pytest.TestReport | pytest.CollectReport


class Sighting(NamedTuple):
    """A test, or a file as a whole, that was skipped or that ran."""

    node: str
    skipped: bool


def read_list(text: str) -> dict[str, str]:
    """The reason of each entry; blank lines and those that begin with # say nothing. Raises `ValueError`."""
    entries: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        node, _, reason = (part.strip() for part in line.partition(": "))
        if not reason:
            raise ValueError(f"line {number} is not NODE: REASON: {line}")
        if node in entries:
            raise ValueError(f"line {number} names {node} again")
        entries[node] = reason
    return entries


def entry_for(node: str, entries: Iterable[str]) -> str | None:
    """The entry that names this test or file, or what it is a part of."""
    return next((entry for entry in entries if node == entry or node.startswith((f"{entry}::", f"{entry}["))), None)


def untrue(entries: Iterable[str], sightings: Iterable[Sighting], whole: bool) -> list[str]:
    """What the list says that a run did not bear out; a run of a part of the tests cannot tell what is stale."""
    skipped, ran = set[str](), dict[str, str]()
    for sighting in sightings:
        entry = entry_for(sighting.node, entries)
        if entry is not None and sighting.skipped:
            skipped.add(entry)
        elif entry is not None:
            ran.setdefault(entry, sighting.node)
    wide = [f"{entry} is left out, but {node} runs" for entry, node in ran.items()]
    stale = [
        f"{entry} is left out, but nothing there was skipped" for entry in entries if entry not in {*skipped, *ran}
    ]
    return wide + (stale if whole else [])


class CiRule:
    """The plugin of pytest that holds a run to it."""

    def __init__(self) -> None:
        named = os.environ.get(LIST_VARIABLE)
        lane = _LISTS.get(sys.platform)
        listed = Path(__file__).parents[1] / "stress" / lane / "left-out.txt" if lane else None
        path = Path(named) if named else listed
        self._name = str(path)
        self._entries = read_list(path.read_text(encoding="utf-8")) if path else {}
        self._sightings: list[Sighting] = []
        self._complete = True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """A skip or an expected failure is a failure, unless the list has it."""
        report = yield
        if report.skipped or report.when == "call":
            self._see(report)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """The same for a module that skips itself."""
        report = yield
        if report.skipped:
            self._see(report)
        return report

    def _see(self, report: Report) -> None:
        if entry_for(report.nodeid, self._entries) is not None:
            self._sightings.append(Sighting(report.nodeid, report.skipped))
        elif report.skipped:
            reason = getattr(report, "wasxfail", None) or _reason(report)
            vars(report).pop("wasxfail", None)
            report.outcome, report.longrepr = "failed", f"nothing is skipped in CI: {reason}"

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """What a worker of pytest-xdist saw; one that crashed does not tell."""
        seen = getattr(node, "workeroutput", {}).get("sightings")
        self._complete = self._complete and seen is not None
        self._sightings += [Sighting(*sighting) for sighting in seen or ()]

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """What the list says must be so, or it is an error of the run; a worker leaves that to whoever started it."""
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput["sightings"] = [tuple(seen) for seen in self._sightings]
            return
        faults = untrue(self._entries, self._sightings, whole=self._complete and _is_whole(session))
        if faults:
            report = pytest.CollectReport(self._name, "failed", "\n".join(faults), [])
            session.config.hook.pytest_collectreport(report=report)
            session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def _is_whole(session: pytest.Session) -> bool:
    """Did all tests come, and to their ends?"""
    option = session.config.option
    chosen = option.keyword or option.markexpr or option.deselect or option.ignore or option.ignore_glob
    named = session.config.args_source is pytest.Config.ArgsSource.ARGS
    return not (chosen or named or option.collectonly or session.shouldstop or session.shouldfail)


def _reason(report: Report) -> str:
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return reason.removeprefix("Skipped: ")
