"""How runs end that do not end by themselves: signals, killed processes, output that cannot be written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lockedfile.needs import linux

ROOT = Path(__file__).parents[2]
SIMULATOR = [sys.executable, "-m", "simulator"]

# The same, but it tells more often how far it is, and has less patience with workers that do not stop.
HASTY = [
    sys.executable,
    "-c",
    "import sys; from simulator import cli, crew; from simulator.live import lines;"
    "lines._EVERY_S = 0.1; crew._GRACE_S = float(sys.argv[1]); sys.exit(cli.main(sys.argv[2:]))",
]


def _started(directory: Path, *arguments: str, grace_s: float = 10) -> subprocess.Popen[str]:
    """Start a run that takes long, and come back when its editors are at work."""
    run = subprocess.Popen(
        [*HASTY, str(grace_s), *arguments],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
        env={**os.environ, "TMPDIR": str(directory)},
    )  # fmt: skip
    assert run.stderr
    for line in run.stderr:
        phase, seconds = line.split()[:2]
        if phase == "running" and float(seconds) >= 0.3:
            return run
    raise AssertionError("it ended before it was at work")


def _children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rsplit(")", 1)[1].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid and fields[0] != "Z":
            found.append(int(status.parent.name))
    return found


def _send(pid: int, name: str) -> None:
    os.kill(pid, getattr(signal, name))  # by name: some systems lack some of them


def _gone(pids: list[int], within_s: float = 20) -> bool:
    end = time.monotonic() + within_s
    while time.monotonic() < end:
        left = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        if not left:
            return True
        time.sleep(0.02)
    return False


@linux
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_interrupted_run_judges_what_was_recorded_and_leaves_nobody(tmp_path: Path, name: str) -> None:
    """Ctrl-C, and a polite end: the workers are gone, and the verdict on what they did is there."""
    run = _started(tmp_path, "--workers", "6", "--duration", "60")
    workers = _children(run.pid)
    assert len(workers) == 6
    _send(run.pid, name)
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert out.startswith("VALID: ")
    assert "stopped   before its time" in out
    assert _gone(workers)
    assert list(tmp_path.iterdir()) == []


@linux
def test_workers_go_when_their_starter_is_killed(tmp_path: Path) -> None:
    """Even a run that cannot clean up leaves nobody behind."""
    run = _started(tmp_path, "--workers", "6", "--duration", "60")
    workers = _children(run.pid)
    run.kill()
    run.communicate(timeout=60)
    assert _gone(workers)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@linux
def test_frozen_workers_go_when_their_starter_is_killed(tmp_path: Path) -> None:
    """Not even one who was frozen at that moment, and whom nobody is left to wake, stays behind; nor does a spare."""
    run = _started(tmp_path, "--workers", "6", "--duration", "60", "--stop-rate", "300", "--kill-rate", "5")
    end = time.monotonic() + 30
    workers: list[int] = []
    while not (len(workers) > 6 and any(_state(worker) == "T" for worker in workers)) and time.monotonic() < end:
        workers = _children(run.pid)
    run.kill()
    run.communicate(timeout=60)
    assert len(workers) > 6
    assert _gone(workers)


@linux
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_interrupted_run_with_kills_and_freezes_leaves_nobody(tmp_path: Path, name: str) -> None:
    """Workers, those that are frozen, and spares that were never needed: all are gone, and the verdict is there."""
    run = _started(tmp_path, "--workers", "6", "--duration", "60", "--stop-rate", "100", "--kill-rate", "10")
    workers = _children(run.pid)
    _send(run.pid, name)
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, out + err
    assert out.startswith("VALID: ")
    assert "did not stop" not in out
    assert _gone(workers)
    assert list(tmp_path.iterdir()) == []


@linux
def test_killed_worker_does_not_spoil_the_verdict(tmp_path: Path) -> None:
    """Its edit under way is unknown, the others go on, and the report names who was lost."""
    run = _started(tmp_path, "--workers", "6", "--duration", "1.5", "--hold-ms", "5")
    _send(_children(run.pid)[2], "SIGKILL")
    out, err = run.communicate(timeout=60)
    assert run.returncode == 0, out + err
    assert "was killed by signal 9" in out


@linux
def test_worker_that_does_not_stop_is_killed_in_the_end(tmp_path: Path) -> None:
    """A worker that is frozen while it waits does not keep the run, or itself, for ever."""
    run = _started(tmp_path, "--workers", "3", "--duration", "1", "--hold-ms", "1", grace_s=2)
    frozen = _children(run.pid)[0]
    _send(frozen, "SIGSTOP")
    out, err = run.communicate(timeout=60)
    assert "did not stop and was killed" in out, out + err
    assert _gone([frozen])


@linux
def test_interrupt_while_judging_does_not_lose_the_verdict(tmp_path: Path) -> None:
    """The run is over and its history is there: the first Ctrl-C is answered, and the verdict still comes."""
    run = subprocess.Popen(
        [*SIMULATOR, "--workers", "8", "--duration", "2", "--think-ms", "0", "--dir", str(tmp_path / "kept")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    )  # fmt: skip
    assert run.stderr
    for line in run.stderr:
        if line.startswith("judging"):
            break
    _send(run.pid, "SIGINT")
    out, _ = run.communicate(timeout=60)
    assert run.returncode == 0
    assert out.startswith("VALID: ")
    assert (tmp_path / "kept" / "run.json").exists()


@linux
@pytest.mark.parametrize(
    ("redirection", "code", "said"),
    [
        (">/dev/full", 1, "simulator: cannot write the report: No space left on device\n"),
        ("--json - >/dev/full", 1, "simulator: cannot write the report: No space left on device\n"),
        ("--json /dev/full", 1, "simulator: cannot write /dev/full: No space left on device\n"),
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        ("| true", 0, ""),
        ("2>/dev/full", 0, ""),
    ],
)
def test_output_that_cannot_be_written_is_no_traceback(tmp_path: Path, redirection: str, code: int, said: str) -> None:
    """A full disk, a closed stream, a reader that has gone: one line at most, and the run is kept all the same."""
    command = f"{sys.executable} -m simulator --workers 2 --edits 5 --quiet --dir {tmp_path}/kept {redirection}"
    run = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert run.returncode == code
    assert run.stderr.endswith(said) if "--json -" in redirection else run.stderr == said
    assert json.loads((tmp_path / "kept" / "run.json").read_text())["verdict"]["result"] == "VALID"


@linux
def test_run_goes_on_when_nobody_can_watch_it(tmp_path: Path) -> None:
    """What reads the progress ends after a line; the verdict comes all the same."""
    command = f"{sys.executable} -m simulator --workers 2 --duration 1.5 --json {tmp_path}/figures 2> >(head -n 1)"
    run = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False
    )
    assert run.returncode == 0
    assert "VALID: nothing torn, nothing lost" in run.stdout
