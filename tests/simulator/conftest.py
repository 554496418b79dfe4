"""What the simulator's tests share: the real go command."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The go command of this environment, cut off from the network, with caches of its own."""
    where = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    found = shutil.which("go", path=where)
    if found is None:
        pytest.skip("no go command; the extra named test installs one")
    for name, value in {
        "GOTOOLCHAIN": "local",
        "GOFLAGS": "-mod=mod",
        "GOPROXY": "off",
        "GOWORK": "off",
        "GOMODCACHE": str(tmp_path / "gomod"),
        "GOCACHE": str(tmp_path / "gocache"),
    }.items():
        monkeypatch.setenv(name, value)
    return [found]
