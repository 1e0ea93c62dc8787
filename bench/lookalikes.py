"""Score the packs on company-like posts: look-alikes that must pass, and posts that must be flagged.

`--policy P` scores one policy. Rows that go wrong are printed, unless they are among the 30 % held aside (by hash of the
id), of which only counts are shown.
"""

from __future__ import annotations

import argparse
import hashlib
from collections import Counter
from typing import Any

from scoring import ROOT, Scorer, read_rows, said

#: Of 100 rows, so many are never shown.
ASIDE = 30


def is_aside(row: dict[str, Any]) -> bool:
    """Return whether a row is held aside: no rule author sees it or whether it goes wrong."""
    return hashlib.sha256(row["id"].encode()).digest()[0] * 100 // 256 < ASIDE


def main() -> None:
    """Print one line per policy, open and aside apart, and the open rows that go wrong."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--policy")
    options.add_argument("--counts", action="store_true", help="no rows, only counts")
    asked = options.parse_args()
    scorer = Scorer()
    counts: Counter[tuple[str, bool, str, bool]] = Counter()
    names: dict[str, None] = {}
    path = ROOT / "bench" / "lookalikes.jsonl"
    for row in read_rows([path]):
        if asked.policy in {None, row["policy"]}:
            names[row["policy"]] = None
            found = scorer.policies(row)
            # A look-alike of one policy must not be flagged under any; tags are no flags.
            hit = row["policy"] in found or (row["expect"] == "pass" and bool(found - {"protected-activity"}))
            aside = is_aside(row)
            counts[row["policy"], aside, row["expect"], hit] += 1
            if hit != (row["expect"] == "flag") and not aside and not asked.counts:
                _print(row, found)
    print(f"{'':26}{'open: flagged of flag':>30}{'of pass':>28}{'aside: flagged of flag':>30}{'of pass':>28}")
    for name in names:
        cells = [_cell(counts, name, aside=aside, expect=e) for aside in (False, True) for e in ("flag", "pass")]
        print(f"{name:<26}{cells[0]:>30}{cells[1]:>28}{cells[2]:>30}{cells[3]:>28}")


def _print(row: dict[str, Any], found: set[str]) -> None:
    what = "MISSED" if row["expect"] == "flag" else f"FALSE ({', '.join(sorted(found))})"
    context = {key: row[key] for key in ("group", "audience", "kind", "lists") if key in row}
    print(f"{what}  {row['rule']}  {row['id']}  {context or ''}\n    {row['text']!r}")


def _cell(counts: Counter[tuple[str, bool, str, bool]], name: str, *, aside: bool, expect: str) -> str:
    hits = counts[name, aside, expect, True]
    return said(hits, hits + counts[name, aside, expect, False])


if __name__ == "__main__":
    main()
