"""Letters to the person: a ladder's template, filled from the case. An unfilled placeholder cannot be issued."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PLACEHOLDER: Final = re.compile(r"\{([a-z_]+)\}")


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
