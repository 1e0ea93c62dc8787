"""Which findings open a flag, in which lane, and what is noted on flags that are open. The only place that opens flags."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from compliance.audit import Entry
from compliance.evaluator import Evaluator
from compliance.models import DecisionRow, Flag, Observation, PostVersion
from compliance.permissions import COUNSEL, is_quiet
from rules.evaluation import Evaluation, Finding, Status

#: Where a version stands among those of its post: by its own time, ties by arrival.
Rank = tuple[datetime, int]
_NONE_YET: Final[Rank] = (datetime.min.replace(tzinfo=UTC), 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A stored version and the verdict on it."""

    post_id: int
    version_id: int
    at: datetime
    text: str = field(repr=False)
    evaluation: Evaluation

    @property
    def rank(self) -> Rank:
        """Where this version stands among those of its post."""
        return self.at, self.version_id


@dataclass(slots=True)
class Flagged:
    """What came of a batch."""

    #: Flags opened, without those that a tag sent to counsel, and shadow findings counted, by policy.
    opened: Counter[str] = field(default_factory=Counter)
    shadow: Counter[str] = field(default_factory=Counter)
    #: To be recorded in the same transaction: one per flag opened or moved.
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class _OpenFlag:
    post_id: int
    rule: str
    #: The newest version noted, and all (version, rule version) pairs noted.
    last: Rank
    noted: set[tuple[int, str]]
    tags: list[str]
    #: Who holds it.
    lane: str
    #: None until it is inserted.
    id: int | None = None
    tags_changed: bool = False
    #: The lane that a tag took it from, and the version that carries the tag.
    moved: tuple[str, int] | None = None


def is_counsels(evaluator: Evaluator, tags: Iterable[str]) -> bool:
    """Say whether one of the tags belongs to a policy that goes to counsel.

    So does a tag stored under rules that are gone: a tag can only slow things down, and still does.
    """
    return any(_route(evaluator, tag) == COUNSEL for tag in tags)


def is_hidden(evaluator: Evaluator, evaluation: Evaluation) -> bool:
    """Say whether all that a verdict claims goes to counsel for its tag alone, so that no count may tell of it."""
    routes = (
        (evaluator.route(each.rule), evaluator.policy(each.rule)) for each in evaluation.findings if not each.shadow
    )
    return is_counsels(evaluator, evaluation.tags) and all(is_quiet(COUNSEL, route, policy) for route, policy in routes)


def _route(evaluator: Evaluator, tag: str) -> str:
    try:
        return evaluator.route(tag)
    except KeyError:
        return COUNSEL


