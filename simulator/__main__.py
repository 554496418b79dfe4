"""`python -m simulator`."""

import sys

from .cli import main

if __name__ == "__main__":  # not where a server that forks workers imports it
    sys.exit(main(sys.argv[1:]))
