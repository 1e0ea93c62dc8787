"""Who may do what: one table from role to permissions, default deny. Attribution, not authentication: see `acting`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final, Protocol

from compliance.audit import Actor
from compliance.errors import ComplianceError

#: Names the acting person when `--as` is not given.
ACTOR_VARIABLE: Final = "COMPLIANCE_ACTOR"

#: The lane of flags about talk that the law may protect; whoever does not work in it does not learn what it holds.
COUNSEL: Final = "counsel"
#: The policy whose flags cannot wait for counsel: what it finds is live until somebody revokes it.
FIRST_AID_POLICY: Final = "credentials"

#: What each permission allows, in the words that a refusal uses.
PERMISSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "flags:read": "read flags and their posts",
        "flags:decide": "decide flags",
        "counsel:read": "work in the counsel lane",
        "first-aid:read": "see which key or password to revoke, and nothing else, where counsel holds the flag",
        "names:reveal": "see who wrote a post",
        "tags:read": "see advisory tags",
        "sealed:read": "read a sealed post",
        "posts:scan": "scan sources",
        "reports:read": "read reports",
        "audit:verify": "verify the audit trail",
        "database:backup": "back up the database",
        "database:restore": "upgrade the database or put a backup in its place",
        "cases:read": "read cases",
        "cases:work": "open and work on cases",
        "cases:find": "say what was found, and how grave it was",
        "cases:brake": "put a brake on a case",
        "cases:suspend": "suspend a person, which is a neutral measure, and lift it",
        "brakes:release": "release a brake that somebody else put on",
        "actions:propose": "propose a step",
        "actions:approve": "approve a step",
        "actions:issue": "issue and deliver a step",
        "actions:rescind": "take a step back",
        "appeals:file": "file an appeal on behalf of the person",
        "appeals:decide": "decide an appeal",
    }
)

_READ: Final = frozenset({"flags:read"})
_REVIEW: Final = _READ | {"flags:decide"}
#: Reports are counts about rules, routes and sources, for those who answer for them.
_REPORTS: Final = frozenset({"reports:read"})
_CASE: Final = frozenset(
    {"cases:read", "cases:work", "cases:find", "cases:brake", "actions:propose", "actions:issue", "appeals:file"}
)
_JUDGE: Final = frozenset({"actions:approve", "actions:rescind", "appeals:decide", "brakes:release"})

#: Role -> permissions. A role without any is known and may do nothing here; an unknown role may do nothing either.
ROLES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        # Nobody's role in compliance.yaml: what a listing shows to whoever did not say who they are.
        "reader": _READ,
        "reviewer": _REVIEW,
        "security": _REVIEW | {"first-aid:read"},
        "officer": _REVIEW
        | _CASE
        | _REPORTS
        | {"first-aid:read", "names:reveal", "tags:read", "posts:scan", "audit:verify"},
        "hr": _REVIEW | _CASE | _JUDGE | _REPORTS | {"names:reveal", "cases:suspend"},
        "legal": _REVIEW
        | _CASE
        | _JUDGE
        | _REPORTS
        | {"counsel:read", "names:reveal", "tags:read", "sealed:read", "audit:verify"},
        # A line manager meets a person's case, never the queue: whoever reads all flags can retaliate. No reports
        # either: with a team in mind, a small count has a face.
        "manager": frozenset(),
        "auditor": _READ | _REPORTS | {"audit:verify", "cases:read"},
        # Those who write or publish policies work on files and on counts, not on people's posts.
        "policy-author": _REPORTS,
        "policy-publisher": _REPORTS,
        "principal": _REVIEW | _REPORTS,
        "privacy": _REVIEW | _REPORTS | {"first-aid:read", "names:reveal", "tags:read", "sealed:read", "audit:verify"},
        "operator": frozenset({"posts:scan", "audit:verify", "database:backup", "database:restore"}),
        # Keeps the installation running; reads no post.
        "admin": frozenset({"audit:verify", "database:backup", "database:restore"}),
    }
)


class Sight(Enum):
    """How much of a flag a reviewer sees."""

    ALL = "all"
    #: What was matched and what to do at once: no text around it, no author, thread, place or tag.
    FIRST_AID = "first-aid"
    NOTHING = "nothing"


class Reviewer(Protocol):
    """A person of compliance.yaml's `reviewers`."""

    @property
    def id(self) -> str:
        """What `--as` names."""
        ...

    @property
    def role(self) -> str:
        """A key of ROLES."""
        ...

    @property
    def person_id(self) -> str | None:
        """The reviewer's own row in people.csv, so that nobody decides on their own post."""
        ...


class Person(Protocol):
    """An employee."""

    @property
    def id(self) -> str:
        """The person_id of people.csv."""
        ...


class People(Protocol):
    """Who owns which handle."""

    def person_of(self, platform: str | None, handle: str | None) -> Person | None:
        """Return the person behind a handle; None where nobody is known."""
        ...


class Staffed(Protocol):
    """The part of a workspace that says who works in it."""

    @property
    def reviewers(self) -> Mapping[str, Reviewer]:
        """By id."""
        ...


