"""What evaluating one document yields. Spans, never text; three separate axes for how bad, how sure, what happens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final


class Severity(IntEnum):
    """How bad it is if true. Gaps leave room; the order is the meaning."""

    INFO = 10
    LOW = 20
    MEDIUM = 30
    HIGH = 40
    CRITICAL = 50

    @property
    def label(self) -> str:
        """The word used in YAML, JSON and on screen."""
        return self.name.lower()


class Publish(StrEnum):
    """What a draft meets when the rule fires before publication."""

    BLOCK = "block"
    WARN = "warn"
    OBSERVE = "observe"


class Status(StrEnum):
    """The verdict on a document. `incomplete` beats `flagged`, and is never clean."""

    CLEAN = "clean"
    FLAGGED = "flagged"
    INCOMPLETE = "incomplete"


_DISGUISED: Final = "written in disguise: "


def disguised_as(disguise: str) -> str:
    """Return what a reason says of a match that was written in a disguise of this name."""
    return _DISGUISED + disguise


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Where a part saw something: half-open code points of the raw text. Holds no copy of it."""

    start: int
    end: int
    #: The part of the rule that this match belongs to; empty outside a rule.
    part: str = ""
    detector: str
    #: The detector's own word for what it saw (a list's name, a PII type …).
    kind: str
    #: [0, 1].
    confidence: float
    #: Why, in words an officer can read; empty for confidential lists.
    reason: str = ""

    @property
    def disguise(self) -> str:
        """What hid it, as its reason says (docs/evasion.md names them); empty for plain writing."""
        return self.reason.rpartition(_DISGUISED)[2] if _DISGUISED in self.reason else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why something was not evaluated. `fault`: repair it; `uncovered`: a known limit."""

    detector: str
    kind: str
    error: str
    #: Ids of the rules and tags left unknown.
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule's claim about a document. Its message is rendered from the rule only when viewed."""

    rule: str
    #: Hash of the rule and of all it reads.
    version: str
    severity: Severity
    publish: Publish
    #: Of the parts that made the rule true; [0, 1].
    confidence: float
    #: In text order.
    matches: tuple[Match, ...]
    #: A shadow rule's claim: counted, shown only where asked for.
    shadow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """A rule that would have fired but for an exclusion, or a match that a named suppression took away."""

    rule: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The verdict on one document under one rule set."""

    key: str
    status: Status
    findings: tuple[Finding, ...] = ()
    #: Ids of tag rules that are true, such as `protected-activity.pay`.
    tags: tuple[str, ...] = ()
    failures: tuple[Failure, ...] = ()
    suppressed: tuple[Suppressed, ...] = ()
    #: BCP 47 code where a verdict needed it, else None.
    language: str | None = None
    #: In a language that some rules do not cover, which the organisation chose to accept.
    accepted: bool = False
