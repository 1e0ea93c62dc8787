"""Compare the secret detector with detect-secrets in one run, on texts made at run time that neither was tuned to.

`compare_secrets.py [SEED] [DIR]` (`--all` for every sort of every kind): recall per kind, false alarms on texts without a secret, seconds; and, with a folder
that holds `public_posts.jsonl` and `chat.jsonl` (or COMPLIANCE_STREAMS), alarms among real posts, where hardly any is a
secret. detect-secrets runs as shipped, with all its plugins and filters, on the same texts, and again without its keyword
and entropy plugins, which are those that guess. Prints counts with Wilson 95 % intervals and never a text.

A secret counts as found where ours marks a span that overlaps it; for detect-secrets, which tells lines and not places,
where it reports anything on one of its lines.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from detect_secrets import SecretsCollection
from detect_secrets.settings import default_settings
from scoring import read_rows, wilson
from secrets_cases import Case, cases

from rules.detectors.secret import Secret, SecretKeys
from rules.document import Document

STREAMS = ("public_posts.jsonl", "chat.jsonl")
GUESSING = ("Base64HighEntropyString", "HexHighEntropyString", "KeywordDetector")
#: Texts in, for each what was reported: (first line, last line) or (start, end).
Spans = list[tuple[int, int]]


class Ours:
    """Our detector, every form."""

    name = "ours"

    def __init__(self) -> None:
        self._secret = Secret.build(SecretKeys(secret=["any"]), None)  # type: ignore[arg-type]

    def report(self, texts: list[str]) -> Iterator[Spans]:
        """Yield the spans of each text."""
        for text in texts:
            seen = self._secret.see(Document(key="case", text=text), None)  # type: ignore[arg-type]
            yield [(match.start, match.end) for match in seen.matches]

    def holds(self, row: Case, span: tuple[int, int]) -> bool:
        """Tell whether a reported span overlaps the marked one."""
        return bool(span[0] < row.end and row.start < span[1])


class Theirs:
    """detect-secrets on files, as its command line runs it; that alone uses plugins, filters and transformers together."""

    def __init__(self, name: str, without: tuple[str, ...] = ()) -> None:
        self.name, self._without = name, without

    def report(self, texts: list[str]) -> Iterator[Spans]:
        """Yield the lines reported of each text; texts of one line share a file."""
        if all("\n" not in text for text in texts):
            lines = set(self._lines("\n".join(texts)))
            yield from ([(number, number)] if number in lines else [] for number in range(1, len(texts) + 1))
            return
        for text in texts:
            yield [(line, line) for line in self._lines(text)]

    def _lines(self, text: str) -> list[int]:
        with tempfile.TemporaryDirectory() as folder, default_settings() as settings:
            path = Path(folder) / "post.txt"
            path.write_text(text, encoding="utf-8", errors="replace")
            settings.disable_plugins(*self._without)
            found = SecretsCollection()
            found.scan_file(str(path))
            return [secret.line_number for _, secret in found]

    def holds(self, row: Case, span: tuple[int, int]) -> bool:
        """Tell whether a reported line is one of those of the marked span."""
        first = row.text.count("\n", 0, row.start) + 1
        return bool(first <= span[0] <= first + row.text.count("\n", row.start, row.end))


TOOLS = (Ours(), Theirs("detect-secrets"), Theirs("without guessing plugins", GUESSING))


def main() -> None:
    """Print everything for each tool."""
    given = [word for word in sys.argv[1:] if word != "--all"]
    seed = int(given[0]) if given else 1
    folder = given[1] if len(given) > 1 else os.environ.get("COMPLIANCE_STREAMS", "")
    rows = cases(seed)
    print(
        f"seed {seed}: {len(rows)} texts, {sum(row.is_secret for row in rows)} with a secret; detect-secrets {version('detect-secrets')}"
    )
    if "--all" not in sys.argv:
        rows = [replace(row, kind=row.kind.partition(":")[0]) for row in rows]
    scored = [_scores(rows, tool) for tool in TOOLS]
    print(f"{'':36}" + "".join(f"{tool.name:>28}" for tool in TOOLS))
    for secret, title in ((True, "found"), (False, "false alarms")):
        for kind in ["", *sorted({row.kind for row in rows if row.is_secret is secret})]:
            cells = "".join(f"{_share(counts, secret, kind):>28}" for counts, _ in scored)
            print(f"{title + ' ' + (kind or '(all)'):<36}{cells}")
    print(f"{'seconds':<36}" + "".join(f"{seconds:>28.2f}" for _, seconds in scored))
    for stream in STREAMS if folder else ():
        texts = [row["text"] for row in read_rows([Path(folder) / stream])]
        cells = "".join(f"{_rate(sum(map(bool, tool.report(texts))), len(texts)):>28}" for tool in TOOLS)
        print(f"{'per 1,000 of ' + stream:<36}{cells}")


def _scores(rows: list[Case], tool: Ours | Theirs) -> tuple[Counter[Any], float]:
    start = time.perf_counter()
    reports = list(tool.report([row.text for row in rows]))
    seconds = time.perf_counter() - start
    counts: Counter[Any] = Counter()
    for row, spans in zip(rows, reports, strict=True):
        hit = any(tool.holds(row, span) for span in spans) if row.is_secret else bool(spans)
        counts[row.is_secret, row.kind, hit] += 1
        counts[row.is_secret, "", hit] += 1
    return counts, seconds


def _share(counts: Counter[Any], secret: bool, kind: str) -> str:  # noqa: FBT001 - a key of the counts
    hits, misses = counts[secret, kind, True], counts[secret, kind, False]
    low, high = wilson(hits, hits + misses)
    return f"{hits}/{hits + misses} {hits / max(1, hits + misses):.0%} ({low:.0%}-{high:.0%})"


def _rate(alarms: int, total: int) -> str:
    low, high = wilson(alarms, total)
    return f"{1000 * alarms / total:.2f} ({1000 * low:.2f}-{1000 * high:.2f})"


if __name__ == "__main__":
    main()
