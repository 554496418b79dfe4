"""What people read: durations, stories, the text and the document."""

from __future__ import annotations

import json

import pytest

from simulator.checker import check
from simulator.config import Config
from simulator.history import NOTHING, Faults, History, Outcome, Why
from simulator.report import Account, document, text
from simulator.report.terminal import duration
from simulator.stats import measure

from .histories import TORN, content, edit, peek, read, run_of

CONFIG = Config(
    workers=2, readers=1, duration_s=5.0, edits=None, hold_ms="0", think_ms="exp:1", file=None, strategy="none", seed=7
)


def account(history: History, **more: object) -> Account:
    """Give an account of a history."""
    made = Account(
        CONFIG, history, check(history), measure(history, 2), 0.5,
        interrupted=False, lost=(), failures=(), faults=Faults(), litter=(), kept_in=None,
    )  # fmt: skip
    return made._replace(**more)  # type: ignore[arg-type]  # of the fields' own types


GOOD = run_of(edit(0, content(0), content(1), at=0), read(2, content(1), at=5), edit(1, content(1), content(2), at=10))
FORKED = run_of(edit(0, content(0), content(1), at=0), edit(1, content(0), content(2), at=10))


@pytest.mark.parametrize(
    ("time_ns", "told"),
    [
        (0, "0 ns"),
        (999, "999 ns"),
        (1_000, "1.00 µs"),
        (9_994, "9.99 µs"),
        (9_996, "10.0 µs"),
        (99_960, "100 µs"),
        (999_400, "999 µs"),
        (999_600, "1.00 ms"),
        (12_345_678, "12.3 ms"),
        (999_999_999, "1.00 s"),
        (123_000_000_000, "123 s"),
    ],
)
def test_duration_has_three_digits(time_ns: int, told: str) -> None:
    """Units change where the digits say so."""
    assert duration(time_ns) == told


def test_text_of_a_valid_run_has_its_evidence() -> None:
    """Verdict, counts, tables, and the command that repeats the run."""
    told = text(account(GOOD))
    assert told.startswith("VALID: nothing torn, nothing lost\n")
    assert "edits committed            2" in told
    assert "chain length               2" in told
    for word in ("wait", "hold", "p99.9", "fairness", "Jain", "waits\n", "█"):
        assert word in told
    assert "repeat    python -m simulator --workers 2 --duration 5 --readers 1 --strategy none --seed 7" in told


def test_text_of_an_invalid_run_tells_the_story() -> None:
    """Who read what, who wrote what, and when: for each operation of the witness."""
    told = text(account(FORKED))
    assert told.startswith("INVALID: two edits read the same content")
    assert "worker 0, edit 0, from 0.000000 s" in told
    assert "worker 1, edit 0, from 0.000000 s" in told
    assert f"content {content(0).hex()[:12]}, the one at first" in told
    assert f"making content {content(2).hex()[:12]}" in told


def test_text_fits_a_terminal_of_eighty_columns() -> None:
    """Tables, stories and closing lines alike; what comes from outside may be longer."""
    for history in (GOOD, FORKED, GOOD._replace(final=content(9))):
        for line in text(account(history)).splitlines():
            assert len(line) <= 80 or line.startswith("repeat"), line


def test_text_tells_what_went_wrong_beside_the_verdict() -> None:
    """Lost workers, failures and an early stop are said."""
    told = text(account(GOOD, lost=("worker 3 was killed",), failures=tuple("abcd"), interrupted=True, kept_in="there"))
    for line in (
        "lost      worker 3 was killed",
        "failed    a",
        "and so did 1 other worker",
        "stopped",
        "kept      in there",
    ):
        assert line in told


def test_text_of_a_run_without_an_edit_is_unknown() -> None:
    """No table of nothing."""
    told = text(account(History(content(0), content(0), [])))
    assert told.startswith("UNKNOWN: no edit was committed")
    assert "p50" not in told


def _names(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value) | {name for part in value.values() for name in _names(part)}
    if isinstance(value, list):
        return {name for part in value for name in _names(part)}
    return set()


def test_document_is_json_with_units_in_its_names() -> None:
    """It holds the schema, the verdict with witness, and all numbers."""
    made = document(account(FORKED))
    assert json.loads(json.dumps(made)) == made
    assert made["schema"] == 2
    names = _names(made)
    for name in ("p50_ns", "max_ns", "edits_per_s", "elapsed_ns", "startup_s", "hold_ms", "jain", "chain_length"):
        assert name in names
    assert "p50" not in names
    verdict = made["verdict"]
    assert isinstance(verdict, dict)
    assert verdict["result"] == "INVALID"


def test_killed_edit_is_told_as_unknown() -> None:
    """The number of unknown edits, and of those that are there, is in the text."""
    history = run_of(*GOOD.operations[:1], GOOD.operations[2]._replace(outcome=Outcome.INFO))
    assert "1 unknown, 1 of them in the file" in text(account(history))


def test_text_tells_what_was_done_to_workers() -> None:
    """Kills, freezes, repairs and litter are said where there are any, and only there."""
    config = CONFIG._replace(kill_rate=5.0, stop_rate=20.0)
    history = GOOD._replace(operations=[op._replace(recovered=True) for op in GOOD.operations])
    faults = Faults(kills=25, kills_in_edit=11, replaced=24, freezes=1, frozen_s=0.02)
    told = text(account(history, config=config, faults=faults, litter=("go.mod.left",)))
    for line in (
        "killed    25 workers, 11 in the middle of an edit; 24 replaced",
        "frozen    1 time, for 0.02 s in all",
        "repaired  2 edits undid first what a killed one had left half done",
        "litter    left beside the file: go.mod.left",
        "--kill-rate 5 --stop-rate 20 --seed 7",
    ):
        assert line in told
    for word in ("killed", "frozen", "repaired", "litter"):
        assert word not in text(account(GOOD))
    made = document(account(history, config=config, faults=faults, litter=("go.mod.left",)))
    assert made["faults"] == faults._asdict()
    assert made["litter"] == ["go.mod.left"]


def test_story_of_a_torn_read_names_the_killed_edit() -> None:
    """What was about to be written, by whom, and who read what came of it."""
    killed = edit(0, content(0), content(1), at=0, outcome=Outcome.INFO)
    told = text(account(run_of(killed, edit(1, content(9), content(2), at=10))))
    assert told.startswith("INVALID: a content was read that no edit wrote")
    assert f"was about to write its v0.0.1, making content {content(1).hex()[:12]}" in told
    assert "never told its end, as when it was killed" in told
    assert f"content {content(9).hex()[:12]}, which no edit wrote" in told


def test_peeks_that_a_lock_kept_out_are_told() -> None:
    """Of those that saw something, so many saw a mix."""
    refused = peek(3, NOTHING, at=2)._replace(outcome=Outcome.FAIL, why=Why.LOCKED)
    peeks = (peek(3, content(0), at=1), refused, refused, peek(3, TORN, at=7))
    told = text(account(run_of(edit(0, content(0), content(1), at=0), *peeks, final=content(1))))
    assert "peeked    4 times without a lock; 2 were refused, 1 saw a mix (50.00%)" in told
