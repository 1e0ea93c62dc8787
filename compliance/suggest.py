"""The narrowest exclusion that takes a rule's false positives away and no upheld flag with them, proven on stored decisions."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from compliance.models import Flag
from compliance.people import People
from compliance.stored import Decided, Reader, StoredPost, decided_flags, stored_posts, versions
from compliance.trial import narrowed, rule_of
from rules.build import build_parts
from rules.detectors.base import Told
from rules.document import Document
from rules.engine import Engine, Outcome
from rules.places import lies_in, region_spans
from rules.policy import ExampleSpec, Exclusion, ExclusionExamples, ExclusionSpec, Rule
from rules.regions import REGION_NAMES, word_spans
from rules.ruleset import RuleSet
from rules.source import SourceFile

#: Words between a candidate's words and the match, at most; the least that will do is taken.
WITHIN: Final = (2, 4, 6, 12)
#: Words in one exclusion; more would be a list of posts.
MOST_WORDS: Final = 6
#: Posts that say how common a word is.
SAMPLE: Final = 2_000
#: A group or country of fewer people would be an exception for persons.
FEWEST_PEOPLE: Final = 5
_COMMON: Final = 0.02
_SHORTEST: Final = 3
_WORD: Final = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")
#: Kinds of part whose sense does not depend on other parts or on what a rule was trained with.
_COPIED: Final = frozenset({"terms", "regex", "pii", "secret", "link", "mention", "hashtag"})
_NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
_EMPTY: Final = ExampleSpec(text="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clue:
    """What is known about one decided flag that the rule still raises; words near its matches, never the text."""

    flag_id: int
    is_upheld: bool
    #: Part -> word near one of its matches -> words between, at least.
    near: Mapping[str, Mapping[str, int]] = field(repr=False)
    #: Part -> regions in which every match of it lies.
    inside: Mapping[str, frozenset[str]]
    traits: frozenset[tuple[str, str]] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A possible exclusion, as its parts would be written."""

    #: In words, such as `crew, mooring within 6 words of name`.
    title: str
    name: str
    parts: Mapping[str, dict[str, Any]]
    when: str
    #: How many things it names: fewer is simpler.
    size: int = 1


@dataclass(slots=True)
class Proof:
    """What a candidate does to every flag of the rule."""

    candidate: Candidate
    #: False positives that go away, and those that stay.
    gone: list[int] = field(default_factory=list)
    stay: list[int] = field(default_factory=list)
    upheld: int = 0
    lost: list[int] = field(default_factory=list)
    cleared_gone: int = 0
    #: Flags that nobody has decided and that it would have kept away: look at these first.
    open_gone: list[int] = field(default_factory=list)

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """Best first: most false positives away, fewest flags that were right or undecided, fewest words."""
        return -len(self.gone), self.cleared_gone, len(self.open_gone), self.candidate.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestions:
    """What can be suggested, best first, and what it stands on."""

    rule: str
    false_positives: int
    upheld: int
    proofs: tuple[Proof, ...]
    #: What tells the false ones from the right ones and no exclusion can say, such as a channel.
    advice: tuple[str, ...]
    #: Decided flags on which the rule was neither true nor false.
    unknown: int


def suggest(session: Session, reader: Reader, ruleset: RuleSet, rule_id: str, *, people: People) -> Suggestions:
    """Look for exclusions of one rule. Reads its decided flags twice: once for clues, once for the proof."""
    rule = rule_of(ruleset, rule_id)
    trial = Trial(ruleset, rule)
    clues, unknown = _clues(trial, decided_flags(session, reader, rules=[rule_id]))
    wrong = [clue for clue in clues if not clue.is_upheld]
    upheld = [clue for clue in clues if clue.is_upheld]
    proofs: list[Proof] = []
    if wrong:
        common = _common_words(stored_posts(session, reader))
        proofs = [Proof(each) for each in _candidates(rule, wrong, upheld, common, people)]
        trial.prove(proofs, decided_flags(session, reader, rules=[rule_id]))
        trial.look_at_open(proofs, _open_posts(session, reader, rule_id))
    good = sorted((each for each in proofs if each.gone and not each.lost), key=lambda each: each.rank)
    return Suggestions(
        rule=rule_id,
        false_positives=len(wrong),
        upheld=len(upheld),
        proofs=tuple(_distinct(good)),
        advice=tuple(_advice(wrong, upheld)),
        unknown=unknown,
    )


