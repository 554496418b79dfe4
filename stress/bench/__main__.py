"""`python -m stress.bench`: build Go's editor, measure phase by phase, judge, print."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from .arguments import PROGRAM, parse
from .cautions import cautions
from .child import ChildError, module, run
from .claims import CLAIMS
from .environment import describe
from .export import as_json
from .outcome import judge
from .peers import PEERS, installed
from .progress import Progress
from .table import render, render_environment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .arguments import Options
    from .environment import Environment
    from .samples import Round

_LONGEST_BUILD_S = 900.0  # on a slow machine; for a build that hangs
_STOPPED = 130  # 128 and the number of SIGINT, as shells say it


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; the exit code."""
    options = parse(arguments)
    if sys.platform == "win32":
        return _failed("it measures beside flock(2), which Windows has not; run it on Linux or macOS", 2)
    session = _Session(options)
    failure: Exception | None = None
    try:
        try:
            session.measure()
        except (ChildError, OSError) as error:
            failure = error
        session.report()
    except OSError as error:
        failure = failure or error
    if failure:
        return _failed(str(failure), 1)
    return _STOPPED if session.stopped else 0


class _Session:
    """What is known so far: a Ctrl-C keeps it, and so does a failure."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._environment: Environment | None = None
        self._samples: dict[str, list[float]] = {}
        self._complete = False
        self.stopped = False

    def measure(self) -> None:
        """All phases, or those before a Ctrl-C."""
        try:
            self._measure()
            self._complete = True
        except KeyboardInterrupt:
            self.stopped = True

    def _measure(self) -> None:
        with TemporaryDirectory(prefix="lockedfile-bench-", dir=self._options.directory) as name:
            directory = Path(name)
            self._environment = describe(self._options.directory, None)
            peer = _peer(directory / "go")
            self._environment = describe(self._options.directory, peer)
            for phase, number, rounds in _phases(directory, self._options, peer):
                progress = Progress(phase, number, _tell)
                for done, values in enumerate(islice(rounds, number), start=1):
                    for sample, value in values.items():
                        self._samples.setdefault(sample, []).append(value)
                    progress.done(done)

    def report(self) -> None:
        """Print the table, and write the JSON if it was asked for."""
        options = self._options
        outcomes = [outcome for claim in CLAIMS if (outcome := judge(claim, self._samples))]
        judged = {outcome.claim for outcome in outcomes}
        missing = [f"{claim.what} / {claim.versus}" for claim in CLAIMS if claim not in judged]
        warnings = cautions(options, self._environment, outcomes, missing)
        if outcomes:
            sys.stdout.write(f"{render(outcomes)}\n")
        if self._environment:
            sys.stdout.write(render_environment(self._environment))
        rounds = f"{options.rounds} rounds, of waiting {options.waiting_rounds}"
        rounds = rounds if self._complete else f"at most {rounds}, stopped early"
        sys.stdout.write(f"Medians of {rounds}; repeat with:\n  {options.command}\n")
        sys.stdout.flush()
        for warning in warnings:
            _tell(f"warning: {warning}\n")
        if options.json:
            text = as_json(options, self._environment, self._samples, outcomes, warnings, complete=self._complete)
            options.json.write_text(text, encoding="utf-8")


def _peer(directory: Path) -> Path | None:
    _tell("building an editor from Go's own lockedfile\n")
    try:
        return Path(run(module("stress.gopeer", str(directory)), _LONGEST_BUILD_S).strip())
    except ChildError as error:
        _tell(f"warning: {error}; measuring without it\n")
        return None


def _phases(directory: Path, options: Options, peer: Path | None) -> Iterator[tuple[str, int, Iterator[Round]]]:
    """The name of each phase, how many rounds of it are wanted, and the rounds."""
    from .contention import contention_rounds
    from .edits import append_rounds, deadline_rounds, durable_rounds, recorded_rounds, same_size_rounds
    from .imports import import_rounds
    from .turns import fairness_rounds, writer_rounds
    from .waits import handoff_rounds, wait_rounds

    for missing in (name for name in PEERS if not installed(name)):
        _tell(f"warning: {missing} is not installed; the extra test brings it; measuring without it\n")
    effort, many, few = options.effort, options.rounds, options.waiting_rounds
    yield "same-size edit", many, same_size_rounds(directory, effort.same_size_edits, peer)
    yield "edit with a deadline", many, deadline_rounds(directory, effort.deadline_turns)
    yield "durable edit", many, durable_rounds(directory, effort.durable_edits)
    yield "appended line", many, append_rounds(directory, effort.append_edits, peer)
    yield "recorded edit", many, recorded_rounds(directory, effort.same_size_edits)
    yield "import", many, import_rounds(effort.import_pairs)
    yield "contention", many, contention_rounds(directory, effort.contention_ms)
    yield "hand-off", few, handoff_rounds(directory, effort.handoffs, effort.polled_handoffs)
    yield "long wait", few, wait_rounds(directory, effort.wait_s)
    yield "fairness", few, fairness_rounds(directory, effort.fairness_ms)
    yield "writers among readers", few, writer_rounds(directory, effort.writers_ms)


def _tell(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


def _failed(reason: str, code: int) -> int:
    _tell(f"{PROGRAM}: {reason}\n")
    return code


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:  # before there was anything to report, or a second one
        sys.exit(_STOPPED)
