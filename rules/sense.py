"""What a rule means, learned from its own sentences: a small linear head over sentence points. Pure; no clock, no network.

A head depends on its rule's sentences and on what is shipped (encoder, exemplars, background), never on the other rules
that happen to be loaded, so that an example goes the same way alone and in the full set.
"""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rules.document import Document
from rules.encoder import SHIPPED, Encoder, digest_at, encoder_at

if TYPE_CHECKING:
    from rules.encoder import Points

EXEMPLARS: Final = Path(str(files("rules") / "packs" / "exemplars"))
#: The heads of shipped rules, written down so that no start-up trains them again.
HEADS: Final = Path(str(files("rules") / "model" / "heads.npz"))
#: Changes with anything below that could change a score.
METHOD: Final = "2"
#: A confidence is given to this many decimals, far above what two machines could differ by.
DECIMALS: Final = 4
#: How far below its threshold a confidence still opens the gate.
_SLACK: Final = 1e-3
#: How much each group of sentences weighs in all, and the ridge that keeps a head small.
_LIKE, _KIN, _UNLIKE, _OTHERS, _EVERYDAY, _RIDGE = 1.0, 0.7, 0.25, 0.4, 0.8, 0.03
#: How many standard deviations above the everyday mean the confidence reaches one half, and how fast it rises there.
_RARE: Final = 3.5
_SLOPE: Final = 1.2
#: Without measured everyday texts: how many standard deviations the distance from 0 to an aim of 1 is taken for.
_BLIND_SPREADS: Final = 5.0
#: Sentences of up to this many words are read as one with the sentence after.
_SHORT: Final = 4
#: A text of up to this many words is one passage; longer ones are cut into sentences, and long sentences into this.
_PASSAGE: Final = 60
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])[\"'”\u2019)\]]*\s+|\n+")
_WORD: Final = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class Lesson:
    """The sentences that a rule brings along: what reads like it, and its near misses."""

    rule: str
    like: tuple[str, ...]
    unlike: tuple[str, ...]

    def digest(self, path: str = "") -> str:
        """Return a hash of everything that the head of this lesson depends on. Raises OSError if a model is missing."""
        told = [METHOD, self.rule, self.like, self.unlike, digest_at(path), exemplar_digest()]
        return sha256(json.dumps(told).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A shipped sentence: of which rule, and on which side."""

    rule: str
    like: bool
    text: str = field(repr=False)


@cache
def exemplars() -> Mapping[str, tuple[Exemplar, ...]]:
    """Return the shipped sentences by policy."""
    found = {}
    for path in sorted(EXEMPLARS.glob("*.jsonl")):
        rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
        found[path.stem] = tuple(Exemplar(f"{path.stem}.{row['rule']}", row["like"], row["text"]) for row in rows)
    return found


@cache
def exemplar_digest() -> str:
    """Return a hash of all shipped sentences."""
    rows = [[e.rule, e.like, e.text] for several in exemplars().values() for e in several]
    return sha256(json.dumps(rows).encode()).hexdigest()[:16]


def lesson(rule: str, *, like: Iterable[str], unlike: Iterable[str]) -> Lesson:
    """Return the sentences of a rule together with those shipped for it, each once."""
    shipped = [e for e in exemplars().get(rule.partition(".")[0], ()) if e.rule == rule]
    likes = dict.fromkeys([*like, *(e.text for e in shipped if e.like)])
    unlikes = dict.fromkeys([*unlike, *(e.text for e in shipped if not e.like)])
    return Lesson(rule, tuple(likes), tuple(unlikes))


@dataclass(frozen=True)
class Head:
    """A learned direction: `1 / (1 + exp(-(point · weights + bias)))` is the confidence."""

    weights: Points
    bias: float
    #: The sentences that it can name as a reason.
    like: tuple[str, ...]
    encoder: Encoder

    def nearest(self, point: Points) -> str:
        """Return the rule's own sentence nearest to a point."""
        return self.like[int((self._points @ point).round(DECIMALS).argmax())]

    @cached_property
    def _points(self) -> Points:
        return self.encoder.encode(self.like)


def confidences(scores: Points) -> Points:
    """Turn scores into confidences, rounded so that machines agree."""
    import numpy as np

    rounded: Points = np.round(1 / (1 + np.exp(-np.clip(scores, -30, 30))), DECIMALS)
    return rounded


def score(points: Points, weights: Points, bias: Points | float) -> Points:
    """Return the scores of points (rows) under heads (columns); zero rows, which say nothing, score lowest."""
    import numpy as np

    said: Any = points.any(axis=1)
    scores: Points = np.where(said[:, None] if weights.ndim > 1 else said, points @ weights + bias, -30.0)
    return scores


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the raw text, half-open."""

    start: int
    end: int


def passages(raw: str) -> list[Passage]:
    """Cut a text into the stretches that are judged one by one: all of it if short; its sentences, and each with the next."""
    words = [*_WORD.finditer(raw)] if len(raw) < 40 * _PASSAGE else None
    whole = [Passage(*_trim(raw, 0, len(raw)))]
    single = _sentences(raw)
    if words is not None and len(words) <= _PASSAGE and len(single) <= 2:  # noqa: PLR2004 - two sentences are read together
        return whole
    pairs = [Passage(one.start, two.end) for one, two in itertools.pairwise(single)]
    found = [*single, *pairs, *(whole if words is not None and len(words) <= _PASSAGE else ())]
    return list(dict.fromkeys(found))


def _sentences(raw: str) -> list[Passage]:
    found: list[Passage] = []
    start = held = 0
    for stop, after in [*((m.start(), m.end()) for m in _SENTENCE_END.finditer(raw)), (len(raw), len(raw))]:
        if len(raw[held:stop].split(None, _SHORT)) > _SHORT or after == len(raw):
            start, end = _trim(raw, held, stop)
            if start < end:
                found += _short_ones(raw, start, end)
            held = after
    return found


def _short_ones(raw: str, start: int, end: int) -> list[Passage]:
    words = [*_WORD.finditer(raw, start, end)]
    groups = [words[at : at + _PASSAGE] for at in range(0, len(words), _PASSAGE)]
    return [Passage(group[0].start(), group[-1].end()) for group in groups]


def _trim(raw: str, start: int, end: int) -> tuple[int, int]:
    text = raw[start:end]
    if not text.strip():
        return start, start
    return start + len(text) - len(text.lstrip()), end - len(text) + len(text.rstrip())


class School:
    """Trains heads with one encoder; keeps what they share."""

    def __init__(self, encoder: Encoder, background: Points | None) -> None:
        self.encoder = encoder
        #: Mean outer product of everyday points, each with a 1 at its end; None where nobody measured it.
        self.background = background

    @cached_property
    def _shipped(self) -> dict[str, Points]:
        """The points of all shipped sentences, by sentence."""
        texts = list(dict.fromkeys(e.text for several in exemplars().values() for e in several))
        return dict(zip(texts, self.encoder.encode(texts), strict=True))

    def train(self, lesson: Lesson) -> Head:
        """Return the head of a lesson: a weighted ridge, its scale set by how everyday texts score.

        What reads like another rule of the same shipped policy is on the right side too: a policy's rules share most of
        their sense, and the words that a rule's other parts ask for tell them apart.
        """
        import numpy as np

        policy = lesson.rule.partition(".")[0]
        groups = [
            (self._moment(lesson.like), 1.0, _LIKE),
            (self._kin(lesson.rule, like=True), 1.0, _KIN),
            (self._moment(lesson.unlike), -1.0, _UNLIKE),
            (self._kin(lesson.rule, like=False), -1.0, _UNLIKE),
            (
                sum((one for name, one in self._moments.items() if name[0] != policy), start=self._nothing),
                -1.0,
                _OTHERS,
            ),
        ]
        square = np.eye(len(self._nothing)) * _RIDGE
        aim = np.zeros(len(square))
        for moment, target, weight in groups:
            # The last row of a moment is the sum of its points, and the last of that their number.
            if moment[-1, -1]:
                square += moment * (weight / moment[-1, -1])
                aim += moment[-1] * (target * weight / moment[-1, -1])
        if self.background is not None:
            square += self.background * _EVERYDAY
            aim -= self.background[-1] * _EVERYDAY
        with _threads().limit(limits=1):
            direction: Points = np.linalg.solve(square, aim).astype(np.float64)
        middle, spread = self._everyday_scores(direction)
        direction *= _SLOPE / spread
        bias = float(direction[-1]) - _SLOPE * (middle / spread + _RARE)
        return Head(direction[:-1], bias, lesson.like, self.encoder)

    @cached_property
    def _nothing(self) -> Points:
        import numpy as np

        size = self.encoder.encode(["size"]).shape[1] + 1
        return np.zeros((size, size))

    @cached_property
    def _moments(self) -> dict[tuple[str, bool], Points]:
        """The moments of the shipped sentences of each policy and side."""
        return {
            (name, like): self._moment([e.text for e in several if e.like is like])
            for name, several in exemplars().items()
            for like in (True, False)
        }

    def _kin(self, rule: str, *, like: bool) -> Points:
        """Return the moment of what is shipped for the other rules of a rule's policy."""
        policy = rule.partition(".")[0]
        own = [e.text for e in exemplars().get(policy, ()) if e.rule == rule and e.like is like]
        return self._moments.get((policy, like), self._nothing) - self._moment(own)

    def _moment(self, texts: Sequence[str]) -> Points:
        """Return the sum of outer products of points with a 1 at their end."""
        import numpy as np

        if not texts:
            return self._nothing
        points = self._encoded(texts)
        points = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        moment: Points = points.T @ points
        return moment

    def _encoded(self, texts: Sequence[str]) -> Points:
        """Return the points of texts; shipped sentences are encoded once."""
        import numpy as np

        new = [text for text in texts if text not in self._shipped]
        fresh = dict(zip(new, self.encoder.encode(new), strict=True)) if new else {}
        points: Points = np.array([self._shipped[text] if text in self._shipped else fresh[text] for text in texts])
        return points

    def _everyday_scores(self, direction: Points) -> tuple[float, float]:
        """Return mean and standard deviation of the scores of everyday texts."""
        import numpy as np

        if self.background is None:
            return 0.0, 1.0 / _BLIND_SPREADS
        mean = float(self.background[-1] @ direction)
        spread = float(np.sqrt(max(float(direction @ self.background @ direction) - mean * mean, 1e-12)))
        return mean, spread


@cache
def _threads() -> Any:  # noqa: ANN401 - without annotations
    """Return the control of BLAS threads: on a busy machine many threads take twenty times as long, and round differently."""
    import numpy  # noqa: F401, ICN001 - its BLAS must be loaded to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@cache
def school_at(path: str = "") -> School:
    """Return the school of an encoder. Raises OSError or ImportError where the encoder cannot be had."""
    import numpy as np

    background = SHIPPED / "background.npy"
    everyday: Any = np.load(background, allow_pickle=False).astype(np.float64) if not path else None
    return School(encoder_at(path), everyday)


@dataclass(frozen=True, slots=True)
class Reading:
    """A text's passages and their points (rows)."""

    passages: tuple[Passage, ...]
    points: Points


def read(document: Document, path: str = "") -> Reading:
    """Return a document's passages as an encoder sees them; once per document and encoder."""
    known: Reading | None = document.points.get(path)
    if known is None:
        found = passages(document.raw)
        points = encoder_at(path).encode([document.raw[one.start : one.end] for one in found])
        known = document.points[path] = Reading(tuple(found), points)
    return known


@dataclass(frozen=True)
class Question:
    """Whether a text reads like a lesson, sure enough."""

    lesson: Lesson
    at_least: float
    #: Folder of the encoder's model; the shipped one if empty.
    encoder: str = ""

    @cached_property
    def head(self) -> Head:
        """The head: as it was written down, else trained. Raises OSError, ImportError or ValueError without an encoder."""
        written = _written().get(self.digest)
        if written is not None:
            return Head(written[:-1], float(written[-1]), self.lesson.like, encoder_at(self.encoder))
        return school_at(self.encoder).train(self.lesson)

    @cached_property
    def digest(self) -> str:
        """A hash of all that the answer depends on; says so where the model is missing."""
        try:
            return self.lesson.digest(self.encoder)
        except OSError:
            return "without model"


@cache
def _written() -> dict[str, Points]:
    """Return the heads of shipped rules by digest, weights and bias in one row; none if the file cannot be read."""
    import numpy as np

    try:
        with np.load(HEADS, allow_pickle=False) as file:
            return dict(zip(file["digests"].tolist(), file["rows"], strict=True))
    except (OSError, ValueError, KeyError):
        return {}  # they are trained again, at the price of a second


def write_heads(questions: Iterable[Question]) -> int:
    """Train the heads of these questions and write them to the file that `Question.head` reads; return how many."""
    import numpy as np

    trained = {one.digest: school_at(one.encoder).train(one.lesson) for one in questions}
    rows = np.array([[*head.weights, head.bias] for head in trained.values()])
    with HEADS.open("wb") as file:
        np.savez(file, digests=np.array(list(trained)), rows=rows)
    _written.cache_clear()
    return len(trained)


class Panel:
    """Many questions put to a text at once. Over-approximates by less than a thousandth, never misses."""

    def __init__(self, questions: Iterable[tuple[Question, int]]) -> None:
        self._asked: dict[str, list[tuple[Question, int]]] = {}
        for question, number in questions:
            self._asked.setdefault(question.encoder, []).append((question, number))

    def open_in(self, document: Document) -> set[int]:
        """Return the numbers of the questions that the text may answer with yes; all of an encoder that fails."""
        found: set[int] = set()
        for path, asked in self._asked.items():
            try:
                weights, bias, needed, numbers = self._stacks[path]
                best = score(read(document, path).points, weights, bias).max(axis=0, initial=-30.0)
                found.update(numbers[index] for index in (best >= needed).nonzero()[0].tolist())
            except Exception:  # noqa: BLE001 - the part itself fails again, and its rule is unknown
                found.update(number for _, number in asked)
        return found

    @cached_property
    def _stacks(self) -> dict[str, tuple[Points, Points, Points, list[int]]]:
        import numpy as np

        stacks = {}
        for path, asked in self._asked.items():
            heads = [question.head for question, _ in asked]
            wanted = np.array([question.at_least for question, _ in asked]) - _SLACK
            wanted = np.clip(wanted, 1e-9, 1)
            stacks[path] = (
                np.stack([head.weights for head in heads], axis=1),
                np.array([head.bias for head in heads]),
                np.log(wanted / (1 - wanted)),
                [number for _, number in asked],
            )
        return stacks


__all__: Sequence[str] = ("Head", "Lesson", "Panel", "Question", "School", "lesson", "passages", "read", "school_at")
