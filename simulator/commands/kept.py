"""A run that was kept with --dir: what was asked of it, and how it went, as its run.json says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import saved
from ..config import Config
from ..history import Faults
from ..run import Ended, FileError
from .judging import account_of

if TYPE_CHECKING:
    from ..report import Account

__all__ = ["kept_account"]


def kept_account(name: str) -> Account:
    """Judge the run in the directory of that name again. Raises `FileError`."""
    directory = Path(name)
    try:
        figures = json.loads(saved.report(directory).read_bytes())
        return account_of(_config(figures), directory, _ended(figures), kept_in=name)
    except NotADirectoryError:
        why = "it is not a directory"
    except FileNotFoundError as error:
        missing = Path(error.filename).name if directory.is_dir() else ""
        why = f"it has no {missing}; a run is kept with --dir" if missing else "there is no such directory"
    except OSError as error:
        why = f"{Path(error.filename or name).name}: {error.strerror}"
    except (ValueError, TypeError, KeyError) as error:
        why = f"it is not a run as this version keeps it ({error})"
    raise FileError(f"cannot read the run in {name}: {why}")


def _config(figures: dict[str, Any]) -> Config:  # what JSON holds is anything
    return Config(**figures["config"])


def _ended(figures: dict[str, Any]) -> Ended:
    return Ended(
        startup_s=figures["startup_s"],
        interrupted=figures["interrupted"],
        lost=tuple(figures["lost_workers"]),
        failures=tuple(figures["failures"]),
        faults=Faults(**figures["faults"]),
        litter=tuple(figures["litter"]),
    )
