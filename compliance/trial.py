"""Rule sets on trial: the one of a workspace, of a file put in its place, of an earlier commit, or the shipped one. No posts here."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from compliance.errors import ComplianceError
from compliance.workspace import CONFIG, Workspace, open_workspace
from rules.errors import did_you_mean
from rules.policy import Rule
from rules.ruleset import RuleSet
from rules.source import read_yaml

PACKS: Final = "packs"
GIT: Final = "git:"
_EVALUATED: Final = ("live", "shadow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """A rule set that is compared, as the user named it."""

    name: str
    ruleset: RuleSet


def load_side(given: str, base: Workspace) -> Side:
    """Load what the user named: a workspace folder, a policy or exclusion file, `packs`, or `git:REVISION`.

    A file stands in the base workspace, in the place of the file of the same policy or exclusion. Raises ComplianceError
    for what is none of these, PolicyError for rules that do not load.
    """
    if given == PACKS:
        return Side(name=given, ruleset=base.ruleset_of([], [], tuned=False))
    if given.startswith(GIT):
        return Side(name=given, ruleset=_of_revision(given.removeprefix(GIT), base))
    path = Path(given)
    if (path / CONFIG).is_file():
        same = base.root is not None and path.resolve() == base.root
        return Side(name=given, ruleset=base.ruleset if same else open_workspace(path).ruleset)
    if path.is_file():
        return Side(name=given, ruleset=with_file(path, base))
    message = "this is no workspace and no policy file"
    hint = f"name a folder with a {CONFIG}, a .yaml file, `{PACKS}` for the shipped rules, or `{GIT}HEAD` for a commit"
    raise ComplianceError(message, place=given, hint=hint)


def with_file(path: Path, base: Workspace) -> RuleSet:
    """Return the base's rule set with a policy or exclusion file in the place of its namesake, or added to it."""
    policies, exclusions = base.policy_files, base.exclusion_files
    if _name(path, "exclude") is not None:
        return base.ruleset_of(policies, [*_others(exclusions, path, "exclude"), path])
    return base.ruleset_of([*_others(policies, path, "policy"), path], exclusions)


def _others(files: Iterable[Path], path: Path, key: str) -> list[Path]:
    name = _name(path, key)
    return [each for each in files if each.resolve() != path.resolve() and (name is None or _name(each, key) != name)]


def _name(path: Path, key: str) -> str | None:
    data = read_yaml(path).data
    value = data.get(key) if isinstance(data, dict) else None
    return value if isinstance(value, str) else None


def _of_revision(revision: str, base: Workspace) -> RuleSet:
    """Return the rule set that the base workspace had at a revision of its git repository; nothing is checked out."""
    if base.root is None:
        message = "there is no workspace here whose earlier state could be read"
        raise ComplianceError(message, place=f"{GIT}{revision}", hint="name one with --workspace DIR")
    commit = _git(base.root, revision, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    archive = _git(base.root, revision, "archive", "--format=tar", commit.decode().strip(), ".")
    with tempfile.TemporaryDirectory() as folder:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            wanted = [each for each in tar if each.isdir() or each.name.endswith((".yaml", ".csv"))]
            tar.extractall(folder, members=wanted, filter="data")
        return open_workspace(Path(folder)).ruleset


def _git(root: Path, revision: str, *arguments: str) -> bytes:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],  # noqa: S607 - the git that the user has
            capture_output=True,
            check=False,
        )
    except OSError:
        done = None
    if done is None or done.returncode:
        message = f"git knows no commit '{revision}' of this workspace"
        hint = "`git log` in the workspace lists the commits; without git, name a folder with a copy"
        raise ComplianceError(message, place=str(root), hint=hint)
    return done.stdout


def rule_of(ruleset: RuleSet, rule_id: str) -> Rule:
    """Return a rule. Raises ComplianceError with the nearest name."""
    rule = ruleset.rule(rule_id)
    if rule is None:
        message = f"unknown rule '{rule_id}'"
        hint = did_you_mean(rule_id, ruleset.rules, otherwise="`compliance policy list` shows every rule")
        raise ComplianceError(message, hint=hint)
    return rule


def narrowed(ruleset: RuleSet, rules: Iterable[str], *, live: bool = False) -> RuleSet:
    """Return the rule set with these of its rules only; `live` evaluates them whatever their status."""
    kept = {name: ruleset.rules[name] for name in rules if name in ruleset.rules}
    if live:
        kept = {name: replace(rule, status="live") for name, rule in kept.items()}
    return replace(ruleset, rules=kept)


def differing(old: RuleSet, new: RuleSet) -> tuple[str, ...]:
    """Return the rules whose verdict on some document could differ, in file order: the others need no evaluation.

    A rule's version covers its words, lists, filters and models; besides it count status, exclusions, languages, engine.
    """
    names = dict.fromkeys([*new.rules, *old.rules])
    return tuple(name for name in names if _signature(old, name) != _signature(new, name))


def _signature(ruleset: RuleSet, rule_id: str) -> tuple[object, ...] | None:
    rule = ruleset.rule(rule_id)
    if rule is None or rule.status not in _EVALUATED:
        return None
    exclusions = sorted(f"{each.id} {each.version}" for each in ruleset.exclusions if each.touches(rule_id))
    return rule.version, rule.status, tuple(exclusions), ruleset.languages, ruleset.engine_version
