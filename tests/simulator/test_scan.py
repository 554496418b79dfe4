"""Scans: the law against its definition, what is told of them, and real runs."""

from __future__ import annotations

import json
import subprocess
import sys
from argparse import ArgumentTypeError
from pathlib import Path

import pytest

from simulator.checker import check
from simulator.commands.scan import wanted
from simulator.config import Config
from simulator.cycle import Cycle, cycle
from simulator.expectation import known_wrong
from simulator.history import Faults, History, Operation
from simulator.model.laws import response_time_s
from simulator.report import Account
from simulator.report.scan import Law, Point, Scan, law_of, scanned
from simulator.report.scan_page import page
from simulator.report.scan_text import markdown, text
from simulator.stats import measure, quantiles

from .histories import content, edit, run_of

ROOT = Path(__file__).parents[2]
CONFIG = Config(
    workers=2, readers=0, duration_s=5.0, edits=None, hold_ms="0", think_ms="1", file=None, strategy="none", seed=7
)


def point(workers: int, rate: float, wait_us: int, *, wrong: bool = False, config: Config = CONFIG) -> Point:
    """Give a point with such figures; the wrong one loses an update."""
    history = run_of(edit(0, content(0), content(1), at=0), edit(1, content(0 if wrong else 1), content(2), at=10))
    waits = quantiles([wait_us * 1000] * 60 + [wait_us * 3000] * 39 + [wait_us * 50_000])
    numbers = measure(history, 2)._replace(edits_per_s=rate, wait=waits)
    account = Account(
        config._replace(workers=workers), history, check(history), numbers, 0.5,
        interrupted=False, lost=(), failures=(), faults=Faults(), litter=(), kept_in=None,
    )  # fmt: skip
    return Point(float(workers), account, Cycle(per_s=rate, response_s=workers / rate / 2, pause_s=workers / rate / 2))


SCAN = Scan(
    "workers",
    "python -m simulator --scan workers=1,8,64 --seed 7",
    (point(1, 850.0, 4), point(8, 4000.0, 300), point(64, 5000.0, 9000, wrong=True)),
    interrupted=True,
)

TEXT = """\
      workers  verdict   edits/s  wait p50       p99       max   Jain
            1  VALID         850   4.00 µs   12.0 µs    200 µs  1.000
            8  VALID       4,000    300 µs    900 µs   15.0 ms  1.000
           64  INVALID     5,000   9.00 ms   27.0 ms    450 ms  1.000

      edits/s
            1  ████████ 850
            8  ████████████████████████████████████████ 4,000
           64  ██████████████████████████████████████████████████ 5,000

         wait  1 µs      10 µs     100 µs    1 ms     10 ms     100 ms    1 s
            1        o====#-----------|
            8                          o====#-----------|
           64                                         o====#-----------|
               o p50   # p99   | max

R = N/X - Z: N workers, X edits a second, a pause of Z; and R as measured.
      workers      N        X         Z   N/X - Z  measured    error
            1      1      850    588 µs    588 µs    588 µs    +0.0%
            8      8    4,000   1.00 ms   1.00 ms   1.00 ms    +0.0%
           64     64    5,000   6.40 ms   6.40 ms   6.40 ms    +0.0%

workers 64: INVALID: two edits read the same content, so one wiped out the other
stopped before its time; the run that was under way is not counted

repeat    python -m simulator --scan workers=1,8,64 --seed 7
"""

MARKDOWN = """\
| workers | verdict | edits/s | wait p50 | p99 | max | Jain | mean response | N/X - Z | error |
| --: | :-- | --: | --: | --: | --: | --: | --: | --: | --: |
| 1 | VALID | 850 | 4.00 µs | 12.0 µs | 200 µs | 1.000 | 588 µs | 588 µs | +0.0% |
| 8 | VALID | 4,000 | 300 µs | 900 µs | 15.0 ms | 1.000 | 1.00 ms | 1.00 ms | +0.0% |
| 64 | INVALID | 5,000 | 9.00 ms | 27.0 ms | 450 ms | 1.000 | 6.40 ms | 6.40 ms | +0.0% |

`python -m simulator --scan workers=1,8,64 --seed 7`
"""


