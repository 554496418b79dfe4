"""A Linux of its own, for file systems that this kernel has not: user-mode Linux, a kernel that is a program.

Its root is this machine's, read-only. What is not here is downloaded as packages of Debian and unpacked into a cache;
nothing is installed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from .inside import ENDED, MODULES
from .kinds import MountError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["run"]

ROOT = Path(__file__).parents[2]
PACKAGES = ("user-mode-linux", "nfs-kernel-server", "samba", "dosfstools")
_VARIABLE = "LOCKEDFILE_GUEST_CACHE"
_CANNOT, _OVERRUN = 3, 124
_LONGEST_S = 1200.0


def run(words: Sequence[str]) -> int:
    """Run the lane with these words in the guest; its exit code."""
    try:
        unpacked = _unpacked()
    except (MountError, OSError, subprocess.SubprocessError) as error:
        sys.stderr.write(f"no guest: {error}\n")
        return _CANNOT
    with TemporaryDirectory(prefix="lockedfile-guest-") as directory:
        first = Path(directory, "init")
        first.write_text(
            f"#!/bin/sh\nexport PYTHONPATH={shlex.quote(str(ROOT))} PYTHONDONTWRITEBYTECODE=1\n"
            f"exec {shlex.join([sys.executable, '-m', 'stress.filesystems.inside', str(unpacked), *words])}\n"
        )
        first.chmod(0o755)
        return _booted(unpacked, first)


def _booted(unpacked: Path, first: Path) -> int:
    root = ("mem=1536M", "root=/dev/root", "rootfstype=hostfs", "hostfs=/", "ro", "quiet")
    command = [str(unpacked / "usr/bin/linux.uml"), *root, f"init={first}", "con=null", "con0=fd:0,fd:1"]
    code = _OVERRUN
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, errors="replace"
    ) as uml:
        try:
            assert uml.stdout is not None
            for line in uml.stdout:
                if line.startswith(ENDED):
                    code = int(line.removeprefix(ENDED))
                elif line.startswith("| "):  # what else there is, the kernel says
                    sys.stdout.write(line[2:])
                    sys.stdout.flush()
            uml.wait(_LONGEST_S)
        finally:
            uml.terminate()  # it ends with all that runs in it
    return code


def _unpacked() -> Path:
    """Where the packages lie unpacked; they are fetched once."""
    caches = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    cache = Path(os.environ.get(_VARIABLE) or Path(caches, "lockedfile", "guest")).absolute()
    unpacked = cache / "+".join(PACKAGES)  # another cache for other packages
    if not (unpacked / MODULES).is_dir():
        _fetch(cache / "packages", unpacked)
    return unpacked


def _fetch(packages: Path, unpacked: Path) -> None:
    (packages / "partial").mkdir(parents=True, exist_ok=True)
    options = ["-o", f"Dir::Cache::archives={packages}", "-o", "APT::Sandbox::User=root", "--no-install-recommends"]
    _run("apt-get", "install", "-qq", "-y", "--reinstall", "--download-only", *options, *PACKAGES)
    aside = unpacked.with_name(f"making-{os.getpid()}")
    for package in sorted(packages.glob("*.deb")):
        _run("dpkg", "-x", str(package), str(aside))
    shutil.rmtree(unpacked, ignore_errors=True)
    aside.rename(unpacked)


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LONGEST_S, check=False)
    if done.returncode:
        raise MountError(f"{shlex.join(command)}: {done.stderr.strip()[-300:]}")
