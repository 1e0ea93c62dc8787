"""Secrets: keys, tokens, passwords and codes, on the raw text, without what only looks like one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Final

from pydantic import Field

from rules.detectors.base import Gate, KeyFault, Material, Others, Phrases, Seen, Signal, SpanKeys
from rules.document import Document
from rules.errors import did_you_mean
from rules.evaluation import Match
from rules.fold import light
from rules.secrets.encoded import decoded
from rules.secrets.find import Found, find_secrets
from rules.secrets.form import GROUPS
from rules.secrets.forms import FORMS, NAMES


class SecretKeys(SpanKeys):
    """`{secret: [provider-key, password]}` or `{secret: any}`."""

    secret: Phrases = Field(description="`any`, groups such as provider-key, or single forms such as aws-access-key")


@dataclass(frozen=True)
class Secret:
    """What gives access to whoever reads it. The span is the value to revoke; no reason repeats it."""

    name: ClassVar[str] = "secret"
    source: ClassVar[str] = "https://cwe.mitre.org/data/definitions/522.html; each form names its own"
    keys: ClassVar[type[SpanKeys]] = SecretKeys
    #: What `compliance detect` asks.
    survey: ClassVar[dict[str, Any]] = {"secret": "any"}
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"secret": "any"}, "Guest laptop locked? Password is Harbour!Quay7 till Friday."),
        ({"secret": ["door-code"]}, "the back gate code is 4471#"),
        ({"secret": ["one-time-code"]}, "Your verification code is 482913"),
        ({"secret": ["connection-string"]}, "postgres://app:qu4y-side@db.norwell.example/main"),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"secret": "any"}, "My password is so long I forgot it."),
        ({"secret": "any"}, "api_key = YOUR_API_KEY and password=${DB_PASSWORD}"),
        ({"secret": ["door-code"]}, "Password is Harbour!Quay7"),
    )

    wanted: frozenset[str]

    @staticmethod
    def known_kinds() -> list[str]:
        """Return the words that `secret` takes: groups, then single forms."""
        return [*GROUPS, *(form.id for form in FORMS)]

    @classmethod
    def build(cls, keys: SecretKeys, material: Material) -> Secret:
        """Read the names. Raises KeyFault for one that does not exist."""
        del material
        for index, name in enumerate(keys.secret):
            if name != "any" and name not in NAMES:
                hint = did_you_mean(name, ("any", *NAMES), otherwise=f"groups: {', '.join(GROUPS)}")
                message = f"unknown secret '{name}'"
                raise KeyFault(message, key=("secret", index), hint=hint)
        everything = "any" in keys.secret
        return cls(frozenset(f.id for f in FORMS if everything or f.id in keys.secret or f.group in keys.secret))

    def see(self, document: Document, others: Others) -> Seen:
        """Every secret of these forms, in text order."""
        del others
        found = self._of(document, aside=False)
        return Seen(value=bool(found), matches=found)

    def set_aside(self, document: Document) -> tuple[Match, ...]:
        """What looks like one and is none, with the reason; for explanations."""
        return self._of(document, aside=True)

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """One of the strings that the forms cannot do without; where a form needs several, others need one again."""
        del gate_of
        return self._gate

    @cached_property
    def _gate(self) -> Gate:
        looks = [look for form in FORMS if form.id in self.wanted for look in form.looks]
        first = _seen_light(frozenset().union(*(look.anchors[0] for look in looks)))
        second = _seen_light(frozenset().union(*(look.must or look.anchors[0] for look in looks)))
        return Gate(anchors=first, signals=frozenset({_ENCODED}), further=(second,) if second != first else ())

    def _of(self, document: Document, *, aside: bool) -> tuple[Match, ...]:
        return tuple(
            _match(one) for one in find_secrets(document.raw) if bool(one.aside) is aside and one.form.id in self.wanted
        )


def _is_encoded(document: Document) -> bool:
    return bool(decoded(document.raw))


_ENCODED: Final = Signal("secret.base64", _is_encoded)


def _match(one: Found) -> Match:
    return Match(
        start=one.start,
        end=one.end,
        detector=Secret.name,
        kind=one.form.id,
        confidence=one.confidence,
        reason=one.reason,
    )


def _seen_light(strings: frozenset[str]) -> frozenset[str]:
    """Add what the strings of a raw text have become where gates look."""
    return strings | {changed for one in strings if (changed := light(one).text.casefold())}
