"""`python -m lockedfile`, and the command `lockedfile`."""

import sys

from ._cli import entry

if __name__ == "__main__":
    sys.exit(entry())
