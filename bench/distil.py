"""Make the shipped sentence encoder: `python bench/distil.py TEACHER STREAM… `; see rules/model/sentences/README.md.

TEACHER is an unpacked all-MiniLM-L6-v2 folder (config, vocab.txt, model.safetensors). Needs numpy, scipy and safetensors,
no more: the teacher's six layers are computed here. Takes about eight minutes on two cores.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from scipy.sparse import csr_matrix

sys.path.insert(0, str(Path(__file__).parent.parent))
from rules.encoder import SHIPPED, StaticEncoder, folder_digest, tokens
from rules.sense import exemplars

HEADS, LAYERS = 12, 6
#: Keeps words that few texts hold near the teacher's point for the word alone; chosen of 0.1, 0.3 and 1.
RIDGE = 0.2
KEEP = re.compile(r"(?:##)?[a-z0-9]+|[^\w\s]|[a-z]")


class Teacher:
    """all-MiniLM-L6-v2 in numpy: mean of the last layer, unit length."""

    def __init__(self, folder: Path) -> None:
        self.w = {
            k.removeprefix("bert."): v.astype(np.float32) for k, v in load_file(folder / "model.safetensors").items()
        }
        self.words = (folder / "vocab.txt").read_text(encoding="utf-8").splitlines()
        table = {word: i for i, word in enumerate(self.words)}
        self.pieces = StaticEncoder(table, np.zeros((0, 0), np.int8), np.zeros(0), "")
        self.cls, self.sep = table["[CLS]"], table["[SEP]"]

    def numbers(self, text: str) -> list[int]:
        """Return the pieces of a text, as many as the teacher reads here."""
        return self.pieces.numbers(text)[:126]

    def encode(self, rows: Sequence[list[int]], *, batch: int = 256) -> np.ndarray:
        """Return one unit row for each row of pieces."""
        out = np.zeros((len(rows), 384), np.float32)
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        for at in range(0, len(order), batch):
            some = order[at : at + batch]
            out[some] = self._encode([[self.cls, *rows[i], self.sep] for i in some])
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)

    def _encode(self, rows: list[list[int]]) -> np.ndarray:
        w, longest = self.w, max(map(len, rows))
        ids = np.zeros((len(rows), longest), np.int64)
        mask = np.zeros((len(rows), longest), np.float32)
        for i, row in enumerate(rows):
            ids[i, : len(row)], mask[i, : len(row)] = row, 1
        e = "embeddings."
        x = w[e + "word_embeddings.weight"][ids] + w[e + "position_embeddings.weight"][:longest]
        x = self._norm(x + w[e + "token_type_embeddings.weight"][0], e + "LayerNorm")
        b, t, d = x.shape
        shut = (1 - mask)[:, None, None, :] * -1e9
        for n in range(LAYERS):
            p = f"encoder.layer.{n}."
            q, k, v = (
                np.ascontiguousarray(
                    self._linear(x, f"{p}attention.self.{name}").reshape(b, t, HEADS, -1).transpose(0, 2, 1, 3)
                )
                for name in ("query", "key", "value")
            )
            scores = q @ np.ascontiguousarray(k.transpose(0, 1, 3, 2)) / math.sqrt(d / HEADS) + shut
            scores = np.exp(scores - scores.max(-1, keepdims=True))
            scores /= scores.sum(-1, keepdims=True)
            seen = (scores @ v).transpose(0, 2, 1, 3).reshape(b, t, d)
            x = self._norm(x + self._linear(seen, p + "attention.output.dense"), p + "attention.output.LayerNorm")
            h = self._linear(x, p + "intermediate.dense")
            x = self._norm(x + self._linear(_gelu(h), p + "output.dense"), p + "output.LayerNorm")
        return (x * mask[:, :, None]).sum(1) / mask.sum(1, keepdims=True)

    def _linear(self, x: np.ndarray, name: str) -> np.ndarray:
        rows = x.reshape(-1, x.shape[-1]) @ self.w[name + ".weight"].T
        return (rows + self.w[name + ".bias"]).reshape(*x.shape[:-1], -1)

    def _norm(self, x: np.ndarray, name: str) -> np.ndarray:
        x = x - x.mean(-1, keepdims=True)
        x /= np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12)
        return x * self.w[name + ".weight"] + self.w[name + ".bias"]


def _gelu(x: np.ndarray) -> np.ndarray:
    # Abramowitz and Stegun 7.1.26 for erf, error below 1.5e-7.
    z = np.abs(x) / np.float32(math.sqrt(2))
    t = 1 / (1 + np.float32(0.3275911) * z)
    poly = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - poly * np.exp(-z * z))
    return x * 0.5 * (1 + erf)


def posts(paths: Sequence[Path]) -> Iterator[str]:
    for path in paths:
        for line in path.open(encoding="utf-8"):
            yield json.loads(line)["text"]


def vocabulary(teacher: Teacher, counts: Counter[str], *, words: int) -> dict[str, list[int]]:
    """Return every word of the table with the teacher's pieces for it: its own, and frequent words and emoji of the streams."""
    found = {word: [i] for i, word in enumerate(teacher.words) if KEEP.fullmatch(word)}
    for word, _ in counts.most_common():
        if len(found) >= words:
            break
        if word in found or word.isdigit() or len(word) > 20:
            continue
        if len(word) == 1:
            name = unicodedata.name(word, "").lower()
            pieces = teacher.numbers(name) if ord(word) > 0x2000 and name else []
        else:
            pieces = teacher.numbers(word)
        if pieces:
            found[word] = pieces
    return found


