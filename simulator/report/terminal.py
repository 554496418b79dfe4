"""The account of a run as text for a terminal of 80 columns, or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..checker import Result
from ..stats import ENDLESS_NS
from .story import stories

if TYPE_CHECKING:
    from ..stats import Bucket, Numbers, Quantiles
    from .account import Account

__all__ = ["duration", "plain", "text"]

_BAR = 44  # columns of the longest bar
_EIGHTHS = " ▏▎▍▌▋▊▉"
_GAP = "      ..."
_ASCII = str.maketrans(
    {
        **dict.fromkeys(_EIGHTHS[1:], "|"),
        **dict(zip("µ–█±✓✗×…→", ("u", "-", "#", "+-", "+", "x", "x", "...", "->"), strict=True)),
    }
)


def text(account: Account) -> str:
    """Verdict and evidence, the tables, and the command that repeats the run."""
    parts = [_verdict(account), _table(account.numbers), _histogram(account.numbers.waits), _closing(account)]
    return "\n\n".join(part for part in parts if part) + "\n"


def duration(time_ns: float) -> str:
    """Three digits and a unit."""
    for limit, unit in ((1e3, "ns"), (1e6, "µs"), (1e9, "ms"), (float("inf"), "s")):
        value = time_ns / (limit / 1e3 if unit != "s" else 1e9)
        if time_ns < limit * 0.9995:
            break
    digits = 0 if value >= 99.95 or unit == "ns" else 1 if value >= 9.995 else 2
    return f"{value:.{digits}f} {unit}"


def _verdict(account: Account) -> str:
    verdict, evidence = account.verdict, account.verdict.evidence
    unknown = f"{evidence.unknown:,} unknown"
    if evidence.unknown:
        unknown += f", {evidence.unknown_applied:,} of them in the file"
    whole = verdict.result is Result.VALID
    lines = [
        f"{verdict.result.value}: {verdict.reason}",
        f"  edits committed  {evidence.committed:>11,}   ({evidence.failed:,} failed, {unknown})",
        f"  contents checked {evidence.contents_checked:>11,}   "
        + ("each is one that an edit wrote" if whole else "against those that edits wrote"),
        f"  chain length     {evidence.chain_length:>11,}   "
        + ("from the first content to the last, unbroken" if whole else "edits in a row from the first content on"),
    ]
    shown = set()
    for told in stories(account):
        lines += ["", f"  {told.lines[0]}"]
        again = told.anomaly.witness in shown
        lines += ["    the same operations as above"] if again else [f"    {line}" for line in told.lines[1:]]
        if told.number > 1:
            lines.append(f"    (one of {told.number:,})")
        shown.add(told.anomaly.witness)
    return "\n".join(lines)


def _table(numbers: Numbers) -> str:
    rows = [("wait", numbers.wait), ("hold", numbers.hold), ("hand-off", numbers.handoff)]
    rows += [("edit", numbers.edit), ("read", numbers.read)]
    if numbers.service_wait != numbers.wait:  # an open loop: beside it what one would have seen who forgets the late
        rows.insert(1, ("from call", numbers.service_wait))
    if not numbers.edit.number and not numbers.read.number:
        return ""
    head = f"{'':10}{'p50':>9}{'p90':>10}{'p99':>10}{'p99.9':>10}{'max':>10}{'count':>12}"
    return "\n".join([head, *(_row(name, quantiles) for name, quantiles in rows if quantiles.number)])


def _row(name: str, quantiles: Quantiles) -> str:
    values = (quantiles.p50, quantiles.p90, quantiles.p99, quantiles.p999, quantiles.max)
    told = [duration(value) for value in values]
    return f"{name:10}{told[0]:>9}" + "".join(f"{value:>10}" for value in told[1:]) + f"{quantiles.number:>12,}"


def _histogram(buckets: tuple[Bucket, ...]) -> str:
    if not buckets:
        return ""
    most = max(bucket.number for bucket in buckets)
    lines = ["waits"]
    for bucket in buckets:
        if not bucket.number:
            if lines[-1] != _GAP:
                lines.append(_GAP)
            continue
        span = f"{duration(bucket.from_ns) if bucket.from_ns else '0':>7} – {_bound(bucket.to_ns):<7}"
        lines.append(f"  {span} {_bar(bucket.number / most)} {bucket.number:>10,}")
    return "\n".join(lines)


def _bound(time_ns: int) -> str:
    return duration(time_ns) if time_ns < ENDLESS_NS else "more"


def _bar(share: float) -> str:
    whole, rest = divmod(round(share * _BAR * 8), 8)
    if share and not whole and not rest:
        rest = 1
    return ("█" * whole + _EIGHTHS[rest] * (rest > 0)).ljust(_BAR)


def _closing(account: Account) -> str:
    lines = [*_pace(account), *_turned_away(account), *_harm(account)] if account.history.operations else []
    lines += [f"lost      {line}" for line in account.lost]
    lines += [f"failed    {line}" for line in account.failures[:3]]
    if len(account.failures) > 3:
        lines.append(f"failed    and so did {_many(len(account.failures) - 3, 'other worker')}")
    if account.litter:
        lines.append(f"litter    left beside the file: {', '.join(account.litter)}")
    if account.interrupted:
        lines.append("stopped   before its time; this is about what was recorded until then")
    if account.kept_in:
        lines.append(f"kept      in {account.kept_in}")
    # Once more, as the first line of the report may have scrolled away.
    lines.append(f"verdict   {account.verdict.result.value}: {account.verdict.reason}")
    lines.append(f"repeat    {account.config.command()}")
    return "\n".join(lines)


def _pace(account: Account) -> list[str]:
    config, numbers, fairness = account.config, account.numbers, account.numbers.fairness
    crowd = _many(config.workers, "worker")
    crowd += "".join(
        f" and {_many(number, what)}"
        for number, what in ((config.readers, "reader"), (config.peekers, "peeker"))
        if number
    )
    lines = [
        f"rate      {numbers.edits_per_s:,.0f} edits/s over {duration(numbers.elapsed_ns)}, by {config.strategy}",
        f"crowd     {crowd}, ready in {account.startup_s:.2f} s",
        f"fairness  Jain's index {fairness.jain:.3f}; {fairness.fewest:,} to {fairness.most:,} edits a worker",
        f"again     {fairness.again:.0%} of edits were by the worker that had just made one",
    ]
    if fairness.longest_wait_worker is not None:
        lines.append(
            f"longest   worker {fairness.longest_wait_worker} waited {duration(fairness.longest_wait_ns)}, "
            f"while others made {_many(fairness.overtaken, 'edit')}"
        )
    return lines


def _turned_away(account: Account) -> list[str]:
    """What did not come to an edit, and is no failure."""
    config, evidence = account.config, account.verdict.evidence
    lines = []
    if config.arrival_rate:
        missed = account.numbers.missed
        lines.append(f"due       {config.arrival_rate:,g} edits/s; {_were(missed)} not begun before the end")
    if config.timeout_s is not None:
        lines.append(f"given up  {_many(evidence.given_up, 'edit')} that had no lock within {config.timeout_s:g} s")
    if config.limit:
        lines.append(f"away      {_many(evidence.turned_away, 'edit')}, as {_were(config.limit)} waiting")
    if evidence.refused:
        lines.append(f"retried   {_many(evidence.refused, 'edit')}: the locker saw that another was quicker")
    if evidence.peeks:
        share = evidence.mixes / max(evidence.peeks - evidence.peeks_refused, 1)
        refused = f"{_were(evidence.peeks_refused)} refused, " if evidence.peeks_refused else ""
        told = f"{refused}{evidence.mixes:,} saw a mix ({share:.2%})"
        lines.append(f"peeked    {evidence.peeks:,} times without a lock; {told}")
    return lines


def _harm(account: Account) -> list[str]:
    faults, evidence = account.faults, account.verdict.evidence
    lines = []
    if account.config.kill_rate:
        lines.append(
            f"killed    {_many(faults.kills, 'worker')}, {faults.kills_in_edit:,} in the middle of an edit; "
            f"{faults.replaced:,} replaced"
        )
    if account.config.stop_rate:
        lines.append(f"frozen    {_many(faults.freezes, 'time')}, for {faults.frozen_s:.2f} s in all")
    if account.config.disk_full_rate:
        lines.append(f"full disk {_many(faults.disk_fulls, 'time')}")
    if evidence.recovered:
        lines.append(f"repaired  {_many(evidence.recovered, 'edit')} undid first what a killed one had left half done")
    return lines


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def _were(number: int) -> str:
    return f"{number:,} {'was' if number == 1 else 'were'}"


def plain(told: str) -> str:
    """`told`, for terminals and pipes that take ASCII only."""
    return told.translate(_ASCII)
