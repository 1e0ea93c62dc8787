"""What the scoring scripts share: posts with an expected verdict, engines by their lists, counts with intervals."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(ROOT))

from rules.document import Context, Document  # noqa: E402 - the tree is not installed
from rules.engine import Engine  # noqa: E402
from rules.evaluation import Evaluation  # noqa: E402
from rules.lists import no_lists, of_terms  # noqa: E402
from rules.load import load_ruleset  # noqa: E402
from rules.ruleset import RuleSet  # noqa: E402

#: When every scored post takes place.
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
#: Groups that make every shipped pack live.
GROUPS = frozenset({"adviser", "brand-account", "press-office", "executive", "partner"})


class Scorer:
    """Evaluates rows, each under the lists that it names; one engine per set of lists."""

    def __init__(self) -> None:
        self._engines: dict[str, Engine] = {}

    def ruleset(self, lists: dict[str, list[str]]) -> RuleSet:
        """Return the rule set under some lists."""
        return self._engine(json.dumps(lists, sort_keys=True)).ruleset

    def evaluate(self, row: dict[str, Any]) -> Evaluation:
        """Return the verdict on one row: `text`, and optionally `group audience kind lists`."""
        return self._engine(json.dumps(row.get("lists") or {}, sort_keys=True)).evaluate_one(document_of(row))

    def policies(self, row: dict[str, Any]) -> set[str]:
        """Return the policies that flag or tag the row."""
        found = self.evaluate(row)
        ids = [*(finding.rule for finding in found.findings if not finding.shadow), *found.tags]
        return {rule.partition(".")[0] for rule in ids}

    def _engine(self, lists: str) -> Engine:
        if lists not in self._engines:
            given = {name: of_terms(name, terms) for name, terms in json.loads(lists).items()}
            self._engines[lists] = Engine(load_ruleset(lists={**no_lists(), **given}))
        return self._engines[lists]


def document_of(row: dict[str, Any]) -> Document:
    """Return a row as a document; who is in no group is an ordinary employee of a firm that has every group."""
    groups = row.get("group") or []
    context = Context(
        audience=row.get("audience", "external"),
        groups=frozenset([groups] if isinstance(groups, str) else groups),
        known_groups=GROUPS,
        kind=row.get("kind", "post"),
        at=NOW,
    )
    return Document(key=str(row.get("id", "row")), text=row["text"], context=context)


def read_rows(paths: Iterable[Path]) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of every file, in file order."""
    for path in paths:
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.strip())


def wilson(hits: int, total: int) -> tuple[float, float]:
    """Return the Wilson 95 % interval of a share; (0, 1) where nothing was counted."""
    if not total:
        return 0.0, 1.0
    share, z = hits / total, 1.96
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return max(0.0, middle - half), min(1.0, middle + half)


def said(hits: int, total: int) -> str:
    """Return a share with its interval in words; empty where nothing was counted."""
    if not total:
        return ""
    low, high = wilson(hits, total)
    return f"{hits}/{total} = {hits / total:.2f} [{low:.2f}, {high:.2f}]"