def test_text_has_tables_plots_and_law() -> None:
    """In eighty columns."""
    assert text(SCAN) == TEXT
    assert max(map(len, TEXT.splitlines())) <= 80


def test_markdown_is_one_table_with_its_command() -> None:
    """So that it can be repeated."""
    assert markdown(SCAN) == MARKDOWN


def test_document_has_every_run_and_the_law() -> None:
    """A point each."""
    made = json.loads(json.dumps(scanned(SCAN)))
    assert [p["value"] for p in made["points"]] == [1, 8, 64]
    assert made["points"][1]["response_time_law"] == {"predicted_s": 0.001, "measured_s": 0.001, "error": 0.0}
    assert made["points"][2]["run"]["verdict"]["result"] == "INVALID"


def test_page_has_the_curves() -> None:
    """Rate, waits, and the law beside the measurement."""
    made = page(SCAN)
    assert made.count("<figure") == 3
    for word in (
        "Edits per second",
        "Waits for the lock",
        "Mean response, and the law",
        "N/X - Z",
        "p99",
        SCAN.command,
    ):
        assert word in made
    assert "<figure" not in page(SCAN._replace(points=()))


def turns(workers: int, number: int, response_ns: int, pause_ns: int) -> History:
    """Give a history of workers that all edit and pause in the same steps, which no lock would have allowed."""
    cycle_ns = response_ns + pause_ns
    operations: list[Operation] = [
        edit(worker, content(0), content(1), at=turn * cycle_ns, sequence=turn, lasts=response_ns)
        for worker in range(workers)
        for turn in range(number)
    ]
    return run_of(*operations)


def test_cycle_is_means_over_all_editors() -> None:
    """Response and pause by hand; the law then gives the response, but for the pause that the end cuts off."""
    found = cycle(turns(workers=10, number=1000, response_ns=3_000_000, pause_ns=1_000_000))
    assert found is not None
    assert found.response_s == pytest.approx(0.003)
    assert found.pause_s == pytest.approx(0.001)
    assert response_time_s(10, found.per_s, found.pause_s) == pytest.approx(0.003, rel=0.001)
    assert cycle(turns(workers=3, number=1, response_ns=5, pause_ns=5)) is None


def test_law_shows_what_it_is_off_by() -> None:
    """The law can fail: of a response that is twice what the throughput leaves room for."""
    told = SCAN.points[1]._replace(cycle=Cycle(per_s=4000.0, response_s=0.002, pause_s=0.001))
    assert law_of(told) == Law(predicted_s=0.001, measured_s=0.002, error=-0.5)


def test_law_is_left_out_where_it_says_nothing() -> None:
    """An open loop has no cycle; the text gives the reason, and no figures."""
    for config, why in (
        (CONFIG._replace(arrival_rate=100.0), "in an open loop edits come by a clock of their own"),
        (CONFIG._replace(ramp_s=1.0), "with a ramp not all workers are there from the beginning"),
        (CONFIG._replace(kill_rate=1.0), "a worker that is killed has no response"),
    ):
        scan = SCAN._replace(points=(point(4, 100.0, 5, config=config),))
        assert law_of(scan.points[0]) is None
        assert f"The response time law is left out: {why}." in text(scan)
        assert "measured" not in text(scan)
        assert page(scan).count("<figure") == 2


def test_scan_of_nothing_and_of_runs_without_an_edit_is_told() -> None:
    """No plot of nothing."""
    assert text(SCAN._replace(points=())).startswith("Nothing was measured.\n")
    history = History(content(0), content(0), [])
    idle = SCAN.points[0].account._replace(numbers=measure(history, 2), verdict=check(history), history=history)
    told = text(SCAN._replace(points=(Point(1.0, idle, None),)))
    assert "UNKNOWN" in told
    assert "o p50" not in told


