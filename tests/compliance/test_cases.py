from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from compliance import cases
from compliance.casebook import find_case, letter_of, open_up
from compliance.db import reading, writing
from compliance.entry import Kind
from compliance.errors import ComplianceError, ConflictError
from compliance.models import AuditRow, Case, CaseEntry, Flag
from compliance.review import Verdict, decide
from compliance.trail import verify
from tests.compliance.casework import DAY, PEOPLE, SETTING, STAFF, actor, delivered, do, heard, opened, upheld
from tests.compliance.desk import NOW, make_flag, make_post


@pytest.fixture
def session(db_engine):
    with writing(db_engine) as session:
        yield session


def look(session, case, by="olga", now=NOW):
    return open_up(session, find_case(session, case, STAFF[by]), SETTING, STAFF[by], now=now)


def refused(session, *flags, match, by="olga", **options):
    with pytest.raises(ComplianceError, match=match):
        opened(session, *flags, by=by, **options)


def test_several_rules_on_one_post_are_one_occasion(session):
    post = make_post(session, "1")
    flags = [make_flag(session, post, rule=rule).id for rule in ("confidentiality.codename", "brand.wrong-name")]
    for flag in flags:
        decide(
            session,
            flag,
            Verdict.UPHELD,
            reason="x",
            people=PEOPLE,
            reviewer=STAFF["rita"],
            actor=actor("rita"),
            now=NOW,
        )
    case = opened(session, *flags)
    assert set(look(session, case).state.flags.values()) == {1}


def test_a_cross_post_a_thread_and_an_outburst_are_one_occasion_and_a_later_post_is_another(session):
    words = "Everybody should finally hear about Bluefin, it ships on Monday."
    flags = [
        upheld(session, "1", text=words),
        upheld(session, "2", text=words.upper(), at=NOW + 2 * DAY, source="other"),
        upheld(session, "3", text="One", at=NOW + 30 * DAY, thread="t"),
        upheld(session, "4", text="Two", at=NOW + 32 * DAY, thread="t"),
        upheld(session, "5", text="Three", at=NOW + 32 * DAY + timedelta(hours=1)),
        upheld(session, "6", text=words, at=NOW + 40 * DAY),
    ]
    case = opened(session, *flags, now=NOW + 50 * DAY)
    assert list(look(session, case).state.flags.values()) == [1, 1, 2, 2, 2, 3]


def test_only_upheld_flags_of_one_known_person_open_a_case(session):
    post = make_post(session, "9")
    refused(session, make_flag(session, post).id, match="only upheld flags")
    refused(session, upheld(session, "1"), upheld(session, "2", author="@bea"), match="one case, one person")
    refused(session, upheld(session, "3", author="@nobody"), match="nobody in people.csv")
    refused(session, upheld(session, "4", platform="reddit", author="a1"), match="only assumed")
    refused(session, upheld(session, "5", author="@dee"), match="nobody knows where the person works")
    refused(session, 99, match="there is no flag 99")


def test_a_post_before_its_policy_took_effect_never_opens_a_case(session):
    rules = SimpleNamespace(
        policies={"confidentiality": SimpleNamespace(effective=date(2026, 3, 2))}, rule=lambda _: None
    )
    flag = upheld(session)
    with pytest.raises(ComplianceError, match="before the policy 'confidentiality' took effect"):
        cases.open_case(
            session,
            [flag],
            reason="x",
            setting=replace(SETTING, ruleset=rules),
            reviewer=STAFF["olga"],
            actor=actor("olga"),
            now=NOW,
        )


def test_all_faults_of_an_opening_are_said_at_once(session):
    post = make_post(session, "9", author="@nobody")
    flag = make_flag(session, post).id
    with pytest.raises(ComplianceError) as error:
        cases.open_case(
            session, [flag], reason=" ", setting=SETTING, reviewer=STAFF["olga"], actor=actor("olga"), now=NOW
        )
    for said in ("only upheld flags", "nobody in people.csv", "needs a reason"):
        assert said in error.value.message


def test_a_flag_belongs_to_one_case(session):
    flag = upheld(session)
    opened(session, flag)
    refused(session, flag, match=f"flag {flag} belongs to case 1")


def test_nobody_works_on_their_own_case_or_on_that_of_their_manager(session):
    flag = upheld(session)
    refused(session, flag, match="is the person concerned", by="ana")
    refused(session, flag, match="reports to the person concerned", by="bea")
    case = opened(session, flag)
    with pytest.raises(ComplianceError, match="there is no case"):
        find_case(session, case, STAFF["ana"])
    with pytest.raises(ComplianceError, match="reports to the person concerned"):
        do(session, case, Kind.NOTE, by="bea")
    assert cases.list_cases(session, reviewer=STAFF["ana"]) == []


