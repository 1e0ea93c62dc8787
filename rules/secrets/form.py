"""What one form of secret is: its pattern, its place in the groups, how sure a match of it is. Holds no form itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, TypeAlias

from rules.anchors import worked_out
from rules.dialect import Pattern

#: How sure: a check value that is right, a prefix nobody else uses, a format beside its provider's name, words only.
CHECKED: Final = 0.99
PREFIXED: Final = 0.95
NAMED: Final = 0.85
ASSIGNED: Final = 0.75
WORDED: Final = 0.7
GUESSED: Final = 0.55

#: (id, what it is called) of each group, in the order of the documentation.
GROUPS: Final = {
    "provider-key": "key or token of a service",
    "private-key": "private key",
    "password": "password",
    "connection-string": "connection string with a password",
    "signed-link": "link that opens without a login",
    "session-token": "session or login token",
    "webhook": "webhook address",
    "one-time-code": "one-time code",
    "door-code": "code of a door, alarm or Wi-Fi",
    "high-entropy": "random string with the name of a secret",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a closer look says: how sure, why; or, with `aside`, the name of what it is instead of a secret."""

    confidence: float = 0.0
    reason: str = ""
    aside: str = ""
    #: Where the secret lies, if not where the pattern says.
    start: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """A match on its text. `text` never shows in a repr."""

    text: str = field(repr=False)
    start: int
    end: int

    @property
    def value(self) -> str:
        """The secret itself; for a look only, never to be kept."""
        return self.text[self.start : self.end]

    def before(self, length: int) -> str:
        """Return up to so many characters before it."""
        return self.text[max(0, self.start - length) : self.start]

    def after(self, length: int) -> str:
        """Return up to so many characters after it."""
        return self.text[self.end : self.end + length]


#: A closer look at a match: a verdict, or None where there is nothing to add.
Check: TypeAlias = Callable[[Sight], Verdict | None]


@dataclass(frozen=True)
class Form:
    """One form of secret. A group named `span` in the pattern is the secret value."""

    #: Permanent; what a policy may name.
    id: str
    group: str
    #: What an officer reads.
    title: str
    #: Where its format is written down.
    source: str
    pattern: str | tuple[str, ...]
    confidence: float = PREFIXED
    check: Check | None = None
    #: Letters count as written, as in random tokens; words do not.
    exact: bool = True
    #: One of these occurs in whatever it matches: for what cannot be read off the pattern.
    must: frozenset[str] = frozenset()

    @cached_property
    def looks(self) -> tuple[Look, ...]:
        """Its patterns, one by one."""
        sources = (self.pattern,) if isinstance(self.pattern, str) else self.pattern
        return tuple(Look(source, self.exact, self.must) for source in sources)


@dataclass(frozen=True)
class Look:
    """One pattern of a form."""

    source: str
    exact: bool
    must: frozenset[str] = frozenset()

    @cached_property
    def compiled(self) -> Pattern:
        """The pattern, compiled when a text first needs it."""
        return Pattern(self.source, ignore_case=not self.exact, check=False)

    @cached_property
    def anchors(self) -> tuple[frozenset[str], ...]:
        """Sets of casefolded strings; of each set one occurs in whatever the pattern matches; the rarest first."""
        sets = [*worked_out(self.source), *([self.must] if self.must else [])]
        return tuple(sorted(sets, key=_openness))


#: Words that half the posts hold; what needs one of them as well needs something rarer.
_COMMON: Final = frozenset(
    "with use using try say give put set type enter is at on for to in as it the key open press code time number text my".split()  # noqa: SIM905 - words read better than a column of quotes
)


def _openness(strings: frozenset[str]) -> float:
    """Guess how often one of the strings occurs: the short and the common ones decide."""
    return sum(0.05 if string.strip() in _COMMON else 0.07 ** min(len(string), 6) for string in strings)
