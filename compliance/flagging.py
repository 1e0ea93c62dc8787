"""Which findings open a flag, and what is noted on flags that are open. The only place that opens flags."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.audit import Entry
from compliance.evaluator import Evaluator
from compliance.models import DecisionRow, Flag, Observation, PostVersion
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

    #: Flags opened and shadow findings counted, by policy.
    opened: Counter[str] = field(default_factory=Counter)
    shadow: Counter[str] = field(default_factory=Counter)
    #: To be recorded in the same transaction: one per flag.
    entries: list[Entry] = field(default_factory=list)


@dataclass(slots=True)
class _OpenFlag:
    row: Flag
    #: The newest version noted, and all (version, rule version) pairs noted.
    last: Rank
    noted: set[tuple[int, str]]


class Flagger:
    """Flags one batch in the caller's transaction.

    A flag opens for whatever version shows the finding, current or not: each was published, and so the flags depend neither on how
    posts fell into pages nor on the order they came in. Later versions are noted on the flag while it is open, forward in version
    order only, so that its last observation tells the newest state. After a final decision only a matched text that occurs in no
    version decided on opens another flag. Shadow findings are counted and open nothing.
    """

    def __init__(self, session: Session, evaluator: Evaluator, *, now: datetime, retro: bool = False, rule: str | None = None) -> None:
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

    def flag(self, batch: Sequence[Seen]) -> Flagged:
        """Open flags and note observations, in version order whatever the order given. Call once."""
        found = {seen.post_id for seen in batch if self._findings(seen)}
        self._load({seen.post_id for seen in batch}, found)
        if not (found or self._open):
            return self.result
        for seen in sorted(batch, key=lambda seen: (seen.post_id, *seen.rank)):
            self._one(seen)
        self._note_newest()
        self.session.flush()
        self.result.entries = [self._entry(opened.row, seen, finding) for opened, seen, finding in self._fresh]
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
            for flag_id, version_id, rule_version, at in self.session.execute(noted.where(Observation.flag_id.in_(still_open))):
                notes[flag_id].append(((at, version_id), rule_version))
        for flag_id, row in still_open.items():
            last = max((rank for rank, _ in notes[flag_id]), default=_NONE_YET)
            self._open[row.post_id][row.rule] = _OpenFlag(row, last, {(rank[1], version) for rank, version in notes[flag_id]})
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
        mine = self._open[seen.post_id] if seen.post_id in self._open else {}
        for rule, opened in mine.items():
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
        policy, route = self.evaluator.policy(finding.rule), self.evaluator.route(finding.rule)
        row = Flag(
            post_id=seen.post_id,
            rule=finding.rule,
            policy=policy,
            severity=int(finding.severity),
            route=route,
            lane=route,
            opened_version_id=seen.version_id,
            opened_at=self.now,
            retro=self.retro,
            status="open",
            tags=[],
        )
        self.session.add(row)
        opened = _OpenFlag(row, seen.rank, set())
        self._note(opened, seen, finding.version, finding)
        self._open[seen.post_id][finding.rule] = opened
        self._fresh.append((opened, seen, finding))
        self.result.opened[policy] += 1

    def _note(self, opened: _OpenFlag, seen: Seen, version: str, finding: Finding | None = None) -> None:
        """Append what a version showed; no finding means that it no longer shows it."""
        if seen.rank < opened.last or (seen.version_id, version) in opened.noted:
            return
        opened.last = seen.rank
        opened.noted.add((seen.version_id, version))
        self._observe(opened.row, seen.version_id, version, finding)
        if finding is not None and (new := set(seen.evaluation.tags) - set(opened.row.tags)):
            opened.row.tags = sorted({*opened.row.tags, *new})

    def _observe(self, row: Flag, version_id: int, rule_version: str, finding: Finding | None) -> None:
        observation = Observation(
            flag=row,
            version_id=version_id,
            rule_version=rule_version,
            ruleset=self.evaluator.ruleset_hash,
            confidence=finding.confidence if finding else 0.0,
            matches=[asdict(match) for match in finding.matches] if finding else [],
            at=self.now,
        )
        self.session.add(observation)

    def _version_of_absence(self, rule: str, evaluation: Evaluation) -> str | None:
        """Return the version of a rule that looked and saw nothing; None if it did not look (failure, or no longer in the set)."""
        if any(rule in failure.rules or not failure.rules for failure in evaluation.failures):
            return None
        try:
            return self.evaluator.version(rule)
        except KeyError:
            return None

    def _note_newest(self) -> None:
        """Note on flags opened for an older version that the newest, stored earlier, was already seen not to show it."""
        fresh = [(opened, finding) for opened, seen, finding in self._fresh if (seen.post_id, finding.rule) not in self._decided]
        newest = self._newest({opened.row.post_id for opened, _ in fresh})
        for opened, finding in fresh:
            version_id, at, status, ruleset = newest[opened.row.post_id]
            same_rules = ruleset == self.evaluator.ruleset_hash
            if (at, version_id) > opened.last and status in {Status.CLEAN, Status.FLAGGED} and same_rules:
                self._observe(opened.row, version_id, finding.version, None)

    def _newest(self, posts: Iterable[int]) -> dict[int, tuple[int, datetime, str, str]]:
        columns = (PostVersion.post_id, PostVersion.id, PostVersion.at, PostVersion.status, PostVersion.ruleset)
        query = select(*columns).where(PostVersion.post_id.in_(list(posts))).order_by(PostVersion.at, PostVersion.id)
        return {post_id: (version_id, at, status, ruleset) for post_id, version_id, at, status, ruleset in self.session.execute(query)}

    def _entry(self, row: Flag, seen: Seen, finding: Finding) -> Entry:
        detail = {"rule": row.rule, "post_version": seen.version_id, "severity": row.severity, "retro": int(row.retro)}
        return Entry(action="flag:opened", subject=f"flag:{row.id}", version=finding.version, detail={**detail, "ruleset": self.evaluator.ruleset_hash})
