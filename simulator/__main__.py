"""`python -m simulator`."""

import signal
import sys

if __name__ == "__main__":  # not where a server that forks workers imports it
    # Nothing has begun while this is imported, which takes a while: a Ctrl-C ends it as it ends any other program.
    hears_ctrl_c = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if hears_ctrl_c:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from .cli import main

    if hears_ctrl_c:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
