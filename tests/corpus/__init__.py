"""Made-up posts about work, with secrets put together at run time; README.md says what they are for."""

from __future__ import annotations

import hashlib
import json
import random
import string
from pathlib import Path
from typing import Any, Final

from rules.lists import WordList, no_lists, of_terms

_FOLDER: Final = Path(__file__).parent
#: Under these a codename, a customer or a host can be seen at all.
LISTS: Final = {
    "codenames": ["Bluefin", "Project Harrier"],
    "customers": ["Haldane Foods"],
    "competitors": ["Crestbank"],
    "products": ["Alderway Save"],
    "brand_names": ["Alderway"],
    "internal_domains": ["alderway.internal"],
}


def lists() -> dict[str, WordList]:
    """Return the lists of the made-up employer."""
    return {**no_lists(), **{name: of_terms(name, terms) for name, terms in LISTS.items()}}


def is_aside(row: dict[str, Any]) -> bool:
    """Return whether a row is counted and never shown."""
    return int(hashlib.sha256(row["id"].encode()).hexdigest(), 16) % 3 == 0


def rows(name: str) -> list[dict[str, Any]]:
    """Return the posts of one file, with secrets and numbers that look live in their places."""
    secrets = _secrets()
    found = [json.loads(line) for line in (_FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    for row in found:
        for place, secret in secrets.items():
            row["text"] = row["text"].replace(f"{{{place}}}", secret)
    return found


def _secrets() -> dict[str, str]:
    pick = random.Random(16)  # invented keys, the same ones each time

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
