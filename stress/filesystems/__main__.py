"""`python -m stress.filesystems`: what holds on which file system, tried by real processes on each; a table of it.

Needs Linux and root, as it mounts. Exit codes: 0 all is as the documents say, 1 something is not, 2 wrong usage, 3 it
cannot be tried here, 130 stopped; whatever was mounted is taken away.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from pathlib import Path
from subprocess import SubprocessError
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from .checks import CHECKS, LONG, CheckError
from .kinds import GUESTS, LOCAL, Kind, MountError, cannot_mount, mounted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROGRAM = "python -m stress.filesystems"
KINDS = {kind.name: kind for kind in (*LOCAL, *GUESTS)}
_BROKEN, _CANNOT, _STOPPED = 1, 3, 130


def main(arguments: Sequence[str]) -> int:
    """Try what was asked for; the exit code."""
    parser = argparse.ArgumentParser(prog=PROGRAM, description="What holds on which file system.")
    parser.add_argument("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)}; default: the local ones")
    parser.add_argument("--long", action="store_true", help="the tests of the library too, with their files there")
    parser.add_argument("--guest", action="store_true", help="in a Linux of its own, with vfat and nfs4")
    asked = parser.parse_args(arguments)
    for name in asked.kinds:
        if name not in KINDS:
            parser.error(f"no kind {name}; there are {', '.join(KINDS)}")
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        sys.stderr.write(f"{PROGRAM}: needs root, to mount file systems\n")
        return _CANNOT
    for name in ("SIGTERM", "SIGHUP", "SIGINT"):  # what is mounted must be unmounted then, too
        signal.signal(getattr(signal, name), signal.default_int_handler)
    try:
        if asked.guest:
            from .guest import run

            return run([*(asked.kinds or [kind.name for kind in GUESTS]), *(["--long"] if asked.long else [])])
        kinds = [KINDS[name] for name in asked.kinds] or list(LOCAL)
        return _tried(kinds, CHECKS | (LONG if asked.long else {}))
    except KeyboardInterrupt:
        sys.stderr.write("stopped; nothing is left mounted\n")
        return _STOPPED


def _tried(kinds: Sequence[Kind], checks: Mapping[str, object]) -> int:
    code = 0
    sys.stdout.write(f"{'':10}{''.join(f'{name:>10}' for name in checks)}\n")
    for kind in kinds:
        reason = cannot_mount(kind)
        if reason:
            sys.stdout.write(f"{kind.name:10} not tried: {reason}\n")
            code = max(code, _BROKEN if os.environ.get("CI") == "true" else _CANNOT)
            continue
        answers, stories = _answers(kind, list(checks))
        sys.stdout.write(f"{kind.name:10}{''.join(f'{answer:>10}' for answer in answers)}\n")
        sys.stdout.writelines(f"    {story}\n" for story in stories)
        sys.stdout.flush()
        if stories:
            code = _BROKEN
    return code


def _answers(kind: Kind, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """A word for each check, and what is not as the documents say."""
    answers: list[str] = []
    stories: list[str] = []
    for name in names:
        found = _found(kind, name)
        answers.append("yes" if found is None else "no")
        if (found is not None) != (name in kind.without):
            stories.append(f"{name} on {kind.name}: {found or 'holds, and the documents say that it does not'}")
    return answers, stories


def _found(kind: Kind, name: str) -> str | None:
    """What does not hold; None if all is well."""
    with TemporaryDirectory(prefix=f"lockedfile-{kind.name}-") as place:
        try:
            Path(place).chmod(0o755)  # some tests have children of another user
            with mounted(kind, Path(place)) as disk:
                directory = disk / name
                directory.mkdir()
                (CHECKS | LONG)[name](directory)
        except (CheckError, MountError, OSError, SubprocessError) as error:
            return f"{type(error).__name__}: {error}"
    return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
