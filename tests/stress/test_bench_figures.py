"""What the benchmark makes of its samples: tables of cases, no process."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from stress.bench.arguments import Options
from stress.bench.cautions import cautions
from stress.bench.claims import Claim
from stress.bench.contents import go_sum
from stress.bench.environment import Environment, file_system_of
from stress.bench.outcome import Outcome, judge
from stress.bench.progress import Progress
from stress.bench.samples import rounds
from stress.bench.table import render

AT_MOST = Claim("name", "an edit", "ours_ns", "theirs_ns", "theirs", 1.0)
AT_LEAST = Claim("name", "some processes", "many_edits_per_s", "one_edits_per_s", "one", 0.6, at_least=True)
DIFFERENCE = Claim("name", "an import", "ours_ms", "theirs_ms", "nothing", 10.0, by_difference=True)
BY_ITSELF = Claim("name", "a wait", "ours_ms", "theirs_ms", "theirs", 5.0, by_itself=True)
NO_TARGET = Claim("name", "an edit", "ours_ns", "theirs_ns", "others", None)
SHARE = Claim("name", "turns", "ours_share", "theirs_share", "theirs", 0.9, by_itself=True, at_least=True)
SLOW_PEER = Claim("name", "a hand-off", "ours_ns", "theirs_ns", "a peer", 1 / 30)

MOUNTS = """\
22 1 254:0 / / rw,relatime - ext4 /dev/root rw
30 22 0:25 / /tmp rw shared:1 - tmpfs tmpfs rw
31 30 8:1 / /tmp/a\\040b rw - xfs /dev/sda1 rw
32 22 8:2 / /data rw - btrfs /dev/sdb rw
33 32 8:3 / /data rw - ext4 /dev/sdc rw
"""


def outcome(claim: Claim, ours: list[float], theirs: list[float]) -> Outcome:
    """The outcome of samples that are there."""
    judged = judge(claim, {claim.ours: ours, claim.theirs: theirs})
    assert judged
    return judged


def options(rounds: int = 15) -> Options:
    """A full run in a directory."""
    return Options(rounds=rounds, quick=False, directory=Path("here"), json=None)


def environment(file_system: str = "ext4") -> Environment:
    """Some machine."""
    return Environment(python="CPython 3.11", kernel="Linux 6", file_system=file_system, cpus=2, go="1.27")


@pytest.mark.parametrize(
    ("claim", "ours", "theirs", "compared", "met"),
    [
        (AT_MOST, [90, 110, 1000], [100, 100, 1000], 1.0, True),
        (AT_MOST, [90, 110, 120], [100, 100, 100], 1.1, False),
        (AT_LEAST, [50, 70, 60], [100, 100, 100], 0.6, True),
        (AT_LEAST, [50], [100], 0.5, False),
        (DIFFERENCE, [15, 19, 18], [10, 10, 7], 9, True),
        (DIFFERENCE, [25, 29, 28], [10, 10, 10], 18, False),
        (BY_ITSELF, [4, 9, 3], [0, 1, 1], 4, True),
        (BY_ITSELF, [6], [100], 6, False),
        (NO_TARGET, [1], [2], 0.5, None),
    ],
)
def test_outcome_is_the_median_of_the_rounds(
    claim: Claim, ours: list[float], theirs: list[float], compared: float, met: bool | None
) -> None:
    """Each round is compared with itself, and one wild round moves nothing."""
    judged = outcome(claim, ours, theirs)
    assert (judged.compared, judged.met) == (compared, met)


def test_claim_without_samples_has_no_outcome() -> None:
    """Nothing measured, nothing said."""
    assert judge(AT_MOST, {"ours_ns": [1.0]}) is None


def test_contestants_take_turns_at_being_first() -> None:
    """Whatever the first or the last of a round gains or loses, each gains or loses it alike."""
    measured: list[str] = []

    def contestant(name: str) -> float:
        measured.append(name)
        return float(len(measured))

    some = rounds({name: lambda name=name: contestant(name) for name in "abc"})  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    assert [set(one) for one in islice(some, 3)] == [set("abc")] * 3
    assert "".join(measured) == "abcbcacab"


@pytest.mark.parametrize(
    ("directory", "file_system"),
    [
        ("/home/me", "ext4"),
        ("/tmp", "tmpfs"),
        ("/tmp/x", "tmpfs"),
        ("/tmpfile", "ext4"),
        ("/tmp/a b/c", "xfs"),
        ("/data", "ext4"),
    ],
)
def test_file_system_is_that_of_the_longest_mount_point(directory: str, file_system: str) -> None:
    """By whole components; of two mounted on one point it is the later."""
    assert file_system_of(directory, MOUNTS) == file_system


def test_unknown_file_system_is_called_unknown() -> None:
    """Where the system has no list of mounts."""
    assert file_system_of("/home", "") == "unknown"


def test_calm_run_on_ext4_has_no_caution() -> None:
    """The cautions mean something only if they are not always there."""
    calm = outcome(AT_MOST, [50.0, 51.0, 52.0], [100.0] * 3)
    assert cautions(options(), environment(), [calm], []) == []


def test_rounds_that_differ_are_no_caution_where_nothing_is_promised() -> None:
    """A list of all that is never steady would be read by nobody."""
    wild = outcome(NO_TARGET, [30.0, 50.0, 70.0], [100.0] * 3)
    assert cautions(options(), environment(), [wild], []) == []


@pytest.mark.parametrize(
    ("ours", "file_system", "rounds", "missing", "told"),
    [
        ([50.0, 50.0, 50.0], "tmpfs", 15, [], "give a directory on ext4 with --dir"),
        ([30.0, 50.0, 70.0], "ext4", 15, [], "end other programs"),
        ([99.0, 100.0, 102.0], "ext4", 15, [], "--rounds 60 may decide"),
        ([50.0, 50.0, 50.0], "ext4", 2, [], "shows that all works, not how fast"),
        ([50.0, 50.0, 50.0], "ext4", 15, ["this"], "Not measured: this."),
    ],
)
def test_caution_comes_with_its_remedy(
    ours: list[float], file_system: str, rounds: int, missing: list[str], told: str
) -> None:
    """Each cause alone brings the one sentence."""
    (caution,) = cautions(options(rounds), environment(file_system), [outcome(AT_MOST, ours, [100.0] * 3)], missing)
    assert told in caution


def test_table_aligns_its_columns() -> None:
    """Words to the left, figures to the right, an unmet target in capitals."""
    rows = [
        outcome(AT_MOST, [9000.0], [12000.0]),
        outcome(NO_TARGET, [9000.0], [8000.0]),
        outcome(AT_LEAST, [50.0], [100.0]),
        outcome(DIFFERENCE, [12.5], [10.0]),
        outcome(BY_ITSELF, [3.0], [0.5]),
        outcome(SHARE, [0.96], [0.0]),
        outcome(SLOW_PEER, [100_000.0], [25_000_000.0]),
    ]
    assert render(rows) == (
        "what                  ours       theirs             ratio  target        met\n"
        "an edit             9.0 us      12.0 us  theirs      0.75  <= 1          yes\n"
        "an edit             9.0 us       8.0 us  others      1.12\n"
        "some processes  50 edits/s  100 edits/s  one         0.50  >= 0.6        NO\n"
        "an import          12.5 ms      10.0 ms  nothing  +2.5 ms  <= 10 ms      yes\n"
        "a wait              3.0 ms       0.5 ms  theirs            ours <= 5 ms  yes\n"
        "turns                 0.96         0.00  theirs            ours >= 0.9   yes\n"
        "a hand-off        100.0 us      25.0 ms  a peer    0.0040  <= 0.0333     yes\n"
    )


def test_progress_is_told_only_of_what_takes_long() -> None:
    """A phase that is done within two seconds says nothing, a longer one says where it is."""
    clock_ns = [0]
    told: list[str] = []
    progress = Progress("a phase", 9, told.append, clock=lambda: clock_ns[0])
    for done, now_ns in enumerate([1_900_000_000, 2_100_000_000, 2_200_000_000, 4_200_000_000], start=1):
        clock_ns[0] = now_ns
        progress.done(done)
    assert told == ["a phase: 2 of 9 rounds\n", "a phase: 4 of 9 rounds\n"]


@pytest.mark.parametrize(("rounds", "waiting_rounds"), [(1, 1), (3, 1), (4, 1), (5, 2), (15, 4)])
def test_phases_that_wait_have_fewer_rounds(rounds: int, waiting_rounds: int) -> None:
    """Each takes seconds; but at least one there is, and more of all mean more of these."""
    assert options(rounds).waiting_rounds == waiting_rounds


@pytest.mark.parametrize("size_bytes", [1, 2048, 1_000_000])
def test_contents_have_the_size_that_was_asked_for(size_bytes: int) -> None:
    """To the byte, so that every run edits the same."""
    assert len(go_sum(size_bytes)) == size_bytes