def distil(teacher: Teacher, streams: Sequence[Path], folder: Path, *, dims: int, words: int, smooth: float) -> None:
    counts = Counter(token for text in posts(streams) for token in tokens(text))
    table = vocabulary(teacher, counts, words=words)
    share = np.array([(counts[word] + 0.5) / sum(counts.values()) for word in table])
    points = teacher.encode(list(table.values()), batch=1024).astype(np.float64)
    vectors = learned(teacher, points, list(table), smooth / (smooth + share), sample(streams), dims=dims)
    write(folder, list(table), vectors)
    background(folder, streams)


def sample(streams: Sequence[Path], *, size: int = 28_000) -> list[str]:
    """Return posts of the streams, drawn with a fixed seed, and all shipped sentences: texts without any verdict."""
    every = [text for text in posts(streams) if len(text.split()) > 2]
    drawn = np.random.default_rng(7).choice(len(every), min(size, len(every)), replace=False)
    shipped = [one.text for several in exemplars().values() for one in several]
    return list(dict.fromkeys([*(every[index] for index in drawn), *shipped]))


def learned(
    teacher: Teacher, points: np.ndarray, words: list[str], weight: np.ndarray, texts: list[str], *, dims: int
) -> np.ndarray:
    """Move the words' points so that their weighted mean over a text comes out where the teacher puts the text.

    A ridge towards the teacher's points of single words (cf. tokenlearn); `weight` is a / (a + the word's frequency). Returns
    weighted vectors along the `dims` strongest directions of the texts.
    """
    aims = teacher.encode([teacher.numbers(text.lower())[:48] for text in texts], batch=64).astype(np.float64)
    aims -= aims.mean(0)
    reader = StaticEncoder(
        {word: i for i, word in enumerate(words)}, np.zeros((len(words), 1), np.int8), np.ones(1), ""
    )
    numbers = [np.array(reader.numbers(text), int) for text in texts]
    rows = np.repeat(np.arange(len(texts)), [len(one) for one in numbers])
    columns = np.concatenate(numbers)
    total = np.bincount(rows, weights=weight[columns], minlength=len(texts))
    means = csr_matrix((weight[columns] / total[rows], (rows, columns)), shape=(len(texts), len(words)))
    start = points - points.mean(0)
    rough = means @ start
    start *= (rough * aims).sum() / (rough * rough).sum()
    found = start + ridge(means, aims - means @ start, RIDGE)
    _, _, axes = np.linalg.svd(aims[: 4 * aims.shape[1] * 5], full_matrices=False)
    return (found @ axes[:dims].T) * weight[:, None]


def ridge(means: csr_matrix, missing: np.ndarray, penalty: float, *, steps: int = 60) -> np.ndarray:
    """Solve (M'M + penalty) D = M' missing by conjugate gradients, every column by itself."""
    turned = means.T.tocsr()
    left = turned @ missing
    found, way, size = np.zeros_like(left), left.copy(), (left * left).sum(0)
    for _ in range(steps):
        step = turned @ (means @ way) + penalty * way
        length = size / np.maximum((way * step).sum(0), 1e-30)
        found, left = found + length * way, left - length * step
        size, before = (left * left).sum(0), size
        way = left + (size / np.maximum(before, 1e-30)) * way
    return found


def background(folder: Path, streams: Sequence[Path]) -> None:
    """Write the mean outer product of the points of everyday posts: no post, and nothing of one, can be read from it."""
    encoder = StaticEncoder.load(folder)
    total, count = np.zeros(()), 0
    texts = [text for text in posts(streams) if len(text.split()) > 2]
    for at in range(0, len(texts), 4096):
        points = encoder.encode(texts[at : at + 4096])
        points = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        total = total + points.T @ points
        count += len(points)
    np.save(folder / "background.npy", (total / count).astype(np.float32))
    (folder / "digest.txt").write_text(folder_digest(folder) + "\n", encoding="ascii")


def write(folder: Path, words: list[str], vectors: np.ndarray) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    scale = np.percentile(np.abs(vectors), 99.9, axis=0) / 127
    np.save(folder / "vectors.npy", np.clip(np.rint(vectors / scale), -127, 127).astype(np.int8))
    np.save(folder / "scale.npy", scale.astype(np.float64))
    (folder / "vocabulary.txt").write_text("\n".join(words), encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("teacher", type=Path)
    parser.add_argument("streams", type=Path, nargs="+")
    parser.add_argument("--to", type=Path, default=SHIPPED)
    parser.add_argument("--dims", type=int, default=256)
    parser.add_argument("--words", type=int, default=36_000)
    parser.add_argument("--smooth", type=float, default=1e-3)
    given = parser.parse_args()
    distil(Teacher(given.teacher), given.streams, given.to, dims=given.dims, words=given.words, smooth=given.smooth)


if __name__ == "__main__":
    main()
