"""Recall, precision and noise of `pii` per kind, beside Presidio as it comes: pii.py [--half tune|report] [--posts N] [DIR].

DIR holds `pii/presidio_research_synth_v2.jsonl` (rows with `text`, `spans`, `template`) and `streams/public_posts.jsonl`,
`streams/chat.jsonl`; COMPLIANCE_DATA names it otherwise. Half of the templates is for choosing thresholds (even numbers),
the other for the report. Presidio runs without a model: its patterns and context on tokens, no names of people.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from scoring import read_rows, wilson

from rules.fold import light
from rules.pii_kinds import KINDS
from rules.presidio import find, possible

LABELLED = Path("pii", "presidio_research_synth_v2.jsonl")
STREAMS = {"posts": Path("streams", "public_posts.jsonl"), "chat": Path("streams", "chat.jsonl")}
#: (start, end, kind)
Found: TypeAlias = tuple[int, int, str]
Finder: TypeAlias = Callable[[str], Iterable[Found]]


@dataclass
class Score:
    """What one finder did, by kind."""

    hit: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    wrong: Counter[str] = field(default_factory=Counter)
    noise: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    seconds: float = 0.0


def main() -> None:
    """Print one table per finder and what the gate costs."""
    asked = _options()
    folder = Path(asked.folder)
    rows = [row for row in read_rows([folder / LABELLED]) if row["template"] % 2 == (asked.half == "report")]
    streams = {
        name: [row["text"] for row in islice(read_rows([folder / path]), asked.posts)] for name, path in STREAMS.items()
    }
    print(f"{len(rows)} labelled sentences (half: {asked.half}), streams: {asked.posts:,} each")
    for name, finder in {
        "ours": ours,
        "presidio, as it comes": presidio(0.0),
        "presidio from 0.5": presidio(0.5),
    }.items():
        _table(name, measured(finder, rows, streams), streams)
    for name, texts in streams.items():
        share = sum(bool(possible(light(text).text)) for text in texts) / max(1, len(texts))
        print(f"gate open: {share:.2%} of {name}")


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", nargs="?", default=os.environ.get("COMPLIANCE_DATA"))
    options.add_argument("--half", choices=("tune", "report"), default="report")
    options.add_argument("--posts", type=int, default=5_000)
    asked = options.parse_args()
    if not asked.folder or not Path(asked.folder, LABELLED).is_file():
        sys.exit(f"error: where is the data?\n  hint: pii.py DIR, or COMPLIANCE_DATA=DIR, with {LABELLED}")
    return asked


def ours(text: str) -> list[Found]:
    """What a `pii` part of kind `any` sees."""
    copy = light(text)
    return [(*copy.raw_span(hit.start, hit.end), hit.kind) for hit in find(copy.text)]


def presidio(threshold: float) -> Finder:
    """Return Presidio with its own English recognisers, scores and context, tokens standing for lemmas."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)  # never online

    class Tokens(SpacyNlpEngine):  # type: ignore[misc,unused-ignore]
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "none"}])
            nlp = spacy.blank("en")
            nlp.add_pipe("small_lemmas")
            self.nlp = {"en": nlp}

    @spacy.Language.component("small_lemmas")
    def small_lemmas(document: Any) -> Any:  # noqa: ANN401 - spaCy's own class
        for token in document:
            token.lemma_ = token.lower_
        return document

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    engine = AnalyzerEngine(registry=registry, nlp_engine=Tokens(), supported_languages=["en"])

    def found(text: str) -> list[Found]:
        results = engine.analyze(text, language="en", score_threshold=threshold)
        return [(one.start, one.end, one.entity_type) for one in results]

    return found


def measured(finder: Finder, rows: list[dict[str, Any]], streams: dict[str, list[str]]) -> Score:
    """Run a finder over labelled sentences (a span counts if it overlaps one of its kind) and over unlabelled posts."""
    score = Score()
    for row in rows:
        found = list(finder(row["text"]))
        labelled = [(span["start"], span["end"], span["label"]) for span in row["spans"]]
        for span in labelled:
            (score.hit if _meets(span, found) else score.missed)[span[2]] += 1
        for one in found:
            if not _meets(one, labelled):
                score.wrong[one[2]] += 1
    began = time.perf_counter()
    for name, texts in streams.items():
        for text in texts:
            score.noise[name].update(kind for *_, kind in finder(text))
    score.seconds = time.perf_counter() - began
    return score


def _meets(one: Found, others: Iterable[Found]) -> bool:
    return any(one[2] == other[2] and one[0] < other[1] and one[1] > other[0] for other in others)


def _table(name: str, score: Score, streams: dict[str, list[str]]) -> None:
    posts = {stream: max(1, len(texts)) for stream, texts in streams.items()}
    print(f"\n{name}: {1e6 * score.seconds / sum(posts.values()):.0f} µs a post")
    print(f"{'kind':<28}{'n':>5}  {'recall':<22}{'precision':<22}finds per 1,000: " + ", ".join(posts))
    seen = {*score.hit, *score.wrong, *(kind for kinds in score.noise.values() for kind in kinds)}
    for kind in sorted(seen, key=lambda one: (one not in KINDS, one)):
        hit, missed, wrong = score.hit[kind], score.missed[kind], score.wrong[kind]
        noise = "  ".join(f"{1000 * score.noise[stream][kind] / posts[stream]:8.2f}" for stream in posts)
        print(f"{kind:<28}{hit + missed:>5}  {_share(hit, hit + missed)}{_share(hit, hit + wrong)}{noise}")


def _share(hits: int, total: int) -> str:
    low, high = wilson(hits, total)
    return f"{hits / total:.2f} [{low:.2f}, {high:.2f}]".ljust(22) if total else "-".ljust(22)


if __name__ == "__main__":
    main()
