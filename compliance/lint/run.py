"""All checks over one workspace: what is looked at, in which order it is told, and when it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from compliance.errors import ComplianceError
from compliance.lint import (
    conditions,
    duties,
    exceptions,
    floods,
    patterns,
    protected,
    scopes,
    sentences,
    twins,
    word_lists,
)
from compliance.lint.remark import Level, Remark
from compliance.lint.subject import Subject

if TYPE_CHECKING:
    from compliance.workspace import Workspace

CHECKS: Final[tuple[Callable[[Subject], Iterator[Remark]], ...]] = (
    sentences.check,
    conditions.check,
    scopes.check,
    twins.check,
    duties.check,
    protected.check,
    floods.check,
    word_lists.check,
    exceptions.check,
    patterns.check,
)


def subject_of(space: Workspace, *, files: Sequence[Path], today: date) -> Subject:
    """Load the rules of a workspace, and those of further files, without judging their examples.

    Raises PolicyError with every fault of what cannot be loaded, ComplianceError for a file that is not there.
    """
    missing = [path for path in files if not path.is_file()]
    if missing:
        message = "there is no such file"
        raise ComplianceError(message, place=", ".join(map(str, missing)), hint="name files of policies or exclusions")
    known = [path.resolve() for path in space.policy_files]
    exclusions = [path.resolve() for path in space.exclusion_files]
    strangers = [path for path in files if path.resolve() not in {*known, *exclusions} and not _is_shipped(path)]
    ruleset = space.load_rules(*strangers)
    sources = space.config.sources.values()
    people = space.people.people.values()
    platforms = frozenset(source.platform or "" for source in sources)
    return Subject(
        ruleset=ruleset,
        root=space.root,
        today=today,
        files=frozenset(_shown(path, space.root, strangers) for path in files),
        organisation=space.config.organisation if space.root else "",
        groups=space.people.known_groups if space.people.people else None,
        countries=frozenset(person.country for person in people if person.country) or None,
        audiences=frozenset(source.audience for source in sources),
        platforms=frozenset() if "" in platforms else platforms,
    )


def lint(subject: Subject) -> tuple[Remark, ...]:
    """Return what every check says: errors first, then by place."""
    order = list(Level)
    remarks = {remark for check in CHECKS for remark in check(subject)}
    return tuple(sorted(remarks, key=lambda one: (order.index(one.level), one.spot, one.check, one.message)))


def fails(remarks: Sequence[Remark], *, strict: bool) -> bool:
    """Return whether what was said stops a change."""
    return any(one.level is Level.ERROR or (strict and one.level is Level.WARNING) for one in remarks)


def _is_shipped(path: Path) -> bool:
    from rules.load import PACKS

    return path.resolve().parent == PACKS.resolve()


def _shown(path: Path, root: Path | None, strangers: Sequence[Path]) -> str:
    """Return a file's name as the loader shows it."""
    if path in strangers and not (root and path.is_relative_to(root)):
        return str(path)
    whole = path.resolve()
    return whole.name if _is_shipped(path) else str(whole.relative_to(root.resolve())) if root else str(path)
