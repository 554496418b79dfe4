"""Trace events: JSON, a lane a worker, slices within slices, and nothing said of what is not known."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from simulator.report import Account, trace

from .accounts import FORKED, account, crowd, ends
from .histories import content, run_of


def events(made: Account) -> list[dict[str, Any]]:
    """What a viewer reads."""
    read: list[dict[str, Any]] = json.loads("".join(trace(made)))["traceEvents"]
    return read


def slices(made: Account, name: str) -> list[tuple[int, float, float]]:
    """Lane, begin and duration of the slices with that name."""
    return [(event["tid"], event["ts"], event["dur"]) for event in events(made) if event["name"] == name]


def test_each_worker_has_a_lane_with_its_name() -> None:
    """Readers too, in the order of their numbers."""
    named = [event for event in events(account(FORKED)) if event["name"] == "thread_name"]
    assert [(event["tid"], event["args"]["name"]) for event in named] == [
        (0, "worker 0"), (1, "worker 1"), (2, "reader 2"),
    ]  # fmt: skip


def test_times_are_microseconds_from_the_first_call() -> None:
    """Fractions of them are nanoseconds."""
    made = account(ends())
    assert slices(made, "edit")[0] == (0, 0.0, 0.009)
    assert slices(made, "wait")[0] == (0, 0.0, 0.001)
    assert slices(made, "hold")[0] == (0, 0.001, 0.005)
    assert slices(made, "transform") == [(0, 0.001, 0.001)]
    assert slices(made, "write back") == [(0, 0.002, 0.004)]
    assert slices(made, "read") == [(2, 0.08, 0.004)]


def test_slices_of_a_lane_lie_within_each_other_or_apart() -> None:
    """As viewers need it."""
    lanes: dict[int, list[tuple[float, float]]] = {}
    for event in events(account(crowd(5, 60), workers=5)):
        if event["ph"] == "X":
            lanes.setdefault(event["tid"], []).append((event["ts"], event["ts"] + event["dur"]))
    assert sorted(lanes) == [0, 1, 2, 3, 4]
    for spans in lanes.values():
        spans.sort(key=lambda span: (span[0], -span[1]))
        assert len(spans) == 12 * 5
        open_until: list[float] = []
        for begin, end in spans:
            while open_until and open_until[-1] <= begin + 1e-6:
                open_until.pop()
            assert not open_until or end <= open_until[-1] + 1e-6
            open_until.append(end)


def test_operation_without_an_end_is_an_instant() -> None:
    """Nobody knows how long it took: there is no slice of it, but of the wait that is known."""
    made = account(ends())
    unknown = [event for event in events(made) if event["name"].startswith("end unknown")]
    assert [(event["ph"], event["tid"], event["ts"], event["name"]) for event in unknown] == [
        ("i", 1, 0.033, "end unknown, last: about to write"),
        ("i", 1, 0.07, "end unknown, last: called"),
    ]
    assert [begin for lane, begin, _ in slices(made, "wait") if lane == 1] == [0.03]
    assert [lane for lane, _, _ in slices(made, "edit")] == [0, 0, 0, 0]


def test_failures_say_why() -> None:
    """As an instant at their end, and in their arguments."""
    told = {event["name"]: event for event in events(account(ends())) if event["ph"] == "i" and event["tid"] == 0}
    assert sorted(told) == ["over", "timeout", "turned away"]
    assert told["turned away"]["args"] == {"sequence": 2, "outcome": "fail", "why": "turned_away"}


def test_arguments_tell_version_digests_and_lateness() -> None:
    """All that the records know."""
    first = next(event for event in events(account(ends())) if event["name"] == "edit")
    assert first["args"] == {
        "sequence": 0, "outcome": "ok", "version": "v0.0.1", "late_us": 0.005,
        "read": content(0).hex(), "written": content(1).hex(),
    }  # fmt: skip


def test_counter_tells_how_many_waited() -> None:
    """It rises to all but one, and ends at none."""
    counted = [event for event in events(account(crowd(5, 60), workers=5)) if event["ph"] == "C"]
    numbers = [event["args"]["workers"] for event in counted]
    assert max(numbers) == 5
    assert numbers[-1] == 0
    assert all(before["ts"] < after["ts"] for before, after in pairwise(counted))


def test_trace_comes_in_pieces() -> None:
    """None of them is the whole."""
    pieces = list(trace(account(crowd(5, 600), workers=5)))
    assert len(pieces) > 600 * 4
    assert max(map(len, pieces)) < 600


def test_trace_of_nothing_is_a_trace() -> None:
    """With no events but the name."""
    made = account(run_of(final=content(0)))
    assert [event["name"] for event in events(made)] == ["process_name"]


def test_strange_names_stay_json() -> None:
    """Whatever a strategy is called."""
    named = events(account(FORKED, strategy='"</script>\udcff\n'))[0]
    assert named["args"]["name"] == '2 workers, "</script>\udcff\n'
