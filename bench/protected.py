"""Score the packs on talk that the law protects: no rule may flag it, and the tag should see it. Part of make quality.

Rows that go wrong are printed, unless they are aside (by the hash of the id): of those only counts are shown.
"""

from __future__ import annotations

import argparse
from collections import Counter
from typing import Any

from scoring import Scorer, said

from tests import corpus


def main() -> None:
    """Print the figures of docs/protected-activity.md, and the open rows that go wrong."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--counts", action="store_true", help="no rows, only counts")
    counts_only = options.parse_args().counts
    scorer = Scorer()
    _protected(scorer, show=not counts_only)
    _mixed(scorer, show=not counts_only)
    _unprotected(scorer, show=not counts_only)


def seen(scorer: Scorer, row: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Return the live rules that flag a row, and its tags."""
    evaluation = scorer.evaluate({**row, "lists": corpus.LISTS})
    return sorted(each.rule for each in evaluation.findings if not each.shadow), sorted(evaluation.tags)


def _protected(scorer: Scorer, *, show: bool) -> None:
    flagged: Counter[str] = Counter()
    tagged: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for row in corpus.rows("protected"):
        part = "aside" if corpus.is_aside(row) else "open"
        findings, tags = seen(scorer, row)
        flagged[part] += bool(findings)
        for name in ("all", row["topic"]):
            total[name, part] += 1
            tagged[name, part] += bool(tags)
        if show and part == "open" and (findings or not tags):
            print(f"{'FLAGGED ' + ', '.join(findings) if findings else 'NO TAG'}  {row['id']}\n    {row['text']!r}")
    print(f"{'protected talk':<28}{'open':>26}{'aside':>26}")
    for line, of in (("flagged (must be 0)", flagged),):
        print(f"{line:<28}" + "".join(f"{said(of[part], total['all', part]):>26}" for part in ("open", "aside")))
    for name in dict.fromkeys(name for name, _ in total):
        cells = (said(tagged[name, part], total[name, part]) for part in ("open", "aside"))
        print(f"{'tagged: ' + name:<28}" + "".join(f"{cell:>26}" for cell in cells))


def _mixed(scorer: Scorer, *, show: bool) -> None:
    count: Counter[str] = Counter()
    for row in corpus.rows("protected_mixed"):
        findings, tags = seen(scorer, row)
        found = any(rule.startswith(f"{row['expect']}.") for rule in findings)
        count["found"] += found
        count["any"] += bool(findings)
        count["tag"] += bool(tags)
        count["both"] += found and bool(tags)
        count["all"] += 1
        if show and not (found and tags):
            print(f"{row['id']}  expected {row['expect']}, found {findings}, tags {tags}\n    {row['text']!r}")
    for name in ("found", "any", "tag", "both"):
        print(f"{'mixed: ' + name:<28}{said(count[name], count['all']):>26}")


def _unprotected(scorer: Scorer, *, show: bool) -> None:
    tagged = flagged = total = 0
    for row in corpus.rows("unprotected"):
        findings, tags = seen(scorer, row)
        tagged, flagged, total = tagged + bool(tags), flagged + bool(findings), total + 1
        if show and (tags or findings):
            print(f"FALSE {', '.join([*tags, *findings])}  {row['id']}\n    {row['text']!r}")
    print(f"{'look-alikes tagged':<28}{said(tagged, total):>26}\n{'look-alikes flagged':<28}{said(flagged, total):>26}")


if __name__ == "__main__":
    main()
