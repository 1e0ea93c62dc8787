"""The pipeline that ships: a small spaCy tagger of entities with word vectors; built, trained, averaged, scored here."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import compounding, fix_random_seed, minibatch
from thinc.api import Adam

from bench.entities.data import LABELS, Row, Span

SEED: Final = 20
WIDTH: Final = 96
ROWS: Final = (5000, 1000, 2500, 1000)


def config(*, vectors: bool, depth: int = 3, width: int = WIDTH) -> dict[str, Any]:
    """Return the settings of the entity component."""
    return {
        "moves": None,
        "update_with_oracle_cut_size": 100,
        "model": {
            "@architectures": "spacy.TransitionBasedParser.v2",
            "state_type": "ner",
            "extra_state_tokens": False,
            "hidden_width": 64,
            "maxout_pieces": 2,
            "use_upper": True,
            "tok2vec": {
                "@architectures": "spacy.Tok2Vec.v2",
                "embed": {
                    "@architectures": "spacy.MultiHashEmbed.v2",
                    "width": width,
                    "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
                    "rows": list(ROWS),
                    "include_static_vectors": vectors,
                },
                "encode": {
                    "@architectures": "spacy.MaxoutWindowEncoder.v2",
                    "width": width,
                    "window_size": 1,
                    "maxout_pieces": 3,
                    "depth": depth,
                },
            },
        },
    }


def blank(words: Sequence[str], vectors: np.ndarray, rows: Sequence[int], **shape: int) -> Language:
    """Return an untrained pipeline; vectors are found by the lower-case word, several words may share a row."""
    fix_random_seed(SEED)
    nlp = spacy.blank("en")
    table = spacy.vectors.Vectors(strings=nlp.vocab.strings, data=vectors, attr="LOWER")
    for word, row in zip(words, rows, strict=True):
        table.add(nlp.vocab.strings.add(word), row=int(row))
    nlp.vocab.vectors = table
    entities = nlp.add_pipe("ner", config=config(vectors=True, **shape))
    for label in LABELS:
        entities.add_label(label)  # type: ignore[attr-defined]
    return nlp


def example(nlp: Language, row: Row) -> Example | None:
    """Return the row for training; None where a span does not fall on tokens."""
    doc = nlp.make_doc(row.text)
    if not len(doc) or any(doc.char_span(start, end) is None for start, end, _ in row.spans):
        return None
    return Example.from_dict(doc, {"entities": list(row.spans)})


def train(
    nlp: Language,
    rounds: Iterable[Iterable[Row]],
    *,
    rate: float = 0.001,
    drop: float = 0.2,
    minutes: float = 15.0,
    after: Callable[[int], None] | None = None,
) -> None:
    """Train on one set of rows after the other; the weights left in place are the running average."""
    optimizer = Adam(rate, L2=0.01, grad_clip=1.0, use_averages=True, L2_is_weight_decay=True)
    nlp.initialize(sgd=optimizer)
    stop = time.monotonic() + minutes * 60
    for number, rows in enumerate(rounds):
        examples = [e for e in (example(nlp, row) for row in rows) if e is not None]
        random.Random(SEED + number).shuffle(examples)
        for batch in minibatch(examples, size=compounding(16, 64, 1.002) if number == 0 else 64):
            nlp.update(batch, sgd=optimizer, drop=drop)
        if after is not None:
            with nlp.use_params(optimizer.averages):
                after(number)
        if time.monotonic() > stop:
            break
    for node in nlp.get_pipe("ner").model.walk():  # type: ignore[attr-defined]
        for name in node.param_names:
            average = optimizer.averages.get((node.id, name))
            if average is not None:
                node.set_param(name, average)


def entities(nlp: Language, texts: Sequence[str]) -> Iterator[tuple[Span, ...]]:
    """Yield the entities of each text."""
    for doc in nlp.pipe(texts, batch_size=128):
        yield tuple((ent.start_char, ent.end_char, ent.label_) for ent in doc.ents)


def merged(vectors: np.ndarray, first: int, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return fewer rows and which one stands for each vector: the first ones their own, the rest by k-means (cosine)."""
    draw = np.random.default_rng(SEED)
    rest = vectors[first:]
    if len(vectors) <= rows:
        return vectors, np.arange(len(vectors))
    centres = rest[draw.choice(len(rest), rows - first, replace=False)].copy()
    near = np.zeros(len(rest), dtype=np.int64)
    for _ in range(4):
        for at in range(0, len(rest), 4096):
            part = rest[at : at + 4096]
            near[at : at + 4096] = ((centres * centres).sum(1)[None, :] - 2 * part @ centres.T).argmin(1)
        count = np.bincount(near, minlength=len(centres))
        total = np.zeros_like(centres)
        np.add.at(total, near, rest)
        centres[count > 0] = total[count > 0] / count[count > 0, None]
    return np.concatenate([vectors[:first], centres]), np.concatenate([np.arange(first), first + near])


def write(nlp: Language, folder: Path, about: dict[str, Any]) -> None:
    """Write the pipeline without the strings it does not need: words are found by their hash."""
    folder.mkdir(parents=True, exist_ok=True)
    nlp.meta.update(about)
    nlp.to_disk(folder)
    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    meta["spacy_version"] = ">=3.8.7,<4.0.0"
    (folder / "meta.json").write_text(json.dumps(meta, indent=2) + "\n", encoding="utf-8")
    (folder / "vocab" / "strings.json").write_text("[]\n", encoding="utf-8")
    # spaCy reads by which attribute vectors are found, but (3.8) forgets to write it.
    table = {"mode": "default", "attr": spacy.attrs.LOWER}
    (folder / "vocab" / "vectors.cfg").write_text(json.dumps(table) + "\n", encoding="utf-8")