class Trial:
    """One rule, evaluated with and without further exclusions."""

    def __init__(self, ruleset: RuleSet, rule: Rule) -> None:
        self.ruleset = narrowed(ruleset, [rule.id], live=True)
        self.rule = self.ruleset.rules[rule.id]
        self._engine = Engine(self.ruleset)

    def run(self, document: Document) -> Outcome:
        """Evaluate the rule as it is, with the exclusions there are."""
        return self._engine.run(self.rule, document)

    def excluding(self, candidate: Candidate) -> Engine:
        """Return an engine in which the candidate counts as well. Raises ValueError if its parts do not compile."""
        scratch = SourceFile("candidate")
        told = Told(encoder=self.rule.encoder, pipeline=self.rule.pipeline)
        built = build_parts(
            scratch,
            (),
            candidate.parts,
            candidate.when,
            lists=self.ruleset.lists,
            borrowed=self.rule.parts,
            told=told,
        )
        if built is None:
            raise ValueError(scratch.faults[0].message)
        exclusion = Exclusion(
            id=candidate.name,
            rules=(self.rule.id,),
            parts=built[0],
            when=built[1],
            owner="",
            reason="",
            until=_NEVER,
            version="",
            spec=_stub(self.rule.id, candidate),
            place="candidate",
        )
        return Engine(replace(self.ruleset, exclusions=(*self.ruleset.exclusions, exclusion)))

    def prove(self, proofs: Sequence[Proof], decided: Iterable[Decided]) -> None:
        """Note what each candidate does to each decided flag that the rule raises."""
        engines = [self.excluding(proof.candidate) for proof in proofs]
        for flag in decided:
            if self.run(flag.post.document).value is not True:
                continue
            for proof, engine in zip(proofs, engines, strict=True):
                fires = engine.run(self.rule, flag.post.document).value is True
                _note(proof, flag, fires=fires)

    def look_at_open(self, proofs: Sequence[Proof], posts: Iterable[tuple[int, StoredPost]]) -> None:
        """Note the undecided flags that a candidate would have kept away."""
        engines = [self.excluding(proof.candidate) for proof in proofs]
        for flag_id, post in posts:
            if self.run(post.document).value is True:
                for proof, engine in zip(proofs, engines, strict=True):
                    if engine.run(self.rule, post.document).value is not True:
                        proof.open_gone.append(flag_id)


def _note(proof: Proof, flag: Decided, *, fires: bool) -> None:
    if flag.verdict == "upheld":
        proof.upheld += 1
        if not fires:
            proof.lost.append(flag.flag_id)
    elif flag.verdict == "false_positive":
        (proof.stay if fires else proof.gone).append(flag.flag_id)
    elif flag.verdict == "cleared":
        proof.cleared_gone += not fires


def _open_posts(session: Session, reader: Reader, rule_id: str) -> Iterator[tuple[int, StoredPost]]:
    from compliance.listing import visible_lanes

    query = select(Flag.id, Flag.opened_version_id).where(
        Flag.rule == rule_id, Flag.status == "open", *visible_lanes(reader.reviewer)
    )
    for flag_id, version_id in session.execute(query.order_by(Flag.id)).all():
        for post in versions(session, reader, [version_id]).values():
            yield flag_id, post


def _stub(rule_id: str, candidate: Candidate) -> ExclusionSpec:
    """Return the candidate as a spec: for trials, which read neither owner nor examples."""
    return ExclusionSpec(
        exclude=candidate.name,
        rules=[rule_id],
        parts={name: dict(part) for name, part in candidate.parts.items()},
        when=candidate.when,
        owner="-",
        reason="-",
        until=_NEVER,
        examples=ExclusionExamples(exclude=[_EMPTY], keep=[_EMPTY]),
    )


