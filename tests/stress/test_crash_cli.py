"""The crash harness as people call it: what it lists, what it refuses, and what its exit code says."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from stress.crash.__main__ import exit_code
from stress.crash.arguments import requested
from stress.crash.lane import LANES, Result
from stress.crash.report import as_json, as_markdown, as_table
from stress.crash.tally import Tally
from stress.crash.telling import Lines
from stress.crash.variants import VARIANTS

ROOT = Path(__file__).parents[2]
LONGEST_S = 60


def crash(*arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m stress.crash` from the root of the checkout."""
    command = [sys.executable, "-m", "stress.crash", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_S, check=False)


def result(
    *, failed: int = 0, complete: bool = True, states: dict[str, int] | None = None, stories: tuple[str, ...] = ()
) -> Result:
    """What a lane might have found."""
    tried = {"old": 3, "new": 4} if states is None else states
    return Result("syscalls", "It holds.", tried, {"not reached": 1}, stories, failed, 2.0, {"Linux": "6"}, 7, complete)


def test_help_names_every_lane() -> None:
    """And the exit codes."""
    done = crash("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(lane in done.stdout for lane in LANES)
    assert "exit codes: 0 all holds" in done.stdout


def test_list_says_what_lanes_prove_and_what_variants_lack() -> None:
    """It runs nothing."""
    done = crash("--list")
    assert (done.returncode, done.stderr) == (0, "")
    assert all(lane in done.stdout for lane in LANES)
    assert all(f"{name}: {variant.lacks}" in done.stdout for name, variant in VARIANTS.items())


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--lnog"], "unknown argument --lnog; did you mean --long?"),
        (["syscals"], "syscals is no lane; did you mean syscalls?"),
        (["weather"], "weather is no lane (--help"),
        (["--variant", "no-jurnal"], "no-jurnal is no variant; did you mean no-journal?"),
        (["--seed", "x"], "x is not a whole number of 0 or more"),
        (["--dir", "no/such"], "no/such is not a directory"),
        (["--report", "no/such"], "no/such is not a directory"),
        (["--json", "no/such/file"], "no/such/file cannot be written"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_two(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The line says what is wrong, and what was probably meant."""
    with pytest.raises(SystemExit) as ended:
        requested(arguments)
    output, errors = capsys.readouterr()
    assert (ended.value.code, output, errors.count("\n")) == (2, "", 1)
    assert reason in errors


def test_command_repeats_the_request() -> None:
    """With its seed, also if that was by chance."""
    asked = requested(["kills", "--long", "--seed", "5", "kills"])
    assert asked.command == "python -m stress.crash kills --long --seed 5"
    assert requested(requested([]).command.split()[3:]).seed < 1_000_000


@pytest.mark.parametrize(
    ("results", "cannot", "in_ci", "code"),
    [
        ([result()], {}, False, 0),
        ([result(failed=1), result()], {}, False, 1),
        ([result(states={})], {}, False, 1),
        ([result()], {"disks": "needs root"}, False, 3),
        ([result()], {"disks": "needs root"}, True, 1),
        ([result(complete=False)], {}, False, 130),
        ([result(complete=False, failed=1)], {}, False, 1),
        ([], {"disks": "needs root"}, False, 3),
    ],
)
def test_exit_code_is_the_worst_that_was_found(
    results: list[Result], cannot: dict[str, str], in_ci: bool, code: int
) -> None:
    """Nothing tried is nothing shown; in CI a lane that cannot run is a failure."""
    assert exit_code(results, cannot, in_ci=in_ci) == code


def test_reports_have_counts_stories_and_reasons() -> None:
    """For terminals, for people who were not there, and for programs."""
    found = [result(failed=2, stories=("torn: it was cut",)), result(complete=False)]
    cannot = {"disks": "needs root"}
    table = as_table(found, cannot)
    assert "syscalls: 7 states, 2 failed, 2 s\n          3  old\n          4  new\n" in table
    assert table.endswith("\n2 failed\n")
    assert as_table([result(failed=2)], {}, "no-mark").endswith("no-mark is caught\n")
    assert "- torn: it was cut\n- and 1 more\n" in table
    assert "syscalls (stopped early)" in table
    assert "disks cannot run here: needs root" in table
    markdown = as_markdown(found, cannot, "the command")
    assert all(
        part in markdown for part in ("`the command`", "It holds.", "torn: it was cut", "- Linux 6", "needs root")
    )
    document = json.loads(as_json(found, cannot, "the command"))
    assert [(lane["tried"], lane["holds"]) for lane in document["lanes"]] == [(7, False), (7, True)]
    assert document["cannot_run"] == cannot


def test_tally_keeps_few_stories_that_are_alike() -> None:
    """So that a story of another kind is not crowded out; all are counted."""
    clock = iter([0, 3_000_000_000])
    tally = Tally("lane", "It holds.", 1, clock=lambda: next(clock))
    for number in range(50):
        tally.state("torn", f"one {number}", "one")
    tally.state("torn", "another", "other")
    tally.state("old")
    tally.apart("not reached", 3)
    found = tally.result({}, complete=True)
    assert (found.failures, found.failed, found.tried, found.holds) == (("one 0", "one 1", "another"), 51, 52, False)
    assert (found.states, found.apart, found.seconds) == ({"old": 1, "torn": 51}, {"not reached": 3}, 3.0)


def test_progress_in_a_log_is_a_line_now_and_then() -> None:
    """Not before five seconds, and not more often."""
    told: list[str] = []
    times = iter([0, 1, 6, 7, 12])
    lines = Lines("syscalls", told.append, lambda: next(times) * 1_000_000_000)
    for done in range(4):
        lines(done, 4000, "all well")
    assert told == ["syscalls: 1 of 4,000, all well", "syscalls: 3 of 4,000, all well"]


def test_runs_can_be_joined_in_one_report(tmp_path: Path) -> None:
    """What was run lane by lane is one table, and as bad as the worst of it."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(as_json([result()], {}, "one"))
    bad.write_text(as_json([result(failed=1)], {}, "two"))
    done = crash("--join", str(good), str(bad), "--report", str(tmp_path))
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.count("syscalls: 7 states") == 2
    assert (tmp_path / "crash-report.md").read_text().count("| syscalls |") == 2
    assert crash("--join", str(good)).returncode == 0


@pytest.mark.parametrize("content", [None, "", "{}", '{"lanes": [{}]}'])
def test_what_cannot_be_joined_is_said(tmp_path: Path, content: str | None) -> None:
    """A file that is missing, or not ours."""
    path = tmp_path / "told.json"
    if content is not None:
        path.write_text(content)
    done = crash("--join", str(path))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert f"cannot join {path}" in done.stderr
