from __future__ import annotations

import itertools
from typing import get_args

import pytest

from compliance.errors import ComplianceError
from compliance.permissions import (
    PERMISSIONS,
    ROLES,
    acting,
    is_own,
    may,
    require,
    require_lane,
    require_not_own,
    who_may,
)
from compliance.workspace import Role
from tests.compliance.desk import People, Reviewer

#: Written out by hand, so that a change of the table is a decision and no accident.
GRANTED = {
    "reader": "flags:read",
    "reviewer": "flags:read flags:decide",
    "security": "flags:read flags:decide first-aid:read",
    "officer": "flags:read flags:decide first-aid:read names:reveal tags:read posts:scan audit:verify reports:read "
    "cases:read cases:work cases:find cases:brake actions:propose actions:issue appeals:file",
    "hr": "flags:read flags:decide names:reveal cases:suspend reports:read "
    "cases:read cases:work cases:find cases:brake actions:propose actions:issue appeals:file "
    "actions:approve actions:rescind appeals:decide brakes:release",
    "legal": "flags:read flags:decide counsel:read names:reveal tags:read sealed:read audit:verify reports:read "
    "cases:read cases:work cases:find cases:brake actions:propose actions:issue appeals:file "
    "actions:approve actions:rescind appeals:decide brakes:release",
    "manager": "",
    "auditor": "flags:read audit:verify cases:read reports:read",
    "policy-author": "reports:read",
    "policy-publisher": "reports:read",
    "principal": "flags:read flags:decide reports:read",
    "privacy": "flags:read flags:decide first-aid:read names:reveal tags:read sealed:read audit:verify reports:read",
    "operator": "posts:scan audit:verify database:backup database:restore",
    "admin": "audit:verify database:backup database:restore",
}


class Staff:
    def __init__(self, *reviewers):
        self.reviewers = {reviewer.id: reviewer for reviewer in reviewers}


def test_the_table_names_every_role_and_only_known_permissions():
    assert set(ROLES) == set(GRANTED)
    assert set().union(*ROLES.values()) == set(PERMISSIONS)


@pytest.mark.parametrize(("role", "permission"), list(itertools.product(GRANTED, PERMISSIONS)))
def test_a_role_may_do_what_the_table_says_and_nothing_else(role, permission):
    assert may(Reviewer("r", role), permission) == (permission in GRANTED[role].split())


@pytest.mark.parametrize("permission", [*PERMISSIONS, "made:up", ""])
def test_an_unknown_role_may_do_nothing(permission):
    assert not may(Reviewer("r", "superuser"), permission)


@pytest.mark.parametrize("role", GRANTED)
def test_nobody_may_do_what_no_permission_names(role):
    assert not may(Reviewer("r", role), "flags:delete")


def test_a_refusal_says_why_and_who_could():
    with pytest.raises(ComplianceError) as refused:
        require(Reviewer("max", "manager"), "flags:read")
    assert refused.value.exit_code == 2
    assert "'max' has the role 'manager', which may not read flags" in refused.value.message
    assert "reviewer, security, officer, hr, legal, auditor, principal, privacy" in refused.value.hint


@pytest.mark.parametrize("role", GRANTED)
def test_only_legal_works_in_the_counsel_lane(role):
    if role == "legal":
        require_lane(Reviewer("r", role), "counsel", flag_id=1)
    else:
        with pytest.raises(ComplianceError, match=r"there is no flag 1$"):
            require_lane(Reviewer("r", role), "counsel", flag_id=1)
    assert who_may("counsel:read") == ("legal",)


def test_nobody_reviews_their_own_post():
    people = People({("mastodon", "@ana"): "p1"})
    with pytest.raises(ComplianceError, match="nobody reviews their own posts"):
        require_not_own(Reviewer("ana", "officer", "p1"), people, platform="mastodon", handle="@ana")
    require_not_own(Reviewer("bob", "officer", "p2"), people, platform="mastodon", handle="@ana")


@pytest.mark.parametrize(("person_id", "handle"), [(None, "@ana"), (None, None), ("p1", None), ("p1", "@unknown")])
def test_an_unknown_person_owns_no_post(person_id, handle):
    people = People({("mastodon", "@ana"): "p1"})
    assert not is_own(Reviewer("r", "officer", person_id), people, platform="mastodon", handle=handle)


def test_the_acting_person_is_a_claim(monkeypatch):
    monkeypatch.setenv("COMPLIANCE_ACTOR", "bob")
    ana, bob = Reviewer("ana", "officer"), Reviewer("bob", "legal")
    actor, reviewer = acting(Staff(ana, bob), "ana")
    assert (actor.id, actor.proof, reviewer) == ("ana", "claimed", ana)


def test_the_environment_names_the_acting_person(monkeypatch):
    monkeypatch.setenv("COMPLIANCE_ACTOR", "bob")
    actor, _ = acting(Staff(Reviewer("bob", "legal")), None)
    assert actor.id == "bob"


@pytest.mark.parametrize("given", [None, ""])
def test_without_a_name_nobody_acts(monkeypatch, given):
    monkeypatch.delenv("COMPLIANCE_ACTOR", raising=False)
    with pytest.raises(ComplianceError) as refused:
        acting(Staff(Reviewer("bob", "legal")), given)
    assert "--as ID" in refused.value.hint


def test_an_unknown_id_is_told_how_to_add_a_reviewer():
    with pytest.raises(ComplianceError) as refused:
        acting(Staff(Reviewer("bob", "legal")), "eve")
    assert "known: bob" in refused.value.message
    assert "`eve: {role: officer}`" in refused.value.hint


def test_compliance_yaml_takes_every_role_but_that_of_nobody():
    assert set(get_args(Role)) == set(ROLES) - {"reader"}


def test_the_hint_for_a_stranger_names_no_role_that_cannot_be_given():
    with pytest.raises(ComplianceError) as error:
        acting(Staff(), "somebody")
    assert "reader" not in error.value.hint
