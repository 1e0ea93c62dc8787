"""What a change of rules would do to posts: verdicts added, removed, changed; decisions kept, lost, gained. Nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from compliance.safe import Span
from compliance.stored import Decided
from compliance.trial import differing, narrowed
from rules.document import Document
from rules.engine import Engine
from rules.evaluation import Evaluation, Finding
from rules.ruleset import RuleSet

Kind = Literal["added", "removed", "changed"]
KINDS: Final[tuple[Kind, ...]] = ("added", "removed", "changed")
#: Code points kept around a match to be shown; more than any terminal line.
_AROUND: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """One text that both rule sets are tried on."""

    label: str
    document: Document = field(repr=False)
    #: Number of a stored post.
    id: int = 0
    #: Whether a reader may see words of it.
    is_shown: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A post on which a rule's verdict differs."""

    post: str
    #: Of a change: severity, publish, spans, in words such as `medium → high`.
    what: tuple[str, ...] = ()
    #: Around the first match, with spans that fit; empty where the reader gets no text.
    excerpt: str = field(default="", repr=False)
    spans: tuple[Span, ...] = ()


@dataclass(slots=True)
class RuleDiff:
    """One rule that differs: how often each rule set raises it, and the first posts of each kind of difference."""

    rule: str
    #: A mark, never a claim: counted, no post is listed.
    is_tag: bool = False
    old: int = 0
    new: int = 0
    counts: dict[Kind, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    #: Neither true nor false under one of the two: `fault` (repair it) or `uncovered` (a known limit).
    unknown: dict[str, int] = field(default_factory=lambda: {"fault": 0, "uncovered": 0})
    first: dict[Kind, list[Change]] = field(default_factory=lambda: {kind: [] for kind in KINDS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """A decided flag on which the two rule sets differ."""

    flag: int
    rule: str
    verdict: str
    post: str
    excerpt: str = field(default="", repr=False)
    spans: tuple[Span, ...] = ()
    #: Other rules that the new set raises on the same words.
    instead: tuple[str, ...] = ()


@dataclass(slots=True)
class Rulings:
    """What becomes of decisions. Every lost one is named; the others are counted and the first are named."""

    #: Decided flags of rules that differ.
    looked_at: int = 0
    #: Upheld, raised by the old rules and not by the new ones.
    lost: list[Ruling] = field(default_factory=list)
    #: Upheld, and the new rules cannot tell.
    untold: list[int] = field(default_factory=list)
    #: Upheld flags that neither raises: lost by an earlier change.
    lost_before: int = 0
    kept: int = 0
    #: Fair alerts without a breach that are no longer raised.
    cleared_gone: int = 0
    #: False positives that are no longer raised.
    gained: int = 0
    first_gained: list[Ruling] = field(default_factory=list)
    #: False positives still raised, and those that the old rules did not raise any more.
    still_wrong: int = 0
    back: list[int] = field(default_factory=list)


class Comparison:
    """Two rule sets on the same documents. Evaluates only the rules that differ; memory does not grow with the posts."""

    def __init__(self, old: RuleSet, new: RuleSet, *, show: int, shadow: bool = False, tags: bool = True) -> None:
        """Keep the first `show` posts of each rule and kind; `shadow` counts shadow rules as if they were live."""
        self.rules = tuple(
            name for name in differing(old, new) if tags or not (new.rule(name) or old.rules[name]).is_tag
        )
        self.posts = 0
        self._show, self._shadow = show, shadow
        self._old = Engine(narrowed(old, self.rules))
        self._new = Engine(narrowed(new, self.rules))
        self.diffs = {name: RuleDiff(name, is_tag=(new.rule(name) or old.rules[name]).is_tag) for name in self.rules}

    @property
    def changed(self) -> list[RuleDiff]:
        """The rules whose verdict differs on a post at least, or is unknown on one."""
        return [each for each in self.diffs.values() if any(each.counts.values()) or any(each.unknown.values())]

    @property
    def has_fault(self) -> bool:
        """Return whether something went wrong, so that the numbers are not all."""
        return any(each.unknown["fault"] for each in self.diffs.values())

    def read(self, posts: Iterable[Post]) -> None:
        """Evaluate every post under both rule sets."""
        for post in posts:
            self.posts += 1
            if self.rules:
                self._compare(post, self._old.evaluate_one(post.document), self._new.evaluate_one(post.document))

    def _compare(self, post: Post, old: Evaluation, new: Evaluation) -> None:
        before, after = self._found(old), self._found(new)
        unknown = {**_unknown(old), **_unknown(new)}
        for name in dict.fromkeys([*before, *after, *unknown]):
            diff = self.diffs[name]
            was, now = before.get(name), after.get(name)
            diff.old += was is not None
            diff.new += now is not None
            if name in unknown and (was is None or now is None):
                diff.unknown[unknown[name]] += 1
            elif was is None or now is None:
                self._note(diff, "removed" if now is None else "added", post, was or now)
            elif what := _differences(was, now):
                self._note(diff, "changed", post, now, what)
        self._count_tags(old, new)

    def _count_tags(self, old: Evaluation, new: Evaluation) -> None:
        for name in {*old.tags, *new.tags} & self.diffs.keys():
            was, now = name in old.tags, name in new.tags
            self.diffs[name].old += was
            self.diffs[name].new += now
            if was is not now:
                self.diffs[name].counts["added" if now else "removed"] += 1

    def _note(
        self, diff: RuleDiff, kind: Kind, post: Post, finding: Finding | None, what: tuple[str, ...] = ()
    ) -> None:
        diff.counts[kind] += 1
        if len(diff.first[kind]) < self._show:
            spans = [(match.start, match.end) for match in finding.matches] if finding else []
            excerpt, shown = around(post.document.raw, spans) if post.is_shown else ("", ())
            diff.first[kind].append(Change(post=post.label, what=what, excerpt=excerpt, spans=shown))

    def _found(self, evaluation: Evaluation) -> dict[str, Finding]:
        return {each.rule: each for each in evaluation.findings if self._shadow or not each.shadow}

    def judge(self, decided: Iterable[Decided]) -> Rulings:
        """Return what becomes of decided flags, each on the version decided about."""
        rulings = Rulings()
        for flag in decided:
            if flag.rule in self.diffs:
                rulings.looked_at += 1
                self._judge(rulings, flag)
        return rulings

    def _judge(self, rulings: Rulings, flag: Decided) -> None:
        document = flag.post.document
        old, new = self._old.evaluate_one(document), self._new.evaluate_one(document)
        was, now = flag.rule in _live(old), flag.rule in _live(new)
        if flag.verdict == "upheld":
            self._judge_upheld(rulings, flag, new, was=was, now=now)
        elif flag.verdict == "cleared":
            rulings.cleared_gone += was and not now
        elif flag.verdict == "false_positive" and now:
            rulings.still_wrong += was
            rulings.back += [] if was else [flag.flag_id]
        elif flag.verdict == "false_positive" and was:
            rulings.gained += 1
            if len(rulings.first_gained) < self._show:
                rulings.first_gained.append(self._ruling(flag, new))

    def _judge_upheld(self, rulings: Rulings, flag: Decided, new: Evaluation, *, was: bool, now: bool) -> None:
        if now:
            rulings.kept += 1
        elif flag.rule in _unknown(new):
            rulings.untold.append(flag.flag_id)
        elif was:
            rulings.lost.append(self._ruling(flag, new))
        else:
            rulings.lost_before += 1

    def _ruling(self, flag: Decided, new: Evaluation) -> Ruling:
        excerpt, spans = ("", ()) if flag.post.withheld else around(flag.post.document.raw, flag.spans)
        return Ruling(
            flag=flag.flag_id,
            rule=flag.rule,
            verdict=flag.verdict,
            post=flag.post.label,
            excerpt=excerpt,
            spans=spans,
            instead=tuple(sorted(name for name, found in _live(new).items() if overlaps(found, flag.spans))),
        )


def _live(evaluation: Evaluation) -> dict[str, Finding]:
    """Return what would open a flag: a shadow rule never does."""
    return {each.rule: each for each in evaluation.findings if not each.shadow}


def _unknown(evaluation: Evaluation) -> dict[str, str]:
    """Return the rules left unknown; a fault counts before a known limit."""
    kinds = sorted(((rule, failure.kind) for failure in evaluation.failures for rule in failure.rules), key=_kind_last)
    return dict(kinds)


def _kind_last(row: tuple[str, str]) -> bool:
    return row[1] == "fault"


def _differences(old: Finding, new: Finding) -> tuple[str, ...]:
    found = []
    if old.severity is not new.severity:
        found.append(f"severity {old.severity.label} → {new.severity.label}")
    if old.publish is not new.publish:
        found.append(f"publish {old.publish.value} → {new.publish.value}")
    if old.shadow is not new.shadow:
        found.append("shadow → live" if old.shadow else "live → shadow")
    before, after = ({(match.start, match.end) for match in each.matches} for each in (old, new))
    if before != after:
        found.append(f"spans +{len(after - before)} -{len(before - after)}")
    return tuple(found)


def overlaps(finding: Finding, spans: Iterable[Span]) -> bool:
    """Return whether a finding marks a character of these spans."""
    return any(match.start < end and start < match.end for start, end in spans for match in finding.matches)


def around(text: str, spans: Iterable[Span]) -> tuple[str, tuple[Span, ...]]:
    """Return the text around the first span and the spans that fit it, so that a huge post costs no memory."""
    ordered = sorted(spans)
    start = max(0, ordered[0][0] - _AROUND) if ordered else 0
    cut = text[start : start + 3 * _AROUND]
    return cut, tuple((left - start, right - start) for left, right in ordered if left - start < len(cut))


def per_1000(count: int, posts: int) -> float | None:
    """Return a count per 1,000 posts, to two places; None without posts."""
    return round(1000 * count / posts, 2) if posts else None


def as_json(found: Comparison, rulings: Rulings | None, *, sides: Mapping[str, str]) -> dict[str, object]:
    """Return the comparison for programs: numbers and ids, no words of posts."""
    rows = [_rule_json(each, found.posts) for each in found.changed]
    return {
        **sides,
        "posts": found.posts,
        "rules_that_differ": list(found.rules),
        "rules": rows,
        "decisions": None if rulings is None else _rulings_json(rulings),
    }


def _rule_json(diff: RuleDiff, posts: int) -> dict[str, object]:
    return {
        "rule": diff.rule,
        "tag": diff.is_tag,
        "old": diff.old,
        "new": diff.new,
        "old_per_1000": per_1000(diff.old, posts),
        "new_per_1000": per_1000(diff.new, posts),
        "added": diff.counts["added"],
        "removed": diff.counts["removed"],
        "changed": diff.counts["changed"],
        "unknown": diff.unknown,
        "posts": {
            kind: [{"post": each.post, "what": list(each.what)} for each in listed]
            for kind, listed in diff.first.items()
        },
    }


def _rulings_json(rulings: Rulings) -> dict[str, object]:
    return {
        "looked_at": rulings.looked_at,
        "upheld_lost": list(_ruling_rows(rulings.lost)),
        "upheld_untold": rulings.untold,
        "upheld_lost_before": rulings.lost_before,
        "upheld_kept": rulings.kept,
        "cleared_gone": rulings.cleared_gone,
        "false_positives_gone": rulings.gained,
        "false_positives_gone_first": list(_ruling_rows(rulings.first_gained)),
        "false_positives_left": rulings.still_wrong,
        "false_positives_back": rulings.back,
    }


def _ruling_rows(rulings: Iterable[Ruling]) -> Iterator[dict[str, object]]:
    for each in rulings:
        yield {"flag": each.flag, "rule": each.rule, "post": each.post, "instead": list(each.instead)}