def may(reviewer: Reviewer, permission: str) -> bool:
    """Say whether the reviewer's role has the permission; an unknown role or permission has none."""
    return permission in PERMISSIONS and permission in ROLES.get(reviewer.role, frozenset())


def who_may(permission: str) -> tuple[str, ...]:
    """Return the roles that have the permission, in the order of the table."""
    return tuple(role for role, granted in ROLES.items() if permission in granted and role != "reader")


def require(reviewer: Reviewer, permission: str) -> None:
    """Raise ComplianceError, saying why and who could, unless the reviewer has the permission."""
    if may(reviewer, permission):
        return
    what = PERMISSIONS.get(permission, permission)
    message = f"{reviewer.id!r} has the role {reviewer.role!r}, which may not {what} (permission {permission!r})"
    able = ", ".join(who_may(permission)) or "nobody"
    raise ComplianceError(message, hint=f"roles that may: {able}. Roles stand under `reviewers` in compliance.yaml.")


def sees(reviewer: Reviewer, *, lane: str, policy: str, is_open: bool) -> Sight:
    """Say how much of a flag the reviewer may see; of one that is hidden they must not learn that it exists."""
    if lane != COUNSEL or may(reviewer, "counsel:read"):
        return Sight.ALL
    is_live = is_open and policy == FIRST_AID_POLICY and may(reviewer, "first-aid:read")
    return Sight.FIRST_AID if is_live else Sight.NOTHING


def require_lane(reviewer: Reviewer, lane: str, *, flag_id: int) -> None:
    """Raise what an unknown id raises for a flag of the counsel lane, unless the reviewer works there."""
    if sees(reviewer, lane=lane, policy="", is_open=False) is Sight.NOTHING:
        raise no_flag(flag_id)


def no_flag(flag_id: int) -> ComplianceError:
    """Return the one refusal for a flag that does not exist and for one that the reviewer may not know of."""
    hint = "`compliance queue` lists the open ones. A flag in a lane that is not yours is not listed either."
    return ComplianceError(f"there is no flag {flag_id}", hint=hint)


def is_quiet(lane: str, route: str, policy: str) -> bool:
    """Say whether a flag is with counsel for its tag alone: it enters no count that others see.

    Where the policy itself sends flags to counsel the lane says nothing about the post.
    """
    return lane == COUNSEL and route != COUNSEL and policy != FIRST_AID_POLICY


def is_own(reviewer: Reviewer, people: People, *, platform: str | None, handle: str | None) -> bool:
    """Say whether the reviewer wrote the post, as far as people.csv knows their handles."""
    if reviewer.person_id is None:
        return False
    person = people.person_of(platform, handle)
    return person is not None and person.id == reviewer.person_id


def require_not_own(reviewer: Reviewer, people: People, *, platform: str | None, handle: str | None) -> None:
    """Raise ComplianceError where the reviewer is the author."""
    if is_own(reviewer, people, platform=platform, handle=handle):
        message = f"this flag is about a post of {reviewer.id!r}, and nobody reviews their own posts"
        raise ComplianceError(message, hint="ask another reviewer to look at it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnnamedReader:
    """Whoever reads without `--as`: pseudonyms, no tags, no counsel lane, nothing sealed. May decide nothing."""

    id: str = "unnamed"
    role: str = "reader"
    person_id: str | None = None


def reading(workspace: Staffed, as_id: str | None) -> tuple[Actor, Reviewer]:
    """Return who reads: the person named, else an unnamed reader. Raises ComplianceError for an unknown id."""
    if as_id or os.environ.get(ACTOR_VARIABLE):
        return acting(workspace, as_id)
    return Actor(id="unnamed", proof="none"), UnnamedReader()


def acting(workspace: Staffed, as_id: str | None) -> tuple[Actor, Reviewer]:
    """Return who acts: `as_id`, else COMPLIANCE_ACTOR. There is no default person.

    The proof is `claimed`: whoever starts the command says who they are, and the audit entry says that it is a claim.
    Raises ComplianceError where nobody is named or the id is not among the reviewers.
    """
    name = as_id or os.environ.get(ACTOR_VARIABLE)
    if not name:
        message = "nobody is named as the acting person"
        hint = f"give --as ID, or set {ACTOR_VARIABLE}; ids stand under `reviewers` in compliance.yaml."
        raise ComplianceError(message, hint=hint)
    reviewer = workspace.reviewers.get(name)
    if reviewer is None:
        known = ", ".join(sorted(workspace.reviewers)) or "none yet"
        message = f"{name!r} is not a reviewer of this workspace (known: {known})"
        line = f"`{name}: {{role: officer}}`"
        hint = f"add a line under `reviewers` in compliance.yaml, such as {line}; roles: {', '.join(role for role in ROLES if role != 'reader')}."
        raise ComplianceError(message, place="compliance.yaml", hint=hint)
    return Actor(id=reviewer.id, proof="claimed"), reviewer
