"""What the workflow of the build server runs is what the README tells people to run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import pytest

from tests.lockedfile import needs

ROOT = Path(__file__).parents[1]
WORKFLOW = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^    (python3 -m venv .*)$", README, re.MULTILINE)
SYSTEMS = {"Linux": "ubuntu-latest", "macOS": "macos-latest", "Windows": "windows-latest"}


def written_commands(directory: Path, system: str) -> list[str]:
    """What the step that looks them up writes on `system`."""
    step = re.search(r"- name: The README's commands\n +run: \|\n((?: {10}.*\n)+)", WORKFLOW)
    assert step is not None
    bash = shutil.which("bash")
    assert bash is not None
    environment = os.environ | {"RUNNER_OS": system, "RUNNER_TEMP": str(directory)}
    command = [bash, "-euo", "pipefail", "-c", textwrap.dedent(step[1])]
    subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=True)
    return [line.strip() for line in (directory / "commands").read_text(encoding="utf-8").splitlines()]


def test_readme_has_two_commands() -> None:
    """The main job, and the tests."""
    assert [command.split()[-1] for command in COMMANDS] == ["32", "auto"]


@needs.linux
@pytest.mark.parametrize("system", SYSTEMS)
def test_workflow_runs_the_commands_of_the_readme(tmp_path: Path, system: str) -> None:
    """As printed; on Windows with the folder that a venv has there."""
    as_there = {"Windows": [("python3 -m venv", "python -m venv"), (".venv/bin/", ".venv/Scripts/")]}
    expected = COMMANDS
    for here, there in as_there.get(system, []):
        expected = [command.replace(here, there) for command in expected]
    assert written_commands(tmp_path, system) == expected


def test_every_system_and_python_is_tried() -> None:
    """Those that pyproject.toml names."""
    versions = re.findall(r'"Programming Language :: Python :: (3\.\d+)"', (ROOT / "pyproject.toml").read_text("utf-8"))
    assert f"os: [{', '.join(SYSTEMS.values())}]" in WORKFLOW
    listed = ", ".join(f'"{version}"' for version in versions)
    assert f"python: [{listed}]" in WORKFLOW


def test_workflow_may_only_read_and_ends() -> None:
    """No right to write, a limit for each job, and no address but those of the actions."""
    assert "permissions:\n  contents: read\n" in WORKFLOW
    assert WORKFLOW.count("runs-on:") == WORKFLOW.count("timeout-minutes:")
    assert "://" not in WORKFLOW
