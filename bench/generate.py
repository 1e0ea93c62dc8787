"""Posts for the benchmark when no file is given: made up, deterministic, with the mix of lengths and scripts of real ones."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator

_OPENERS = [
    "ok so",
    "Honestly,",
    "good morning!",
    "wow",
    "Can't believe",
    "Update:",
    "lol",
    "",
    "",
    "",
    "RT @sam_k:",
    "PSA —",
]
_SUBJECTS = [
    "the train",
    "our new oven",
    "this album",
    "my sister",
    "the match",
    "that film",
    "the garden",
    "their app",
    "the release",
    "the weather",
    "the rota",
    "our team",
]
_VERBS = [
    "made me laugh",
    "is late again",
    "was brilliant",
    "needs a rest",
    "won 3-1",
    "broke at 9.30",
    "ships on Tuesday",
    "costs £4.50 now",
    "looks lovely",
    "is finally fixed",
]
_ENDINGS = [
    "",
    "",
    "!",
    " 😂😂",
    " #monday",
    " https://example.org/p/1234",
    " @kim what do you think?",
    " … again",
    " ❤️",
    " naïve, moi?",
    " Привет из Осло",
    " お疲れさま",
    "\n> you said so\nI did",
]
_SPICE = [
    "Under NDA so keep it to yourself, but the spring model has two screens.",
    "Let's move this to WhatsApp, compliance reads everything here.",
    "We are the No. 1 bank and 100% safe.",
    "Who else is fed up with unpaid overtime? Let's write to the union.",
    "I will find you and you will regret it.",
]


def posts(number: int, seed: int = 20261123) -> Iterator[dict[str, str]]:
    """Yield `number` posts; the same ones for the same seed. About one in 200 is meant to be flagged or tagged."""
    dice = random.Random(seed)
    for index in range(number):
        clauses = min(12, 1 + int(dice.expovariate(0.7)))
        text = " ".join(
            f"{dice.choice(_OPENERS)} {dice.choice(_SUBJECTS)} {dice.choice(_VERBS)}{dice.choice(_ENDINGS)}".strip()
            for _ in range(clauses)
        )
        if dice.random() < 0.005:
            text = f"{text} {dice.choice(_SPICE)}"
        yield {"id": f"made-{index}", "text": text}


if __name__ == "__main__":
    for post in posts(int(sys.argv[1]) if len(sys.argv) > 1 else 20_000):
        sys.stdout.write(json.dumps(post, ensure_ascii=False) + "\n")
