"""Letters to the person: a ladder's template, filled from the case. An unfilled placeholder cannot be issued."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Final

PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


#: What fills a letter besides names, times and rules, by language.
PHRASES: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "en": {
            "months": "January February March April May June July August September October November December",
            "day": "{day} {month} {year}",
            "substantiated": "substantiated",
            "partly": "substantiated in part",
            "no-finding": "not needed for this step",
            "heard": "heard on {day}",
            "explicit": "declined to answer",
            "silent": "gave no answer by the day set",
            "never": "no day is set",
            "appeal-how": "in writing or in person, to anybody in human resources; somebody who took no part decides",
            "recorded": "recorded",
            "not-applicable": "not applicable",
            "clause": "the policy that the rule names",
            "place": "a platform that is not named",
        },
        "de": {
            "months": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
            "day": "{day}. {month} {year}",
            "substantiated": "Der Vorwurf hat sich bestätigt.",
            "partly": "Der Vorwurf hat sich teilweise bestätigt.",
            "no-finding": "für diesen Schritt nicht nötig",
            "heard": "Anhörung am {day}",
            "explicit": "Sie wollten sich nicht äußern.",
            "silent": "Bis zum gesetzten Tag kam keine Antwort.",
            "never": "auf Weiteres",
            "appeal-how": "schriftlich oder mündlich bei der Personalabteilung; es entscheidet jemand, der nicht beteiligt war",
            "recorded": "festgehalten",
            "not-applicable": "entfällt",
            "clause": "die Richtlinie, die die Regel nennt",
            "place": "eine nicht genannte Plattform",
        },
    }
)


def say_day(day: date, phrases: Mapping[str, str]) -> str:
    """Return a day as the letter's language writes it."""
    return phrases["day"].format(day=day.day, month=phrases["months"].split()[day.month - 1], year=day.year)


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """The words a person gets to read."""

    text: str = field(repr=False)
    #: Placeholders that nothing fills.
    unfilled: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 of the words, hex."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


def fill(template: str, values: Mapping[str, str]) -> Letter:
    """Fill `{name}` from `values`; an empty or unknown value stays as it is and is named."""
    unfilled = dict.fromkeys(name for name in PLACEHOLDER.findall(template) if not values.get(name))
    text = PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], template)
    return Letter(text=text, unfilled=tuple(unfilled))
