"""Put newly written exemplars where they belong: `exemplars.py add DRAFT.jsonl POLICY`.

Two thirds go to rules/packs/exemplars/POLICY.jsonl, which rules learn from; one third, chosen by the hash of the text, to
bench/aside/POLICY.jsonl, which nothing learns from and nobody reads: it is only scored. Texts that stand in either already
are dropped, so a draft can be added twice.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
from pathlib import Path
from typing import Any

from scoring import ROOT, read_rows

KEYS = ("rule", "like", "text", "group", "audience", "kind", "lists")


def is_aside(text: str) -> bool:
    """Return whether this text belongs to the third that is only scored."""
    return int.from_bytes(hashlib.sha256(_plain(text).encode()).digest()[:4]) % 3 == 0


def main() -> None:
    """Add a draft; refuse it whole, with every fault, if a row is wrong."""
    draft, policy = Path(sys.argv[2]), sys.argv[3]
    rows = list(read_rows([draft]))
    faults = [f"{draft}:{number}: {why}" for number, row in enumerate(rows, 1) if (why := _fault(row))]
    if faults:
        sys.exit("\n".join(faults))
    learn = ROOT / "rules" / "packs" / "exemplars" / f"{policy}.jsonl"
    aside = ROOT / "bench" / "aside" / f"{policy}.jsonl"
    known = {_plain(row["text"]) for row in read_rows(path for path in (learn, aside) if path.exists())}
    added = {learn: 0, aside: 0}
    for row in rows:
        if (plain := _plain(row["text"])) not in known:
            known.add(plain)
            path = aside if is_aside(row["text"]) else learn
            path.parent.mkdir(exist_ok=True)
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps({key: row[key] for key in KEYS if key in row}, ensure_ascii=False) + "\n")
            added[path] += 1
    print(f"{policy}: {added[learn]} to learn from, {added[aside]} aside, {len(rows) - sum(added.values())} duplicates")


def _plain(text: str) -> str:
    return re.sub(r"\W+", " ", text.casefold()).strip()


def _fault(row: dict[str, Any]) -> str:
    if set(row) - set(KEYS):
        return f"unknown keys {sorted(set(row) - set(KEYS))}"
    if not isinstance(row.get("rule"), str) or not isinstance(row.get("like"), bool):
        return "needs `rule` (a string) and `like` (true or false)"
    return "" if isinstance(row.get("text"), str) and row["text"].strip() else "needs `text`"


if __name__ == "__main__":
    main()
