"""A saved run is judged again as it was judged; what has changed in it since is found, down to a bit."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from simulator import saved, seal
from simulator.cli import main

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]


def kept_run(directory: Path, *arguments: str) -> str:
    """What a small run says, and keeps in the directory."""
    command = [sys.executable, "-m", "simulator", "--quiet", "--workers", "3", "--edits", "12", "--think-ms", "0"]
    run = subprocess.run(
        [*command, "--dir", str(directory), *arguments],
        cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=90, check=False,
    )  # fmt: skip
    seal.write(directory)
    return run.stdout


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that is valid; not to be changed."""
    directory = tmp_path_factory.mktemp("kept") / "run"
    assert kept_run(directory, "--readers", "1").startswith("VALID")
    return directory


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    """A copy of it, which may be changed."""
    return Path(shutil.copytree(original, tmp_path / "run"))


def checked(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """The exit code of `check`, what it said, and its notes."""
    capfd.readouterr()
    try:
        code = main(["check", *map(str, arguments)])
    except SystemExit as left:
        code = int(str(left.code))
    return (code, *capfd.readouterr())


def flip(path: Path, byte: int, bit: int = 0) -> None:
    """Change one bit of a file."""
    content = bytearray(path.read_bytes())
    content[byte] ^= 1 << bit
    path.write_bytes(content)


def test_saved_run_is_judged_as_it_was(original: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The same result for the same reason, from the files alone."""
    code, told, notes = checked(capfd, original)
    assert (code, notes) == (0, "")
    assert told.startswith("VALID: nothing torn, nothing lost\n  edits committed           36")
    assert "repeat    python -m simulator --workers 3" in told


def test_run_that_was_invalid_is_so_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """With the same report and the same exit code."""
    said = kept_run(tmp_path / "run", "--strategy", "none", "--hold-ms", "1")
    code, told, _ = checked(capfd, tmp_path / "run")
    assert code == 1
    assert said.startswith("INVALID")
    assert told == said


@pytest.mark.parametrize("name", ["process0000.records", "process0003.records", "go.mod", "initial", "run.json"])
def test_flipped_bit_is_found(run: Path, name: str) -> None:
    """Wherever it is, that file is named, and no other."""
    path, chance = run / name, random.Random(name)
    for _ in range(12):
        byte, bit = chance.randrange(path.stat().st_size), chance.randrange(8)
        flip(path, byte, bit)
        (line,) = seal.broken(run)
        first = byte // 4096 * 4096
        assert line.startswith(f"{name} was changed after the run, within bytes {first:,} to ")
        flip(path, byte, bit)
    assert seal.broken(run) == []


@pytest.mark.parametrize("name", ["process0001.records", "go.mod", "initial", "seal.json", "run.json"])
@pytest.mark.parametrize("where", [0, 0.3, 0.999])
def test_run_with_a_flipped_bit_is_not_valid(
    run: Path, capfd: pytest.CaptureFixture[str], name: str, where: float
) -> None:
    """Even where what is left could be judged, or cannot be read at all."""
    path = run / name
    flip(path, int(where * path.stat().st_size))
    code, told, _ = checked(capfd, run)
    assert code == 1
    assert told.startswith("UNKNOWN: the saved run was changed")
    assert f"\n  {name} was changed after the run" in told
    assert "Traceback" not in told


def test_what_is_there_is_judged_beside(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A final content that nobody wrote: that it was changed is said first, what the checker would say after it."""
    flip(run / "go.mod", 5)
    code, told, _ = checked(capfd, run, "--json", "-")
    figures: dict[str, Any] = json.loads(told)
    assert code == 1
    assert figures["verdict"]["result"] == "UNKNOWN"
    assert figures["verdict"]["reason"] == "the saved run was changed; what is there would be INVALID"
    assert figures["verdict"]["anomalies"][0]["flaw"] == "torn read"
    (line,) = figures["seal"]["broken"]
    assert line.startswith("go.mod was changed")


CHANGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a file is gone": (lambda run: (run / "process0001.records").unlink(), "process0001.records is missing"),
    "a file is new": (
        lambda run: shutil.copy(run / "process0001.records", run / "process0009.records"),
        "process0009.records is new",
    ),
    "a file is cut": (lambda run: os.truncate(run / "go.mod", 50), "go.mod was cut after the run: 50 bytes of "),
    "a file has grown": (
        lambda run: (run / "go.mod").write_bytes((run / "go.mod").read_bytes() + b"\n"),
        "go.mod has grown after the run: from ",
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_other_changes_are_told_in_plain_words(run: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    """Which file, and what has become of it."""
    change, line = CHANGES[name]
    change(run)
    code, told, _ = checked(capfd, run)
    assert code == 1
    assert told.startswith("UNKNOWN: the saved run was changed")
    assert f"  {line}" in told


def test_other_files_do_not_matter(run: Path) -> None:
    """A page or a note beside the run is no part of it."""
    (run / "page.html").write_text("<p>")
    assert seal.broken(run) == []


def test_run_without_a_seal_is_judged_and_says_so(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As an older one may be."""
    saved.seal(run).unlink()
    code, told, notes = checked(capfd, run)
    assert (code, notes) == (0, "the run has no seal\n")
    assert told.startswith("VALID")


def test_run_whose_starter_was_killed_is_judged(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Its records are there; what was asked of it is not, and so there is no command that repeats it."""
    saved.seal(run).unlink()
    saved.report(run).unlink()
    code, told, notes = checked(capfd, run)
    assert (code, notes) == (0, "the run has no seal, nor a run.json: who started it was killed\n")
    assert told.startswith("VALID: nothing torn, nothing lost\n  edits committed           36")
    assert "repeat" not in told
    assert "stopped   before its time" in told


def test_quiet_says_nothing(run: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The exit code is enough for a program."""
    assert checked(capfd, run, "--quiet") == (0, "", "")
    flip(run / "initial", 9)
    assert checked(capfd, run, "--quiet") == (1, "", "")


def test_json_is_that_of_the_run_and_the_seal(
    original: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """To a file, beside the report."""
    code, told, _ = checked(capfd, original, "--json", tmp_path / "made.json")
    made = json.loads((tmp_path / "made.json").read_bytes())
    was = json.loads(saved.report(original).read_bytes())
    assert (code, told[:5], made["seal"]) == (0, "VALID", {"sealed": True, "broken": []})
    assert {**made, "seal": None, "kept_in": None} == {**was, "seal": None, "kept_in": None}


def unsealed(run: Path) -> None:
    """As if it had never had one."""
    saved.seal(run).unlink()


BAD: dict[str, tuple[tuple[Callable[[Path], object], ...], str]] = {
    "missing": ((shutil.rmtree,), "there is no such directory"),
    "a file": ((shutil.rmtree, Path.touch), "it is not a directory"),
    "empty": ((shutil.rmtree, Path.mkdir), "it has no run.json; a run is kept with --dir"),
    "no first content": ((unsealed, lambda run: os.remove(run / "initial")), "it has no initial"),
    "broken figures": (
        (unsealed, lambda run: (run / "run.json").write_text("{")),
        "it is not a run as this version keeps it",
    ),
    "another schema": (
        (unsealed, lambda run: (run / "run.json").write_text('{"schema": 99}')),
        "run.json is of schema 99",
    ),
    "not records": (
        (unsealed, lambda run: (run / "process0000.records").write_text("x" * 99)),
        "not a file of records",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_run_is_one_clear_line(run: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    """And the exit code for what cannot be done."""
    steps, why = BAD[name]
    for step in steps:
        step(run)
    code, told, notes = checked(capfd, run)
    assert (code, told) == (2, "")
    assert notes.startswith(f"simulator: cannot read the run in {run}: ")
    assert why in notes
    assert notes.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["one", "two"], ["run", "--jsn", "x"], [""]])
def test_wrong_usage_is_one_clear_line(capfd: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    """As everywhere."""
    code, told, notes = checked(capfd, *arguments)
    assert (code, told) == (2, "")
    assert notes.startswith("simulator check: ")
    assert notes.count("\n") == 1


def test_help_has_examples(capfd: pytest.CaptureFixture[str]) -> None:
    """Within 80 columns."""
    code, told, _ = checked(capfd, "--help")
    assert code == 0
    assert "python -m simulator check run" in told
    assert max(map(len, told.splitlines())) <= 80
