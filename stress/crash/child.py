"""The process that edits, recovers or judges: started fresh for each, told by one JSON, answering with one JSON.

    python -S -I stress/crash/child.py '{"do": "edit", "path": "go.mod", "new": "/elsewhere/new", "mode": "durable"}'

A request that is too long for a command line comes by stdin, and - is in its place.

`do` is one of
    edit, write    the content becomes that of the file `new`, in the `mode`: default, durable or go
    read           the content, by `lockedfile.read`
    recover        open for writing and close, by `lockedfile.open`
    judge          read; list what lies beside the file; edit it, and edit that back; and if there is a file `new`, make
                   its content that of the file
    judge all      the same for each file of the list `paths`
    play all       each of the list `plays`, which are requests with a `fault`, as `seam` puts it in: its answer, and
                   the `calls` that were made; all in this process, unless one of them is killed `really`
`variant` takes a step out of the library first, and `limit_bytes` is the most that this process may write in a file. An
error of the call is a part of the answer, not an exit code: that says that this process went wrong itself.
"""

from __future__ import annotations

import binascii
import json
import os
import sys

TYPE_CHECKING = False  # typing would cost more to import than all of this takes, and so would pathlib
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from stress.crash.seam import Seam

_HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(os.path.dirname(_HERE)))

import lockedfile  # noqa: E402 - from this tree, not from another one that is installed

OPTIONS: dict[str, dict[str, bool]] = {"default": {}, "durable": {"durable": True}, "go": {"crash_safe": False}}
_ADDED = b"# judged\n"


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Do what the request says; what came of it."""
    if request.get("variant"):
        from stress.crash.variants import VARIANTS

        VARIANTS[request["variant"]].weaken()
    new = _content(request["new"]) if "new" in request else None
    if sys.platform != "win32" and "limit_bytes" in request:
        from resource import RLIM_INFINITY, RLIMIT_FSIZE, setrlimit

        setrlimit(RLIMIT_FSIZE, (request["limit_bytes"], RLIM_INFINITY))
    if request["do"] == "judge all":
        return {"findings": [answer({"do": "judge", "path": path}) for path in request["paths"]]}
    if request["do"] == "play all":
        from stress.crash.seam import Seam

        seam = Seam()
        return {"answers": [_played(seam, one) for one in request["plays"]]}
    try:
        return _done(request["do"], request["path"], new, OPTIONS[request.get("mode", "default")])
    except Exception as error:  # noqa: BLE001 - whatever an edit raises is what came of it
        return {"error": _told(error)}


def _played(seam: Seam, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What came of one play."""
    from stress.crash.fault import Fault

    new, options = _content(asked["new"]), OPTIONS[asked["mode"]]
    fault = Fault(*asked["fault"]) if asked["fault"] else None
    play = seam.play(lambda: _done(asked["do"], asked["path"], new, options), fault, in_effect=not asked["really"])
    told = {"killed": True} if play.gone else {"error": _told(play.error)} if play.error else play.result
    return {"calls": play.calls, "put_in": play.put_in, **told}


def _done(do: str, path: str, new: bytes | None, options: Mapping[str, Any]) -> dict[str, Any]:
    if do == "edit":
        edited = lockedfile.Edit(path, lambda old: old if new is None else new, **options)
        return {"changed": edited.changed, "recovered": edited.recovered}
    if do == "write":
        lockedfile.write(path, new or b"", **options)
    elif do == "read":
        return {"content": _text(lockedfile.read(path))}
    elif do == "recover":
        with lockedfile.open(path, "r+b"):
            pass
    elif do == "judge":
        return _judged(path, new)
    else:
        raise ValueError(f"{do!r} is nothing that this process does")
    return {}


def _judged(path: str, new: bytes | None) -> dict[str, Any]:
    """What a later user finds, and whether the file can still be edited."""
    content = lockedfile.read(path)
    beside = _beside(path)
    lockedfile.Edit(path, lambda old: old + _ADDED)
    edited = lockedfile.read(path) == content + _ADDED
    lockedfile.Edit(path, lambda old: old.removesuffix(_ADDED))
    edited &= lockedfile.read(path) == content
    new = content if new is None else new
    lockedfile.write(path, new)
    return {
        "content": _text(content),
        "beside": beside,
        "edits": edited and lockedfile.read(path) == new,
        "beside_after": _beside(path),
    }


def _content(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _beside(path: str) -> list[str]:
    directory, name = os.path.split(path)
    return sorted(set(os.listdir(directory or ".")) - {name})


def _text(content: bytes) -> str:
    return binascii.b2a_base64(content, newline=False).decode()


def _told(error: Exception) -> dict[str, object]:
    return {
        "type": type(error).__name__,
        "errno": getattr(error, "errno", None),
        "filename": os.fsdecode(getattr(error, "filename", None) or ""),
        "text": str(error),
        "notes": list(getattr(error, "__notes__", [])),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer(json.loads(sys.stdin.read() if sys.argv[1] == "-" else sys.argv[1]))) + "\n")
