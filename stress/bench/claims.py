"""The claims: what is compared with what, and the target that the project sets itself."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLAIMS", "PROCESSES", "Claim"]

PROCESSES = (1, 2, 8, 32)


@dataclass(frozen=True, slots=True)
class Claim:
    """One comparison. `ours` and `theirs` name samples, and a sample's name ends in its unit.

    `limit` is for ours / theirs, or for ours - theirs where `by_difference`; with `at_least` more is better. Without a
    `limit` nothing is promised, it is good to know.
    """

    name: str
    what: str
    ours: str
    theirs: str
    versus: str
    limit: float | None
    by_difference: bool = False
    at_least: bool = False

    @property
    def unit(self) -> str:
        """The unit of the samples: ns, ms or edits_per_s."""
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
)