def _clues(trial: Trial, decided: Iterable[Decided]) -> tuple[list[Clue], int]:
    clues, unknown = [], 0
    for flag in decided:
        if flag.verdict not in {"upheld", "false_positive"}:
            continue
        outcome = trial.run(flag.post.document)
        unknown += outcome.value is None
        if outcome.value is True:
            clues.append(_clue(flag, outcome))
    return clues, unknown


def _clue(flag: Decided, outcome: Outcome) -> Clue:
    document = flag.post.document
    places: dict[str, list[tuple[int, int]]] = {}
    for match in outcome.matches:
        places.setdefault(match.part, []).append((match.start, match.end))
    words = [(left, right, document.raw[left:right].casefold()) for left, right in word_spans(document.raw)]
    regions = {name: region_spans(document, name) for name in REGION_NAMES}
    inside = {
        part: frozenset(
            name
            for name, spans in regions.items()
            if all(lies_in(match, spans) for match in outcome.matches if match.part == part)
        )
        for part in places
    }
    context = document.context
    traits = {("channel", context.channel), ("audience", context.audience), ("platform", context.platform)}
    traits |= {("kind", context.kind), ("country", context.country)}
    traits |= {("group", name) for name in context.groups or ()}
    return Clue(
        flag_id=flag.flag_id,
        is_upheld=flag.verdict == "upheld",
        # Nobody meets words of a post whose text they may not read; such a flag still counts in the proof.
        near={part: _near(words, spans) for part, spans in places.items()} if not flag.post.withheld else {},
        inside=inside,
        traits=frozenset((key, value) for key, value in traits if value),
    )


def _near(words: Sequence[tuple[int, int, str]], spans: Iterable[tuple[int, int]]) -> dict[str, int]:
    """Return the words around these spans with the number of words between, at least."""
    found: dict[str, int] = {}
    most = WITHIN[-1]
    for start, end in spans:
        before = [word for _, right, word in words if right <= start][-(most + 1) :]
        after = list(islice((word for left, _, word in words if left >= end), most + 1))
        for side in (reversed(before), after):
            for distance, word in enumerate(side):
                found[word] = min(distance, found.get(word, distance))
    return found


def _common_words(posts: Iterator[StoredPost]) -> frozenset[str]:
    """Return the words that a fair share of the organisation's posts hold: they say nothing about a sense."""
    counts: Counter[str] = Counter()
    total = 0
    for post in islice(posts, SAMPLE):
        total += 1
        counts.update({found[0].casefold() for found in _WORD.finditer(post.document.raw)})
    least = max(4, _COMMON * total)
    return frozenset(word for word, count in counts.items() if count > least)


def _candidates(
    rule: Rule, wrong: Sequence[Clue], upheld: Sequence[Clue], common: frozenset[str], people: People
) -> list[Candidate]:
    anchor = _anchor(wrong)
    found: list[Candidate] = []
    if anchor:
        found += _by_words(rule, anchor, wrong, upheld, common)
        found += _by_region(rule, anchor, wrong, upheld)
    found += _by_author(rule, wrong, upheld, people)
    return found


def _anchor(wrong: Sequence[Clue]) -> str:
    """Return the part that most false positives have matches of; '' if none has a place in the text."""
    counts = Counter(part for clue in wrong for part in clue.inside)
    return min(counts, key=lambda part: (-counts[part], part)) if counts else ""


def _by_words(
    rule: Rule, anchor: str, wrong: Sequence[Clue], upheld: Sequence[Clue], common: frozenset[str]
) -> Iterator[Candidate]:
    taken = {word for clue in upheld for word in clue.near.get(anchor, {})}
    holders: dict[str, dict[int, int]] = {}
    for clue in wrong:
        for word, distance in clue.near.get(anchor, {}).items():
            if len(word) >= _SHORTEST and _WORD.fullmatch(word) and word not in common and word not in taken:
                holders.setdefault(word, {})[clue.flag_id] = distance
    several = {word: flags for word, flags in holders.items() if len(flags) > 1}
    choices = [_cover(several), _cover(holders), *([word] for word in _cover(holders)[:3])]
    for words in dict.fromkeys(tuple(sorted(choice)) for choice in choices if choice):
        distance = max(
            min(holders[word].values()) if len(holders[word]) == 1 else max(holders[word].values()) for word in words
        )
        within = next((each for each in WITHIN if distance <= each), WITHIN[-1])
        yield Candidate(
            title=f"{', '.join(words)} within {within} words of `{anchor}`",
            name=_identifier(rule, "words"),
            parts={"other_sense": {"terms": list(words), "near": anchor, "within": f"{within} words"}},
            when="other_sense",
            size=len(words),
        )


