"""A ladder: which steps there are, how long they count, what each needs first. YAML with its own scenarios; no database, no clock."""

from __future__ import annotations

import calendar
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema

from rules.errors import Fault, PolicyError, did_you_mean
from rules.lists import parse_instant
from rules.policy import Identifier, Spec
from rules.shape import parse
from rules.source import SourceFile, read_yaml

SHIPPED: Final = Path(str(files("compliance") / "ladders"))
#: What a case can wait for by itself; other words in `needs` are roles that approve, or facts that somebody records.
PROCEDURE: Final = ("notice", "evidence-shared", "heard-or-declined", "case-finding")
APPROVERS: Final = ("hr", "legal")
BRAKES: Final = (
    "protected-activity",
    "conflict-of-interest",
    "legal-hold",
    "open-complaint",
    "privileged",
    "unverified-author",
)
NONE: Final = "none"
#: The key of `needs` for all formal steps.
FORMAL: Final = "formal"
#: What a letter may leave open in braces.
LETTER_WORDS: Final = (
    *("organisation", "person", "date", "step", "act", "time", "place", "clause", "finding", "heard", "consequence"),
    *("lapses", "appeal_by", "appeal_how", "agreement", "companion"),
)
RESCISSION_WORDS: Final = ("organisation", "person", "date", "step", "delivered")
#: Answers of a ladder that are no step.
OWN_PROCEDURE: Final = "own-procedure"
HEARING: Final = "investigation-and-hearing"
TRAINING: Final = "training"
#: Which ladder people have whose country is not named, or not known.
DEFAULT: Final = "default"
_COUNTRY: Final = re.compile("[A-Z]{2}")
_DURATION: Final = re.compile("([0-9]{1,3}) (day|week|month|year)s?")


class Gravity(IntEnum):
    """How serious an act was, set by a person with reasons. The severity of a rule only pre-fills it."""

    LOW = 20
    MEDIUM = 30
    HIGH = 40
    CRITICAL = 50

    @property
    def label(self) -> str:
        """The word used in YAML and output."""
        return self.name.lower()

    @classmethod
    def parse(cls, word: str) -> Gravity:
        """Return the gravity for a word. Raises ValueError."""
        try:
            return cls[word.strip().upper()]
        except KeyError:
            message = f"'{word}' is no gravity: one of {', '.join(each.label for each in cls)}"
            raise ValueError(message) from None


@dataclass(frozen=True, slots=True)
class Duration:
    """A stretch of calendar time: whole days, or whole months."""

    months: int = 0
    days: int = 0

    @classmethod
    def parse(cls, value: object) -> Duration:
        """Read `20 days`, `6 months`, `1 year`. Raises ValueError."""
        found = _DURATION.fullmatch(str(value).strip())
        if not found or not int(found[1]):
            message = f"'{value}' is no length of time"
            raise ValueError(message)
        number = int(found[1])
        return {
            "day": cls(days=number),
            "week": cls(days=7 * number),
            "month": cls(months=number),
            "year": cls(months=12 * number),
        }[found[2]]

    def last_day(self, first: date) -> date:
        """Return the last day of a period that begins with `first`, that day included.

        6 months from 29 January end with 28 July (Bevan Ashford v Malin [1995] ICR 453). Where the last month is too
        short to hold the corresponding day, the period ends with that month: 6 months from 31 August end with
        28 February (as in sections 187 (2) and 188 (2), (3) of the German Civil Code). Never later than date.max.
        """
        corresponding, is_clamped = self._corresponding(first)
        return _shifted(corresponding, self.days - (0 if is_clamped else 1))

    def after(self, day: date) -> date:
        """Return the last day of a deadline set on `day`, that day not counted: 20 days set on the 1st end with the 21st.

        One month from 28 February ends with 28 March, from 31 January with 28 February (Dodds v Walker [1981] 1 WLR
        1027; sections 187 (1) and 188 (2), (3) of the German Civil Code). Never later than date.max.
        """
        return _shifted(self._corresponding(day)[0], self.days)

    def _corresponding(self, day: date) -> tuple[date, bool]:
        """Return the same day `months` later, and whether its month was too short and gave its last day instead."""
        year, month = divmod(day.year * 12 + day.month - 1 + self.months, 12)
        if year > date.max.year:
            return date.max, True
        days = calendar.monthrange(year, month + 1)[1]
        return date(year, month + 1, min(day.day, days)), day.day > days

    def __str__(self) -> str:
        number, unit = (self.months, "month") if self.months else (self.days, "day")
        return f"{number} {unit}{'' if number == 1 else 's'}"


def _shifted(day: date, days: int) -> date:
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal()))


