"""What people get to see of a run that has ended: strings and plain data. Nothing here prints, or starts anything."""

from .account import Account
from .document import document
from .terminal import plain, text

__all__ = ["Account", "document", "plain", "text"]
