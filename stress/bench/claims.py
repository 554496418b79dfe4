"""The claims: what is compared with what, and the target that the project sets itself."""

from __future__ import annotations

from dataclasses import dataclass

from .peers import PEERS

__all__ = ["CLAIMS", "PROCESSES", "Claim"]

PROCESSES = (1, 2, 8, 32)


@dataclass(frozen=True, slots=True)
class Claim:
    """One comparison. `ours` and `theirs` name samples, and a sample's name ends in its unit.

    `limit` is for ours / theirs, for ours - theirs where `by_difference`, for ours alone where `by_itself`; with
    `at_least` more is better. Without a `limit` nothing is promised, it is good to know.
    """

    name: str
    what: str
    ours: str
    theirs: str
    versus: str
    limit: float | None
    by_difference: bool = False
    by_itself: bool = False
    at_least: bool = False

    @property
    def unit(self) -> str:
        """The unit of the samples: ns, ms, share or edits_per_s."""
        return "edits_per_s" if self.ours.endswith("edits_per_s") else self.ours.rpartition("_")[2]


def _contention(processes: int) -> Claim:
    return Claim(
        f"contention_{processes}",
        f"{processes} processes, one file",
        ours=f"processes_{processes}_edits_per_s",
        theirs="processes_1_edits_per_s",
        versus="1 process",
        limit=0.6,
        at_least=True,
    )


def _handoff(percentile: str, versus: str, limit: float | None = None) -> Claim:
    return Claim(
        f"handoff_{percentile}_{versus}",
        f"hand-off with a deadline, {percentile}",
        ours=f"handoff_lockedfile_{percentile}_ns",
        theirs=f"handoff_{versus}_{percentile}_ns",
        versus=versus,
        limit=limit,
    )


def _endless(percentile: str) -> Claim:
    return Claim(
        f"handoff_endless_{percentile}_flock",
        f"hand-off without a deadline, {percentile}",
        ours=f"handoff_lockedfile_endless_{percentile}_ns",
        theirs=f"handoff_flock_{percentile}_ns",
        versus="flock",
        limit=None,
    )


def _wait(versus: str, said: str, limit: float | None = None) -> Claim:
    return Claim(
        f"wait_{versus}",
        "CPU time of a long wait",
        ours="wait_lockedfile_cpu_ms",
        theirs=f"wait_{versus}_cpu_ms",
        versus=said,
        limit=limit,
        by_itself=limit is not None,
    )


def _fairness(versus: str, limit: float | None = None) -> Claim:
    return Claim(
        f"fairness_{versus}",
        "fewest / most turns of 4 processes",
        ours="fairness_lockedfile_share",
        theirs=f"fairness_{versus}_share",
        versus=versus,
        limit=limit,
        by_itself=True,
        at_least=True,
    )


_EDIT = "edit of 2 KB, crash-safe"
_DURABLE = "edit of 2 KB, durable"
_PLAIN = "edit of 2 KB, crash_safe=False"

CLAIMS = (
    Claim("safe_bare", _EDIT, "same_size_edit_ns", "same_size_bare_ns", "bare calls", 7.0),
    Claim("safe_filelock", _EDIT, "same_size_edit_ns", "same_size_filelock_ns", "filelock + os.replace", 0.2),
    Claim("durable_bare", _DURABLE, "durable_edit_ns", "durable_bare_ns", "its bare calls and syncs", 1.3),
    Claim("plain_go", _PLAIN, "same_size_go_protocol_ns", "same_size_go_ns", "Go's Transform", 1.0),
    Claim("plain_bare", _PLAIN, "same_size_go_protocol_ns", "same_size_bare_ns", "bare calls", 2.0),
    Claim("plain_checked", _PLAIN, "same_size_go_protocol_ns", "same_size_checked_ns", "bare calls + stat", None),
    Claim("append_go", "line appended to 1 MB", "append_edit_ns", "append_go_ns", "Go's Transform", 0.5),
    Claim(
        "import",
        "import lockedfile",
        "import_lockedfile_ms",
        "import_nothing_ms",
        "bare python",
        10.0,
        by_difference=True,
    ),
    Claim(
        "recorded",
        "a worker's edit, recorded",
        ours="recorded_yes_edits_per_s",
        theirs="recorded_no_edits_per_s",
        versus="not recorded",
        limit=0.7,
        at_least=True,
    ),
    *map(_contention, PROCESSES[1:]),
    Claim(
        "deadline",
        "edit of 2 KB, with a deadline",
        "deadline_with_ns",
        "deadline_without_ns",
        "without",
        1.05,
    ),
    _handoff("p50", "flock", 5.0),
    _handoff("p50", "filelock", 1 / 30),
    _handoff("p50", "portalocker"),
    _handoff("p50", "fasteners"),
    *(_handoff("p99", versus) for versus in ("flock", *PEERS)),
    _endless("p50"),
    _endless("p99"),
    _wait("flock", "flock and an alarm", 5.0),
    *(_wait(versus, versus) for versus in PEERS),
    _fairness("flock", 0.9),
    *map(_fairness, PEERS),
    Claim(
        "writer",
        "longest wait of a writer, 8 readers",
        ours="writer_lockedfile_ms",
        theirs="writer_flock_ms",
        versus="flock",
        limit=100.0,
        by_itself=True,
    ),
)