def test_a_reviewer_reads_no_case_and_the_refusal_says_who_could(session):
    case = opened(session)
    with pytest.raises(ComplianceError, match="may not read cases") as error:
        find_case(session, case, STAFF["rita"])
    assert "officer, hr, legal, auditor" in error.value.hint
    with pytest.raises(ComplianceError, match="may not open and work on cases"):
        do(session, case, Kind.NOTE, by="adam")


def test_protected_activity_brakes_by_itself_and_is_counsels_alone(session):
    flag = upheld(session, lane="counsel", tags=("protected-activity.pay",))
    with pytest.raises(ComplianceError, match="there is no flag"):
        opened(session, flag)
    case = opened(session, flag, by="lena")
    assert look(session, case, by="lena").state.brakes == {"protected-activity": "lena"}
    for name in ("olga", "hana", "adam"):
        with pytest.raises(ComplianceError, match="there is no case"):
            find_case(session, case, STAFF[name])
        assert cases.list_cases(session, reviewer=STAFF[name]) == []
    do(session, case, Kind.GRAVITY, "low", by="lena")
    with pytest.raises(ComplianceError, match="brake 'protected-activity' is on"):
        do(session, case, Kind.PROPOSED, "coaching", by="lena")
    with pytest.raises(ComplianceError, match="only a second person"):
        do(session, case, Kind.RELEASE, "protected-activity", by="lena")
    do(session, case, Kind.RELEASE, "protected-activity", by="luis")
    assert [line.id for line in cases.list_cases(session, reviewer=STAFF["hana"])] == [case]
    do(session, case, Kind.PROPOSED, "coaching", by="hana")


def test_the_whole_way_is_audited_entry_for_entry(session):
    case = opened(session)
    now = heard(session, case)
    delivered(session, case, "coaching", now=now)
    stored = session.scalars(select(CaseEntry).where(CaseEntry.case_id == case)).all()
    audited = session.scalars(select(AuditRow).where(AuditRow.object == f"case:{case}")).all()
    assert [row.action for row in audited] == ["case:opened", *(f"case:{row.kind}" for row in stored)]
    assert all("Because." not in row.entry.decode() for row in audited)
    report = verify(session)
    assert report.is_verified
    assert report.case_entries == len(stored)
    row = session.get(Case, case)
    assert (row.stage, row.lane) == ("delivered", "hr")


@pytest.mark.parametrize(
    ("column", "value"),
    [("value", "'written'"), ("actor", "'mallory'"), ("role", "'hr'"), ("ref", "7"), ("occasion", "2")],
)
def test_a_case_entry_cannot_be_changed_and_a_change_around_the_guard_is_named(db_engine, column, value):
    with writing(db_engine) as session:
        opened(session)
    change = text(f'update case_entries set "{column}" = {value} where id = 1')  # noqa: S608 - our own columns
    with pytest.raises(DBAPIError, match="never changed"), writing(db_engine) as session:
        session.execute(change)
    with writing(db_engine) as session:
        on = " on case_entries" if db_engine.dialect.name == "postgresql" else ""
        session.execute(text(f"drop trigger case_entries_no_update_0{on}"))
        session.execute(change)
    with reading(db_engine) as session:
        fault = verify(session).fault
    assert fault.kind == "case"
    assert "case entry 1 differs" in fault.detail


def test_a_case_entry_that_is_gone_or_was_slipped_in_is_named(db_engine):
    with writing(db_engine) as session:
        case = opened(session)
        do(session, case, Kind.NOTE)
    with pytest.raises(DBAPIError, match="deleted only after"), writing(db_engine) as session:
        session.execute(text("delete from case_entries where id = 2"))
    with writing(db_engine) as session:
        on = " on case_entries" if db_engine.dialect.name == "postgresql" else ""
        session.execute(text(f"drop trigger case_entries_no_delete{on}"))
        session.execute(text("delete from case_entries where id = 2"))
    with reading(db_engine) as session:
        assert "case entry 2 was recorded and is gone" in verify(session).fault.detail


