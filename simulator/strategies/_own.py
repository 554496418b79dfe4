"""Anybody's locker, by `package.module:attribute`: found, made and looked at before a run relies on it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from ..near import question

if TYPE_CHECKING:
    from ._strategy import Strategy

__all__ = ["StrategyError", "own"]

_METHODS = ("probe", "open", "edit", "read", "close")


class StrategyError(Exception):
    """There is no such strategy, or it is none; the message says why and what to do, in one line."""


def own(name: str) -> Strategy:
    """Make the strategy that `name`, a `package.module:attribute`, leads to. Raises `StrategyError`."""
    module, _, path = name.partition(":")
    if not all(part.isidentifier() for part in [*module.split("."), *path.split(".")]):
        raise StrategyError(f"strategy {name}: name a class of your own as package.module:attribute")
    found = _imported(name, module)
    for attribute in path.split("."):
        found = _attribute(name, found, attribute)
    made = _made(name, found)
    lacking = [] if isinstance(getattr(made, "name", None), str) else ["name"]
    lacking += [method for method in _METHODS if not callable(getattr(made, method, None))]
    if lacking:
        needed = ", ".join(_METHODS[:-1])
        raise StrategyError(f"strategy {name} lacks {', '.join(lacking)}; it needs name, {needed} and {_METHODS[-1]}")
    return cast("Strategy", made)


def _imported(name: str, module: str) -> object:
    try:
        return import_module(module)
    except (Exception, SystemExit) as error:  # whatever a module of somebody else's does
        if not isinstance(error, ModuleNotFoundError) or not f"{module}.".startswith(f"{error.name}."):
            raise StrategyError(f"strategy {name}: importing {module} failed: {_told(error)}") from error
        hint = "it is looked for in the current directory and on PYTHONPATH"
        if module.endswith(".py"):
            hint = f"did you mean {name.replace('.py:', ':', 1)}?"
        raise StrategyError(f"strategy {name}: there is no module {error.name}; {hint}") from error


def _attribute(name: str, owner: object, attribute: str) -> object:
    try:
        found: object = getattr(owner, attribute)
    except AttributeError as error:
        public = (word for word in dir(owner) if not word.startswith("_"))
        where = getattr(owner, "__name__", "it")
        hint = question(attribute, public) or "; name what is at the top of the module"
        raise StrategyError(f"strategy {name}: {where} has no {attribute}{hint}") from error
    return found


def _made(name: str, found: object) -> object:
    if not callable(found):
        raise StrategyError(f"strategy {name} is of type {type(found).__name__}; name a class, or a function")
    try:
        made: object = found()
    except Exception as error:  # of somebody else's, as above
        raise StrategyError(f"strategy {name}: calling it without arguments failed: {_told(error)}") from error
    return made


def _told(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())
