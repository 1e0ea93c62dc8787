"""The kinds of parts there are: every module of `rules.detectors` that holds a detector. No list to keep by hand."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from types import MappingProxyType
from typing import TypeGuard

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
            if value.__class__ is not type or value.__module__ != module.__name__ or not _is_detector(value):
                continue
            if value.name in found:
                message = f"two detectors are called {value.name!r}: {found[value.name].__module__}, {module.__name__}"
                raise TypeError(message)
            found[value.name] = value
    return MappingProxyType(dict(sorted(found.items())))


def _is_detector(value: type) -> TypeGuard[type[Detector]]:
    return all(hasattr(value, name) for name in _NAMES) and isinstance(getattr(value, "name", None), str)