@pytest.mark.parametrize(
    ("table", "change", "said"),
    [
        ("case_entries", "words = 'Something milder.'", "case entry 1 differs"),
        ("cases", "person_id = 'p2'", "case 1 differs"),
        ("cases", "country = 'DE'", "case 1 differs"),
        ("cases", "ladder = 'de'", "case 1 differs"),
    ],
)
def test_words_and_persons_changed_around_the_guard_are_named(db_engine, table, change, said):
    with writing(db_engine) as session:
        opened(session)
    with pytest.raises(DBAPIError, match="never changed"), writing(db_engine) as session:
        session.execute(text(f"update {table} set {change}"))  # noqa: S608 - our own columns
    with writing(db_engine) as session:
        for name in ("case_entries_no_update_1", "cases_no_update"):
            where = f" on {name.partition('_no_')[0]}" if db_engine.dialect.name == "postgresql" else ""
            session.execute(text(f"drop trigger {name}{where}"))
        session.execute(text(f"update {table} set {change}"))  # noqa: S608
    with reading(db_engine) as session:
        assert said in verify(session).fault.detail


def test_the_trail_says_nothing_about_whom_a_case_is(session):
    opened(session)
    assert not any(b"p1" in row.entry or b"Again." in row.entry for row in session.scalars(select(AuditRow)))


def test_words_may_go_but_never_become_others(db_engine):
    with writing(db_engine) as session:
        opened(session)
    with pytest.raises(DBAPIError, match="words of a case entry"), writing(db_engine) as session:
        session.execute(text("update case_entries set words = 'Else.' where id = 1"))
    with writing(db_engine) as session:
        session.execute(text("update case_entries set words = '' where id = 1"))
    with reading(db_engine) as session:
        assert verify(session).is_verified


def test_a_step_of_an_earlier_case_counts_until_it_is_overturned(session):
    first = opened(session)
    now = heard(session, first, gravity="high")
    action = delivered(session, first, "written", now=now)
    second = opened(session, upheld(session, "2", at=now + DAY), now=now + 2 * DAY)
    do(session, second, Kind.GRAVITY, "medium", now=now + 2 * DAY)
    answer = look(session, second, now=now + 2 * DAY).facts.recommendation
    assert (answer.standing, answer.step) == ("written", "final")
    appeal = do(session, first, Kind.APPEALED, ref=action, now=now + 3 * DAY).entry_id
    answer = look(session, second, now=now + 3 * DAY).facts.recommendation
    assert answer.if_appeal_succeeds.step == "coaching"
    do(session, first, Kind.DECIDED, "overturned", ref=appeal, by="luis", now=now + 4 * DAY)
    answer = look(session, second, now=now + 4 * DAY).facts.recommendation
    assert (answer.standing, answer.step) == (None, "coaching")
    assert "overturned" in answer.weighed[0].why


def test_an_appeal_in_another_case_of_the_person_holds_a_formal_step(session):
    first = opened(session)
    now = heard(session, first)
    action = delivered(session, first, "coaching", now=now)
    second = opened(session, upheld(session, "2", at=now + DAY), now=now + 2 * DAY)
    now = heard(session, second, now=now + 2 * DAY)
    proposed = do(session, second, Kind.PROPOSED, "verbal", now=now).entry_id
    appeal = do(session, first, Kind.APPEALED, ref=action, now=now).entry_id
    with pytest.raises(ComplianceError, match=rf"appeal {appeal} \(case {first}\) is open"):
        do(session, second, Kind.ISSUED, ref=proposed, now=now)
    do(session, first, Kind.DECIDED, "stands", ref=appeal, by="luis", now=now)
    do(session, second, Kind.ISSUED, ref=proposed, now=now)


def test_what_others_received_is_shown_without_a_name(session):
    other = opened(session, upheld(session, "7", author="@bea"))
    now = heard(session, other)
    delivered(session, other, "coaching", now=now)
    case = opened(session, upheld(session, "8", at=now), now=now)
    do(session, case, Kind.GRAVITY, "medium", now=now)
    assert look(session, case, now=now).facts.recommendation.comparable == ("coaching talk: 1 (case 1)",)


def test_contractors_have_their_own_procedure(session):
    case = opened(session, upheld(session, author="@cy"))
    do(session, case, Kind.GRAVITY, "low")
    with pytest.raises(ComplianceError, match="own procedure"):
        do(session, case, Kind.PROPOSED, "coaching")


def test_a_revised_decision_stops_a_step_that_rested_on_it(session):
    flag = upheld(session)
    case = opened(session, flag)
    do(session, case, Kind.GRAVITY, "low")
    action = do(session, case, Kind.PROPOSED, "coaching").entry_id
    decide(
        session,
        flag,
        Verdict.CLEARED,
        code="quoted",
        reason="A quotation.",
        people=PEOPLE,
        reviewer=STAFF["rita"],
        actor=actor("rita"),
        revise=True,
        now=NOW,
    )
    with pytest.raises(ComplianceError, match=f"no decision upholds flag {flag}"):
        do(session, case, Kind.ISSUED, ref=action)


