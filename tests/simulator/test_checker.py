"""The checker: every anomaly is found in a history that has it, and in no history that has none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.checker import Flaw, Result, check
from simulator.history import NOTHING, History, Kind, Operation, Outcome, Why

from .histories import TORN, content, edit, peek, read, run_of, valid_histories

FIRST = edit(0, content(0), content(1), at=0)
SECOND = edit(1, content(1), content(2), at=10)
THIRD = edit(0, content(2), content(3), at=20, sequence=1)


def test_chain_of_edits_is_valid() -> None:
    """Edits that follow one another to the final content are as they must be, and are counted."""
    verdict = check(run_of(FIRST, SECOND, THIRD))
    assert verdict.result is Result.VALID
    assert not verdict.anomalies
    assert (verdict.evidence.committed, verdict.evidence.contents_checked, verdict.evidence.chain_length) == (3, 4, 3)


def test_order_of_records_does_not_matter() -> None:
    """Records come a worker at a time, not in the order of time."""
    history = run_of(FIRST, SECOND, THIRD)
    assert check(history._replace(operations=history.operations[::-1])) == check(history)


def test_history_without_an_edit_is_unknown() -> None:
    """Nothing happened, so nothing is shown."""
    assert check(History(content(0), content(0), [])).result is Result.UNKNOWN


HISTORIES = {
    "a reader reads what no edit wrote": (run_of(FIRST, read(2, TORN, 2), SECOND), Flaw.TORN),
    "an edit reads what no edit wrote": (run_of(FIRST, edit(1, TORN, content(2), at=10)), Flaw.TORN),
    "a failed edit read what no edit wrote": (
        run_of(edit(1, TORN, NOTHING, at=10, outcome=Outcome.FAIL), FIRST),
        Flaw.TORN,
    ),
    "the final content is one that no edit wrote": (run_of(FIRST, SECOND, final=TORN), Flaw.TORN),
    "the final content is strange though no edit happened": (
        History(content(0), TORN, [edit(0, content(0), NOTHING, at=0, outcome=Outcome.FAIL)]),
        Flaw.TORN,
    ),
    "two edits of one content, the later is there": (
        run_of(FIRST, edit(1, content(0), content(2), at=10), final=content(2)),
        Flaw.LOST,
    ),
    "two edits of one content, the earlier is there": (
        run_of(FIRST, edit(1, content(0), content(2), at=10), final=content(1)),
        Flaw.LOST,
    ),
    "a chain that forks and goes on at both ends": (
        run_of(FIRST, edit(1, content(0), content(2), at=10), edit(0, content(1), content(3), at=20),
               edit(1, content(2), content(4), at=30)),
        Flaw.LOST,
    ),
    "the last edit is not there at the end": (run_of(FIRST, SECOND, THIRD, final=content(2)), Flaw.LOST),
    "all edits are gone at the end": (run_of(FIRST, SECOND, final=content(0)), Flaw.LOST),
    "an edit in the middle brings back the first content": (
        run_of(FIRST, edit(1, content(1), content(0), at=10), final=content(0)),
        Flaw.LOST,
    ),
    "a failed edit is read by the next one": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.FAIL), SECOND),
        Flaw.FAILED,
    ),
    "a failed edit is read by a reader": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.FAIL), read(2, content(1), at=2),
               edit(1, content(0), content(2), at=10)),
        Flaw.FAILED,
    ),
    "a failed edit is there at the end": (
        run_of(FIRST, edit(1, content(1), content(2), at=10, outcome=Outcome.FAIL), final=content(2)),
        Flaw.FAILED,
    ),
    "an edit builds on one that began after it had ended": (
        run_of(FIRST, edit(1, content(1), content(2), at=-10)),
        Flaw.ORDER,
    ),
    "an edit builds on one that began long after, with others in between": (
        run_of(edit(0, content(0), content(1), at=30), edit(1, content(1), content(2), at=40),
               edit(2, content(2), content(3), at=0)),
        Flaw.ORDER,
    ),
    "a reader reads what was replaced before it began": (run_of(read(2, content(1), at=15), FIRST, SECOND), Flaw.ORDER),
    "a reader reads the first content after an edit": (run_of(read(2, content(0), at=5), FIRST), Flaw.ORDER),
    "a reader reads what is only written later": (run_of(read(2, content(2), at=0), FIRST, SECOND), Flaw.ORDER),
    "a failed edit read what was replaced before it began": (
        run_of(edit(2, content(0), NOTHING, at=20, outcome=Outcome.FAIL), FIRST, SECOND),
        Flaw.ORDER,
    ),
    "an edit builds on one that had the lock only later": (
        run_of(
            FIRST._replace(invoked_ns=1, locked_ns=50, released_ns=60, returned_ns=100),
            SECOND._replace(invoked_ns=1, locked_ns=10, released_ns=20, returned_ns=100),
        ),
        Flaw.ORDER,
    ),
    "a failed edit had the lock after another, and read what that had replaced": (
        run_of(
            edit(2, content(0), NOTHING, at=1, outcome=Outcome.FAIL)._replace(locked_ns=30, released_ns=31),
            FIRST._replace(invoked_ns=1, locked_ns=10, released_ns=20, returned_ns=100),
        ),
        Flaw.ORDER,
    ),
    "two edits have the lock at once": (
        run_of(FIRST, edit(1, content(1), content(2), at=10)._replace(locked_ns=1, released_ns=12)),
        Flaw.OVERLAP,
    ),
    "a long holder overlaps one that is not its neighbour": (
        run_of(FIRST._replace(released_ns=100, returned_ns=100),
               SECOND._replace(locked_ns=101), THIRD._replace(locked_ns=99, released_ns=99)),
        Flaw.OVERLAP,
    ),
    "a long holder that is not the first overlaps one that is not its neighbour": (
        run_of(
            FIRST,
            SECOND._replace(released_ns=100, returned_ns=100),
            THIRD._replace(locked_ns=21, released_ns=22),
            edit(2, content(3), content(4), at=30),
        ),
        Flaw.OVERLAP,
    ),
    "a reader has the lock while an edit has it": (
        run_of(read(2, content(0), at=0)._replace(locked_ns=1, released_ns=3), FIRST),
        Flaw.OVERLAP,
    ),
    "a killed edit is there, and an edit of the older content too": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.INFO), read(2, content(1), at=5),
               edit(1, content(0), content(2), at=10)),
        Flaw.LOST,
    ),
    "half of a killed edit is read by the next one": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.INFO), edit(1, TORN, content(2), at=10)),
        Flaw.TORN,
    ),
    "half of a killed edit is read by a reader, and then it is undone": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.INFO), read(2, TORN, at=5),
               edit(1, content(0), content(2), at=10)),
        Flaw.TORN,
    ),
    "half of a killed edit is there at the end": (
        run_of(FIRST, edit(1, content(1), content(2), at=10, outcome=Outcome.INFO), final=TORN),
        Flaw.TORN,
    ),
    "a killed edit was read, and then it was undone": (
        run_of(FIRST, edit(1, content(1), content(2), at=10, outcome=Outcome.INFO), read(2, content(2), at=15),
               edit(0, content(1), content(3), at=20)),
        Flaw.LOST,
    ),
    "undoing a killed edit undid one that had returned": (
        run_of(FIRST, edit(1, content(1), content(2), at=10, outcome=Outcome.INFO),
               edit(0, content(0), content(3), at=20)),
        Flaw.LOST,
    ),
    "a killed edit was undone after others had built on it": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.INFO), SECOND,
               edit(2, content(0), content(3), at=20), final=content(3)),
        Flaw.LOST,
    ),
    "the last edit was undone at the end, as if it had been killed": (
        run_of(FIRST, SECOND, edit(0, content(2), content(3), at=20, outcome=Outcome.INFO), final=content(1)),
        Flaw.LOST,
    ),
    "two killed edits of one content are both there": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.INFO), read(2, content(1), at=5),
               edit(1, content(0), content(2), at=10, outcome=Outcome.INFO), edit(3, content(2), content(3), at=20)),
        Flaw.LOST,
    ),
    "a reader reads an older content when another has read a newer one, while it is written": (
        run_of(FIRST._replace(released_ns=90, returned_ns=90), read(2, content(1), at=10), read(3, content(0), at=20),
               final=content(1)),
        Flaw.ORDER,
    ),
    "a killed edit read what had been replaced before it had the lock": (
        run_of(FIRST, SECOND, edit(2, content(0), content(9), at=20, outcome=Outcome.INFO), final=content(2)),
        Flaw.ORDER,
    ),
    "killed edits that were read, and nothing leads to them": (
        run_of(FIRST, edit(1, content(5), content(6), at=10, outcome=Outcome.INFO),
               edit(2, content(6), content(5), at=20, outcome=Outcome.INFO), final=content(1)),
        Flaw.LOST,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", HISTORIES)
def test_anomaly_is_found(name: str) -> None:
    """Each hand-written history is invalid for its own reason, with a witness from the history."""
    history, flaw = HISTORIES[name]
    verdict = check(history)
    assert verdict.result is Result.INVALID
    assert flaw in {anomaly.flaw for anomaly in verdict.anomalies}
    for anomaly in verdict.anomalies:
        assert set(anomaly.witness) <= set(history.operations)
        assert verdict.counts[anomaly.flaw] >= 1


SOUND = {
    "a killed edit that is not there": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.INFO), edit(1, content(0), content(2), at=10)),
        0,
    ),
    "a killed edit that is there at the end": (run_of(FIRST, SECOND._replace(outcome=Outcome.INFO)), 1),
    "a killed edit that the next one built on": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.INFO), SECOND),
        1,
    ),
    "a killed edit that a reader saw and nobody built on yet": (
        run_of(FIRST, SECOND._replace(outcome=Outcome.INFO), read(2, content(2), at=20), final=content(2)),
        1,
    ),
    "two killed edits of one content, one of which is there": (
        run_of(edit(0, content(0), content(1), at=0, outcome=Outcome.INFO),
               edit(1, content(0), content(2), at=10, outcome=Outcome.INFO), edit(2, content(2), content(3), at=20)),
        1,
    ),
    "a killed edit that was done again with the same content": (
        run_of(edit(0, content(0), content(1), at=-10, outcome=Outcome.INFO), FIRST),
        0,
    ),
    "a killed edit that was undone, and done again by one that was killed too and is there": (
        run_of(edit(0, content(0), content(1), at=-10, outcome=Outcome.INFO),
               edit(0, content(0), content(1), at=0, outcome=Outcome.INFO), SECOND),
        1,
    ),
    "a killed edit that was undone much later": (
        run_of(FIRST, edit(1, content(1), content(2), at=10, outcome=Outcome.INFO),
               edit(0, content(1), content(3), at=1000)._replace(recovered=True)),
        0,
    ),
    "a killed edit that was undone by the last read": (
        run_of(FIRST, edit(1, content(1), content(2), at=10, outcome=Outcome.INFO), final=content(1)),
        0,
    ),
    "a worker killed when it had told its release, and not its outcome": (
        run_of(FIRST._replace(outcome=Outcome.INFO, returned_ns=0), SECOND),
        1,
    ),
    "a worker killed with the lock, before it told what it would write": (
        run_of(FIRST, edit(1, NOTHING, NOTHING, at=10, outcome=Outcome.INFO), THIRD._replace(read=content(1))),
        0,
    ),
    "a reader that was killed": (
        run_of(FIRST, read(2, NOTHING, at=5)._replace(outcome=Outcome.INFO, returned_ns=0), SECOND),
        0,
    ),
    "a worker killed while it waited": (
        run_of(FIRST, edit(1, NOTHING, NOTHING, at=3, outcome=Outcome.INFO)._replace(locked_ns=0), final=content(1)),
        0,
    ),
    "a failed edit that is not there": (
        run_of(FIRST, edit(1, content(1), content(9), at=10, outcome=Outcome.FAIL), final=content(1)),
        0,
    ),
    "a failed edit that was done again with the same content": (
        run_of(edit(0, content(0), content(1), at=-10, outcome=Outcome.FAIL), FIRST),
        0,
    ),
    "readers that have the lock together": (
        run_of(read(2, content(0), at=-9)._replace(locked_ns=-8, released_ns=-6),
               read(3, content(0), at=-9)._replace(locked_ns=-8, released_ns=-6), FIRST),
        0,
    ),
    "reads that overlap the edit that they see, or do not see yet": (
        run_of(read(2, content(1), at=1), read(3, content(0), at=2), FIRST),
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_sound_history_is_valid(name: str) -> None:
    """Nothing is seen in it that is not there; of killed edits it says how many took place."""
    history, applied = SOUND[name]
    verdict = check(history)
    if verdict.evidence.committed:
        assert verdict.result is Result.VALID, verdict.anomalies
    assert verdict.evidence.unknown_applied == applied


@pytest.mark.parametrize("name", [name for name in HISTORIES if name.startswith("half of a killed edit")])
def test_half_of_a_killed_edit_is_shown_with_that_edit(name: str) -> None:
    """Beside who read it stands who was killed before: a reader of the report sees where it came from."""
    (anomaly,) = check(HISTORIES[name][0]).anomalies
    assert anomaly.witness[0].outcome is Outcome.INFO


def test_what_hangs_on_a_torn_content_is_not_blamed() -> None:
    """Edits that built on it lead nowhere, but they lost nothing: one flaw is one flaw."""
    killed = edit(0, content(0), content(1), at=0, outcome=Outcome.INFO)
    verdict = check(run_of(killed, edit(1, TORN, content(2), at=10), edit(0, content(2), content(3), at=20)))
    assert verdict.counts == {Flaw.TORN: 1}


@pytest.mark.parametrize("name", [name for name, (_, applied) in SOUND.items() if applied])
def test_killed_edit_is_not_taken_for_a_failed_one(name: str) -> None:
    """The difference matters: if a kill were taken for a failure, an edit that is there would be blamed."""
    history, _ = SOUND[name]
    killed = [op for op in history.operations if op.outcome is Outcome.INFO]
    as_failed = [op._replace(outcome=Outcome.FAIL) if op in killed else op for op in history.operations]
    assert Flaw.FAILED in check(history._replace(operations=as_failed)).counts


def test_killed_edit_is_not_taken_for_one_that_returned() -> None:
    """Nor for a success: an edit that is not there would be a lost one."""
    history, _ = SOUND["a killed edit that was undone much later"]
    as_returned = [op._replace(outcome=Outcome.OK) for op in history.operations]
    assert Flaw.LOST in check(history._replace(operations=as_returned)).counts


def test_edits_that_repaired_are_counted() -> None:
    """How often it had to be done is part of the evidence."""
    assert check(run_of(FIRST, SECOND._replace(recovered=True), THIRD)).evidence.recovered == 1


def test_peeks_are_no_failure_and_are_counted() -> None:
    """Who takes no lock may see anything; and that a killed edit was seen so does not mean that it stayed."""
    killed = edit(2, content(2), content(9), at=20, outcome=Outcome.INFO)
    peeks = [peek(7, what, at=5) for what in (content(0), content(2), content(9), TORN, TORN, NOTHING)]
    verdict = check(run_of(FIRST, SECOND, killed, *peeks, final=content(2)))
    assert verdict.result is Result.VALID
    assert (verdict.evidence.peeks, verdict.evidence.mixes, verdict.evidence.reads) == (6, 2, 0)
    assert verdict.evidence.contents_checked == 4
    refused = peek(7, NOTHING, at=6)._replace(outcome=Outcome.FAIL, why=Why.LOCKED)
    evidence = check(run_of(FIRST, SECOND, killed, *peeks, refused, final=content(2))).evidence
    assert (evidence.peeks, evidence.peeks_refused, evidence.mixes, evidence.failed) == (7, 1, 2, 0)
    as_reads = [op._replace(kind=Kind.READ) for op in peeks]
    assert check(run_of(FIRST, SECOND, killed, *as_reads, final=content(2))).result is Result.INVALID


def test_reasons_of_failed_edits_are_counted_apart() -> None:
    """What raised is one thing; what gave up, was turned away, refused, or came too late is another."""
    failed = [
        edit(2, NOTHING, NOTHING, at=30 + number, outcome=Outcome.FAIL)._replace(why=why)
        for number, why in enumerate([*Why, Why.TIMEOUT])
    ]
    evidence = check(run_of(FIRST, *failed, final=content(1))).evidence
    assert (evidence.committed, evidence.failed, evidence.withdrawn) == (1, 1, 1)
    assert (evidence.given_up, evidence.turned_away, evidence.refused) == (2, 1, 1)


@pytest.mark.parametrize("why", Why)
def test_edit_that_was_not_made_must_not_be_there(why: Why) -> None:
    """Whatever the reason for which it was not."""
    late = edit(1, content(1), content(2), at=10, outcome=Outcome.FAIL)._replace(why=why)
    assert Flaw.FAILED in check(run_of(FIRST, late, final=content(2))).counts


BLIND = SECOND._replace(read=NOTHING, written=NOTHING, version=0)


def test_edit_that_told_nothing_leaves_it_unknown() -> None:
    """It returned; what it wrote may be what the next one read, or may be lost."""
    verdict = check(run_of(FIRST, BLIND, THIRD))
    assert verdict.result is Result.UNKNOWN
    assert "did not tell what they wrote" in verdict.reason
    assert (verdict.evidence.blind, verdict.anomalies) == (1, ())


def test_edit_that_told_nothing_excuses_no_more_than_it_can_have_done() -> None:
    """It wrote one content; of two that nobody wrote one is torn. And it does not make two edits of one content."""
    torn = check(run_of(FIRST, BLIND, read(5, TORN, at=12), THIRD))
    assert Flaw.TORN in torn.counts
    assert Flaw.LOST in check(run_of(FIRST, BLIND, SECOND._replace(read=content(0)), final=content(1))).counts


def test_smallest_witness_is_shown() -> None:
    """One operation that shows it is better than two, though that came later; of the same size it is the earliest."""
    killed = edit(3, content(1), content(9), at=10, outcome=Outcome.INFO)
    early, late = read(2, TORN, at=5), read(2, TORN, at=400)
    for operations in ((late, killed, early, FIRST), (FIRST, killed, early, late)):
        verdict = check(run_of(*operations, final=content(1)))
        assert verdict.anomalies[0].witness == (early,)
        assert [anomaly.witness for anomaly in verdict.choice] == [(early,), (killed, late)]


def test_earliest_witness_is_shown() -> None:
    """Whoever recorded it, and in whichever order the records come."""
    late, early = read(1, TORN, at=500), read(2, TORN, at=30)
    for operations in ((FIRST, late, early, SECOND), (early, late, FIRST, SECOND)):
        (anomaly,) = check(run_of(*operations)).anomalies
        assert anomaly.witness == (early,)
    late, early = read(1, content(0), at=500), read(2, content(0), at=30)
    (anomaly,) = check(run_of(late, early, FIRST, SECOND)).anomalies
    assert anomaly.witness[-1] == early


@given(valid_histories())
def test_turns_under_a_lock_are_valid(history: History) -> None:
    """Whatever workers do that take turns, and whoever of them is killed, it is not called invalid."""
    verdict = check(history)
    assert not verdict.anomalies
    committed = any(op.outcome is Outcome.OK and op.kind is Kind.EDIT for op in history.operations)
    assert verdict.result is (Result.VALID if committed else Result.UNKNOWN)


@given(valid_histories(), st.integers(1, 40))
def test_coarse_clock_is_no_anomaly(history: History, tick_ns: int) -> None:
    """A clock that stands still between its ticks, as that of Windows, makes no valid history invalid."""

    def coarse(operation: Operation) -> Operation:
        times = {
            name: getattr(operation, name) // tick_ns * tick_ns for name in Operation._fields if name.endswith("_ns")
        }
        return operation._replace(**times)

    verdict = check(history._replace(operations=[coarse(operation) for operation in history.operations]))
    assert not verdict.anomalies


def _committed(history: History) -> list[int]:
    return [n for n, op in enumerate(history.operations) if op.kind is Kind.EDIT and op.outcome is Outcome.OK]


@given(valid_histories(), st.data())
def test_planted_torn_read_is_found(history: History, data: st.DataObject) -> None:
    """An operation that read something else than it did is caught."""
    operations = list(history.operations)
    seen = [n for n, op in enumerate(operations) if op.read != NOTHING and op.outcome is not Outcome.INFO]
    if not seen:
        return
    at = data.draw(st.sampled_from(seen))
    operations[at] = operations[at]._replace(read=TORN)
    verdict = check(history._replace(operations=operations))
    assert Flaw.TORN in verdict.counts


@given(valid_histories(), st.data())
def test_planted_lost_update_is_found(history: History, data: st.DataObject) -> None:
    """An edit that returned, and that the next one did not see, is caught."""
    operations = list(history.operations)
    committed = _committed(history)
    if not committed:
        return
    at = data.draw(st.sampled_from(committed))
    lost = operations[at]
    operations = [op._replace(read=lost.read) if op.read == lost.written else op for op in operations]
    final = lost.read if history.final == lost.written else history.final
    verdict = check(History(history.initial, final, operations))
    assert Flaw.LOST in verdict.counts


@given(valid_histories(), st.data())
def test_planted_failure_of_an_edit_that_is_there_is_found(history: History, data: st.DataObject) -> None:
    """An edit that says that it failed, though everybody builds on it, is caught."""
    operations = list(history.operations)
    committed = _committed(history)
    if not committed:
        return
    at = data.draw(st.sampled_from(committed))
    operations[at] = operations[at]._replace(outcome=Outcome.FAIL)
    assert Flaw.FAILED in check(history._replace(operations=operations)).counts


@given(valid_histories(), st.data())
def test_killing_a_worker_after_its_edit_changes_no_verdict(history: History, data: st.DataObject) -> None:
    """An edit that is there is as good if its worker could not tell any more."""
    operations = list(history.operations)
    committed = _committed(history)
    if len(committed) < 2:
        return
    at = data.draw(st.sampled_from(committed))
    operations[at] = operations[at]._replace(outcome=Outcome.INFO, released_ns=0, returned_ns=0)
    verdict = check(history._replace(operations=operations))
    assert verdict.result is Result.VALID, verdict.anomalies


@given(valid_histories(), st.data())
def test_planted_disorder_is_found(history: History, data: st.DataObject) -> None:
    """An edit whose whole time is put before all others, though it is not the first on the chain, is caught."""
    operations = list(history.operations)
    chained = sorted(_committed(history), key=lambda n: operations[n].locked_ns)[1:]
    if not chained:
        return
    at = data.draw(st.sampled_from(chained))
    operations[at] = operations[at]._replace(invoked_ns=1, locked_ns=2, released_ns=3, returned_ns=4)
    operations = [op if n == at else op._replace(invoked_ns=max(op.invoked_ns, 10)) for n, op in enumerate(operations)]
    assert Flaw.ORDER in check(history._replace(operations=operations)).counts


@given(valid_histories(), st.data())
def test_planted_half_of_a_killed_edit_is_found(history: History, data: st.DataObject) -> None:
    """Whenever it is read, and whatever else happens, half a content is nothing that an unknown end excuses."""
    killed = [op for op in history.operations if op.outcome is Outcome.INFO and op.written != NOTHING]
    if not killed:
        return
    at = data.draw(st.sampled_from(killed)).locked_ns + 1
    verdict = check(history._replace(operations=[*history.operations, read(9, TORN, at=at)]))
    assert Flaw.TORN in verdict.counts
    (torn,) = (anomaly for anomaly in verdict.anomalies if anomaly.flaw is Flaw.TORN)
    assert torn.witness[0] in killed


@given(valid_histories(), st.data())
def test_planted_undoing_of_a_returned_edit_is_found(history: History, data: st.DataObject) -> None:
    """Who undoes what a killed worker left must not undo the edits of others: one more edit reads what is no more."""
    edits = [history.operations[n] for n in _committed(history)]
    if not edits:
        return
    undone = data.draw(st.sampled_from(edits))
    late = edit(9, undone.read, content(1000), at=10_000)
    verdict = check(history._replace(operations=[*history.operations, late], final=content(1000)))
    assert Flaw.LOST in verdict.counts
