"""Nothing is skipped in CI: the rule of `tests/conftest.py`, on a suite of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.left_out import LIST_VARIABLE, read_list

SKIPS = """
import pytest

@pytest.mark.skip(reason="marked")
def test_marked(): pass

@pytest.mark.skipif(True, reason="conditional")
def test_conditional(): pass

def test_inside(): pytest.skip("inside")

@pytest.fixture
def missing(): pytest.skip("fixture")

def test_fixture(missing): pass

@pytest.mark.xfail(reason="expected")
def test_expected(): assert False

def test_passes(): pass
"""
MODULE = """
import pytest
pytest.skip("whole module", allow_module_level=True)
"""
REASONS = ("marked", "conditional", "inside", "fixture", "expected", "whole module")


# How many processes is nothing that Windows changes, and each costs seconds there.
PROCESSES = [pytest.param((), id="one process")]
PROCESSES += [pytest.param(("-n", "1"), id="xdist")] if sys.platform != "win32" else []

ALL_ENTRIES = {
    "test_skips.py::test_marked": "a test",
    "test_skips.py::test_conditional": "another",
    "test_skips.py::test_inside": "a third",
    "test_skips.py::test_fixture": "for what it needs",
    "test_skips.py::test_expected": "which fails",
    "test_module.py": "a file",
}


def run(
    directory: Path, ci: str | None, *options: str, left_out: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the little suite with our `conftest.py`, and with a list of its own."""
    shutil.copy(Path(__file__).parents[1] / "conftest.py", directory / "conftest.py")
    (directory / "test_skips.py").write_text(SKIPS)
    (directory / "test_module.py").write_text(MODULE)
    entries = "".join(f"{node}: {reason}\n" for node, reason in (left_out or {}).items())
    (directory / "left-out.txt").write_text(f"# What is left out\n\n{entries}")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CI", "PYTEST"))}
    environment[LIST_VARIABLE] = str(directory / "left-out.txt")
    options = ("-rA", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", *options)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=directory,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2]), **({"CI": ci} if ci else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("options", PROCESSES)
def test_skip_is_a_failure_in_ci(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Of whatever kind, with its reason; so is an expected failure."""
    done = run(tmp_path, "true", "--continue-on-collection-errors", *options)
    assert done.returncode != 0
    for reason in REASONS:
        assert f"nothing is skipped in CI: {reason}" in done.stdout, done.stdout
    assert "2 failed, 1 passed, 4 errors" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("options", PROCESSES)
def test_what_the_list_leaves_out_is_a_skip(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Test by test, or a file as a whole."""
    done = run(tmp_path, "true", *options, left_out=ALL_ENTRIES)
    assert done.returncode == 0, done.stdout


def test_what_the_list_does_not_name_fails(tmp_path: Path) -> None:
    """Whatever else it names."""
    fewer = {node: reason for node, reason in ALL_ENTRIES.items() if not node.endswith("inside")}
    done = run(tmp_path, "true", left_out=fewer)
    assert done.returncode == 1
    assert "nothing is skipped in CI: inside" in done.stdout
    assert "1 failed" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("options", PROCESSES)
def test_entry_that_is_not_so_is_an_error(tmp_path: Path, options: tuple[str, ...]) -> None:
    """It leaves out what runs, or nothing."""
    entries = {"test_skips.py": "too much", "test_module.py": "a file", "test_gone.py": "gone"}
    done = run(tmp_path, "true", *options, left_out=entries)
    assert done.returncode == 1
    assert "test_skips.py is left out, but test_skips.py::test_passes runs" in done.stdout
    assert "test_gone.py is left out, but nothing there was skipped" in done.stdout
    assert "test_module.py is left out" not in done.stdout
    assert "1 error" in done.stdout.splitlines()[-1]


def test_entry_is_not_stale_where_a_part_ran(tmp_path: Path) -> None:
    """Who runs some of the tests is not told of the others."""
    done = run(tmp_path, "true", "test_skips.py::test_marked", left_out=ALL_ENTRIES)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("line", ["test_a.py", "test_a.py:", "test_a.py: one\ntest_a.py: two"])
def test_list_that_cannot_be_read_is_refused(line: str) -> None:
    """Each entry has a reason, and there is one of each."""
    with pytest.raises(ValueError, match=r"line \d"):
        read_list(line)


@pytest.mark.parametrize("ci", [None, "false"])
def test_skip_is_a_skip_elsewhere(tmp_path: Path, ci: str | None) -> None:
    """As pytest has it."""
    done = run(tmp_path, ci)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 5 skipped, 1 xfailed" in done.stdout
