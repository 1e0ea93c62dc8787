"""Sentences as points: near ones mean alike. The shipped encoder is a table of word vectors; a better one plugs in by its path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    #: One row a text.
    Points: TypeAlias = NDArray[np.float64]

SHIPPED: Final = Path(str(files("rules") / "model" / "sentences"))
#: A link, a handle, a word (don't is one), or any other character by itself.
_TOKEN: Final = re.compile(r"https?://\S+|www\.\S+|@\w+|[^\W_]+(?:'[^\W_]+)*|[^\w\s]|_")
_MARK: Final = re.compile(r"[\u0300-\u036f\ufe0e\ufe0f\u200b-\u200d]")
_LONG_NUMBER: Final = re.compile(r"\d{5,}")
_LONGEST_WORD: Final = 60
_REMEMBERED: Final = 200_000
#: Characters that the table writes in one way only.
_SAME: Final = str.maketrans({"\u2019": "'", "\u2018": "'", "`": "'", "“": '"', "”": '"', "\u2013": "-", "—": "-"})


class Encoder(Protocol):
    """Turns texts into rows of unit length (or zero, where there is nothing to go by)."""

    @property
    def digest(self) -> str:
        """Changes whenever a row could come out differently."""
        ...

    def encode(self, texts: Sequence[str]) -> Points:
        """Return one row a text. Pure; linear in the length of the texts."""
        ...


@cache
def encoder_at(path: str = "") -> Encoder:
    """Return the shipped encoder, or the model in the folder `path`: ours, model2vec's or sentence-transformers'.

    Raises OSError or ImportError where it cannot be had.
    """
    folder = Path(path) if path else SHIPPED
    if (folder / "vectors.npy").exists() or not path:
        return StaticEncoder.load(folder)
    return _foreign(folder)


@cache
def digest_at(path: str = "") -> str:
    """Return the digest of an encoder without loading it."""
    if not path:
        return (SHIPPED / "digest.txt").read_text(encoding="ascii").strip()
    return folder_digest(Path(path))


def folder_digest(folder: Path) -> str:
    """Return the digest of every file in a folder, except the one that holds it and those for people. Raises OSError."""
    found = sha256()
    names = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix not in {".md", ".txt"})
    for path in [*names, *sorted(folder.glob("vocabulary.txt"))]:
        found.update(f"{path.relative_to(folder).as_posix()}\n".encode() + sha256(path.read_bytes()).digest())
    return found.hexdigest()[:16]


def tokens(text: str) -> Iterator[str]:
    """Yield words, lower case and without accents, and every other visible character by itself."""
    plain = text.translate(_SAME).lower()
    if not plain.isascii():
        plain = _MARK.sub("", unicodedata.normalize("NFKD", plain))
    for token in _TOKEN.findall(plain):
        if token[0] == "@" and len(token) > 1:
            yield "@"
        elif token.startswith(("http", "www.")) and ("://" in token or token[3] == "."):
            yield "http"
        else:
            yield token


@dataclass(frozen=True)
class StaticEncoder:
    """The mean of weighted word vectors. Whole numbers until the last step, so that every machine agrees."""

    vocabulary: dict[str, int]
    #: int8, one row a word; times `scale`, one number a column.
    vectors: NDArray[np.int8]
    scale: Points
    digest: str
    _known: dict[str, tuple[int, ...]] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, folder: Path) -> StaticEncoder:
        """Read vocabulary.txt, vectors.npy and scale.npy. Raises OSError or ValueError."""
        import numpy as np

        words = (folder / "vocabulary.txt").read_text(encoding="utf-8").split("\n")
        vectors = np.load(folder / "vectors.npy", allow_pickle=False)
        scale = np.load(folder / "scale.npy", allow_pickle=False)
        return cls({word: i for i, word in enumerate(words)}, vectors, scale, folder_digest(folder))

    def encode(self, texts: Sequence[str]) -> Points:
        """Return the mean of each text's words, as unit rows."""
        import numpy as np

        rows = np.zeros((len(texts), self.vectors.shape[1]))
        for index, text in enumerate(texts):
            numbers = self.numbers(text)
            if numbers:
                rows[index] = self.vectors[numbers].sum(axis=0, dtype=np.int32)
        rows *= self.scale
        lengths = np.sqrt((rows * rows).sum(axis=1))
        lengths[lengths == 0] = 1
        unit: Points = rows / lengths[:, None]
        return unit

    def numbers(self, text: str) -> list[int]:
        """Return the rows of a text's words."""
        known = self._known
        found: list[int] = []
        for token in tokens(text):
            pieces = known.get(token)
            if pieces is None:
                pieces = self._learn(token)
            found += pieces
        return found

    def _learn(self, token: str) -> tuple[int, ...]:
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        pieces = self._known[token] = self._pieces(token)
        return pieces

    def _pieces(self, token: str) -> tuple[int, ...]:
        whole = self.vocabulary.get(token)
        if whole is not None:
            return (whole,)
        if "'" in token:
            return tuple(number for word in token.split("'") if word for number in self._pieces(word))
        if _LONG_NUMBER.fullmatch(token):
            return (self.vocabulary["number"],) if "number" in self.vocabulary else ()
        if len(token) > _LONGEST_WORD:
            return ()
        return self._split(token)

    def _split(self, word: str) -> tuple[int, ...]:
        """Cut a word into the longest known pieces from the left (WordPiece); nothing if that fails."""
        found: list[int] = []
        start = 0
        while start < len(word):
            end = len(word)
            while end > start and ("##" if start else "") + word[start:end] not in self.vocabulary:
                end -= 1
            if end == start:
                return ()
            found.append(self.vocabulary[("##" if start else "") + word[start:end]])
            start = end
        return tuple(found)


@dataclass(frozen=True)
class _Foreign:
    """Any model with an `encode` method that returns one row a text."""

    model: _HasEncode
    digest: str

    def encode(self, texts: Sequence[str]) -> Points:
        import numpy as np

        if not texts:
            return np.zeros((0, 1))
        rows = np.asarray(self.model.encode([text or " " for text in texts]), dtype=np.float64)
        lengths = np.sqrt((rows * rows).sum(axis=1))
        lengths[lengths == 0] = 1
        unit: Points = rows / lengths[:, None]
        return unit


class _HasEncode(Protocol):
    def encode(self, texts: list[str], /) -> object: ...


def _foreign(folder: Path) -> Encoder:
    if not folder.is_dir():
        message = f"no model folder at {folder}"
        raise FileNotFoundError(message)
    model: _HasEncode
    if (folder / "modules.json").exists():
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(folder), local_files_only=True)
    else:
        from model2vec import StaticModel

        model = StaticModel.from_pretrained(folder)
    return _Foreign(model, digest_at(str(folder)))
