"""What people get to see of a run that has ended: strings and plain data. Nothing here prints, or starts anything."""

from .account import Account
from .document import document
from .html import page
from .table import rows
from .terminal import plain, text
from .trace import trace

__all__ = ["Account", "document", "page", "plain", "rows", "text", "trace"]