@dataclass(frozen=True, slots=True)
class Band:
    """The steps that fit: any from `low` to `high`; the lower end is recommended."""

    low: str
    high: str

    @classmethod
    def parse(cls, value: object) -> Band:
        """Read `written` or `written..final`."""
        low, dots, high = str(value).strip().partition("..")
        return cls(low, high if dots else low)

    def __str__(self) -> str:
        return self.low if self.low == self.high else f"{self.low} to {self.high}"


def _as_moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    return parse_instant(value) if "T" in value else date.fromisoformat(value)


Length: TypeAlias = Annotated[
    Duration,
    BeforeValidator(Duration.parse),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$", "examples": ["20 days", "6 months"]}),
]
Cell: TypeAlias = Annotated[
    Band, BeforeValidator(Band.parse), WithJsonSchema({"type": "string", "examples": ["written", "written..final"]})
]
#: A day, or a moment where the hour matters: `2025-07-29T03:59:59Z`.
Moment: TypeAlias = Annotated[datetime | date, BeforeValidator(_as_moment)]


class PriorSpec(Spec):
    """An earlier step of a scenario."""

    step: Identifier
    delivered: Moment
    policy: Identifier | None = None
    overturned: bool = False
    reduced_to: Identifier | None = None
    appeal: Literal["none", "open"] = "none"


class ActSpec(Spec):
    """The act of a scenario."""

    gravity: Literal["low", "medium", "high", "critical"]
    on: Moment
    policy: Identifier | None = None
    groups: list[str] = Field(default_factory=list)
    unaware: bool = False
    gross: bool = False


class ScenarioSpec(Spec):
    """A history, an act and the answer that the ladder must give."""

    given: list[PriorSpec]
    act: ActSpec
    expect: Identifier = Field(
        description="the recommended step, or own-procedure, investigation-and-hearing, training"
    )
    up_to: Identifier | None = Field(default=None, description="the upper end of the band, where it matters")


class DutySpec(Spec):
    """Something that must be done after a step was issued, outside this program."""

    duty: Identifier
    groups: list[str] = Field(default_factory=list, description="only for people in one of these; for all if empty")
    steps: list[Identifier] = Field(min_length=1)
    within: Length
    source: str


class LetterSpec(Spec):
    """What the person gets to read. Braces (LETTER_WORDS) are filled when the letter is made; an unfilled one cannot be issued."""

    language: Literal["en", "de"] = Field(
        default="en", description="of dates and of the words that fill the placeholders"
    )
    informal: str
    formal: str
    rescission: str


