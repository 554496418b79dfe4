"""How runs end that do not end by themselves: signals, killed processes, output that cannot be written."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from simulator.config import Config
from simulator.crew import Crew
from simulator.process import CAN_FREEZE
from simulator.run import prepare
from tests.lockedfile.needs import linux
from tests.simulator.hasty import LAUNCHED
from tests.simulator.processes import all_gone, end
from tests.simulator.started import POLITE, started

if TYPE_CHECKING:
    from simulator.lanes import Snapshot

ROOT = Path(__file__).parents[2]


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


# What runs before any other Python: a Ctrl-C as the simulator is about to be imported.
_INTERRUPTING = """
import signal, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "simulator.cli":
            signal.raise_signal(signal.SIGINT)
sys.meta_path.insert(0, Finder())
"""


def test_ctrl_c_before_anything_has_begun_is_no_traceback(tmp_path: Path) -> None:
    """It ends then and there, as any program that does not care."""
    (tmp_path / "sitecustomize.py").write_text(_INTERRUPTING)
    run = subprocess.run(
        [sys.executable, "-m", "simulator", "--workers", "2", "--edits", "1"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.stdout, run.stderr) == ("", "")
    assert run.returncode == (-signal.SIGINT if sys.platform != "win32" else 3)


@pytest.mark.parametrize("name", POLITE)
def test_interrupted_run_judges_what_was_recorded_and_leaves_nobody(tmp_path: Path, name: str) -> None:
    """Ctrl-C, and a polite end: the workers are gone, and the verdict on what they did is there."""
    run = started(tmp_path, "--workers", "6", "--duration", "60", least_s=0.3)
    assert len(run.workers) == 6
    run.send(name)
    out, err = run.end()
    assert run.process.returncode == 0, out + err
    assert out.startswith("VALID: ")
    assert "stopped   before its time" in out
    assert all_gone(run.workers)
    assert list(tmp_path.iterdir()) == []


def test_workers_go_when_their_starter_is_killed(tmp_path: Path) -> None:
    """Even a run that cannot clean up leaves nobody behind."""
    run = started(tmp_path, "--workers", "6", "--duration", "60", least_s=0.3)
    run.process.kill()
    run.end()
    assert len(run.workers) == 6
    assert all_gone(run.workers)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return ""


@linux
def test_frozen_workers_go_when_their_starter_is_killed(tmp_path: Path) -> None:
    """Not even one who was frozen at that moment, and whom nobody is left to wake, stays behind; nor does a spare."""
    run = started(tmp_path, "--workers", "6", "--duration", "60", "--stop-rate", "300", "--kill-rate", "5", least_s=0.3)
    until_s = time.monotonic() + 30
    workers: list[int] = []
    while not (len(workers) > 6 and any(_state(worker) == "T" for worker in workers)) and time.monotonic() < until_s:
        workers = _children(run.process.pid)
    run.process.kill()
    run.end()
    assert len(workers) > 6
    assert all_gone(workers)


@pytest.mark.parametrize("name", POLITE[:2])
def test_interrupted_run_with_kills_and_freezes_leaves_nobody(tmp_path: Path, name: str) -> None:
    """Workers, those that are frozen, and spares that were never needed: all are gone, and the verdict is there."""
    freezes = ["--stop-rate", "100"] if CAN_FREEZE else []
    run = started(tmp_path, "--workers", "6", "--duration", "60", "--kill-rate", "10", *freezes, least_s=0.3)
    assert len(run.workers) > 6
    run.send(name)
    out, err = run.end()
    assert run.process.returncode == 0, out + err
    assert out.startswith("VALID: ")
    assert "did not stop" not in out
    launched = [int(line.split()[1]) for line in err.splitlines() if line.startswith(LAUNCHED)]
    assert all_gone([*run.workers, *launched])
    assert list(tmp_path.iterdir()) == []


def test_killed_worker_does_not_spoil_the_verdict(tmp_path: Path) -> None:
    """Its edit under way is unknown, the others go on, and the report names who was lost."""
    run = started(tmp_path, "--workers", "6", "--duration", "1.5", "--hold-ms", "5", least_s=0.3)
    end(run.workers[2])
    out, err = run.end()
    assert run.process.returncode == 0, out + err
    assert "worker 2 was killed by signal 9" in out or "worker 2 ended with exit code 15" in out


@linux
def test_worker_that_does_not_stop_is_killed_in_the_end(tmp_path: Path) -> None:
    """A worker that is frozen while it waits does not keep the run, or itself, for ever."""
    run = started(tmp_path, "--workers", "3", "--duration", "1", "--hold-ms", "1", grace_s=2, least_s=0.3)
    os.kill(run.workers[0], getattr(signal, "SIGSTOP", 0))  # by name: some systems lack it
    out, err = run.end()
    assert "did not stop and was killed" in out, out + err
    assert all_gone(run.workers[:1])


def test_interrupt_while_judging_does_not_lose_the_verdict(tmp_path: Path) -> None:
    """The run is over and its history is there: the first Ctrl-C is answered, and the verdict still comes."""
    load = ("--workers", "8", "--duration", "2", "--think-ms", "0")
    run = started(tmp_path, *load, "--dir", str(tmp_path / "kept"), until="judging")
    run.send("SIGINT")
    out, err = run.end()
    assert run.process.returncode == 0, out + err
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


def test_run_goes_on_when_nobody_can_watch_it(tmp_path: Path) -> None:
    """What reads the progress ends after a line; the verdict comes all the same."""
    command = [sys.executable, "-m", "simulator", "--workers", "2", "--duration", "1.5"]
    command += ["--json", str(tmp_path / "figures")]
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8"
    ) as run:
        assert run.stdout
        assert run.stderr
        assert run.stderr.readline()
        run.stderr.close()
        assert "VALID: nothing torn, nothing lost" in run.stdout.read()
        assert run.wait(60) == 0


STARTING = """
import subprocess, sys

class Starting:
    name = "starting"
    probe = close = lambda self: None
    def open(self, path): self.path = path
    def read(self): return b""
    def edit(self, transform):
        sleeping = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        with open(self.path + ".told", "w") as told:
            told.write(str(sleeping.pid))
        sleeping.wait()
"""


def test_what_a_locker_has_started_ends_with_its_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Else it would edit when its worker has been replaced, and what came between would be lost."""
    (tmp_path / "starting_locker.py").write_text(STARTING)
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    config = Config(1, 0, 600.0, None, "0", "0", None, "starting_locker:Starting", 5)
    prepare(config, tmp_path / "run")
    crew, told = Crew(config, tmp_path / "run"), tmp_path / "run" / "go.mod.told"

    def watch(_: Snapshot) -> None:
        if told.exists() and told.read_text():
            raise KeyboardInterrupt

    try:
        crew.spawn(watch)
        with pytest.raises(KeyboardInterrupt):
            crew.work(watch)
    finally:
        crew.reap()
    assert all_gone([int(told.read_text())])
