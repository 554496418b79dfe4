"""Pictures of a run as strings: what a screen of a given size shows, and that nobody is missing on it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from simulator.checker import Flaw
from simulator.follow import Sight
from simulator.lanes import Doing, Lane, Snapshot
from simulator.live.crowd import crowd
from simulator.live.marks import ASCII, STYLES, UNICODE, line_text
from simulator.live.pace import Pace
from simulator.live.picture import Scene, picture
from simulator.sofar import SoFar
from simulator.stats import Quantiles

if TYPE_CHECKING:
    from simulator.row import Row

NOW_NS = 10_000_000_000
CYCLE = (Doing.WAITING, Doing.HOLDING, Doing.THINKING, Doing.WRITING)
SIZES = [(80, 24), (120, 40), (60, 14), (200, 60), (40, 10), (80, 8)]


def scene(workers: int, *, looks: int = 12, flaw: Flaw | None = None, keys: str = "") -> Scene:
    """Worker by worker one of four states, which move on by one at each look."""
    moments = [tuple(CYCLE[(worker + look) % 4] for worker in range(workers)) for look in range(looks)]
    lanes = tuple(
        Lane(doing, NOW_NS - 1_000_000 * (worker + 1), 5) for worker, doing in enumerate(moments[-1] if looks else ())
    )
    return Scene(
        title="running",
        clock="8 workers  2.0 of 5 s",
        share=0.4,
        snapshot=Snapshot("running", 2.0, NOW_NS, lanes, 12_345, 0),
        sight=Sight(
            SoFar(12_345, 0, flaw, "workers 1 and 2 read the same content" if flaw else ""),
            Quantiles(12_345, 80_000, 90_000, 1_500_000, 2_000_000, 30_000_000),
            (3, 1, 2),
            0,
        ),
        rate=5432.1,
        rates=[1.0, 2.0, 4.0, 8.0],
        moments=moments,
        keys=keys,
    )


def shown(lines: list[Row]) -> str:
    """What a screen shows."""
    return "\n".join(line_text(line).rstrip() for line in lines)


def test_picture_of_a_few_workers() -> None:
    """Every line of it, at 70 columns."""
    assert shown(picture(scene(4), 70, 20, UNICODE)) == (
        "running ━━━━━━━━━━━━━━━━──────────────────────── 8 workers  2.0 of 5 s\n"
        "edits        12,345      5,432/s  ▂▃▅█\n"
        "waits   p50 80.0 µs  p99 1.50 ms  max 30.0 ms  longest now 2.00 ms, w$\n"
        "verdict so far VALID: 12,345 edits judged\n"
        "lock    3 → 1 → 2\n"
        "─ waiting 1  █ holding 1  ▓ writing 1  · thinking 1\n"
        "\n"
        " 0 writing  1.00 ms                                       ─█·▓─█·▓─█·▓\n"
        " 1 waiting  2.00 ms                                       █·▓─█·▓─█·▓─\n"
        " 2 holding  3.00 ms                                       ·▓─█·▓─█·▓─█\n"
        " 3 thinking                                               ▓─█·▓─█·▓─█·"
    )


def test_picture_for_a_terminal_of_letters() -> None:
    """Each state has a letter or sign of its own there, and nothing else is beyond ASCII either."""
    told = shown(picture(scene(4), 70, 20, ASCII))
    assert told.isascii()
    assert " 0 writing  1.00 ms                                       -H.W-H.W-H.W" in told
    assert "waits   p50 80.0 us" in told
    assert len(set(ASCII.states)) == len(set(UNICODE.states)) == len(Doing)


def test_flaw_is_shown_at_once() -> None:
    """In words, and as bad."""
    lines = picture(scene(4, flaw=Flaw.LOST), 80, 20, UNICODE)
    assert "verdict so far INVALID: lost update: workers 1 and 2 read the same content" in shown(lines)
    assert ("INVALID", "bad") in lines[3]


@pytest.mark.parametrize(("columns", "rows"), [*SIZES, (30, 5), (10, 3), (3, 1)])
@pytest.mark.parametrize("workers", [1, 8, 32, 256, 1024])
def test_picture_fits_the_screen(columns: int, rows: int, workers: int) -> None:
    """It is never wider or higher, and all its styles are known."""
    lines = picture(scene(workers, keys="q quits"), columns, rows, UNICODE)
    assert len(lines) <= rows
    assert max(len(line_text(line)) for line in lines) <= columns
    assert {style for line in lines for _, style in line} <= set(STYLES)


@pytest.mark.parametrize(("columns", "rows"), SIZES)
@pytest.mark.parametrize("workers", [1, 8, 32, 100, 256, 1024, 2048])
def test_no_worker_is_missing(columns: int, rows: int, workers: int) -> None:
    """Each has a lane, or a cell, or is in a group whose share is shown."""
    now = scene(workers)
    room = rows - 6
    lines = crowd(now.snapshot.lanes, now.moments, now_ns=NOW_NS, columns=columns, rows=room, marks=UNICODE)
    assert 0 < len(lines) <= room
    labels = [text.strip() for line in lines for text, style in line if style == "dim"]
    if any("-" in label for label in labels):
        spans = [tuple(map(int, label.split("-"))) for label in labels]
        assert [worker for first, last in spans for worker in range(first, last + 1)] == list(range(workers))
    elif len(labels) == workers:
        assert sorted(map(int, labels)) == list(range(workers))
    else:
        cells = "".join(text for line in lines for text, style in line if style != "dim")
        assert len(cells) == workers
        assert {doing: cells.count(UNICODE.states[doing]) for doing in CYCLE} == {
            doing: sum(lane.doing is doing for lane in now.snapshot.lanes) for doing in CYCLE
        }


def test_rare_state_has_its_share_of_a_group() -> None:
    """The one that holds the lock is seen, however many wait."""
    lanes = [Lane(Doing.WAITING, 1, 0)] * 999 + [Lane(Doing.HOLDING, 1, 0)]
    (line,) = crowd(lanes, [], now_ns=NOW_NS, columns=40, rows=1, marks=UNICODE)
    assert line_text(line) == "   0-999 █" + "─" * 30


def test_bars_show_who_waits_longest_where_there_is_room() -> None:
    """Below the cells of many workers."""
    told = shown(picture(scene(256), 80, 24, UNICODE))
    longest = re.findall(r"worker +(\d+) waits +(\S+ \S+) (━+)", told)
    assert longest[0] == ("253", "254 ms", "━" * 54)
    assert len(longest) > 5


def test_crowd_that_starts_has_its_places_already() -> None:
    """Who is not there yet is drawn so."""
    lanes = [Lane(Doing.THINKING, 0, 0), *[Lane(Doing.ABSENT, 0, 0)] * 3]
    lines = crowd(lanes, [tuple(lane.doing for lane in lanes)], now_ns=NOW_NS, columns=30, rows=4, marks=UNICODE)
    assert [line_text(line).split() for line in lines] == [["0", "·"], ["1", "_"], ["2", "_"], ["3", "_"]]


def test_rate_is_that_of_the_last_moments() -> None:
    """Not of the whole run; and after a jump back it begins anew."""
    pace = Pace()
    for tenth in range(21):
        edits = 1000 if tenth < 10 else 1000 + (tenth - 10) * 50
        pace.look(Snapshot("running", tenth / 10, tenth * 100_000_000, (), edits, 0))
    assert pace.rate() == pytest.approx(500)
    pace.look(Snapshot("running", 0.5, 500_000_000, (), 1000, 0))
    assert pace.rate() == 0
    assert len(pace.moments) == 1
