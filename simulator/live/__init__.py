"""What people see while a run goes on, or goes on once more: a picture on a terminal, a line a second elsewhere.

    lanes.Snapshot, follow.Sight ──> pace ──> picture (crowd, marks) ──> screen
                                         └──> lines

Only `screen` and `keys` know of a terminal, and only what is in `watching` writes.
"""

from .keys import keys
from .player import KEYS, Player
from .watching import Stage, watching

__all__ = ["KEYS", "Player", "Stage", "keys", "watching"]
