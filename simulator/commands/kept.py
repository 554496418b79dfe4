"""A run that was kept with --dir: what was asked of it, and how it went, as its run.json says.

That is the last file that a run writes. One whose starter was killed has none, and is judged all the same: its records
are there. What was asked of it is then known as far as they show it.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_type_hints

from .. import saved
from ..config import Config
from ..history import Faults, Kind
from ..report.document import SCHEMA
from ..run import Ended, FileError
from ..workload import MODULES
from .judging import account_of

if TYPE_CHECKING:
    from ..report import Account

__all__ = ["finished", "kept_account"]

_UNKNOWN = "unknown"  # in place of the name of a strategy


def kept_account(name: str) -> Account:
    """Judge the run in the directory of that name again. Raises `FileError`."""
    directory = Path(name)
    try:
        if not finished(directory):
            return account_of(_shown(directory), directory, _cut_short(directory), kept_in=name)
        figures = json.loads(saved.report(directory).read_bytes())
        _check_schema(figures)
        return account_of(_config(figures), directory, _ended(figures), kept_in=name)
    except (FileNotFoundError, NotADirectoryError) as error:  # which of them a file is, differs between systems
        missing = Path(error.filename).name if directory.is_dir() else ""
        why = f"it has no {missing}; a run is kept with --dir" if missing else "there is no such directory"
        why = "it is not a directory" if directory.exists() and not missing else why
    except OSError as error:
        why = f"{Path(error.filename or name).name}: {error.strerror}"
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        why = f"it is not a run as this version keeps it ({error})"
    raise FileError(f"cannot read the run in {name}: {why}")


def finished(directory: Path) -> bool:
    """Did the run in `directory` come to its end? If there is no run at all, this says yes."""
    there = saved.initial(directory).exists() and saved.records(directory, 0).exists()
    return saved.report(directory).exists() or not there


def _check_schema(figures: dict[str, Any]) -> None:
    schema = figures["schema"]
    if schema != SCHEMA:
        raise ValueError(f"run.json is of schema {schema}, not {SCHEMA}")


def _config(figures: dict[str, Any]) -> Config:  # what JSON holds is anything
    config = Config(**figures["config"])
    for name, kind in get_type_hints(Config).items():
        _check(name, getattr(config, name), kind)
    return config


def _check(name: str, value: Any, kind: Any) -> None:  # what JSON holds is anything
    if not isinstance(value, kind) and not (kind in {float, float | None} and isinstance(value, int)):
        raise TypeError(f"run.json has {value!r} for {name}")


def _ended(figures: dict[str, Any]) -> Ended:
    _check("startup_s", figures["startup_s"], float)
    return Ended(
        startup_s=figures["startup_s"],
        interrupted=figures["interrupted"],
        lost=tuple(figures["lost_workers"]),
        failures=tuple(figures["failures"]),
        faults=Faults(**figures["faults"]),
        litter=tuple(figures["litter"]),
        stuck=int(figures.get("stuck_workers", 0)),
    )


def _shown(directory: Path) -> Config:
    """What was asked of a run, as its records show it."""
    operations = saved.read_history(directory).operations
    crowds = {kind: {op.worker for op in operations if op.kind is kind} for kind in Kind}
    return Config(
        workers=max(saved.initial(directory).read_bytes().count(MODULES), 1),
        readers=len(crowds[Kind.READ]), peekers=len(crowds[Kind.PEEK]), duration_s=None, edits=None,
        hold_ms="0", think_ms="0", file=None, strategy=_UNKNOWN, seed=0,
    )  # fmt: skip


def _cut_short(directory: Path) -> Ended:
    return Ended(0.0, interrupted=True, lost=(), failures=(), faults=Faults(), litter=saved.litter(directory))
