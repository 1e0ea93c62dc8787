"""Score the shipped packs on posts that no rule author has read: part of make quality.

Prints counts with Wilson 95 % intervals and never a post. `explicit` posts say it outright; `subtle` ones only hint.
"""

from __future__ import annotations

from collections import Counter

from scoring import ROOT, Scorer, read_rows, said


def main() -> None:
    """Score every file, print one line per policy and one per rule."""
    scorer = Scorer()
    counts: Counter[tuple[str, str, bool]] = Counter()
    for row in read_rows(sorted((ROOT / "bench" / "heldout").glob("*.jsonl"))):
        found = scorer.policies(row)
        hit = row["policy"] in found if row["policy"] != "*" else bool(found - {"protected-activity"})
        kind = "pass" if row["expect"] == "pass" else "explicit" if row["explicit"] else "subtle"
        for name in {row["policy"], f"{row['policy']}.{row['rule']}"}:
            counts[name, kind, hit] += 1
    print(f"{'':46}{'explicit':>28}{'subtle':>28}{'look-alikes flagged':>28}")
    for name in sorted({key[0] for key in counts}):
        if name != "*.*":
            cells = "".join(f"{_cell(counts, name, kind):>28}" for kind in ("explicit", "subtle", "pass"))
            print(f"{'everyday posts' if name == '*' else name:<46}{cells}")


def _cell(counts: Counter[tuple[str, str, bool]], name: str, kind: str) -> str:
    hits = counts[name, kind, True]
    return said(hits, hits + counts[name, kind, False])


if __name__ == "__main__":
    main()
