"""`python -m stress.gopeer DIRECTORY`: build the program there and print its path."""

from __future__ import annotations

import sys
from pathlib import Path

from .builder import GoPeerError, build


def main() -> None:
    """Build, print; exit code 2 for wrong usage, 1 with the reason where it cannot be built."""
    if len(sys.argv) != 2:
        sys.stderr.write("usage: python -m stress.gopeer DIRECTORY\n")
        sys.exit(2)
    try:
        peer = build(Path(sys.argv[1]))
    except (GoPeerError, OSError) as error:
        sys.exit(str(error))
    sys.stdout.write(f"{peer}\n")


if __name__ == "__main__":
    main()
