"""From YAML files to a rule set, with every fault of every file found at once."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from rules.build import build_parts, by_meaning_alone
from rules.detectors.base import Told
from rules.detectors.entity import Entity
from rules.detectors.meaning import Meaning
from rules.errors import Fault, PolicyError, did_you_mean
from rules.evaluation import Publish, Severity
from rules.lists import Lists, no_lists
from rules.policy import (
    ExamplesSpec,
    Exclusion,
    ExclusionSpec,
    PackOverride,
    Part,
    Policy,
    PolicySpec,
    Rule,
    RuleOverride,
    RuleSpec,
    Scope,
    Suppression,
)
from rules.ruleset import Languages, RuleSet
from rules.shape import parse
from rules.source import Place, SourceFile, read_yaml
from rules.suppress import load_suppressions

#: Changes with anything in the engine that could change a verdict.
ENGINE_VERSION: Final = "1"
PACKS: Final = Path(str(files("rules") / "packs"))


@dataclass(slots=True)
class Overrides:
    """How an organisation tunes shipped packs: policy id -> override, and where that is written."""

    packs: Mapping[str, Any] = field(default_factory=dict)
    source: SourceFile = field(default_factory=lambda: SourceFile("compliance.yaml"))
    place: Place = ("packs",)


def pack_files() -> list[Path]:
    """Return the shipped packs in name order."""
    return sorted(PACKS.glob("*.yaml"))


def load_ruleset(
    *paths: Path,
    lists: Lists | None = None,
    overrides: Overrides | None = None,
    exclusions: Iterable[Path] = (),
    root: Path | None = None,
    languages: Languages | None = None,
    encoder: str = "",
    pipeline: str = "",
) -> RuleSet:
    """Load the shipped packs and the policy files of `paths`. Raises PolicyError holding every fault of every file.

    Files are named relative to `root` in faults. Rules keep file order: shipped packs first, both in name order. A file of
    one's own with the id of a shipped pack adds to that pack; a rule of the same id stands in its place, and its `place` says so.
    `encoder` is the folder of a sentence encoder to use instead of the shipped one, `pipeline` a spaCy pipeline for entities, a
    package or a folder.
    """
    loader = _Loader(lists=lists, root=root, encoder=encoder, pipeline=pipeline)
    loader.load_policies(
        [*((path, True) for path in pack_files()), *((path, False) for path in sorted(paths))], overrides or Overrides()
    )
    for path in sorted(exclusions):
        loader.load_exclusion(path)
    if loader.faults:
        raise PolicyError(loader.faults)
    return loader.ruleset(languages or Languages())


class _Loader:
    def __init__(self, *, lists: Lists | None, root: Path | None, encoder: str = "", pipeline: str = "") -> None:
        self.lists: Lists = {**no_lists(), **(lists or {})}
        #: Own policies may only read lists that exist: a vanished file must not silence a rule. Packs work without.
        self.own_lists: Lists = self.lists if lists is None else lists
        self.root = root
        self.encoder = encoder
        self.pipeline = pipeline
        self.faults: list[Fault] = []
        self.rules: dict[str, Rule] = {}
        self.policies: dict[str, Policy] = {}
        self.exclusions: dict[str, Exclusion] = {}
        self.suppressions = load_suppressions(self.lists)

    def ruleset(self, languages: Languages) -> RuleSet:
        return RuleSet(
            rules=self.rules,
            policies=self.policies,
            exclusions=tuple(self.exclusions.values()),
            suppressions=self.suppressions,
            languages=languages,
            lists=self.lists,
            engine_version=ENGINE_VERSION,
        )

    def load_policies(self, paths: Iterable[tuple[Path, bool]], overrides: Overrides) -> None:
        packs = _overrides(overrides, self)
        for path, shipped in paths:
            source = self._read(path)
            spec = parse(source, PolicySpec)
            if spec is not None:
                self._policy(source, spec, packs.pop(spec.policy, None) if shipped else None, shipped=shipped)
            else:
                self._look_further(source)
            self.faults += source.faults
        for name in packs:
            overrides.source.fault(
                (*overrides.place, name), f"unknown pack '{name}'", did_you_mean(name, self.policies)
            )
        self.faults += overrides.source.faults

    def _look_further(self, source: SourceFile) -> None:
        """Find the faults inside the parts of a file whose shape is wrong elsewhere, so that one run names all."""
        rules = source.data.get("rules") if isinstance(source.data, dict) else None
        for index, rule in enumerate(rules if isinstance(rules, list) else []):
            parts = rule.get("parts") if isinstance(rule, dict) else None
            if isinstance(parts, dict) and isinstance(rule.get("when"), str):
                texts = {key: rule[key] for key in ("message", "guidance") if isinstance(rule.get(key), str)}
                sound = {name: part for name, part in parts.items() if isinstance(part, dict)}
                build_parts(source, ("rules", index), sound, rule["when"], lists=self.own_lists, texts=texts)

    def load_exclusion(self, path: Path) -> None:
        source = self._read(path)
        spec = parse(source, ExclusionSpec)
        if spec is not None:
            self._exclusion(source, spec)
        self.faults += source.faults

    def _read(self, path: Path) -> SourceFile:
        name = (
            str(path.relative_to(self.root))
            if self.root and path.is_relative_to(self.root)
            else path.name
            if path.is_relative_to(PACKS)
            else str(path)
        )
        return read_yaml(path, name=name)

    def _policy(self, source: SourceFile, spec: PolicySpec, override: PackOverride | None, *, shipped: bool) -> None:
        known = self.policies.get(spec.policy)
        if known is not None and (shipped or not known.shipped):
            source.fault(
                ("policy",),
                f"policy '{spec.policy}' exists already",
                "one file per policy; put these rules into the other file",
            )
            return
        policy = Policy(
            id=spec.policy,
            title=spec.title,
            clause=spec.clause or "",
            owner=spec.owner or "",
            route=(override and override.route) or spec.route,
            effect=spec.effect,
            requires_group=spec.requires_group,
            effective=spec.effective,
            review_by=spec.review_by,
            shipped=shipped,
        )
        self.policies.setdefault(policy.id, policy)
        tuned = dict(override.rules) if override else {}
        for index, rule_spec in enumerate(spec.rules):
            place: Place = ("rules", index)
            taken = self.rules.get(f"{policy.id}.{rule_spec.id}")
            if taken is not None and (shipped or not taken.policy.shipped):
                source.fault(
                    (*place, "id"),
                    f"rule id '{rule_spec.id}' stands here twice",
                    "ids are permanent and unique; choose another",
                )
                continue
            for name in rule_spec.examples.with_:
                if name not in self.lists:
                    source.fault(
                        (*place, "examples", "with", name),
                        f"unknown list '{name}'",
                        did_you_mean(name, self.lists, otherwise=f"put the terms into lists/{name}.csv"),
                    )
            lists = self.lists if shipped else self.own_lists
            rule = build_rule(
                source,
                place,
                rule_spec,
                policy,
                lists=lists,
                defaults=Defaults(
                    status=(override and override.status) or spec.status,
                    languages=spec.languages or [],
                    suppress=spec.suppress or [],
                ),
                suppressions=self.suppressions,
                override=tuned.pop(rule_spec.id, None),
                encoder=self.encoder,
                pipeline=self.pipeline,
            )
            if rule is not None:
                self.rules[rule.id] = rule
        for name in tuned:
            ids = [rule_spec.id for rule_spec in spec.rules]
            self.faults.append(
                Fault(
                    file="compliance.yaml",
                    message=f"packs: {policy.id}: unknown rule '{name}'",
                    hint=did_you_mean(name, ids),
                )
            )

    def _exclusion(self, source: SourceFile, spec: ExclusionSpec) -> None:
        if spec.exclude in self.exclusions:
            source.fault(("exclude",), f"exclusion '{spec.exclude}' exists already", "choose another name")
        for index, name in enumerate(spec.rules):
            known = [*self.rules, *(f"{policy}.*" for policy in self.policies)]
            if name not in known:
                source.fault(
                    ("rules", index),
                    f"unknown rule '{name}'",
                    did_you_mean(name, known, otherwise="`compliance policy list` shows every rule"),
                )
        touched = [self.rules[name] for name in spec.rules if name in self.rules]
        borrowed = touched[0].parts if len(spec.rules) == 1 and touched else {}
        told = Told(encoder=self.encoder, pipeline=self.pipeline)
        built = build_parts(source, (), spec.parts, spec.when, lists=self.own_lists, borrowed=borrowed, told=told)
        if built is None or source.faults:
            return
        parts, when = built
        self.exclusions[spec.exclude] = Exclusion(
            id=spec.exclude,
            rules=tuple(spec.rules),
            parts=parts,
            when=when,
            owner=spec.owner,
            reason=spec.reason,
            until=spec.until,
            version=_digest(spec.model_dump(mode="json", by_alias=True), _lists_read(spec.parts, self.lists)),
            spec=spec,
            place=f"{source.name}:1",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """What a policy says for those of its rules that do not say otherwise."""

    status: str = "live"
    languages: Sequence[str] = ()
    suppress: Sequence[str] = ()


def build_rule(  # noqa: PLR0913 - what a rule is built from
    source: SourceFile,
    place: Place,
    spec: RuleSpec,
    policy: Policy,
    *,
    lists: Lists,
    defaults: Defaults | None = None,
    suppressions: Mapping[str, Suppression] | None = None,
    override: RuleOverride | None = None,
    encoder: str = "",
    pipeline: str = "",
) -> Rule | None:
    """Compile one rule; its faults go to `source`."""
    defaults = defaults or Defaults()
    filters = _filters(source, place, spec, defaults, suppressions or {})
    built = build_parts(
        source,
        place,
        spec.parts,
        spec.when,
        lists=lists,
        texts={"message": spec.message, "guidance": spec.guidance},
        trusted=policy.shipped,
        told=_told(f"{policy.id}.{spec.id}", spec.examples, encoder, pipeline),
    )
    if policy.effect == "flag" and not (spec.message and spec.guidance):
        source.fault(
            (*place, "id"),
            f"rule '{spec.id}' needs a message and guidance",
            "say what is wrong, and what its author can do instead",
        )
    if built is None:
        return None
    tuned = override or RuleOverride()
    parts, when = built
    severity = Severity[(tuned.severity or spec.severity).upper()]
    if severity >= Severity.HIGH and by_meaning_alone(parts, when):
        source.fault(
            (*place, "when"),
            f"rule '{spec.id}' is of severity {severity.name.lower()} and could be true by meaning alone",
            "join the `meaning` part with one that finds words: `explicit or hint and topic`; or lower the severity"
            + (" in compliance.yaml" if tuned.severity else ""),
        )
    settings = {
        "policy": policy.id,
        "effect": policy.effect,
        "requires": policy.requires_group,
        "override": tuned.model_dump(),
        "languages": sorted(_languages(spec, defaults)),
        "suppress": [f"{name} {one.version}" for name, one in filters.items()],
        **_learned(parts),
    }
    return Rule(
        id=f"{policy.id}.{spec.id}",
        policy=policy,
        title=spec.title,
        status=tuned.status or _quieter(spec.status, defaults.status),
        severity=severity,
        publish=Publish(tuned.publish or spec.publish),
        clause=spec.clause or policy.clause,
        source=spec.source or "",
        route=tuned.route or spec.route or policy.route,
        scope=_scope(spec),
        languages=_languages(spec, defaults),
        suppress=tuple(filters),
        parts=parts,
        when=when,
        message=spec.message or spec.title,
        guidance=spec.guidance or "",
        first_aid=spec.first_aid or "",
        version=_digest({**_evaluated(spec), **settings}, _lists_read(spec.parts, lists)),
        spec=spec,
        place=f"{source.name}:{source.marks.get((*place, 'id'), (0, 0))[0]}",
        encoder=encoder,
        pipeline=pipeline,
    )


def _filters(
    source: SourceFile, place: Place, spec: RuleSpec, defaults: Defaults, known: Mapping[str, Suppression]
) -> dict[str, Suppression]:
    """Return the suppressions that a rule and its policy name; unknown ones are faults."""
    found = {}
    for name in dict.fromkeys([*defaults.suppress, *(spec.suppress or [])]):
        if name in known:
            found[name] = known[name]
        else:
            hint = did_you_mean(name, known, otherwise=f"suppressions: {', '.join(known)}")
            source.fault((*place, "suppress"), f"unknown suppression '{name}'", hint)
    return found


def _evaluated(spec: RuleSpec) -> dict[str, Any]:
    """Return what of a rule as written can change a verdict."""
    told = {"examples", "title", "message", "guidance", "first_aid", "source", "clause"}
    return spec.model_dump(mode="json", by_alias=True, exclude=told)


def _languages(spec: RuleSpec, defaults: Defaults) -> frozenset[str]:
    named = frozenset(defaults.languages if spec.languages is None else spec.languages)
    return frozenset() if "any" in named else named


def _told(rule: str, examples: ExamplesSpec, encoder: str, pipeline: str) -> Told:
    """Return what parts may learn from: example texts, but not those that pass only because of where or by whom."""
    passed = [one.text for one in examples.pass_ if not (one.audience or one.group or one.kind or one.platform)]
    flag = dict.fromkeys(one.text for one in examples.flag)
    return Told(
        rule=rule,
        flag=tuple(flag),
        passed=tuple(text for text in passed if text not in flag),
        encoder=encoder,
        pipeline=pipeline,
    )


def _learned(parts: Mapping[str, Part]) -> dict[str, str]:
    """Return what trained parts depend on, digests and names; empty for a rule without such parts."""
    found = {}
    for name, part in parts.items():
        detector: object = part.detector
        if isinstance(detector, Meaning):
            found[f"learned {name}"] = detector.question.digest
        elif isinstance(detector, Entity) and detector.pipeline:
            found[f"pipeline {name}"] = detector.pipeline
    return found


def _quieter(rule_status: str | None, policy_status: str) -> str:
    """A rule is never louder than its policy."""
    order = ("retired", "draft", "shadow", "live")
    return min(rule_status or policy_status, policy_status, key=order.index)


def _scope(spec: RuleSpec) -> Scope:
    asked = spec.scope
    several = {
        key: frozenset(getattr(asked, key) or ()) for key in ("platform", "channel", "group", "not_group", "kind")
    }
    return Scope(audience=asked.audience, country=frozenset(c.upper() for c in asked.country or ()), **several)


def _overrides(overrides: Overrides, loader: _Loader) -> dict[str, PackOverride]:
    found = {}
    for name, value in overrides.packs.items():
        spec = parse(overrides.source, PackOverride, data=value, place=(*overrides.place, name))
        if spec is not None:
            found[name] = spec
    del loader
    return found


def _lists_read(parts: Mapping[str, Any], lists: Lists) -> list[str]:
    """Return the digests of the lists that these parts name."""
    text = json.dumps(dict(parts), sort_keys=True, default=str)
    return [lists[name].digest() for name in sorted(lists) if f'"${name}"' in text]


def _digest(spec: Mapping[str, Any], lists: list[str]) -> str:
    content = json.dumps([ENGINE_VERSION, spec, lists], sort_keys=True, default=str, ensure_ascii=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


__all__ = ["PACKS", "Overrides", "build_rule", "load_ruleset", "pack_files"]
