"""A loaded set of rules: what it holds, its hash, and the words shown for a finding."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from rules.build import PLACEHOLDER
from rules.evaluation import Match
from rules.lists import Lists
from rules.policy import Exclusion, Policy, Rule, Suppression

_LONGEST: Final = 60
REDACTED: Final = "[redacted]"
_CONFIDENTIAL: Final = "a confidential name"


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """What to take for granted about languages."""

    #: Of texts too short or too uncertain to tell (BCP 47).
    default: str = "en"
    #: Take a text in a language that a rule does not cover as if it had been evaluated. An explicit, reported choice.
    accept: bool = False


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """Rules in file order, with everything they read. Immutable; equal content has an equal hash."""

    rules: Mapping[str, Rule]
    policies: Mapping[str, Policy]
    exclusions: tuple[Exclusion, ...] = ()
    suppressions: Mapping[str, Suppression] = field(default_factory=dict)
    languages: Languages = field(default_factory=Languages)
    lists: Lists
    engine_version: str

    @cached_property
    def hash(self) -> str:
        """SHA-256 (hex) over engine version, rule versions, states and exclusions."""
        rows = [
            self.engine_version,
            *(f"{r.id} {r.version} {r.status}" for r in self.rules.values()),
            *(f"{e.id} {e.version}" for e in self.exclusions),
            f"{self.languages.default} {self.languages.accept}",
        ]
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()

    def rule(self, rule_id: str) -> Rule | None:
        """Return a rule by its full id; None if this set has no such rule (any more)."""
        return self.rules.get(rule_id)

    def message(
        self, rule_id: str, text: str, matches: Iterable[Match | Mapping[str, Any]], *, redact: bool = False
    ) -> str:
        """Render a rule's message for one finding. May hold words of the text: clean it for where it is shown."""
        rule = self.rules.get(rule_id)
        return "" if rule is None else self._render(rule.message, text, matches, redact=redact)

    def guidance(
        self, rule_id: str, text: str, matches: Iterable[Match | Mapping[str, Any]], *, redact: bool = False
    ) -> str:
        """Render a rule's guidance for one finding, as `message` does."""
        rule = self.rules.get(rule_id)
        return "" if rule is None else self._render(rule.guidance, text, matches, redact=redact)

    def _render(self, template: str, text: str, matches: Iterable[Match | Mapping[str, Any]], *, redact: bool) -> str:
        if "{" not in template:
            return template
        by_part: dict[str, Match | Mapping[str, Any]] = {}
        for match in matches:
            by_part.setdefault(_get(match, "part"), match)

        def fill(found: Any) -> str:  # noqa: ANN401 - re.Match
            match = by_part.get(found[1])
            return self._words(text, match, public=bool(found[2]), redact=redact)

        return PLACEHOLDER.sub(fill, template)

    def _words(self, text: str, match: Match | Mapping[str, Any] | None, *, public: bool, redact: bool) -> str:
        if match is None:
            return "…"
        word_list = self.lists.get(_get(match, "kind"))
        written = " ".join(text[_get(match, "start") : _get(match, "end")].split())
        if public:
            return (word_list.public_name(written) if word_list else "") or "the public name"
        if word_list is not None and word_list.confidential:
            return _CONFIDENTIAL
        if redact:
            return REDACTED
        return written if len(written) <= _LONGEST else written[: _LONGEST - 1] + "…"


def _get(match: Match | Mapping[str, Any], key: str) -> Any:  # noqa: ANN401 - the field's own type
    return match.get(key) if isinstance(match, Mapping) else getattr(match, key)
