"""The page of a run: the one that people show to each other. It is whole without any script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .figures import closing, figures, settings
from .markup import Markup, element
from .moments import moments
from .overview import overview
from .shares import shares
from .shell import shell
from .verdict import verdict
from .waits import waits

if TYPE_CHECKING:
    from ..account import Account

__all__ = ["page"]


def page(account: Account, *more: Markup) -> str:
    """An HTML document of the run; `more` are sections that go before the settings. What lies outside is not needed."""
    config, result = account.config, account.verdict.result.value
    title = f"{result}: {config.workers} workers edit one file, by {config.strategy}"
    heading = element("h1", f"{config.workers} workers edit one file, by {config.strategy}")
    parts = [heading, verdict(account)]
    if account.history.operations:
        parts += [figures(account), waits(account), shares(account), overview(account), moments(account)]
    return shell(title, *parts, *more, settings(account), closing(account))
