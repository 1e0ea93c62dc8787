"""Policies as objects: what a loaded rule is, and the shape of the YAML it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from rules.detectors.base import Detector, Phrases, Word
from rules.evaluation import Publish, Severity
from rules.expression import Node
from rules.lists import parse_instant

ROUTES: Final = ("compliance", "security", "privacy", "hr", "counsel", "investor-relations", "complaints")
STATUSES: Final = ("draft", "shadow", "live", "retired")

Identifier: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=60)]
PartName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Route: TypeAlias = Literal["compliance", "security", "privacy", "hr", "counsel", "investor-relations", "complaints"]
StatusWord: TypeAlias = Literal["draft", "shadow", "live", "retired"]
SeverityWord: TypeAlias = Literal["info", "low", "medium", "high", "critical"]
PublishWord: TypeAlias = Literal["block", "warn", "observe"]
Audience: TypeAlias = Literal["internal", "external"]
Kind: TypeAlias = Literal["post", "comment", "share", "reaction", "profile", "scheduled", "message"]


def _as_date(value: Any) -> Any:  # noqa: ANN401 - pydantic hands over anything
    return date.fromisoformat(value) if isinstance(value, str) else value


def _as_instant(value: Any) -> Any:  # noqa: ANN401
    return parse_instant(value) if isinstance(value, str) else value


Day: TypeAlias = Annotated[date, BeforeValidator(_as_date)]
Instant: TypeAlias = Annotated[datetime, BeforeValidator(_as_instant)]


class Spec(BaseModel):
    """Base of everything that is written in YAML: no unknown keys, no coercion."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ScopeSpec(Spec):
    """Where and to whom a rule applies; all given keys must hold, several values of one key mean `or`."""

    audience: Audience | None = Field(default=None, description="internal or external; both if absent")
    platform: Phrases | None = Field(default=None, description="only on these platforms")
    channel: Phrases | None = Field(default=None, description="only in these channels")
    group: Phrases | None = Field(default=None, description="only authors in one of these groups")
    not_group: Phrases | None = Field(default=None, description="not authors in any of these groups")
    country: Phrases | None = Field(default=None, description="only authors who work in these countries")
    kind: Phrases | None = Field(
        default=None, description="only these kinds: post, comment, share, reaction, profile, scheduled, message"
    )


class ExampleSpec(Spec):
    """An example with its own context; what is absent is taken so that the rule's scope holds."""

    text: str
    audience: Audience | None = None
    platform: Word | None = None
    channel: Word | None = None
    group: Phrases | None = None
    country: Word | None = None
    kind: Kind | None = None
    at: Instant | None = None
    span: Word | None = Field(default=None, description="a text that the finding must mark")


def _as_example(value: Any) -> Any:  # noqa: ANN401
    return {"text": value} if isinstance(value, str) else value


Example: TypeAlias = Annotated[ExampleSpec, BeforeValidator(_as_example)]


class ExamplesSpec(Spec):
    """What a rule must catch and leave alone, as real sentences."""

    with_: dict[str, Phrases] = Field(
        default_factory=dict, alias="with", description="lists as the examples take them; all others are empty"
    )
    flag: Annotated[list[Example], Field(min_length=1)] = Field(description="posts on which the rule is true")
    pass_: Annotated[list[Example], Field(min_length=1)] = Field(
        alias="pass", description="look-alikes on which it is not"
    )
    todo_flag: list[Example] = Field(default_factory=list, description="known misses: reported, never failed")


class RuleSpec(Spec):
    """One machine test of part of a policy."""

    id: Identifier = Field(description="permanent; the full id is policy.id")
    title: Word = Field(description="what it finds, in one line")
    status: StatusWord | None = Field(
        default=None, description="draft | shadow | live | retired; the policy's if absent"
    )
    severity: SeverityWord = Field(default="medium", description="how bad it is if true")
    publish: PublishWord = Field(default="warn", description="what a draft meets: block, warn or observe")
    clause: Word | None = Field(default=None, description="sentence of the written policy; the policy's if absent")
    source: Word | None = Field(default=None, description="law, standard or practice that it comes from")
    route: Route | None = None
    scope: ScopeSpec = Field(default_factory=ScopeSpec)
    languages: Phrases | None = Field(
        default=None, description="languages its words are in, such as [en]; the policy's if absent; `any` for all"
    )
    suppress: Phrases | None = Field(
        default=None, description="shipped filters that take matches away, besides the policy's"
    )
    parts: Annotated[dict[PartName, dict[str, Any]], Field(min_length=1)]
    when: Word = Field(description="condition over the parts: and, or, not, parentheses, N of (…)")
    message: Word | None = Field(default=None, description="what is wrong; {part} stands for what the part matched")
    guidance: Word | None = Field(default=None, description="what the author can do instead")
    first_aid: Word | None = Field(default=None, description="what to do at once where minutes count")
    examples: ExamplesSpec


class PolicySpec(Spec):
    """A file of rules that carry out one written norm."""

    policy: Identifier
    title: Word
    clause: Word | None = None
    source: Word | None = None
    owner: Word | None = None
    route: Route = "compliance"
    effect: Literal["flag", "tag"] = Field(default="flag", description="tag: an advisory mark, never a finding")
    status: StatusWord = "live"
    requires_group: Word | None = Field(default=None, description="live only where somebody has this group")
    languages: Phrases | None = Field(
        default=None, description="languages its words are in; elsewhere its rules are unknown. All languages if absent"
    )
    suppress: Phrases | None = Field(default=None, description="shipped filters that take matches away")
    effective: Day | None = Field(default=None, description="posts before it can never open a case")
    review_by: Day | None = None
    rules: Annotated[list[RuleSpec], Field(min_length=1)]


