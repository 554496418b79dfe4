"""What the tests of the simulator have: what children print is UTF-8, whatever the system writes into pipes."""

from __future__ import annotations

import os
import sys

if sys.platform == "win32":
    os.environ.setdefault("PYTHONUTF8", "1")
