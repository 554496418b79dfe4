"""Nothing is skipped in CI: the rule of `tests/conftest.py`, on a suite of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

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


def run(directory: Path, ci: str | None, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the little suite with our `conftest.py`."""
    shutil.copy(Path(__file__).parents[1] / "conftest.py", directory / "conftest.py")
    (directory / "test_skips.py").write_text(SKIPS)
    (directory / "test_module.py").write_text(MODULE)
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("CI", "PYTEST"))}
    options = ("-rA", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", ".", *options)
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, "."],
        cwd=directory,
        env={**environment, "PYTHONPATH": str(Path(__file__).parents[2]), **({"CI": ci} if ci else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["one process", "xdist"])
def test_skip_is_a_failure_in_ci(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Of whatever kind, with its reason; so is an expected failure."""
    done = run(tmp_path, "true", "--continue-on-collection-errors", *options)
    assert done.returncode != 0
    for reason in REASONS:
        assert f"nothing is skipped in CI: {reason}" in done.stdout, done.stdout
    assert "2 failed, 1 passed, 4 errors" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("ci", [None, "false"])
def test_skip_is_a_skip_elsewhere(tmp_path: Path, ci: str | None) -> None:
    """As pytest has it."""
    done = run(tmp_path, ci)
    assert done.returncode == 0, done.stdout
    assert "1 passed, 5 skipped, 1 xfailed" in done.stdout
