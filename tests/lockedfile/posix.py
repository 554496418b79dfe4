"""Child processes with limits, leases, and handlers of signals; POSIX only."""

from __future__ import annotations

import json
import os
import signal
import sys

import lockedfile
from tests.lockedfile.children import attempt, do, hear, load, open_descriptors, say, told
from tests.lockedfile.contents import brief

if sys.platform == "win32":
    raise ImportError("POSIX only")

import fcntl
import resource

_NOBODY = 65534


def attempt_limited(editor: str, path: str, new_path: str, limit: str) -> None:
    """`children.attempt`, where no file of this process may grow past so many bytes."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    attempt(editor, path, new_path)


def edit_interrupted(editor: str, path: str, new_path: str) -> None:
    """Edit `path`, where a signal may come that raises `KeyboardInterrupt`; say how it went, and live on until told."""
    with open(new_path, "rb") as file:
        new = file.read()
    edit, before = load(editor), open_descriptors()
    error: BaseException | None = None
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        edit(path, lambda _: new)
    except BaseException as caught:  # noqa: BLE001 - told, not handled
        error = caught
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    say(json.dumps(told(error) | {"leaked": open_descriptors() - before}))
    hear()


def edit_unprivileged(path: str) -> None:
    """Edit as a user who may not, and say the error."""
    drop()
    try:
        lockedfile.Edit(path, lambda _: b"changed")
    except OSError as error:
        say(f"{type(error).__name__} {error.filename}")


def write_past_limit(path: str, limit: str) -> None:
    """Write through a `LockedFile` more than the system lets a file grow, and say the error."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), resource.RLIM_INFINITY))
    with lockedfile.open(path, "wb") as file:
        try:
            say(file.write(b"x" * int(limit) + b"y"))
        except OSError as error:
            say(json.dumps(told(error)))


def lease(path: str, kind: str) -> None:
    """Hold a lease on `path`, and give it up when the kernel says that somebody wants the file."""
    assert sys.platform == "linux"
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGIO})
    fd = os.open(path, os.O_RDONLY)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, getattr(fcntl, kind))
    say("leased")
    signal.sigwait({signal.SIGIO})
    say("wanted")
    hear()
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    os.close(fd)


def append_signalled(path: str, text: str) -> None:
    """Append `text` by an edit, with a handler of SIGUSR1 that says so and returns."""
    signal.signal(signal.SIGUSR1, lambda *_: say("handled"))
    say("ready")
    hear()
    lockedfile.Edit(path, lambda old: old + text.encode())
    say("edited")


def drop(user: int = _NOBODY, group: int = _NOBODY, groups: tuple[int, ...] = ()) -> None:
    """Be that user for good, if we are root; who is not has no more rights than a user anyway."""
    if os.geteuid() == 0:
        os.setgroups(groups)
        os.setgid(group)
        os.setuid(user)


def import_all() -> None:
    """Load what is loaded late elsewhere, before the user changes: this one may not read the library's files."""
    import typing  # noqa: F401

    brief(bytes(1000))


def do_unprivileged(what: str, path: str) -> None:
    """`children.do`, as a user who may not do all."""
    import_all()
    drop()
    do(what, path)


def attempt_as(user: str, group: str, editor: str, path: str, new_path: str) -> None:
    """`children.attempt`, as that user, whose only group it is."""
    drop(int(user), int(group))
    attempt(editor, path, new_path)


def do_as(user: str, group: str, what: str, path: str) -> None:
    """`children.do`, as that user, whose only group it is."""
    import_all()
    drop(int(user), int(group))
    do(what, path)


def _readable(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDONLY))
    except PermissionError:
        return False
    return True


def tell_readers(*paths: str) -> None:
    """For each line of JSON heard, `[user, group, other groups]`, say as JSON which of `paths` these may read."""
    while line := hear():
        user, group, groups = json.loads(line)
        os.setgroups(groups)
        os.setegid(group)
        os.seteuid(user)
        say(json.dumps([_readable(path) for path in paths]))
        os.seteuid(0)
        os.setegid(0)
