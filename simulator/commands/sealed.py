"""A kept run and its seal: what was changed since the run ended, and that no verdict is left then."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .. import seal
from ..checker import Result
from ..report import text
from ..run import FileError
from .kept import finished

if TYPE_CHECKING:
    from ..report import Account

__all__ = ["Seal", "changes", "doubted", "report", "seal_of"]


class Seal(NamedTuple):
    """Of a kept run."""

    sealed: bool
    broken: list[str]  # what has changed, a line each


def seal_of(name: str) -> Seal:
    """The seal of the run in the directory of that name. Raises `FileError`."""
    directory = Path(name)
    try:
        there = seal.sealed(directory)
        return Seal(there, seal.broken(directory) if there else [])
    except (OSError, seal.SealError) as error:
        raise FileError(f"cannot read the run in {name}: {error}") from error


def doubted(account: Account, found: Seal) -> Account:
    """If the run was changed, its verdict is no verdict any more; it is told beside."""
    if not found.broken:
        return account
    verdict = account.verdict
    reason = f"the saved run was changed; what is there would be {verdict.result.value}"
    return account._replace(verdict=verdict._replace(result=Result.UNKNOWN, reason=reason))


def changes(found: Seal) -> list[str]:
    """What has changed, as lines of a report."""
    return [f"  {line}" for line in found.broken]


def report(account: Account, found: Seal) -> str:
    """What there is to tell of a run that was doubted, if need be."""
    whole = finished(Path(account.kept_in or ""))
    first, *others = text(account).splitlines()
    # What was asked of a run that did not end is nowhere written.
    lines = [line for line in (first, *changes(found), *others) if whole or not line.startswith("repeat ")]
    return "\n".join(lines) + "\n"
