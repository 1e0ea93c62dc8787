"""What every kind of part shares: its keys in YAML, what it sees, and what must be in a text for it to see anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Final, Protocol, Self, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from rules.document import Document
from rules.errors import did_you_mean
from rules.evaluation import Match
from rules.expression import Kleene
from rules.lists import Lists, WordList
from rules.regions import REGION_NAMES
from rules.sense import Question

#: Confidence of a match that is just what the rule's author wrote.
PLAIN: Final = 0.95
#: The same word in disguise (digits for letters, spaced letters): probably meant, not surely.
DISGUISED: Final = 0.8


class KeyFault(ValueError):  # noqa: N818 - a fault is this project's word
    """A key of a part says something impossible. `key` is where, below the part."""

    def __init__(self, message: str, *, key: tuple[str | int, ...] = (), hint: str = "") -> None:
        super().__init__(message)
        self.message, self.key, self.hint = message, key, hint


@dataclass(frozen=True, slots=True)
class Seen:
    """What a part is on a document: its truth, and where (raw spans, in order)."""

    value: Kleene
    matches: tuple[Match, ...] = ()
    #: Why it is unknown, in words.
    unknown: str = ""


NOTHING: Final = Seen(value=False)


@dataclass(frozen=True, slots=True)
class Signal:
    """A cheap question to a document that no string answers, such as whether it holds nine digits in a row."""

    #: Unique; equal names are one signal, asked once per document.
    name: str
    holds: Callable[[Document], bool] = field(compare=False)
    #: Guess how often it holds, [0, 1]; only speed depends on it.
    rate: float = field(default=0.01, compare=False)


@dataclass(frozen=True, slots=True)
class Gate:
    """What must occur in a text before a part can be true there; over-approximates, never misses.

    `literals` are looked for in the folded copies, `anchors` (casefolded) in the light one, `signals` are asked; any one
    of them opens the gate, if one of each set in `further` (anchors too) occurs as well; signals open those too.
    """

    literals: frozenset[str] = frozenset()
    anchors: frozenset[str] = frozenset()
    signals: frozenset[Signal] = frozenset()
    further: tuple[frozenset[str], ...] = ()
    #: Instead of strings: what a trained head has to say about the text.
    question: Question | None = None


#: Another part of the same rule, by name.
Others: TypeAlias = Callable[[str], Seen]


def _as_list(value: Any) -> Any:  # noqa: ANN401 - whatever the YAML held
    return value if isinstance(value, list) else [value]


Word: TypeAlias = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
#: One phrase or several; a phrase `$name` stands for a list.
Phrases: TypeAlias = Annotated[list[Word], BeforeValidator(_as_list), Field(min_length=1)]


class Keys(BaseModel):
    """The keys of a part: one names its kind, the others belong to that kind."""

    model_config = ConfigDict(extra="forbid", strict=True, populate_by_name=False)


class SpanKeys(Keys):
    """The keys of a kind that sees places in the text: modifiers that filter its matches."""

    in_: Phrases | None = Field(default=None, alias="in", description="only matches inside one of these regions count")
    not_in: Phrases | None = Field(default=None, description="matches that touch one of these regions do not count")
    near: Word | None = Field(default=None, description="only matches near a match of this part count")
    within: Word | None = Field(default=None, description="how near: `6 words` or `1 sentence`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a rule tells its parts about itself."""

    #: Full id.
    rule: str = ""
    #: Texts of its examples.
    flag: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    #: Folder of the sentence encoder; the shipped one if empty.
    encoder: str = ""
    #: The spaCy pipeline for entities, a package or a folder; the shipped one if empty.
    pipeline: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """What a part may be built from."""

    lists: Lists
    #: Shipped material was tested where it was made and is compiled only when a text needs it.
    trusted: bool = False
    #: The rule that the part belongs to.
    told: Told = Told()
    #: Build a part inside a part (for `missing`).
    build: Callable[[dict[str, Any], tuple[str | int, ...]], Detector]


class Detector(Protocol):
    """A kind of part. One file each; found by package scan; the class attributes are its documentation and tests."""

    #: The key that names the kind in YAML; permanent.
    name: ClassVar[str]
    #: URL or citation for what it does.
    source: ClassVar[str]
    keys: ClassVar[type[Keys]]
    #: (the part as in YAML, a text that it sees) and (…, one that it does not see).
    matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]]
    non_matches: ClassVar[tuple[tuple[dict[str, Any], str], ...]]

    @classmethod
    def build(cls, keys: Any, material: Material) -> Self:  # noqa: ANN401 - its own Keys class
        """Return the part. Raises KeyFault."""
        ...

    def see(self, document: Document, others: Others) -> Seen:
        """Evaluate on one document. Pure; linear in the length of the text."""
        ...

    def gate(self, gate_of: Callable[[str], Gate | None]) -> Gate | None:
        """Return what must be in the text, or None where nothing must."""
        ...


def resolve(phrases: list[str], material: Material, *, key: str) -> tuple[list[str], list[WordList]]:
    """Split phrases into plain ones and referenced lists. Raises KeyFault for an unknown list."""
    plain: list[str] = []
    lists: list[WordList] = []
    for index, phrase in enumerate(phrases):
        if not phrase.startswith("$"):
            plain.append(phrase)
        elif phrase[1:] in material.lists:
            lists.append(material.lists[phrase[1:]])
        else:
            place: tuple[str | int, ...] = (key, index)
            hint = did_you_mean(phrase[1:], material.lists, otherwise=f"put the terms into lists/{phrase[1:]}.csv")
            message = f"unknown list '{phrase}'"
            raise KeyFault(message, key=place, hint=hint)
    return plain, lists


def check_regions(names: list[str] | None, *, key: str) -> None:
    """Refuse region names that do not exist. Raises KeyFault."""
    for index, name in enumerate(names or []):
        if name not in REGION_NAMES and first_characters(name) is None:
            hint = did_you_mean(
                name, REGION_NAMES, otherwise=f"regions: {', '.join(REGION_NAMES)}, or `first 125 characters`"
            )
            message = f"unknown region '{name}'"
            raise KeyFault(message, key=(key, index), hint=hint)


def first_characters(name: str) -> int | None:
    """Return N of `first N characters`, else None."""
    words = name.split()
    if len(words) == 3 and words[0] == "first" and words[1].isdecimal() and words[2] == "characters":  # noqa: PLR2004
        return int(words[1]) or None
    return None
