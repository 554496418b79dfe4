"""The table of operations: CSV as RFC 4180 has it, with what is not known left empty."""

from __future__ import annotations

import csv
from pathlib import Path

from simulator.report import Account, rows
from simulator.report.table import COLUMNS

from .accounts import FORKED, account, crowd, ends
from .histories import content, run_of

OUTPUTS = Path(__file__).parents[2] / "docs" / "outputs.md"


def table(made: Account) -> list[dict[str, str]]:
    """What a reader of CSV sees."""
    return list(csv.DictReader("".join(rows(made)).splitlines(keepends=True)))


def test_lines_end_as_the_rfc_says() -> None:
    """Each with CR and LF; none is empty."""
    for line in rows(account(ends())):
        assert line.endswith("\r\n")
        assert line.count("\n") == 1
        assert len(line) > 20


def test_row_tells_times_from_the_first_call_on() -> None:
    """And durations, digests and the version, with units in the names."""
    first = table(account(ends()))[0]
    assert first == {
        "worker": "0", "sequence": "0", "strategy": "none", "kind": "edit", "outcome": "ok", "why": "",
        "due_ns": "-5", "invoked_ns": "0", "locked_ns": "1", "writing_ns": "2", "released_ns": "6", "returned_ns": "9",
        "wait_ns": "6", "hold_ns": "5", "version": "1", "read_size_bytes": "100",
        "read_digest": content(0).hex(), "written_digest": content(1).hex(), "recovered": "0",
    }  # fmt: skip


def test_what_is_not_known_is_empty() -> None:
    """Not zero: an edit that gave up never had the lock, and a killed one never returned."""
    by_place = {(row["worker"], row["sequence"]): row for row in table(account(ends()))}
    gave_up, killed = by_place["0", "1"], by_place["1", "0"]
    assert (gave_up["why"], gave_up["locked_ns"], gave_up["wait_ns"], gave_up["read_digest"]) == ("timeout", "", "", "")
    assert (killed["outcome"], killed["released_ns"], killed["returned_ns"], killed["hold_ns"]) == ("info", "", "", "")
    assert killed["wait_ns"] == "1"


def test_rows_are_in_the_order_of_workers() -> None:
    """And of each worker's operations."""
    places = [(int(row["worker"]), int(row["sequence"])) for row in table(account(crowd(7, 100), workers=7))]
    assert places == sorted(places)
    assert len(places) == 100


def test_strategy_of_each_worker_is_told() -> None:
    """Of a mixed crowd each has its own; whatever they are called, there are as many fields."""
    made = account(FORKED, strategy='a"\n\udcff,b c')
    assert [row["strategy"] for row in table(made)] == ['a"\n\\udcff', "b c", 'a"\n\\udcff']
    "".join(rows(made)).encode()


def test_table_of_nothing_is_its_header() -> None:
    """Names and no row."""
    assert list(rows(account(run_of(final=content(0))))) == [",".join(COLUMNS) + "\r\n"]


def test_columns_are_documented() -> None:
    """Each by its name, in the order in which they stand."""
    lines = OUTPUTS.read_text(encoding="utf-8").splitlines()
    told = [line.split("`")[1] for line in lines if line.startswith("| `")]
    assert [name for name in told if name in COLUMNS] == list(COLUMNS)
