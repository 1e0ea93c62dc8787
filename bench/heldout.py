"""Score the shipped packs on posts that no rule author has read: make quality.

Prints counts with Wilson 95 % intervals and never a post. `explicit` posts say it outright; `subtle` ones only hint.
"""

from __future__ import annotations

import json
import math
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from rules.document import Context, Document  # noqa: E402 - the tree is not installed
from rules.engine import Engine  # noqa: E402
from rules.lists import no_lists, of_terms  # noqa: E402
from rules.load import load_ruleset  # noqa: E402

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def main() -> None:
    """Score every file, print one line per policy and one per rule."""
    counts: Counter[tuple[str, str, bool]] = Counter()
    for row in _rows():
        found = _found(row)
        hit = row["policy"] in found if row["policy"] != "*" else bool(found - {"protected-activity"})
        kind = "pass" if row["expect"] == "pass" else "explicit" if row["explicit"] else "subtle"
        for name in {row["policy"], f"{row['policy']}.{row['rule']}"}:
            counts[name, kind, hit] += 1
    print(f"{'':46}{'explicit':>22}{'subtle':>22}{'look-alikes flagged':>22}")
    for name in sorted({key[0] for key in counts}):
        if name != "*.*":
            cells = "".join(f"{_share(counts, name, kind):>22}" for kind in ("explicit", "subtle", "pass"))
            print(f"{'everyday posts' if name == '*' else name:<46}{cells}")


def _rows() -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for path in sorted((ROOT / "bench" / "heldout").glob("*.jsonl"))
        for line in path.open(encoding="utf-8")
    ]


def _found(row: dict[str, Any]) -> set[str]:
    """Return the policies that flag or tag the post."""
    groups = row.get("group") or []
    context = Context(
        audience=row.get("audience", "external"),
        groups=frozenset([groups] if isinstance(groups, str) else groups),
        at=NOW,
    )
    evaluation = _engine(json.dumps(row.get("lists") or {}, sort_keys=True)).evaluate_one(
        Document(key=row["id"], text=row["text"], context=context)
    )
    return {rule.partition(".")[0] for rule in [*(finding.rule for finding in evaluation.findings), *evaluation.tags]}


_ENGINES: dict[str, Engine] = {}


def _engine(lists: str) -> Engine:
    if lists not in _ENGINES:
        given = {name: of_terms(name, terms) for name, terms in json.loads(lists).items()}
        _ENGINES[lists] = Engine(load_ruleset(lists={**no_lists(), **given}))
    return _ENGINES[lists]


def _share(counts: Counter[tuple[str, str, bool]], name: str, kind: str) -> str:
    hits = counts[name, kind, True]
    total = hits + counts[name, kind, False]
    if not total:
        return ""
    share, z = hits / total, 1.96
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return f"{hits}/{total} [{max(0.0, middle - half):.2f}, {min(1.0, middle + half):.2f}]"


if __name__ == "__main__":
    main()
