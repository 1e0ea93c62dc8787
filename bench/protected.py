"""Score the packs on talk that the law protects: no rule may flag it, and the tag should see it. Part of make quality.

Rows that go wrong are printed, unless they are aside (by the hash of the id): of those only counts are shown.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import string
from collections import Counter
from collections.abc import Iterable
from typing import Any, Final

from scoring import ROOT, Scorer, read_rows, said

CORPUS: Final = ROOT / "tests" / "corpus"
TAG: Final = "protected-activity"
#: Under these a codename, a customer or a host can be seen at all.
LISTS: Final = {
    "codenames": ["Bluefin", "Project Harrier"],
    "customers": ["Haldane Foods"],
    "competitors": ["Crestbank"],
    "products": ["Alderway Save"],
    "brand_names": ["Alderway"],
    "internal_domains": ["alderway.internal"],
}


def is_aside(row: dict[str, Any]) -> bool:
    """Return whether a row is counted and never shown."""
    return int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 3 == 0


def rows(name: str) -> Iterable[dict[str, Any]]:
    """Yield the posts of one file of the corpus, with secrets that look live in their places."""
    secrets = _secrets()
    for row in read_rows([CORPUS / f"{name}.jsonl"]):
        for place, secret in secrets.items():
            row["text"] = row["text"].replace(f"{{{place}}}", secret)
        yield {**row, "lists": LISTS}


def _secrets() -> dict[str, str]:
    pick = random.Random(16)  # noqa: S311 - invented keys, the same ones each time

    def body(letters: str, length: int) -> str:
        return "".join(pick.choices(letters, k=length))

    base62 = string.ascii_letters + string.digits
    pem = "\n".join(body(base62 + "+/", 64) for _ in range(12))
    return {
        "github": "github_" + "pat_" + body(base62, 22) + "_" + body(base62, 59),
        "aws_secret": body(base62, 40),
        "aws": "AKIA" + body("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16),
        "slack": "-".join(("xoxb", body(string.digits, 12), body(string.digits, 12), body(base62, 24))),
        "card2": _card("52", pick),
        "card": _card("45", pick),
        "iban": _iban("".join(pick.choices(string.digits, k=14))),
        "pem": f"-----BEGIN RSA PRIVATE KEY-----\n{pem}\n-----END RSA PRIVATE KEY-----",
    }


def _card(start: str, pick: random.Random) -> str:
    """Return 16 digits with a sound check digit."""
    body = start + "".join(pick.choices(string.digits, k=13))
    doubled = [int(digit) * (2 - at % 2) for at, digit in enumerate(body)]
    return body + str(-sum(number // 10 + number % 10 for number in doubled) % 10)


def _iban(account: str) -> str:
    """Return a British account number with sound check digits."""
    code = "LOYD" + account
    number = int("".join(str(int(letter, 36)) for letter in code + "GB00"))
    return f"GB{98 - number % 97:02}{code}"


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
    evaluation = scorer.evaluate(row)
    return sorted(each.rule for each in evaluation.findings if not each.shadow), sorted(evaluation.tags)


def _protected(scorer: Scorer, *, show: bool) -> None:
    flagged: Counter[str] = Counter()
    tagged: Counter[tuple[str, str]] = Counter()
    total: Counter[tuple[str, str]] = Counter()
    for row in rows("protected"):
        part = "aside" if is_aside(row) else "open"
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
    for row in rows("protected_mixed"):
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
    for row in rows("unprotected"):
        findings, tags = seen(scorer, row)
        tagged, flagged, total = tagged + bool(tags), flagged + bool(findings), total + 1
        if show and (tags or findings):
            print(f"FALSE {', '.join([*tags, *findings])}  {row['id']}\n    {row['text']!r}")
    print(f"{'look-alikes tagged':<28}{said(tagged, total):>26}\n{'look-alikes flagged':<28}{said(flagged, total):>26}")


if __name__ == "__main__":
    main()