class ExclusionExamples(Spec):
    """Posts that an exclusion lets through, and some that it must not."""

    with_: dict[str, Phrases] = Field(default_factory=dict, alias="with")
    exclude: Annotated[list[Example], Field(min_length=1)]
    keep: Annotated[list[Example], Field(min_length=1)]


class ExclusionSpec(Spec):
    """An organisation's own named exception, kept outside the packs so that those can be upgraded."""

    exclude: Identifier = Field(description="its name")
    rules: Phrases = Field(description="full rule ids, or `policy.*`")
    parts: Annotated[dict[PartName, dict[str, Any]], Field(min_length=1)]
    when: Word
    owner: Word
    reason: Word
    until: Instant = Field(description="from this instant on it no longer counts")
    examples: ExclusionExamples


class SuppressionExamples(Spec):
    """Texts on which a suppression is true, and some on which it is not."""

    drop: Annotated[list[Word], Field(min_length=1)]
    keep: Annotated[list[Word], Field(min_length=1)]


class SuppressionSpec(Spec):
    """A shipped, named filter: it silences a rule on a whole text, or takes away the matches that lie on or near a part."""

    suppress: Identifier = Field(description="its name")
    title: Word
    covers: PartName | None = Field(default=None, description="take away matches on or near this part; all if absent")
    within: Annotated[str, StringConstraints(pattern=r"^\d{1,3} words?$")] = Field(
        default="0 words", description="how near: words between the nearest edges, at most"
    )
    parts: Annotated[dict[PartName, dict[str, Any]], Field(min_length=1)]
    when: Word
    examples: SuppressionExamples


class RuleOverride(Spec):
    """What an organisation may tune of a shipped rule without editing it."""

    status: StatusWord | None = None
    severity: SeverityWord | None = None
    publish: PublishWord | None = None
    route: Route | None = None


class PackOverride(RuleOverride):
    """The same for a whole pack, and for single rules of it."""

    rules: dict[str, RuleOverride] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _severity_is_per_rule(self) -> PackOverride:
        if self.severity or self.publish:
            message = "severity and publish belong to single rules: write them under `rules`"
            raise ValueError(message)
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The written norm that rules carry out."""

    id: str
    title: str
    clause: str = ""
    owner: str = ""
    route: str = "compliance"
    #: `flag`, or `tag` for advisory marks.
    effect: str = "flag"
    requires_group: str | None = None
    effective: date | None = None
    review_by: date | None = None
    #: True for packs that come with the program.
    shipped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One named condition: a detector and the modifiers that filter its matches."""

    name: str
    detector: Detector
    inside: tuple[str, ...] = ()
    outside: tuple[str, ...] = ()
    near: str | None = None
    #: Words between the nearest edges, at most; None with `near` means the same sentence.
    within_words: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where a rule applies; empty means everywhere."""

    audience: str | None = None
    platform: frozenset[str] = frozenset()
    channel: frozenset[str] = frozenset()
    group: frozenset[str] = frozenset()
    not_group: frozenset[str] = frozenset()
    country: frozenset[str] = frozenset()
    kind: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A compiled rule. `id` is permanent and dotted; `version` changes with anything it reads."""

    id: str
    policy: Policy
    title: str
    status: str
    severity: Severity
    publish: Publish
    clause: str
    source: str
    route: str
    scope: Scope
    #: Languages that its words cover; empty for all.
    languages: frozenset[str] = frozenset()
    #: Names of shipped filters that take matches away.
    suppress: tuple[str, ...] = ()
    parts: Mapping[str, Part]
    when: Node
    message: str
    guidance: str
    first_aid: str
    version: str
    spec: RuleSpec = field(repr=False)
    #: `file:line` of its definition.
    place: str
    #: Folder of the sentence encoder that its parts use; the shipped one if empty.
    encoder: str = ""
    #: The spaCy pipeline that its entity parts use, a package or a folder; the shipped one if empty.
    pipeline: str = ""

    @property
    def is_tag(self) -> bool:
        """Return whether it sets a mark instead of making a claim."""
        return self.policy.effect == "tag"


@dataclass(frozen=True, kw_only=True)
class Suppression:
    """A compiled, shipped filter of matches."""

    id: str
    title: str
    #: What its matches take away lies near the part `near`; None: it silences the rule on the whole text.
    covers: Part | None
    parts: Mapping[str, Part]
    when: Node
    version: str
    spec: SuppressionSpec = field(repr=False)
    place: str


@dataclass(frozen=True, kw_only=True)
class Exclusion:
    """A compiled exclusion; counts only before `until`."""

    id: str
    rules: tuple[str, ...]
    parts: Mapping[str, Part]
    when: Node
    owner: str
    reason: str
    until: datetime
    version: str
    spec: ExclusionSpec = field(repr=False)
    place: str

    def touches(self, rule_id: str) -> bool:
        """Return whether it names this rule, by id or as `policy.*`."""
        return rule_id in self.rules or f"{rule_id.partition('.')[0]}.*" in self.rules