def test_a_handle_that_is_no_longer_tied_stops_a_step(session):
    case = opened(session)
    do(session, case, Kind.GRAVITY, "low")
    person = replace(PEOPLE.people["p1"], handles={("mastodon", "ana"): "assumed"})
    setting = replace(SETTING, people=type(PEOPLE)(people={**PEOPLE.people, "p1": person}, is_known=True))
    with pytest.raises(ComplianceError, match="not declared or verified"):
        do(session, case, Kind.PROPOSED, "coaching", setting=setting)


def test_flags_join_a_case_only_before_the_person_was_told(session):
    case = opened(session)
    do(session, case, Kind.FLAG, ref=upheld(session, "2", text="Bluefin again!", at=NOW + DAY), now=NOW + DAY)
    assert look(session, case).state.flags == {1: 1, 2: 2}
    with pytest.raises(ComplianceError, match="about another person"):
        do(session, case, Kind.FLAG, ref=upheld(session, "3", author="@bea"))
    do(session, case, Kind.NOTICE, on=NOW + 9 * DAY, now=NOW + DAY)
    with pytest.raises(ComplianceError, match="told already"):
        do(session, case, Kind.FLAG, ref=upheld(session, "4"), now=NOW + DAY)


def test_whoever_looked_at_an_older_state_is_told(session):
    case = opened(session)
    do(session, case, Kind.NOTE, seen=1)
    with pytest.raises(ConflictError, match="has moved on: entry 2 is 'note' by 'olga'"):
        do(session, case, Kind.NOTE, seen=1)


def test_of_many_who_approve_at_once_each_role_counts_once(db_engine):
    with writing(db_engine) as session:
        case = opened(session)
        now = heard(session, case, gravity="critical")
        action = do(session, case, Kind.PROPOSED, "final", now=now).entry_id

    def approve(name):
        try:
            with writing(db_engine) as session:
                do(session, case, Kind.APPROVED, ref=action, by=name, now=now)
        except ComplianceError:
            return 0
        return 1

    with ThreadPoolExecutor(8) as pool:
        won = sum(pool.map(approve, ["hana", "hugo", "lena", "luis", "hana", "lena", "olga", "rita"]))
    with writing(db_engine) as session:
        approvals = cases.stored_state(session, case).actions[action].approvals
        assert won == len(approvals) == 2
        assert {each.role for each in approvals} == {"hr", "legal"}
        assert verify(session).is_verified


def test_a_bare_day_is_read_where_the_person_is_and_in_their_favour(session):
    case = opened(session)
    do(session, case, Kind.NOTICE, on=date(2026, 3, 5))
    assert look(session, case).state.answer_by.isoformat() == "2026-03-06T04:59:59+00:00"  # New York


def test_the_letter_names_what_the_ladder_wants_and_is_kept_as_issued(session):
    case = opened(session)
    now = heard(session, case, gravity="low")
    action = delivered(session, case, "coaching", now=now)
    found = look(session, case, now=now)
    words = [found.words[entry.id] for entry in found.entries if entry.kind is Kind.ISSUED]
    assert words == [letter_of(found, found.state.actions[action], SETTING, now=now).text]
    assert "{" not in words[0]


@pytest.mark.parametrize("words", ["nul \0", "half \ud800", "x" * 20_001])
def test_words_that_cannot_be_stored_are_refused_and_nothing_is_kept(session, words):
    case = opened(session)
    with pytest.raises(ComplianceError, match=r"cannot be stored|longer than") as error:
        do(session, case, Kind.NOTE, words=words)
    assert words not in str(error.value)
    assert len(look(session, case).entries) == 1


def test_no_repr_shows_what_people_wrote(session):
    case = opened(session)
    do(session, case, Kind.NOTE, words="Planted-Secret 🙈")
    assert "Planted-Secret" not in repr(look(session, case))
    assert "Planted-Secret" not in repr(cases.Deed(kind=Kind.NOTE, words="Planted-Secret"))


def test_an_act_is_as_old_as_its_post_where_the_platform_does_not_date_edits(session):
    """An export orders versions by when it was made; that is not when the post was published."""
    flag = upheld(session, at=NOW + 30 * DAY)
    post = session.get(Flag, flag).post
    post.posted_at = NOW
    session.flush()
    case = opened(session, flag, now=NOW + 40 * DAY)
    assert look(session, case).evidence[0].at == NOW
