"""Posts that read like a rule's own sentences, whatever words they use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from pydantic import BaseModel, ConfigDict, Field

from rules.detectors.base import NOTHING, Gate, KeyFault, Material, Others, Phrases, Seen, SpanKeys
from rules.document import Document
from rules.evaluation import Match
from rules.sense import Passage, Question, confidences, lesson, read, score

_FEWEST_LIKE: Final = 4
_REASON: Final = 80


class MeaningSpec(BaseModel):
    """What stands below `meaning`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    like: Phrases | None = Field(default=None, description="further posts that the part is to see")
    unlike: Phrases | None = Field(default=None, description="further look-alikes that it is not to see")
    at_least: Annotated[float, Field(gt=0, lt=1)] = Field(default=0.5, description="confidence from which it is true")


class MeaningKeys(SpanKeys):
    """`{meaning: {like: [...], unlike: [...], at_least: 0.6}}` or `{meaning: {}}`."""

    meaning: MeaningSpec = Field(description="like, unlike, at_least; learns from the rule's examples too")


_LIKE = (
    "Keep an eye on our numbers Thursday, that's all I'll say",
    "You'll like what we report next week",
    "Big smiles in finance today, the quarter closed nicely",
    "Can't say much but next week's call will be fun",
)
_UNLIKE = (
    "Our results are out, the release is linked",
    "The weekly team call moved to Thursday",
    "Numbers for the raffle are drawn next week",
)


@dataclass(frozen=True)
class Meaning:
    """Passages whose confidence under the rule's head reaches the threshold."""

    name: ClassVar[str] = "meaning"
    source: ClassVar[str] = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2"
    keys: ClassVar[type[SpanKeys]] = MeaningKeys
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        (
            {"meaning": {"like": list(_LIKE), "unlike": list(_UNLIKE)}},
            "You will like our numbers next week, can't say more",
        ),
    )
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]] = (
        ({"meaning": {"like": list(_LIKE), "unlike": list(_UNLIKE)}}, "My cat slept on the keyboard all morning"),
    )

    question: Question

    @classmethod
    def build(cls, keys: MeaningKeys, material: Material) -> Meaning:
        """Gather the sentences; the head is trained when a text first needs it. Raises KeyFault if there are too few."""
        told = keys.meaning
        rule = material.told
        like, unlike = dict.fromkeys(told.like or ()), dict.fromkeys(told.unlike or ())
        both = set(like) & set(unlike)
        if both:
            message = f"'{_short(min(both))}' is both like and unlike"
            raise KeyFault(message, key=("meaning",), hint="decide for one side")
        learned = lesson(rule.rule, like=[*rule.flag, *like], unlike=[*rule.passed, *unlike])
        if len(learned.like) < _FEWEST_LIKE or not learned.unlike:
            message = f"`meaning` has {len(learned.like)} sentences to be like and {len(learned.unlike)} to be unlike"
            hint = f"give at least {_FEWEST_LIKE} and 1, better 20 of each, as examples or in `like` and `unlike`"
            raise KeyFault(message, key=("meaning",), hint=hint)
        return cls(Question(learned, told.at_least, rule.encoder))

    def see(self, document: Document, others: Others) -> Seen:
        """The best passage, and every further one that reaches the threshold and does not overlap a better one."""
        del others
        head = self.question.head
        text = read(document, self.question.encoder)
        sure = confidences(score(text.points, head.weights, head.bias))
        found = sorted((-float(value), index) for index, value in enumerate(sure) if value >= self.question.at_least)
        if not found:
            return NOTHING
        kept: list[Match] = []
        for value, index in found:
            passage = text.passages[index]
            if all(passage.end <= match.start or match.end <= passage.start for match in kept):
                kept.append(self._match(passage, -value, head.nearest(text.points[index])))
        return Seen(value=True, matches=tuple(sorted(kept, key=lambda match: match.start)))

    def _match(self, passage: Passage, confidence: float, nearest: str) -> Match:
        return Match(
            start=passage.start,
            end=passage.end,
            detector=self.name,
            kind="sentences",
            confidence=confidence,
            reason=f"reads like: {_short(nearest)}",
        )

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """No word must occur; the head itself says where to look."""
        del gate_of
        return Gate(question=self.question)


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _REASON else words[: _REASON - 1] + "…"
