"""The real go command, for the tests that run it."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from tests.lockedfile.processes import LIMIT_S

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

__all__ = ["Go", "shared_by_workers"]


def shared_by_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of this run, common to its pytest-xdist workers: what go has compiled is kept in `gocache` there."""
    ours = tmp_path_factory.getbasetemp()
    return ours.parent if "PYTEST_XDIST_WORKER" in os.environ else ours


class Go:
    """The go command, with directories of its own, and no network."""

    def __init__(self, command: str, directory: Path) -> None:
        self._command = command
        homes = ("HOME", "APPDATA", "LOCALAPPDATA", "USERPROFILE", "TEMP", "TMP")
        self._environment = {
            **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ},
            **dict.fromkeys(homes, str(directory)),
            "GOTOOLCHAIN": "local",
            "GOFLAGS": "-mod=mod",
            "GOPROXY": "off",
            "GOMODCACHE": str(directory / "mod"),
            "GOCACHE": str(directory / "cache"),
            "GOTELEMETRY": "off",
            "GOWORK": "off",
        }

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            [self._command, *map(str, arguments)],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(self, *arguments: object) -> tuple[int, str]:
        """Run it: exit code and output."""
        with self.start(*arguments) as process:
            output, _ = process.communicate(timeout=LIMIT_S)
        return process.returncode, output

    def requirements(self, path: Path) -> dict[str, str]:
        """What `go mod edit -json` reads in a go.mod."""
        code, output = self.run("mod", "edit", "-json", path)
        assert code == 0, output
        document: dict[str, Any] = json.loads(output)
        return {required["Path"]: required["Version"] for required in document["Require"]}