class Flagger:
    """Flags one batch in the caller's transaction.

    A flag opens for whatever version shows the finding, current or not: each was published, and so the flags depend
    neither on how posts fell into pages nor on the order they came in. Later versions are noted on the flag while it is
    open, forward in version order only, so that its last observation tells the newest state. After a final decision
    only a matched text that occurs in no version decided on opens another flag. Shadow findings are counted and open
    nothing. A flag of a version that carries a tag of counsel's opens in counsel's lane; an open flag that gains one
    moves there.
    """

    def __init__(
        self, session: Session, evaluator: Evaluator, *, now: datetime, retro: bool = False, rule: str | None = None
    ) -> None:
        self.session = session
        self.evaluator = evaluator
        self.now = now
        #: Mark flags as opened on a post that was already stored.
        self.retro = retro
        #: If given, only this rule opens flags and is noted on them.
        self.rule = rule
        self.result = Flagged()
        self._open: dict[int, dict[str, _OpenFlag]] = defaultdict(dict)
        self._decided: dict[tuple[int, str], list[str]] = defaultdict(list)
        self._fresh: list[tuple[_OpenFlag, Seen, Finding]] = []
        self._observations: list[tuple[_OpenFlag, dict[str, Any]]] = []

    def flag(self, batch: Sequence[Seen]) -> Flagged:
        """Open flags and note observations, in version order whatever the order given. Call once."""
        found = {seen.post_id for seen in batch if self._findings(seen)}
        self._load({seen.post_id for seen in batch}, found)
        if not (found or self._open):
            return self.result
        for seen in sorted(batch, key=lambda seen: (seen.post_id, *seen.rank)):
            self._one(seen)
        self._note_newest()
        self._write()
        for opened, _, finding in self._fresh:
            if not is_quiet(opened.lane, self.evaluator.route(finding.rule), self.evaluator.policy(finding.rule)):
                self.result.opened[self.evaluator.policy(finding.rule)] += 1
        self.result.entries = [self._entry(opened, seen, finding) for opened, seen, finding in self._fresh]
        self.result.entries += self._moves()
        return self.result

    def _findings(self, seen: Seen) -> dict[str, Finding]:
        return {finding.rule: finding for finding in seen.evaluation.findings if self.rule in {None, finding.rule}}

    def _load(self, posts: set[int], found: set[int]) -> None:
        # Locked, so that a decision made at this moment either is seen here or comes after this page.
        query = select(Flag).where(Flag.post_id.in_(posts)).order_by(Flag.id).with_for_update()
        flags = self.session.scalars(query).all()
        still_open = {flag.id: flag for flag in flags if flag.status == "open" and self.rule in {None, flag.rule}}
        notes: dict[int, list[tuple[Rank, str]]] = defaultdict(list)
        if still_open:
            columns = (Observation.flag_id, Observation.version_id, Observation.rule_version, PostVersion.at)
            noted = select(*columns).join(PostVersion, PostVersion.id == Observation.version_id)
            for flag_id, version_id, rule_version, at in self.session.execute(
                noted.where(Observation.flag_id.in_(still_open))
            ):
                notes[flag_id].append(((at, version_id), rule_version))
        for flag_id, row in still_open.items():
            last = max((rank for rank, _ in notes[flag_id]), default=_NONE_YET)
            noted_versions = {(rank[1], rule_version) for rank, rule_version in notes[flag_id]}
            opened = _OpenFlag(row.post_id, row.rule, last, noted_versions, list(row.tags), row.lane, flag_id)
            self._open[row.post_id][row.rule] = opened
        self._load_decided([flag.id for flag in flags if flag.status == "decided" and flag.post_id in found])

    def _load_decided(self, flags: list[int]) -> None:
        if not flags:
            return
        query = (
            select(Flag.post_id, Flag.rule, PostVersion.text)
            .join(DecisionRow, DecisionRow.flag_id == Flag.id)
            .join(PostVersion, PostVersion.id == DecisionRow.version_id)
            .where(Flag.id.in_(flags), DecisionRow.verdict != "escalated")
        )
        for post_id, rule, text in self.session.execute(query):
            self._decided[post_id, rule].append(text)

    def _one(self, seen: Seen) -> None:
        findings = self._findings(seen)
        mine = self._open.get(seen.post_id, {})
        for rule, opened in mine.items():
            self._tag(opened, seen)
            if rule not in findings and (version := self._version_of_absence(rule, seen.evaluation)) is not None:
                self._note(opened, seen, version)
        for finding in findings.values():
            if finding.shadow:
                self.result.shadow[self.evaluator.policy(finding.rule)] += 1
            if finding.rule in mine:
                self._note(mine[finding.rule], seen, finding.version, finding)
            elif not finding.shadow and self._is_news(finding, seen):
                self._open_flag(finding, seen)

    def _is_news(self, finding: Finding, seen: Seen) -> bool:
        if (decided := self._decided.get((seen.post_id, finding.rule))) is None:
            return True
        matched = {seen.text[match.start : match.end] for match in finding.matches}
        return any(all(words not in text for text in decided) for words in matched)

    def _open_flag(self, finding: Finding, seen: Seen) -> None:
        opened = _OpenFlag(seen.post_id, finding.rule, seen.rank, set(), [], self.evaluator.route(finding.rule))
        self._tag(opened, seen)
        self._note(opened, seen, finding.version, finding)
        self._open[seen.post_id][finding.rule] = opened
        self._fresh.append((opened, seen, finding))

    def _tag(self, opened: _OpenFlag, seen: Seen) -> None:
        """Add the tags of a version, whatever else it shows; the first one of counsel's takes the flag to counsel.

        Only the first: a flag that counsel has handed on stays where counsel sent it.
        """
        if set(seen.evaluation.tags) <= set(opened.tags):
            return
        is_first = not is_counsels(self.evaluator, opened.tags)
        opened.tags = sorted({*opened.tags, *seen.evaluation.tags})
        opened.tags_changed = True
        if is_first and opened.lane != COUNSEL and is_counsels(self.evaluator, opened.tags):
            opened.moved, opened.lane = (opened.lane, seen.version_id), COUNSEL

    def _note(self, opened: _OpenFlag, seen: Seen, version: str, finding: Finding | None = None) -> None:
        """Note what a version showed; no finding means that it no longer shows it."""
        if seen.rank < opened.last or (seen.version_id, version) in opened.noted:
            return
        opened.last = seen.rank
        opened.noted.add((seen.version_id, version))
        self._observe(opened, seen.version_id, version, finding)

    def _observe(self, opened: _OpenFlag, version_id: int, rule_version: str, finding: Finding | None) -> None:
        row = {
            "version_id": version_id,
            "rule_version": rule_version,
            "ruleset": self.evaluator.ruleset_hash,
            "confidence": finding.confidence if finding else 0.0,
            "matches": [asdict(match) for match in finding.matches] if finding else [],
            "at": self.now,
        }
        self._observations.append((opened, row))

    def _write(self) -> None:
        """Write what was gathered, in a number of statements that does not grow with the batch."""
        session = self.session
        changed = {opened.id for opened, _ in self._observations if opened.id is not None}
        tagged = [opened for flags in self._open.values() for opened in flags.values() if opened.tags_changed]
        changed |= {opened.id for opened in tagged if opened.id is not None}
        if changed:
            # Whoever looked at the flag before this observation did not see it: `decide --seen` must notice.
            session.execute(update(Flag).where(Flag.id.in_(changed)).values(revision=Flag.revision + 1))
        for opened in tagged:
            if opened.id is not None:
                values = {"tags": opened.tags, "lane": opened.lane}
                session.execute(update(Flag).where(Flag.id == opened.id).values(values))
        if self._fresh:
            session.execute(
                insert(Flag), [self._flag_row(opened, seen, finding) for opened, seen, finding in self._fresh]
            )
            posts = {opened.post_id for opened, _, _ in self._fresh}
            query = select(Flag.post_id, Flag.rule, Flag.id).where(Flag.post_id.in_(posts), Flag.status == "open")
            ids = {(post_id, rule): flag_id for post_id, rule, flag_id in session.execute(query)}
            for opened, _, _ in self._fresh:
                opened.id = ids[opened.post_id, opened.rule]
        if self._observations:
            session.execute(insert(Observation), [{"flag_id": opened.id, **row} for opened, row in self._observations])

    def _flag_row(self, opened: _OpenFlag, seen: Seen, finding: Finding) -> dict[str, Any]:
        return {
            "post_id": seen.post_id,
            "rule": finding.rule,
            "policy": self.evaluator.policy(finding.rule),
            "severity": int(finding.severity),
            "route": self.evaluator.route(finding.rule),
            "lane": opened.lane,
            "opened_version_id": seen.version_id,
            "opened_at": self.now,
            "retro": self.retro,
            "status": "open",
            "tags": opened.tags,
        }

    def _version_of_absence(self, rule: str, evaluation: Evaluation) -> str | None:
        """Return the version of a rule that looked and saw nothing; None if it failed or is no longer in the set."""
        if any(rule in failure.rules or not failure.rules for failure in evaluation.failures):
            return None
        try:
            return self.evaluator.version(rule)
        except KeyError:
            return None

    def _note_newest(self) -> None:
        """Note on flags opened for an older version that the newest, stored earlier, did not show it."""
        fresh = [
            (opened, finding)
            for opened, seen, finding in self._fresh
            if (seen.post_id, finding.rule) not in self._decided
        ]
        newest = self._newest({opened.post_id for opened, _ in fresh})
        for opened, finding in fresh:
            version_id, at, status, ruleset = newest[opened.post_id]
            same_rules = ruleset == self.evaluator.ruleset_hash
            if (at, version_id) > opened.last and status in {Status.CLEAN, Status.FLAGGED} and same_rules:
                self._observe(opened, version_id, finding.version, None)

    def _newest(self, posts: Iterable[int]) -> dict[int, tuple[int, datetime, str, str]]:
        columns = (PostVersion.post_id, PostVersion.id, PostVersion.at, PostVersion.status, PostVersion.ruleset)
        query = select(*columns).where(PostVersion.post_id.in_(list(posts))).order_by(PostVersion.at, PostVersion.id)
        return {
            post_id: (version_id, at, status, ruleset)
            for post_id, version_id, at, status, ruleset in self.session.execute(query)
        }

    def _moves(self) -> list[Entry]:
        """Return an entry for each flag that was open before and that a tag took to counsel; the tag is not named."""
        fresh = {id(opened) for opened, _, _ in self._fresh}
        return [
            Entry(
                action="flag:moved",
                subject=f"flag:{opened.id}",
                detail={
                    "lane": opened.lane,
                    "from": lane,
                    "post_version": version,
                    "ruleset": self.evaluator.ruleset_hash,
                },
            )
            for flags in self._open.values()
            for opened in flags.values()
            if opened.moved is not None and id(opened) not in fresh
            for lane, version in [opened.moved]
        ]

    def _entry(self, opened: _OpenFlag, seen: Seen, finding: Finding) -> Entry:
        detail: dict[str, int | str | None] = {
            "rule": finding.rule,
            "post_version": seen.version_id,
            "severity": int(finding.severity),
            "lane": opened.lane,
            "retro": int(self.retro),
            "ruleset": self.evaluator.ruleset_hash,
        }
        return Entry(action="flag:opened", subject=f"flag:{opened.id}", version=finding.version, detail=detail)
