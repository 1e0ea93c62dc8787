"""Show what the packs flag among real public posts and chat, for reading: stream.py [--policy P] [--posts N] [DIR].

DIR holds `public_posts.jsonl` and `chat.jsonl` (rows with `text`); COMPLIANCE_STREAMS names it otherwise. Prints flags per
1,000 and every flagged text, or with `--counts` only the figures.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from itertools import islice
from pathlib import Path

from scoring import Scorer, document_of, read_rows

FILES = {"public_posts.jsonl": "external", "chat.jsonl": "internal"}


def main() -> None:
    """Print flags of both streams, one file after the other."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", nargs="?", default=os.environ.get("COMPLIANCE_STREAMS"))
    options.add_argument("--policy")
    options.add_argument("--posts", type=int, default=20_000)
    options.add_argument(
        "--skip", type=int, default=0, help="leave out so many first, such as those that thresholds saw"
    )
    options.add_argument("--group", action="append", default=[], help="a group of every author")
    options.add_argument("--counts", action="store_true", help="no texts, only figures")
    asked = options.parse_args()
    if not asked.folder or not Path(asked.folder).is_dir():
        sys.exit(
            "error: where are the streams?\n  hint: stream.py DIR, or COMPLIANCE_STREAMS=DIR, with public_posts.jsonl and chat.jsonl"
        )
    for name, audience in FILES.items():
        _stream(Path(asked.folder) / name, audience, asked)


def _stream(path: Path, audience: str, asked: argparse.Namespace) -> None:
    scorer = Scorer()
    by_rule: Counter[str] = Counter()
    posts = flagged = 0
    for row in islice(read_rows([path]), asked.skip, asked.skip + asked.posts):
        found = scorer.evaluate({**row, "audience": audience, "group": asked.group})
        posts += 1
        hits = {finding.rule: finding.matches for finding in found.findings} | dict.fromkeys(found.tags, ())
        hits = {rule: m for rule, m in hits.items() if asked.policy in {None, rule.partition(".")[0], rule}}
        by_rule.update(hits.keys())
        flagged += any(rule.partition(".")[0] != "protected-activity" for rule in hits)
        if hits and not asked.counts:
            text = document_of(row).raw
            marked = [text[m.start : m.end] for matches in hits.values() for m in matches]
            print(f"{', '.join(hits)}\n    {text!r}\n    {marked}")
    print(f"{path.name}: {posts:,} posts, {1000 * flagged / max(1, posts):.2f} flagged per 1,000 (tags apart)")
    for rule, number in by_rule.most_common():
        print(f"    {rule:<50}{number:>6}  {1000 * number / posts:.2f} per 1,000")


if __name__ == "__main__":
    main()