@pytest.mark.parametrize(
    ("strategy", "more", "wrong"),
    [
        ("lockedfile", {}, False),
        ("lockedfile,go,portalocker", {}, False),
        ("lockf", {}, False),
        ("filelock", {"kill_rate": 1.0}, False),
        ("some.where:Else", {"kill_rate": 1.0}, False),
        ("rename", {}, True),
        ("none", {}, True),
        ("lockedfile,rename", {}, True),
        ("lockf,go", {}, True),
        ("filelock,lockedfile", {}, True),
        ("lockedfile-go-protocol", {"kill_rate": 1.0}, True),
        ("portalocker", {"disk_full_rate": 1.0}, True),
    ],
)
def test_what_is_known_to_be_wrong(strategy: str, more: dict[str, float], wrong: bool) -> None:
    """Lockers that do not see each other, that lose updates, or that have no way back."""
    assert known_wrong(CONFIG._replace(strategy=strategy, **more)) is wrong  # type: ignore[arg-type]  # rates only


@pytest.mark.parametrize(
    ("word", "option", "values"),
    [
        ("workers=1,2,4", "workers", "1 2 4"),
        ("workers=8,2,2,4", "workers", "2 4 8"),
        ("--hold-ms=0.5,2", "hold-ms", "0.5 2"),
        ("kill_rate=1,10", "kill-rate", "1 10"),
        ("workers=1..128", "workers", "1 2 4 8 16 32 64 128"),
        ("workers=3..20", "workers", "3 6 12 20"),
        ("workers=1,16..64", "workers", "1 16 32 64"),
        ("readers=0..10:4", "readers", "0 4 8"),
        ("think-ms=0..0.3:0.1", "think-ms", "0 0.1 0.2 0.3"),
        ("limit=5..5", "limit", "5"),
    ],
)
def test_values_are_listed_or_spanned(word: str, option: str, values: str) -> None:
    """By doubling, or in steps; each once, in rising order."""
    assert wanted(word) == (option, tuple(values.split()))


@pytest.mark.parametrize(
    ("word", "why"),
    [
        ("worker=1", "did you mean workers?"),
        ("zebra=1", "there are workers, readers"),
        ("workers", "workers has no values; such as workers=1,2,4 or workers=1..128"),
        ("workers=", "has no values"),
        ("workers=few", "'few' is not a number"),
        ("workers=9..1", "'9..1' is not a number, nor a span"),
        ("readers=0..8", "'0..8' is not a number, nor a span"),  # nothing comes of doubling it
        ("workers=1..inf", "'1..inf' is not a number, nor a span"),
        ("seed=0..1e6:1", "seed"),
        ("workers=1..1000:1", "values; there may be 100"),
    ],
)
def test_what_is_no_scan_is_refused_in_one_line(word: str, why: str) -> None:
    """What is wrong, and what would be right."""
    with pytest.raises(ArgumentTypeError) as caught:
        wanted(word)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)


def scan_of(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run it to its end, with pipes for its output."""
    return subprocess.run(
        [sys.executable, "-m", "simulator", *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=90, check=False,
    )  # fmt: skip


def test_real_runs_are_scanned(tmp_path: Path) -> None:
    """One for each value, all with one seed; their curve is told in every form."""
    table = tmp_path / "table.md"
    done = scan_of("--scan", "workers=1..2", "--edits", "20", "--json", "-", "--export-markdown", str(table), "--quiet")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert [point["run"]["config"]["workers"] for point in made["points"]] == [1, 2]
    assert [point["run"]["verdict"]["evidence"]["committed"] for point in made["points"]] == [20, 40]
    assert len({point["run"]["config"]["seed"] for point in made["points"]}) == 1
    assert all(point["response_time_law"]["measured_s"] > 0 for point in made["points"])
    assert made["command"].startswith("python -m simulator --scan workers=1,2 --edits 20 --seed ")
    assert made["command"] in done.stderr
    assert made["command"] in table.read_text(encoding="utf-8")


def test_value_that_the_option_does_not_take_is_refused_before_any_run() -> None:
    """As if it had been given to the option itself."""
    done = scan_of("--scan", "workers=1,1.5")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "simulator: argument --workers: 1.5 is not a whole number (--help tells more)\n"
