"""The workspace: a folder that says what one organisation monitors, by which rules, and who reviews."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from pydantic import ConfigDict, Field

from compliance.errors import ComplianceError, UnavailableError
from compliance.people import People, read_people
from compliance.source_settings import check_settings
from rules.errors import Fault, PolicyError
from rules.lists import WordList, no_lists, read_list
from rules.load import Overrides, load_ruleset
from rules.policy import Audience, Spec
from rules.ruleset import Languages
from rules.shape import parse
from rules.source import SourceFile, read_yaml

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from compliance.ladder import Ladder
    from rules.ruleset import RuleSet

CONFIG: Final = "compliance.yaml"
Role: TypeAlias = Literal[
    "reviewer",
    "security",
    "officer",
    "hr",
    "legal",
    "manager",
    "auditor",
    "policy-author",
    "policy-publisher",
    "principal",
    "privacy",
    "operator",
    "admin",
]
NonEmpty: TypeAlias = Annotated[str, Field(min_length=1)]


class ReviewerSpec(Spec):
    """A person who may act here."""

    role: Role
    person: NonEmpty | None = Field(
        default=None, description="their person_id in people.csv, so that nobody reviews their own posts"
    )


class SourceSpec(Spec):
    """Where posts come from, and what holds for those that do not say so themselves.

    Further keys are settings of the connector, which `compliance.source_settings` checks.
    """

    model_config = ConfigDict(extra="allow", strict=True)

    connector: NonEmpty | None = Field(default=None, description="who reads it; told from the file if absent")
    path: NonEmpty
    platform: NonEmpty | None = None
    channel: NonEmpty | None = None
    audience: Audience = "external"
    messages: Literal["skip", "include"] = Field(
        default="skip", description="direct messages are skipped, and counted, unless included"
    )


class LanguagesSpec(Spec):
    """What to do about languages that the rules do not cover."""

    default: NonEmpty = "en"
    uncovered: Literal["incomplete", "accept"] = "incomplete"


class NlpSpec(Spec):
    """Models to use instead of the shipped ones; a folder is relative to the workspace."""

    pipeline: NonEmpty | None = Field(
        default=None, description="the spaCy pipeline of `entity` parts: an installed package, or a folder"
    )
    sentences: NonEmpty | None = Field(default=None, description="the sentence encoder of `meaning` parts: a folder")


class Config(Spec):
    """compliance.yaml."""

    organisation: NonEmpty
    database: NonEmpty = "sqlite:///compliance.db"
    languages: LanguagesSpec = Field(default_factory=LanguagesSpec)
    nlp: NlpSpec = Field(default_factory=NlpSpec)
    packs: dict[str, dict[str, object]] = Field(default_factory=dict)
    sources: dict[str, SourceSpec] = Field(default_factory=dict)
    ladders: dict[str, NonEmpty] = Field(
        default_factory=dict,
        description="which ladder people have, by country of their workplace (GB, DE, …) or `default`: a shipped one, or a file of ladders/",
    )
    people: NonEmpty | None = None
    reviewers: dict[str, ReviewerSpec] = Field(default_factory=dict)
    retention: dict[str, str] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """A person who may act, as compliance.yaml names them."""

    id: str
    role: str
    person_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class Workspace:
    """One organisation's setup. `root` is None for the shipped packs alone, with no database and nobody known."""

    root: Path | None
    config: Config
    source: SourceFile = field(repr=False)
    people: People = field(repr=False)
    lists: Mapping[str, WordList] = field(repr=False)

    @property
    def reviewers(self) -> dict[str, Reviewer]:
        """Who may act, by id."""
        return {
            name: Reviewer(id=name, role=spec.role, person_id=spec.person)
            for name, spec in self.config.reviewers.items()
        }

    @property
    def database_url(self) -> str:
        """COMPLIANCE_DATABASE, else `database` of compliance.yaml; SQLite paths are relative to the workspace."""
        url = os.environ.get("COMPLIANCE_DATABASE") or self.config.database
        prefix = "sqlite:///"
        path = url.removeprefix(prefix)
        if url.startswith(prefix) and path and path != ":memory:" and not Path(path).is_absolute() and self.root:
            return f"{prefix}{self.root / path}"
        return url

    @cached_property
    def database_as_it_is(self) -> Engine:
        """The database, unopened: whoever operates it looks before anything changes. Raises ComplianceError where there is none."""
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError

        from compliance.db import open_engine

        if self.root is None:
            message = "there is no workspace here, so nothing is stored"
            raise ComplianceError(message, hint="compliance init DIR makes one; --workspace DIR names one")
        try:
            return open_engine(self.database_url)
        except (ArgumentError, NoSuchModuleError, ImportError):
            # The address may hold a password, so it is not repeated.
            message = "the database address cannot be used"
            hint = "for example sqlite:///compliance.db or postgresql+psycopg://user@host/name (pip install 'compliance-monitor[postgres]')"
            raise ComplianceError(
                message, place="database in compliance.yaml, or COMPLIANCE_DATABASE", hint=hint
            ) from None

    @cached_property
    def database(self) -> Engine:
        """The database, ready for this program: see `upgrade.prepare`. Raises ComplianceError where there is none, UnavailableError out of reach."""
        from sqlalchemy.exc import OperationalError

        from compliance.db import create_private
        from compliance.upgrade import prepare

        engine = self.database_as_it_is
        try:
            create_private(engine)
            prepare(engine)
        except OperationalError:
            message = "the database cannot be reached"
            raise UnavailableError(
                message,
                place="database in compliance.yaml, or COMPLIANCE_DATABASE",
                hint="is the server up, and the file writable?",
            ) from None
        return engine

    @property
    def pipeline(self) -> str:
        """The spaCy pipeline of `entity` parts: a folder of the workspace, else a package or a folder as named; empty for the shipped."""
        named = self.config.nlp.pipeline or ""
        return str(self.root / named) if named and self.root and (self.root / named).is_dir() else named

    @cached_property
    def ruleset(self) -> RuleSet:
        """Shipped packs, own policies and exclusions. Raises PolicyError with every fault, failing examples included."""
        ruleset = self.load_rules()
        if self.root is not None:
            _refuse_failing_examples(ruleset)
        return ruleset

    @property
    def policy_files(self) -> list[Path]:
        """The organisation's own policies, in name order."""
        return sorted((self.root / "policies").glob("*.yaml")) if self.root else []

    @property
    def exclusion_files(self) -> list[Path]:
        """The organisation's exclusions, in name order."""
        return sorted((self.root / "exclusions").glob("*.yaml")) if self.root else []

    def load_rules(self, *further: Path) -> RuleSet:
        """Load the rules without running their examples, those of further files too. Raises PolicyError with every fault."""
        if self.root is None:
            return load_ruleset(*further)
        return self._loaded([*self.policy_files, *further], self.exclusion_files, tuned=True)

    def ruleset_of(self, policies: Sequence[Path], exclusions: Sequence[Path], *, tuned: bool = True) -> RuleSet:
        """Return the shipped packs with these files instead of one's own, under the settings and lists of this workspace.

        `tuned=False` leaves out how compliance.yaml tunes packs. Raises PolicyError as `ruleset` does.
        """
        ruleset = self._loaded(policies, exclusions, tuned=tuned)
        _refuse_failing_examples(ruleset)
        return ruleset

    def _loaded(self, policies: Sequence[Path], exclusions: Sequence[Path], *, tuned: bool) -> RuleSet:
        overrides = Overrides(packs=self.config.packs, source=SourceFile(self.source.name, marks=self.source.marks))
        return load_ruleset(
            *policies,
            lists=self.lists,
            overrides=overrides if tuned else None,
            exclusions=exclusions,
            root=self.root,
            languages=Languages(
                default=self.config.languages.default, accept=self.config.languages.uncovered == "accept"
            ),
            encoder=str(self.root / self.config.nlp.sentences) if self.root and self.config.nlp.sentences else "",
            pipeline=self.pipeline,
        )

    @cached_property
    def ladders(self) -> dict[str, Ladder]:
        """Country (or `default`) -> discipline ladder. Raises PolicyError with every fault, failing scenarios included."""
        from compliance.ladder import load_ladders

        marked = SourceFile(self.source.name, marks=self.source.marks, keys=self.source.keys)
        return load_ladders(self.config.ladders, root=self.root, source=marked)


