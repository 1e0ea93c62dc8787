"""The kinds of parts there are: every module of `rules.detectors` that holds a detector. No list to keep by hand."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType

import rules.detectors
from rules.detectors.base import Detector

_NAMES = ("name", "source", "keys", "matches", "non_matches", "build", "see", "gate")


@cache
def kinds() -> MappingProxyType[str, type[Detector]]:
    """Return name -> class, in name order. Raises TypeError if two files claim one name."""
    found: dict[str, type[Detector]] = {}
    for module_info in pkgutil.iter_modules(rules.detectors.__path__, "rules.detectors."):
        module = importlib.import_module(module_info.name)
        for value in vars(module).values():
            if isinstance(value, type) and value.__module__ == module.__name__ and all(hasattr(value, n) for n in _NAMES) and isinstance(getattr(value, "name", None), str):
                if value.name in found:
                    message = f"two detectors are called {value.name!r}: {found[value.name].__module__} and {module.__name__}"
                    raise TypeError(message)
                found[value.name] = value
    return MappingProxyType(dict(sorted(found.items())))
