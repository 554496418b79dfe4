"""Lockers beside each other: what is told of them, and real runs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from simulator.checker import check
from simulator.config import Config
from simulator.history import Faults, Outcome
from simulator.report import Account
from simulator.report.comparison import Absent, Comparison, Entry, compared, relative
from simulator.report.comparison_page import page
from simulator.report.comparison_text import markdown, text
from simulator.stats import measure
from tests.simulator.started import started

from .histories import content, edit, run_of

ROOT = Path(__file__).parents[2]
COMPARE = [sys.executable, "-m", "simulator", "compare"]
CONFIG = Config(
    workers=2, readers=0, duration_s=5.0, edits=None, hold_ms="0", think_ms="1", file=None, strategy="none", seed=7
)


def run_at(rate: float, *, wrong: bool = False) -> Account:
    """Give a run of two edits, so many a second; the wrong one loses an update."""
    history = run_of(edit(0, content(0), content(1), at=0), edit(1, content(0 if wrong else 1), content(2), at=10))
    numbers = measure(history, 2)._replace(edits_per_s=rate)
    return Account(
        CONFIG, history, check(history), numbers, 0.5,
        interrupted=False, lost=(), failures=(), faults=Faults(), litter=(), kept_in=None,
    )  # fmt: skip


COMPARISON = Comparison(
    CONFIG,
    "python -m simulator compare --workers 2 --seed 7 --runs 3",
    wanted=3,
    entries=(
        Entry("filelock", (run_at(100.0), run_at(110.0), run_at(90.0))),
        Entry("none", (run_at(9000.0), run_at(9000.0, wrong=True), run_at(9000.0))),
        Entry("fast", (run_at(1000.0), run_at(1100.0), run_at(990.0))),
        Entry("a.package.of.mine:Locker", (run_at(500.0), run_at(550.0))),
    ),
    absent=(Absent("go", "strategy go cannot run here: no go command"),),
    interrupted=True,
)

TEXT = """\
2 workers, 5 s each, seed 7, median of 3 rounds in turns

strategy               verdict   edits/s  wait p50       p99       max   Jain
fast                   VALID       1,000      1 ns      1 ns      1 ns  1.000
a.package.of.mine:Locker
                       VALID         525      1 ns      1 ns      1 ns  1.000
filelock               VALID         100      1 ns      1 ns      1 ns  1.000
none                   INVALID     9,000      1 ns      1 ns      1 ns  1.000

fast made
   1.90 ± 0.17 times as many edits a second as a.package.of.mine:Locker
  10.00 ± 1.16 times as many edits a second as filelock

a.package.of.mine:Locker: 2 of 3 rounds
none: INVALID: two edits read the same content, so one wiped out the other
locks that the go command does not see: filelock
strategy go cannot run here: no go command
stopped before its time; the run that was under way is not counted

repeat    python -m simulator compare --workers 2 --seed 7 --runs 3
"""

MARKDOWN = """\
| strategy | verdict | edits/s | wait p50 | wait p99 | wait max | Jain | best/this |
| :-- | :-- | --: | --: | --: | --: | --: | --: |
| `fast` | VALID | 1,000 | 1 ns | 1 ns | 1 ns | 1.000 | 1.00 |
| `a.package.of.mine:Locker` | VALID | 525 | 1 ns | 1 ns | 1 ns | 1.000 | 1.90 ± 0.17 |
| `filelock` | VALID | 100 | 1 ns | 1 ns | 1 ns | 1.000 | 10.00 ± 1.16 |
| `none` | INVALID | 9,000 | 1 ns | 1 ns | 1 ns | 1.000 | - |
| `go` | cannot run here | - | - | - | - | - | - |

