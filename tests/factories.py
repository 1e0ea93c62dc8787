"""Data for tests, with a default for everything that a test does not care about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar

from compliance.audit import Actor
from compliance.scan_report import ScanSource
from connectors.base import Page
from connectors.errors import ConnectorError, SkippableError
from connectors.post import Post
from rules.document import Document
from rules.evaluation import Evaluation, Failure, Finding, Match, Publish, Severity, Status

START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
JOB = Actor(id="nightly", proof="system")


def make_post(external_id: str = "p1", text: str = "Hello from the office", **changes: Any) -> Post:
    """Return a post published at START."""
    return Post(
        **{"external_id": external_id, "text": text, "posted_at": START, "author": "@ana", "platform": "x"} | changes
    )


def make_evaluation(key: str = "feed/p1", *findings: Finding, **changes: Any) -> Evaluation:
    """Return an evaluation whose status follows from its findings."""
    status = Status.FLAGGED if any(not finding.shadow for finding in findings) else Status.CLEAN
    return Evaluation(**{"key": key, "status": status, "findings": findings} | changes)


def make_failure(**changes: Any) -> Failure:
    """Return a fault of a detector that left no rule in particular unknown."""
    return Failure(**{"detector": "entity", "kind": "fault", "error": "TimeoutError", "rules": ()} | changes)


@dataclass(kw_only=True)
class Ticking:
    """A clock that goes on by a second each time it is asked."""

    time: datetime = START + timedelta(days=1)

    def __call__(self) -> datetime:
        """Return the next second."""
        self.time += timedelta(seconds=1)
        return self.time


@dataclass(kw_only=True)
class FakePeople:
    """People by handle."""

    groups: Mapping[str, frozenset[str]] = field(default_factory=dict)
    known_groups: frozenset[str] | None = frozenset({"press-office"})

    def context_of(self, platform: str | None, author: str | None) -> tuple[frozenset[str] | None, str | None]:
        """Return the groups of the author and a country."""
        del platform
        return self.groups.get(author or "", frozenset()), "GB"


@dataclass(kw_only=True)
class FakeEngine:
    """An evaluator whose rules are patterns by id: `confidentiality.codename` finds what its pattern matches.

    `broken` patterns raise for a text that they match; `incomplete` ones leave every rule unknown; `tags` are true
    where theirs matches. It streams, keeps order and counts what it was given.
    """

    rules: dict[str, str] = field(default_factory=lambda: {"confidentiality.codename": "Bluefin|Redfin"})
    shadow: frozenset[str] = frozenset()
    tags: dict[str, str] = field(default_factory=dict)
    broken: str | None = None
    incomplete: str | None = None
    failure: Failure = field(default_factory=make_failure)
    edition: str = "1"
    before: Callable[[Document], None] | None = None
    seen: list[str] = field(default_factory=list)

    @property
    def ruleset_hash(self) -> str:
        """Change with any rule and with the edition."""
        return sha256(repr((self.edition, sorted(self.rules.items()), sorted(self.shadow))).encode()).hexdigest()

    def evaluate(self, documents: Iterable[Document]) -> Iterator[Evaluation]:
        """Yield one evaluation per document, in order."""
        for document in documents:
            yield self._one(document)

    def _one(self, document: Document) -> Evaluation:
        self.seen.append(document.key)
        if self.before is not None:
            self.before(document)
        if self.broken and re.search(self.broken, document.text):
            raise ValueError(document.text)
        findings = tuple(finding for rule in self.rules if (finding := self._finding(rule, document.text)) is not None)
        tags = tuple(tag for tag, pattern in self.tags.items() if re.search(pattern, document.text))
        if self.incomplete and re.search(self.incomplete, document.text):
            return make_evaluation(
                document.key, *findings, tags=tags, status=Status.INCOMPLETE, failures=(self.failure,)
            )
        return make_evaluation(document.key, *findings, tags=tags)

    def _finding(self, rule: str, text: str) -> Finding | None:
        spans = [found.span() for found in re.finditer(self.rules[rule], text)]
        if not spans:
            return None
        matches = tuple(
            Match(
                start=start,
                end=end,
                part="name",
                detector="terms",
                kind="codenames",
                confidence=0.95,
                reason="a listed name",
            )
            for start, end in spans
        )
        return Finding(
            rule=rule,
            version=self.version(rule),
            severity=Severity.HIGH,
            publish=Publish.BLOCK,
            confidence=0.95,
            matches=matches,
            shadow=rule in self.shadow,
        )

    def policy(self, rule_id: str) -> str:
        """Return what stands before the dot."""
        return rule_id.partition(".")[0] if self.rules[rule_id] else ""

    def route(self, rule_id: str) -> str:
        """Return the one lane of this engine's rules; its tags are counsel's."""
        if rule_id in self.tags:
            return "counsel"
        return "compliance" if self.rules[rule_id] else ""

    def version(self, rule_id: str) -> str:
        """Return a hash of pattern and edition."""
        return sha256((self.edition + self.rules[rule_id]).encode()).hexdigest()


@dataclass(kw_only=True)
class ListConnector:
    """A source in memory; its cursor is the number of pages read, so a longer script goes on where it ended."""

    name: ClassVar[str] = "list"
    ordered: ClassVar[bool] = False
    script: Sequence[Page | ConnectorError]

    def pages(self, since: str | None) -> Iterator[Page]:
        """Yield what follows the cursor; raise what stands in its place."""
        for each in self.script[int(since or 0) :]:
            if isinstance(each, ConnectorError):
                raise each
            yield each

    def size(self) -> int | None:
        """Return the number of pages."""
        return len(self.script)


def make_page(number: int, *posts: Post, rejects: Sequence[SkippableError] = (), **changes: Any) -> Page:
    """Return the page that ends at cursor `number`, counted from 1."""
    return Page(**{"posts": posts, "cursor": str(number), "rejects": tuple(rejects), "position": number} | changes)


def make_source(*pages: Page | ConnectorError | Sequence[Post], name: str = "feed", **changes: Any) -> ScanSource:
    """Return a source of these pages; a sequence of posts is a page."""
    script = [
        page if isinstance(page, Page | ConnectorError) else make_page(number, *page)
        for number, page in enumerate(pages, start=1)
    ]
    return ScanSource(**{"name": name, "connector": ListConnector(script=script)} | changes)
