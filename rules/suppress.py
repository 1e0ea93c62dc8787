"""Shipped, named filters of matches: one YAML file each in `rules/suppressions/`, with the texts that show what they do."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Final

from rules.build import build_parts
from rules.errors import Fault, PolicyError
from rules.lists import Lists
from rules.policy import Part, Suppression, SuppressionSpec
from rules.shape import parse
from rules.source import read_yaml

SUPPRESSIONS: Final = Path(str(files("rules") / "suppressions"))


def load_suppressions(lists: Lists) -> dict[str, Suppression]:
    """Return every shipped suppression by name. Raises PolicyError holding every fault."""
    found: dict[str, Suppression] = {}
    faults: list[Fault] = []
    for path in sorted(SUPPRESSIONS.glob("*.yaml")):
        source = read_yaml(path, name=path.name)
        spec = parse(source, SuppressionSpec)
        built = spec and build_parts(
            source, (), spec.parts, spec.when, lists=lists, used=[spec.covers] if spec.covers else [], trusted=True
        )
        faults += source.faults
        if spec is None or not built:
            continue
        parts, when = built
        found[spec.suppress] = Suppression(
            id=spec.suppress,
            title=spec.title,
            covers=_covers(spec, parts) if spec.covers else None,
            parts=parts,
            when=when,
            version=hashlib.sha256(path.read_bytes()).hexdigest()[:16],
            spec=spec,
            place=f"{path.name}:1",
        )
    if faults:
        raise PolicyError(faults)
    return found


def _covers(spec: SuppressionSpec, parts: dict[str, Part]) -> Part:
    """Return what stands for a covered match: something near the covering part."""
    covering = parts[spec.covers or ""]
    return replace(covering, name="covered", near=covering.name, within_words=int(spec.within.split()[0]))