def _refuse_failing_examples(ruleset: RuleSet) -> None:
    """Shipped rules are tested where they are made; an organisation's own are tested here, whenever they are read."""
    from rules.examples import run_examples

    failed = [result for result in run_examples(ruleset, shipped=False) if result.is_failure]
    if failed:
        hint = "`compliance policy test` shows the example; `compliance policy explain` why"
        faults = []
        for result in failed:
            file, _, line = result.place.rpartition(":")
            faults.append(
                Fault(
                    file=file,
                    line=int(line or 0),
                    column=1,
                    message=f"{result.rule}: {result.kind} example {result.index + 1} {result.note}",
                    hint=hint,
                )
            )
        raise PolicyError(faults)


def find_root(start: Path | None) -> Path | None:
    """Return the workspace folder: `start` itself if given, else COMPLIANCE_WORKSPACE, else the current folder or a parent."""
    named = start or (Path(os.environ["COMPLIANCE_WORKSPACE"]) if os.environ.get("COMPLIANCE_WORKSPACE") else None)
    if named is not None:
        if not (named / CONFIG).is_file():
            message = f"there is no {CONFIG} in the workspace"
            raise ComplianceError(message, place=str(named), hint="`compliance init DIR` writes a working one")
        return named.resolve()
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / CONFIG).is_file()), None)


def open_workspace(start: Path | None = None, *, required: bool = True) -> Workspace:
    """Open a workspace. Raises PolicyError with every fault of its settings, ComplianceError if there is none and one is required."""
    root = find_root(start)
    if root is None:
        if required:
            message = "there is no workspace here"
            raise ComplianceError(message, hint="`compliance init DIR` makes one; --workspace DIR names one")
        return Workspace(
            root=None,
            config=Config(organisation="(none)"),
            source=SourceFile(CONFIG),
            people=People(),
            lists=no_lists(),
        )
    source = read_yaml(root / CONFIG, name=CONFIG)
    config = parse(source, Config)
    check_settings(source, root, shared=SourceSpec.model_fields)
    faults = list(source.faults)
    lists: dict[str, WordList] = {}
    for path in sorted((root / "lists").glob("*.csv")):
        lists[path.stem], found = read_list(path, shown=f"lists/{path.name}")
        faults += found
    people, found = _people(root, config)
    faults += found
    if config is None:
        raise PolicyError(faults)
    space = Workspace(root=root, config=config, source=source, people=people, lists=lists)
    faults += _ladder_faults(space)
    if faults:
        raise PolicyError(faults)
    return space


def _ladder_faults(space: Workspace) -> Sequence[Fault]:
    """Read the ladders that compliance.yaml names: a broken one breaks the workspace. The shipped default is read where it is used."""
    if not space.config.ladders:
        return ()
    try:
        space.ladders  # noqa: B018 - reading them is the point
    except PolicyError as error:
        return error.faults
    return ()


def _people(root: Path, config: Config | None) -> tuple[People, list[Fault]]:
    named = config.people if config else None
    if named is None and not (root / "people.csv").is_file():
        return People(is_known=True), []
    return read_people(root / (named or "people.csv"), shown=named or "people.csv")
