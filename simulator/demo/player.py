"""One process of the demo: a single real `Edit`, which adds a line to the go.mod, stopped at each of its steps.

Messages go to its stdout, one JSON object a line; each byte of its stdin lets it go on to the next stop. When its stdin
ends it ends too, wherever it is.
"""

from __future__ import annotations

import json
import os
import sys
import threading

import lockedfile

from .seam import Seam

__all__ = ["FILE", "added", "line_of", "main"]

FILE = "go.mod"
"""The name of the file that is edited."""

_BLOCK = b"require (\n"


def line_of(name: str) -> bytes:
    """The line that the process of this name adds."""
    return b"\texample.com/%s v1.0.0\n" % name.lower().encode()


def added(content: bytes, name: str) -> bytes:
    """`content` with the line of the process of this name, in the order in which the go command keeps them."""
    head, block, rest = content.partition(_BLOCK)
    lines = rest.splitlines(keepends=True)
    end = next((at for at, line in enumerate(lines) if not line.startswith(b"\t")), len(lines))
    return head + block + b"".join(sorted([*lines[:end], line_of(name)]) + lines[end:])


def main() -> None:
    """Edit as the arguments say: a directory, a name, and whether to lock and to keep a journal."""
    directory, name, locking, crash_safe = json.loads(sys.argv[1])
    telling = threading.Lock()

    def tell(message: dict[str, object]) -> None:
        with telling:
            os.write(1, json.dumps(message).encode() + b"\n")

    def wait() -> None:
        if not os.read(0, 1):
            os._exit(0)  # nobody is there any more

    seam = Seam(FILE, tell, wait, locking=locking)
    seam.put_in()
    os.chdir(directory)
    try:
        lockedfile.Edit(FILE, seam.transform(lambda content: added(content, name)), crash_safe=crash_safe)
        tell({"is": "end", "error": ""})
    except Exception as error:  # noqa: BLE001 - whoever shows the demo tells of it
        tell({"is": "end", "error": f"{type(error).__name__}: {error}"})


if __name__ == "__main__":
    main()
