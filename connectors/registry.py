"""Which connectors there are: every class of this package with a name and pages. Adding one is adding a file."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TypeGuard

import connectors
from connectors.base import Connector
from connectors.errors import FatalError


def find_connectors() -> dict[str, type[Connector]]:
    """Return every connector class by its name, in order of names. Raises FatalError if two share one."""
    found: dict[str, type[Connector]] = {}
    for module in pkgutil.iter_modules(connectors.__path__, prefix="connectors."):
        for value in vars(import_module(module.name)).values():
            if not _is_connector(value) or value.__module__ != module.name:
                continue
            if value.name in found:
                message = f"two connectors are called '{value.name}'"
                raise FatalError(
                    message, place=f"{found[value.name].__module__}, {module.name}", hint="rename one of them"
                )
            found[value.name] = value
    return dict(sorted(found.items()))


def find_connector(name: str) -> type[Connector]:
    """Return the connector class of this name. Raises FatalError naming those there are."""
    found = find_connectors()
    if name not in found:
        message = f"no connector is called '{name}'"
        raise FatalError(message, place="sources", hint=f"there are: {', '.join(found)}")
    return found[name]


def _is_connector(value: object) -> TypeGuard[type[Connector]]:
    return (
        isinstance(value, type)
        and isinstance(getattr(value, "name", None), str)
        and callable(getattr(value, "pages", None))
    )
