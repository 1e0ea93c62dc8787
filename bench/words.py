"""Make `compliance/lint/words.txt`: how many of 1,000 public posts and chat lines hold a word. Counts of single words, no text.

    python bench/words.py /work/data/streams/*.jsonl

Sources: WNUT 2017 raw text and IRC disentanglement, both CC-BY-4.0 (see NOTICE). Each stream counts half, so that chat and
posts weigh the same. Words are folded as `terms` parts fold them. Handles, links, the names of chat users and whatever stands in
one stream only are left out, so that nobody's name is carried along.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

from rules.fold import folded

WORD = re.compile(r"[^\W\d_][\w'\u2019]*")
ASIDE = re.compile(r"(?:https?://|www\.)\S+|@\w+")
#: Rarer words can flood nobody; also keeps out whatever only a few people wrote.
LEAST = 0.1
LETTERS = 24
#: In so many posts of each stream.
FEWEST = 3
#: A user may be called "the"; so common a word is no name.
WELL_KNOWN = 1.0


def words(text: str) -> set[str]:
    return {word for word in WORD.findall(folded(ASIDE.sub(" ", text)).text) if 1 < len(word) <= LETTERS}


def rates(path: Path) -> tuple[dict[str, float], set[str]]:
    """Return word -> posts of 1,000 that hold it, and the names of the users."""
    counted: Counter[str] = Counter()
    users: set[str] = set()
    posts = 0
    with path.open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            posts += 1
            users.add(folded(row.get("user", "")).text)
            counted.update(words(row["text"]))
    return {word: 1000 * number / posts for word, number in counted.items() if number >= FEWEST}, users


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("streams", type=Path, nargs="+")
    parser.add_argument("--to", type=Path, default=Path("compliance/lint/words.txt"))
    given = parser.parse_args()
    found = [rates(path) for path in given.streams]
    several = [counted for counted, _ in found]
    users = set().union(*(names for _, names in found))
    total: Counter[str] = Counter()
    for one in several:
        total.update({word: rate / len(several) for word, rate in one.items()})
    everywhere = set.intersection(*map(set, several))
    kept = {word for word in everywhere if total[word] >= (WELL_KNOWN if word in users else LEAST)}
    rows = sorted(((total[word], word) for word in kept), key=lambda row: (-row[0], row[1]))
    given.to.write_text("".join(f"{word} {rate:.2f}\n" for rate, word in rows), encoding="utf-8")
    print(f"{len(rows):,} words, {given.to.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