class LadderSpec(Spec):
    """One ladder file."""

    ladder: Identifier
    title: str
    source: list[str] = Field(min_length=1, description="law and guidance that it follows")
    timezone: str = Field(description="the time zone of people whose own is not known")
    steps: list[Identifier] = Field(min_length=2)
    titles: dict[str, str]
    informal: list[Identifier] = Field(description="steps that need no procedure, such as coaching")
    columns: list[Identifier]
    matrix: dict[str, list[Cell]]
    live_for: dict[str, Length]
    needs: dict[str, list[str]]
    group_needs: dict[str, list[str]] = Field(default_factory=dict, description="facts to record for people of a group")
    answer_within: Length = Field(description="the least time between notice and hearing")
    postpone_within: int | None = Field(default=None, ge=1, description="working days a hearing may be put off, once")
    appeal_open: Literal["hold"]
    appeal_within: Length
    brakes: list[str]
    own_procedure: list[str]
    same_kind: dict[str, list[str]] = Field(
        default_factory=dict,
        description="families of policies: a step counts only towards an act of its family; a policy in none is its own",
    )
    duties: list[DutySpec] = Field(default_factory=list)
    consequence: str = Field(description="what a letter says about a further breach")
    letter: LetterSpec
    scenarios: list[ScenarioSpec] = Field(min_length=1)


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """A loaded ladder: complete, and never milder for a graver act or a heavier history."""

    spec: LadderSpec = field(repr=False)
    #: SHA-256 of the file, hex.
    version: str
    file: str

    @property
    def id(self) -> str:
        """Its name."""
        return self.spec.ladder

    @cached_property
    def rank(self) -> Mapping[str, int]:
        """Step -> place on the ladder, from 0."""
        return {step: place for place, step in enumerate(self.spec.steps)}

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of people whose own is not known."""
        return ZoneInfo(self.spec.timezone)

    def title(self, step: str) -> str:
        """Return what people call a step; one that the ladder no longer has keeps its name."""
        return self.spec.titles.get(step, step)

    def is_formal(self, step: str) -> bool:
        """Say whether a step needs the whole procedure."""
        return step not in self.spec.informal

    def last_live_day(self, step: str, delivered: date) -> date | None:
        """Return the last day on which a step counts, None for one that leaves no trace."""
        length = self.spec.live_for.get(step)
        return length.last_day(delivered) if length else None

    def column(self, step: str | None) -> int:
        """Return the column of the highest live step; one above the last column stands in the last."""
        return 0 if step is None else min(self.rank[step] + 1, len(self.spec.columns) - 1)

    def band(self, gravity: Gravity, step: str | None) -> Band:
        """Return the band for an act of this gravity with this highest live step."""
        return self.spec.matrix[gravity.label][self.column(step)]

    def needs(self, step: str, groups: frozenset[str] = frozenset()) -> tuple[str, ...]:
        """Return what must be there before the step is issued: procedure, recorded facts, approving roles; in this order."""
        words = list(self.spec.needs.get(FORMAL, ())) if self.is_formal(step) else []
        words += self.spec.needs.get(step, ())
        if self.is_formal(step):
            words += [need for group, needs in self.spec.group_needs.items() if group in groups for need in needs]
        return tuple(dict.fromkeys(words))

    def family(self, policy: str) -> str | None:
        """Return the family of a policy, None where the ladder knows none: then it is its own kind of breach."""
        return next((name for name, members in self.spec.same_kind.items() if policy in members), None)


def load_ladder(path: Path, *, shown: str | None = None) -> Ladder:
    """Read one ladder and run its scenarios. Raises PolicyError with every fault, each at its place."""
    from compliance.discipline import failing_scenarios
    from compliance.ladder_faults import ladder_faults

    source = read_yaml(path, name=shown or path.name)
    spec = parse(source, LadderSpec)
    if spec is None or source.faults:
        raise PolicyError(source.faults)
    for place, message, hint in ladder_faults(spec):
        source.fault(place, message, hint)
    if source.faults:
        raise PolicyError(source.faults)
    ladder = Ladder(spec=spec, version=hashlib.sha256(path.read_bytes()).hexdigest(), file=source.name)
    for number, message in failing_scenarios(ladder):
        source.fault(("scenarios", number), message, "mend the ladder, or the scenario if the ladder is right")
    if source.faults:
        raise PolicyError(source.faults)
    return ladder


def load_ladders(named: Mapping[str, str], *, root: Path | None, source: SourceFile | None = None) -> dict[str, Ladder]:
    """Return country (or `default`) -> ladder, as `ladders` of compliance.yaml says; `default: us` where it is silent.

    A name is a file of the workspace's `ladders/`, else a shipped one. Raises PolicyError with every fault.
    """
    faults: list[Fault] = []
    loaded: dict[str, Ladder] = {}
    found: dict[str, Ladder] = {}
    for country, name in ({DEFAULT: "us"} | dict(named)).items():
        if country != DEFAULT and not _COUNTRY.fullmatch(country):
            faults.append(_no_country(source, country))
        path = _path(name, root)
        try:
            if path is None:
                faults.append(_unknown(source, country, name, root))
            elif name not in loaded:
                loaded[name] = load_ladder(path, shown=f"ladders/{path.name}")
            if name in loaded:
                found[country] = loaded[name]
        except PolicyError as error:
            faults += error.faults
    faults += _same_name(loaded.values())
    if faults:
        raise PolicyError(faults)
    return found


def _same_name(ladders: Iterable[Ladder]) -> Iterator[Fault]:
    """Refuse two ladders of one name: a case keeps its ladder by name, and could go on with the other one."""
    seen: dict[str, str] = {}
    for ladder in ladders:
        if ladder.id in seen:
            message = f"the ladder '{ladder.id}' stands in {seen[ladder.id]} already"
            yield Fault(file=ladder.file, line=1, column=1, message=message, hint="give this one another name")
        seen.setdefault(ladder.id, ladder.file)


def shipped_ladders() -> list[Path]:
    """Return the files of the shipped ladders, by name."""
    return sorted(SHIPPED.glob("*.yaml"))


def _path(name: str, root: Path | None) -> Path | None:
    places = [folder / f"{name}.yaml" for folder in ([root / "ladders"] if root else []) + [SHIPPED]]
    return next((path for path in places if path.is_file()), None)


def _no_country(source: SourceFile | None, country: str) -> Fault:
    """Refuse a key that no person's country ever equals: their ladder would silently be the default."""
    hint = f"{country.upper()}, as in people.csv" if _COUNTRY.fullmatch(country.upper()) else "GB, DE, …, or default"
    place = source or SourceFile("compliance.yaml")
    return place.fault(("ladders", country), f"'{country}' is no ISO 3166-1 alpha-2 code", hint, key=True)


def _unknown(source: SourceFile | None, country: str, name: str, root: Path | None) -> Fault:
    own = (root / "ladders").glob("*.yaml") if root else ()
    known = sorted({path.stem for path in (*own, *shipped_ladders())})
    hint = did_you_mean(name, known, otherwise=f"there are: {', '.join(known)}")
    return (source or SourceFile("compliance.yaml")).fault(("ladders", country), f"there is no ladder '{name}'", hint)
