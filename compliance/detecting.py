"""What each detector sees in a text before any rule asks: every kind of part with its widest question. No database."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from compliance.drafts import Draft
from compliance.errors import ComplianceError
from rules.build import build_parts
from rules.detectors.base import Detector, Seen, Told
from rules.document import Document
from rules.errors import did_you_mean
from rules.evaluation import Failure, Match, Status
from rules.kinds import kinds
from rules.lists import Lists
from rules.ruleset import RuleSet
from rules.source import SourceFile

#: Words of lists, and rules that learned from sentences, are asked one by one; the others answer one question.
_TERMS: Final = "terms"
_MEANING: Final = "meaning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What the detectors saw in one draft, in text order."""

    draft: Draft
    matches: tuple[Match, ...] = ()
    failures: tuple[Failure, ...] = ()
    language: str | None = None
    #: What looks like a match and is none, with the reason.
    aside: tuple[Match, ...] = ()

    @property
    def status(self) -> Status:
        """Incomplete where a detector failed or nothing could be read, flagged where something was seen."""
        if self.failures:
            return Status.INCOMPLETE
        return Status.FLAGGED if self.matches else Status.CLEAN


@dataclass(frozen=True, slots=True)
class Question:
    """A detector asked for everything it knows, and what its matches are called if not by its own kinds."""

    detector: Detector = field(repr=False)
    kind: str = ""


def known() -> tuple[str, ...]:
    """Return the detectors that can be asked without a rule, in name order."""
    return tuple(sorted({_TERMS, _MEANING, *(name for name, kind in kinds().items() if hasattr(kind, "survey"))}))


def questions(ruleset: RuleSet, only: Iterable[str] = (), *, pipeline: str = "") -> list[Question]:
    """Return what to ask, `entity` through that spaCy pipeline (the shipped one if empty). Raises ComplianceError for a detector that there is none of."""
    wanted = list(only) or list(known())
    for name in wanted:
        if name not in known():
            message = f"there is no detector '{name}' to ask"
            raise ComplianceError(message, hint=did_you_mean(name, known(), otherwise=f"one of: {', '.join(known())}"))
    asked: list[Question] = []
    for name in dict.fromkeys(wanted):
        if name == _TERMS:
            asked += [Question(_part({_TERMS: [f"${one}"]}, ruleset.lists)) for one in _filled(ruleset.lists)]
        elif name == _MEANING:
            asked += [
                Question(part.detector, kind=rule.id)
                for rule in ruleset.rules.values()
                for part in rule.parts.values()
                if part.detector.name == _MEANING
            ]
        else:
            survey = getattr(kinds()[name], "survey")  # noqa: B009 - optional
            asked.append(Question(_part(survey, ruleset.lists, Told(pipeline=pipeline))))
    return asked


def detect(drafts: Iterable[Draft], asked: list[Question]) -> Iterator[Sighting]:
    """Yield what was seen, one per draft, in order. A detector that raises leaves the others' matches standing."""
    for draft in drafts:
        if draft.document is None:
            failure = Failure(detector="reader", kind="fault", error=draft.error, rules=())
            yield Sighting(draft=draft, failures=(failure,))
        else:
            yield _sighting(draft, draft.document, asked)


def _sighting(draft: Draft, document: Document, asked: list[Question]) -> Sighting:
    matches: set[Match] = set()
    failures: dict[Failure, None] = {}
    aside: list[Match] = []
    for question in asked:
        seen, failure = _see(question, document)
        matches.update(seen.matches)
        if failure is None and hasattr(question.detector, "set_aside"):
            aside += question.detector.set_aside(document)
        if failure:
            failures[failure] = None
    language: str | None = None
    try:
        language = next(iter(document.languages), None)
    except Exception as error:  # noqa: BLE001 - a missing model is a failure, not an end
        failures[Failure(detector="language", kind="fault", error=type(error).__name__, rules=())] = None
    ordered = sorted(matches, key=lambda m: (m.start, m.end, m.detector, m.kind))
    return Sighting(
        draft=draft, matches=tuple(ordered), failures=tuple(failures), language=language, aside=tuple(aside)
    )


def _see(question: Question, document: Document) -> tuple[Seen, Failure | None]:
    try:
        seen = question.detector.see(document, lambda _: Seen(value=None))
    except Exception as error:  # noqa: BLE001 - whatever a detector raises, the others still answer
        failure = Failure(detector=question.detector.name, kind="fault", error=type(error).__name__, rules=())
        return Seen(value=None), failure
    if question.kind:
        return Seen(seen.value, tuple(_called(match, question.kind) for match in seen.matches)), None
    return seen, None


def _called(match: Match, kind: str) -> Match:
    from dataclasses import replace

    return replace(match, kind=kind)


def _filled(lists: Lists) -> list[str]:
    return [name for name, one in lists.items() if one.entries]


def _part(spec: Mapping[str, Any], lists: Lists, told: Told = Told()) -> Detector:  # noqa: B008 - frozen
    source = SourceFile("detect")
    built = build_parts(source, (), {"asked": dict(spec)}, "asked", lists=lists, trusted=True, told=told)
    if built is None:
        raise ComplianceError("; ".join(fault.message for fault in source.faults))
    return built[0]["asked"].detector
