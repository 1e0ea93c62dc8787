"""What checks look at: the rules, what the workspace knows about posts and people, the day, and where everything is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Final

from rules.engine import Engine
from rules.load import PACKS
from rules.policy import Exclusion, Policy, Rule
from rules.ruleset import RuleSet
from rules.source import Place, SourceFile, read_yaml

#: Statuses of rules that judge something.
EVALUATED: Final = ("live", "shadow")


@dataclass(frozen=True, slots=True, order=True)
class Spot:
    """Where something is written. Line and column are counted from 1; 0 where a whole file is meant."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A rule set to be looked at."""

    ruleset: RuleSet
    #: Folder that file names are relative to; None for the shipped packs alone.
    root: Path | None
    today: date
    #: Only what these files say is looked at; everything where empty.
    files: frozenset[str] = frozenset()
    organisation: str = ""
    #: Groups and countries that anybody has; None where no people are known.
    groups: frozenset[str] | None = None
    countries: frozenset[str] | None = None
    #: Audiences of the sources; empty where there are none.
    audiences: frozenset[str] = frozenset()
    #: Platforms of the sources; empty where a source leaves that to its posts.
    platforms: frozenset[str] = frozenset()
    _read: dict[str, SourceFile] = field(default_factory=dict, repr=False)

    @cached_property
    def engine(self) -> Engine:
        """The engine of the whole set."""
        return Engine(self.ruleset)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """Every rule to be looked at, retired ones left out."""
        return tuple(
            rule
            for rule in self.ruleset.rules.values()
            if rule.status != "retired" and self._is_meant(rule.place.rpartition(":")[0])
        )

    @cached_property
    def own(self) -> tuple[Rule, ...]:
        """Those that the organisation can mend: its own, or the shipped ones where nothing else is there."""
        return tuple(rule for rule in self.rules if self.is_mine(rule))

    @cached_property
    def concerned(self) -> tuple[Rule, ...]:
        """Those of one's own that make claims, and the shipped ones that read a list which the organisation filled."""
        return tuple(rule for rule in self.judging if self.is_mine(rule) or self._reads_filled_list(rule))

    @cached_property
    def judging(self) -> tuple[Rule, ...]:
        """Live and shadow rules that make claims."""
        return tuple(rule for rule in self.rules if rule.status in EVALUATED and not rule.is_tag)

    @property
    def looked_at(self) -> int:
        """How many rules are looked at, wholly or as far as they read lists."""
        return len({rule.id for rule in (*self.own, *self.concerned)})

    @property
    def exclusions(self) -> tuple[Exclusion, ...]:
        """The exclusions to be looked at."""
        return tuple(one for one in self.ruleset.exclusions if self._is_meant(one.place.rpartition(":")[0]))

    def is_mine(self, rule: Rule) -> bool:
        """Return whether the organisation can mend this rule, or asked for it by its file."""
        return self.root is None or not rule.policy.shipped or bool(self.files)

    def _reads_filled_list(self, rule: Rule) -> bool:
        return any(one.entries and reads(rule, name) for name, one in self.ruleset.lists.items())

    def _is_meant(self, file: str) -> bool:
        return not self.files or file in self.files

    def at(self, rule: Rule, *path: str | int) -> Spot:
        """Return where a rule, or a key below it, is written."""
        name = rule.place.rpartition(":")[0]
        source = self._source(name, shipped=rule.policy.shipped)
        rows = source.data.get("rules", []) if isinstance(source.data, dict) else []
        index = next((at for at, row in enumerate(rows) if row.get("id") == rule.spec.id), 0)
        place: Place = ("rules", index, *(path or ("id",)))
        return Spot(name, *source.place(place))

    def at_policy(self, rule: Rule, key: str) -> Spot:
        """Return where a key of the policy file of a rule is written."""
        name = rule.place.rpartition(":")[0]
        return Spot(name, *self._source(name, shipped=rule.policy.shipped).place((key,), key=True))

    def at_exclusion(self, exclusion: Exclusion, *path: str | int) -> Spot:
        """Return where a key of an exclusion is written."""
        name = exclusion.place.rpartition(":")[0]
        return Spot(name, *self._source(name, shipped=False).place(path))

    def policies(self) -> dict[str, tuple[Policy, Rule]]:
        """Return each policy file, by name, with one of its rules."""
        return {rule.place.rpartition(":")[0]: (rule.policy, rule) for rule in reversed(self.rules)}

    def _source(self, name: str, *, shipped: bool) -> SourceFile:
        if name not in self._read:
            folder = PACKS if shipped else self.root or Path()
            self._read[name] = read_yaml(folder / name, name=name)
        return self._read[name]


def reads(rule: Rule, name: str) -> bool:
    """Return whether a part of the rule names this list."""
    return f"'${name}'" in str(rule.spec.parts)
