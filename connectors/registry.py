"""Which connectors there are: every class of this package with a name and pages. Adding one is adding a file."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from pathlib import Path
from typing import TypeGuard

import connectors
from connectors.base import Configurable, Connector, Recogniser, Settings
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


def recognising_connectors(path: Path) -> list[str]:
    """Return the names of the connectors that say they read this file or folder; one, unless something is amiss."""
    return [
        name for name, found in find_connectors().items() if isinstance(found, Recogniser) and found.recognises(path)
    ]


def settings_type(connector: type[Connector]) -> type[Settings]:
    """Return the model of a connector's own settings; one without any keys if it has none."""
    return connector.settings_type if isinstance(connector, Configurable) else Settings


def _is_connector(value: object) -> TypeGuard[type[Connector]]:
    return (
        isinstance(value, type)
        and isinstance(getattr(value, "name", None), str)
        and callable(getattr(value, "pages", None))
    )