def _cover(holders: Mapping[str, Mapping[int, int]]) -> list[str]:
    """Return few words that together stand near as many false positives as possible; the most frequent, nearest first."""
    left = {flag for flags in holders.values() for flag in flags}
    chosen: list[str] = []
    while left and len(chosen) < MOST_WORDS:
        word = min(
            holders,
            key=lambda each: (-len(left & holders[each].keys()), min(holders[each].values()), each),
        )
        if not left & holders[word].keys():
            break
        chosen.append(word)
        left -= holders[word].keys()
    return chosen


def _by_region(rule: Rule, anchor: str, wrong: Sequence[Clue], upheld: Sequence[Clue]) -> Iterator[Candidate]:
    written = rule.spec.parts[anchor]
    if rule.parts[anchor].detector.name not in _COPIED or "in" in written:
        return
    for region in REGION_NAMES:
        if not any(region in clue.inside.get(anchor, ()) for clue in wrong):
            continue
        if any(region in clue.inside.get(anchor, ()) for clue in upheld):
            continue
        outside = written.get("not_in") or []
        outside = [*(outside if isinstance(outside, list) else [outside]), region]
        yield Candidate(
            title=f"`{anchor}` only in {region}",
            name=_identifier(rule, region),
            parts={"there": {**written, "in": [region]}, "elsewhere": {**written, "not_in": outside}},
            when="there and not elsewhere",
            # Of two that do the same, a place says more about the next post than somebody's words.
            size=0,
        )


def _by_author(rule: Rule, wrong: Sequence[Clue], upheld: Sequence[Clue], people: People) -> Iterator[Candidate]:
    for key, value in sorted(_telling(wrong, upheld)):
        if key not in {"group", "country"}:
            continue
        members = sum(value in each.groups or value == each.country for each in people.people.values())
        if members >= FEWEST_PEOPLE:
            yield Candidate(
                title=f"authors of the {key} {value}",
                name=_identifier(rule, value),
                parts={"who": {"author": {key: [value]}}},
                when="who",
                # An exception for people is wider than any for words.
                size=MOST_WORDS + 1,
            )


def _telling(wrong: Sequence[Clue], upheld: Sequence[Clue]) -> frozenset[tuple[str, str]]:
    """Return what holds for all false positives, two at least, and for no upheld flag."""
    if len(wrong) < 2 or not upheld:  # noqa: PLR2004
        return frozenset()
    shared = frozenset.intersection(*(clue.traits for clue in wrong))
    return shared - frozenset().union(*(clue.traits for clue in upheld))


def _advice(wrong: Sequence[Clue], upheld: Sequence[Clue]) -> Iterator[str]:
    for key, value in sorted(_telling(wrong, upheld)):
        if key in {"channel", "audience", "platform", "kind"}:
            yield f"every false positive and no upheld flag has {key} '{value}': the rule's `scope` can say that, an exclusion cannot"


def _distinct(proofs: Iterable[Proof]) -> Iterator[Proof]:
    """Drop a candidate that does no more than a better one of its form."""
    seen: set[tuple[str, frozenset[int]]] = set()
    for proof in proofs:
        key = proof.candidate.when, frozenset(proof.gone)
        if key not in seen:
            seen.add(key)
            yield proof


def _identifier(rule: Rule, word: str) -> str:
    plain = re.sub(r"[^a-z0-9]+", "-", f"{rule.id.partition('.')[2]}-{word}".casefold()).strip("-")
    return plain[:60].rstrip("-")