2 workers, 5 s each, seed 7, median of 3 rounds in turns:
`python -m simulator compare --workers 2 --seed 7 --runs 3`
"""


def test_text_ranks_the_right_ones_and_shows_the_wrong_ones() -> None:
    """One wrong round of three is enough not to be counted, however fast it is."""
    assert text(COMPARISON) == TEXT
    assert max(map(len, TEXT.splitlines())) <= 80


def test_markdown_is_one_table_with_its_command() -> None:
    """So that it can be repeated."""
    assert markdown(COMPARISON) == MARKDOWN


def test_ratio_is_of_the_medians_and_has_both_deviations() -> None:
    """One round alone has no deviation, and nothing is a number of times as fast as nothing."""
    steady = Entry("a", (run_at(100.0), run_at(100.0), run_at(100.0)))
    spread = Entry("b", (run_at(180.0), run_at(200.0), run_at(220.0)))
    assert relative(steady, steady) == (1.0, 0.0)
    assert str(relative(spread, steady)) == "2.00 ± 0.20"
    assert str(relative(spread, spread)) == "1.00 ± 0.14"
    assert str(relative(spread, Entry("c", (run_at(50.0),)))) == "4.00"
    assert relative(spread, Entry("d", (run_at(0.0),))) is None


def test_comparison_without_a_right_one_has_no_best() -> None:
    """And one without any run says so."""
    wrong = COMPARISON._replace(entries=COMPARISON.entries[1:2])
    assert "times as many" not in text(wrong)
    assert compared(wrong)["best"] is None
    assert "Nothing was measured." in text(COMPARISON._replace(entries=()))


def test_document_has_every_run() -> None:
    """All figures of each round, and what stands in the table."""
    made = json.loads(json.dumps(compared(COMPARISON)))
    assert (made["best"], made["interrupted"]) == ("fast", True)
    filelock = made["strategies"][2]
    told = [filelock[name] for name in ("strategy", "result", "edits_per_s")]
    assert (told, len(filelock["runs"])) == (["filelock", "VALID", 100.0], 3)
    assert round(filelock["best_is_times_as_fast"]["times"], 2) == 10.0
    assert made["strategies"][3]["best_is_times_as_fast"] is None
    assert made["cannot_run"] == [{"strategy": "go", "reason": "strategy go cannot run here: no go command"}]


def test_page_shows_each_and_asks_no_network() -> None:
    """The table with a bar for each that is right; what comes from outside is escaped."""
    made = page(COMPARISON._replace(absent=(Absent("x", "<b> is not here"),)))
    for entry in COMPARISON.entries:
        assert f">{entry.strategy}</th>" in made
    assert made.count('class="bar"') == 4
    assert 'width="52.5%"' in made
    assert 'width="0%"' in made
    assert "&lt;b&gt;" in made
    assert "none: INVALID: two edits read the same content" in made
    assert "http" not in made.replace("http-equiv", "")


def test_edits_that_were_not_made_are_told() -> None:
    """By their reasons, of all rounds together."""
    account = run_at(1.0)
    refused = account.verdict._replace(evidence=account.verdict.evidence._replace(refused=600, failed=1))
    entry = Entry("go", (account._replace(verdict=refused),) * 2)
    told = text(COMPARISON._replace(entries=(entry,), wanted=2))
    assert "go: edits not made: 1,200 refused, as somebody had been quicker, 2 failed\n" in told
    assert "go: each edit is a process of its own" in told


def test_run_without_a_wait_has_no_time_to_tell() -> None:
    """No 0 ns where nothing was measured."""
    history = run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.INFO)._replace(locked_ns=0))
    account = run_at(0.0)._replace(numbers=measure(history, 2), verdict=check(history))
    assert "-         -         -  0.000" in text(COMPARISON._replace(entries=(Entry("x", (account,)),)))


def compare(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with pipes for its output."""
    return subprocess.run(
        [*COMPARE, *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=90, check=False,
    )  # fmt: skip


def test_real_lockers_are_compared_and_told_in_every_form(tmp_path: Path) -> None:
    """Two rounds of a locker and of a mix, in turns; table, page and figures, and the command that repeats it."""
    table, page_ = tmp_path / "table.md", tmp_path / "page.html"
    names = ("lockedfile", "lockedfile,lockedfile-go-protocol")
    done = compare(
        "--workers", "2", "--edits", "5", "--runs", "2", "--seed", "7", "--strategy", *names,
        "--export-markdown", str(table), "--html", str(page_), "--json", "-",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert {one["strategy"] for one in made["strategies"]} == set(names)
    runs = [run for one in made["strategies"] for run in one["runs"]]
    assert [run["verdict"]["evidence"]["committed"] for run in runs] == [10] * 4
    assert {run["config"]["seed"] for run in runs} == {7}
    assert [line[:26] for line in done.stderr.splitlines()[:2]] == [
        "1/4 round 1 lockedfile: VA",
        "2/4 round 1 lockedfile,loc",
    ]
    repeat = f"compare --strategy {' '.join(names)} --runs 2 --workers 2 --edits 5 --seed 7"
    for told in (done.stderr, table.read_text(encoding="utf-8"), page_.read_text(encoding="utf-8")):
        assert repeat in told
        assert names[1] in told


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["--strategy", "lockfile"], 2, "there is no strategy lockfile; did you mean lockedfile?"),
        (["--json", "/nowhere/figures"], 2, "cannot write --json /nowhere/figures: there is no directory /nowhere"),
        (
            ["--strategy", "none", "--timeout", "1"],
            3,
            "strategy none cannot run with --timeout: it has no deadline",
        ),
    ],
)
def test_what_cannot_be_compared_is_said_before_any_run(arguments: list[str], code: int, told: str) -> None:
    """One line, and the exit code that fits."""
    done = compare(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_interrupted_comparison_shows_what_it_has(tmp_path: Path) -> None:
    """Ctrl-C after the first run: the table has it, and nothing is left behind."""
    arguments = ("--workers", "2", "--duration", "0.3", "--runs", "90", "--strategy", "lockedfile")
    with started(tmp_path, "compare", *arguments, until="VALID, ") as run:
        run.send("SIGINT")
        out, err = run.end()
    assert run.process.returncode == 1, err
    assert "lockedfile             VALID" in out
    assert re.search(r"^lockedfile: \d of 90 rounds$", out, re.MULTILINE)
    assert "stopped before its time" in out
    assert list(tmp_path.iterdir()) == []
