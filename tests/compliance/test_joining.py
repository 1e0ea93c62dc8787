"""One act, one case: how flags come into cases, and what nobody may make of several."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from compliance import cases
from compliance.casebook import find_case, open_up
from compliance.db import writing
from compliance.entry import Kind
from compliance.errors import ComplianceError
from compliance.models import Case
from compliance.review import Verdict, decide
from tests.compliance.casework import DAY, PEOPLE, SETTING, STAFF, actor, delivered, do, heard, opened, upheld
from tests.compliance.desk import NOW, make_flag, make_post


@pytest.fixture
def session(db_engine):
    with writing(db_engine) as session:
        yield session


def two_rules_on_one_post(session, *, second_at=NOW):
    post = make_post(session, "1")
    flags = [make_flag(session, post).id, make_flag(session, post, rule="brand.wrong-name", at=second_at).id]
    for flag in flags:
        decide(
            session,
            flag,
            Verdict.UPHELD,
            reason="x",
            people=PEOPLE,
            reviewer=STAFF["rita"],
            actor=actor("rita"),
            now=second_at,
        )
    return flags


def test_one_act_cannot_be_split_over_two_cases(session):
    one, other = two_rules_on_one_post(session)
    case = opened(session, one)
    with pytest.raises(ComplianceError, match=f"flag {other} is of one occasion with case {case}"):
        opened(session, other)
    do(session, case, Kind.FLAG, ref=other)
    assert set(cases.stored_state(session, case).flags.values()) == {1}


def test_what_was_found_before_the_person_was_told_counts_with_what_they_were_told(session):
    one, other = two_rules_on_one_post(session)
    case = opened(session, one)
    now = heard(session, case)
    delivered(session, case, "coaching", now=now)
    with pytest.raises(ComplianceError, match="found before the person was told"):
        opened(session, other, now=now)


def test_what_was_found_after_the_person_was_told_may_be_another_case(session):
    one, other = two_rules_on_one_post(session, second_at=NOW + DAY)
    case = opened(session, one)
    do(session, case, Kind.NOTICE, on=NOW + 9 * DAY)
    assert opened(session, other, now=NOW + DAY) == case + 1


def test_a_flag_of_another_case_s_occasion_does_not_join_a_third(session):
    one, other = two_rules_on_one_post(session)
    opened(session, one)
    case = opened(session, upheld(session, "2", text="Bluefin again!", at=NOW + 3 * DAY), now=NOW + 3 * DAY)
    with pytest.raises(ComplianceError, match="of one occasion with case 1"):
        do(session, case, Kind.FLAG, ref=other, now=NOW + 3 * DAY)


def test_a_step_that_needs_no_notice_tells_the_person_too(session):
    case = opened(session)
    do(session, case, Kind.GRAVITY, "low")
    delivered(session, case, "coaching", now=NOW)
    later = upheld(session, "2", text="Bluefin again!", at=NOW + DAY)
    with pytest.raises(ComplianceError, match="told already"):
        do(session, case, Kind.FLAG, ref=later, now=NOW + DAY)


def test_a_flag_of_protected_activity_brings_its_brake_along_when_it_joins(session):
    case = opened(session)
    tagged = upheld(session, "2", text="Bluefin again!", at=NOW + DAY, tags=("protected-activity.pay",))
    said = do(session, case, Kind.FLAG, ref=tagged, now=NOW + DAY)
    assert any("protected-activity" in note for note in said.notes)
    assert session.get(Case, case).lane == "counsel"
    assert cases.list_cases(session, reviewer=STAFF["hana"]) == []
    with pytest.raises(ComplianceError, match="there is no case"):
        do(session, case, Kind.NOTE, by="hana")


def test_a_refusal_names_no_case_that_the_reviewer_may_not_know_of(session):
    one, other = two_rules_on_one_post(session)
    case = opened(session, one)
    do(session, case, Kind.BRAKE, "protected-activity", by="lena")
    for flag in (one, other):
        with pytest.raises(ComplianceError, match="another case") as error:
            opened(session, flag)
        assert f"case {case}" not in error.value.message


def test_a_post_that_bears_a_time_to_come_opens_no_case(session):
    with pytest.raises(ComplianceError, match="a time to come"):
        opened(session, upheld(session, at=NOW + 2 * DAY))


@pytest.mark.parametrize(
    ("at", "is_before"),
    [
        # Midnight in New York, where p1 is, is 05:00 UTC.
        (datetime(2026, 3, 2, 4, 59, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 2, 5, 0, tzinfo=UTC), False),
    ],
)
def test_a_policy_takes_effect_at_midnight_where_the_person_is(session, at, is_before):
    policy = SimpleNamespace(effective=date(2026, 3, 2))
    rules = SimpleNamespace(policies={"confidentiality": policy}, rule=lambda _: None)
    flag = upheld(session, at=at)
    known = {"reviewer": STAFF["olga"], "actor": actor("olga"), "now": at + DAY}
    setting = replace(SETTING, ruleset=rules)
    if not is_before:
        assert cases.open_case(session, [flag], reason="x", setting=setting, **known).case_id == 1
        return
    with pytest.raises(ComplianceError, match="a post of 2026-03-01, before the policy"):
        cases.open_case(session, [flag], reason="x", setting=setting, **known)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"country": "Germany"}, "no ISO 3166-1 alpha-2 code"),
        ({"country": "\u202eG"}, "no ISO 3166-1 alpha-2 code"),
    ],
)
def test_a_country_is_a_code(session, options, match):
    with pytest.raises(ComplianceError, match=match):
        opened(session, upheld(session), **options)


def test_a_number_that_no_database_holds_is_no_flag(session):
    for number in (10**30, 0, -1):
        with pytest.raises(ComplianceError, match=f"there is no flag {number}"):
            opened(session, number)


def test_of_officers_who_open_cases_on_one_act_at_once_one_wins(db_engine):
    with writing(db_engine) as session:
        flags = two_rules_on_one_post(session)
    start = Barrier(6)

    def attempt(flag):
        start.wait()
        try:
            with writing(db_engine) as session:
                opened(session, flag)
        except ComplianceError:
            return 0
        return 1

    with ThreadPoolExecutor(6) as pool:
        won = sum(pool.map(attempt, [*flags] * 3))
    with writing(db_engine) as session:
        assert won == len(session.scalars(select(Case)).all()) == 1


def test_steps_and_appeals_of_a_hidden_case_count_and_are_not_named(session):
    first = opened(session)
    now = heard(session, first, gravity="high")
    action = delivered(session, first, "written", now=now)
    second = opened(session, upheld(session, "2", at=now + DAY), now=now + 2 * DAY)
    do(session, second, Kind.GRAVITY, "medium", now=now + 2 * DAY)
    do(session, first, Kind.APPEALED, ref=action, now=now + 2 * DAY)
    do(session, first, Kind.BRAKE, "protected-activity", by="lena", now=now + 2 * DAY)

    def seen_by(name):
        return open_up(
            session, find_case(session, second, STAFF[name]), SETTING, STAFF[name], now=now + timedelta(days=3)
        )

    officer, counsel = seen_by("olga"), seen_by("lena")
    assert officer.facts.recommendation.standing == counsel.facts.recommendation.standing == "written"
    assert f"case {first}" not in repr(officer.facts.open_appeals) + repr(officer.facts.recommendation)
    assert f"case {first}" in repr(counsel.facts.open_appeals)
    with pytest.raises(ComplianceError, match=f"there is no action {action}"):
        cases.case_of_action(session, action, Kind.PROPOSED, STAFF["olga"])
    # An approval holds whoever looks: what it is bound to does not depend on who may read what.
    proposed = do(session, second, Kind.PROPOSED, "final", now=now + 2 * DAY).entry_id
    assert seen_by("olga").facts.digests[proposed] == seen_by("lena").facts.digests[proposed]
