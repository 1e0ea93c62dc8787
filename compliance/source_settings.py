"""Which connector reads a source, and whether it knows the settings that compliance.yaml gives it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import create_model

from connectors.registry import find_connectors, recognising_connectors, settings_type
from rules.errors import did_you_mean
from rules.shape import parse
from rules.source import SourceFile


def check_settings(source: SourceFile, root: Path, *, shared: Collection[str]) -> None:
    """Add to `source` what is wrong with connectors and their settings; `shared` keys are checked elsewhere."""
    sources = source.data.get("sources") if isinstance(source.data, dict) else None
    for name, given in sources.items() if isinstance(sources, dict) else ():
        if isinstance(given, dict):
            _check(source, root, ("sources", name), given, shared)


def _check(
    source: SourceFile, root: Path, place: tuple[str, ...], given: Mapping[str, Any], shared: Collection[str]
) -> None:
    connectors = find_connectors()
    named, path = given.get("connector"), given.get("path")
    if isinstance(named, str) and named and named not in connectors:
        hint = did_you_mean(named, connectors, otherwise=f"connectors: {', '.join(connectors)}")
        source.fault((*place, "connector"), f"unknown connector '{named}'", hint)
        return
    found = [named] if named in connectors else recognising_connectors(root / path) if isinstance(path, str) else []
    own = {key: value for key, value in given.items() if key not in shared}
    if len(found) == 1:
        model = settings_type(connectors[found[0]])
        # The shared keys are part of it only so that a hint names them.
        keys: dict[str, Any] = dict.fromkeys(shared, (Any, None))
        parse(source, create_model(model.__name__, __base__=model, **keys), data=own, place=place)
    elif own and "connector" not in given:
        key = next(iter(own))
        hint = f"add `connector:`; there are: {', '.join(connectors)}"
        source.fault((*place, key), f"whose setting '{key}' is cannot be told from the path", hint, key=True)
