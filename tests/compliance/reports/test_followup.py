"""Remedies, cases and appeals in the report, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from compliance.db import writing
from compliance.models import Case, CaseEntry, Remedy
from tests.compliance.reports.office import MONDAY, NOW, WEEK, add_flags, add_posts, report_on

HOUR = timedelta(hours=1)


def add_remedies(session, number, *, accounts=6, lane="compliance", **known):
    values = {"ask": "edit", "due": NOW + WEEK, "asked_at": MONDAY, "actor": "rita", "actor_proof": "claimed"} | known
    flags = add_flags(session, add_posts(session, number, at=MONDAY, accounts=accounts), at=MONDAY, lane=lane)
    session.add_all([Remedy(flag_id=flag.id, **values) for flag in flags])


def add_cases(session, number, stage, *, at=MONDAY, lane="hr", people=None, outcome=None):
    """Add cases of as many people, each with an appeal decided at the time if there is an outcome."""
    for index in range(number):
        case = Case(
            nonce="0" * 32,
            person_id=f"{stage}-{outcome}-{index % (people or number)}",
            country="GB",
            ladder="gb",
            ladder_version="v",
            opened_at=at,
            opened_by="olga",
            stage=stage,
            lane=lane,
        )
        session.add(case)
        session.flush()
        who = {"actor": "olga", "role": "hr", "actor_proof": "claimed", "at": at}
        if stage == "closed":
            session.add(CaseEntry(case_id=case.id, number=1, kind="closed", **who))
        if outcome:
            filed = CaseEntry(case_id=case.id, number=2, kind="appealed", ref=1, **who)
            session.add(filed)
            session.flush()
            session.add(CaseEntry(case_id=case.id, number=3, kind="decided", value=outcome, ref=filed.id, **who))
    session.flush()


def cells(found, key):
    (section,) = [section for section in found.sections if section.key == key]
    return dict(line.cells for table in section.tables for line in table.lines), " ".join(section.says)


def test_remedies_asked_done_and_overdue(database):
    with writing(database) as session:
        add_remedies(session, 12)
        add_remedies(session, 7, due=NOW - HOUR)
        add_remedies(session, 5, due=NOW)  # due at this moment is not overdue
        add_remedies(session, 6, status="done", asked_at=MONDAY - 20 * WEEK, settled_at=MONDAY)
        add_remedies(session, 5, status="withdrawn", asked_at=MONDAY - 20 * WEEK, settled_at=MONDAY - 10 * WEEK)
    found, _ = cells(report_on(database), "remedies")
    assert found == {
        "Asked for in the period": "24",
        "Done in the period": "6",
        "Withdrawn in the period": "0",
        "Open now": "24",
        "Of these overdue": "7",
    }


def test_remedies_of_few_accounts_are_hidden_and_counsels_are_not_there(database):
    with writing(database) as session:
        add_remedies(session, 9, accounts=4)
        add_remedies(session, 9, lane="counsel")
    found, _ = cells(report_on(database), "remedies")
    assert (found["Asked for in the period"], found["Done in the period"]) == ("hidden", "0")
    assert cells(report_on(database, who="legal"), "remedies")[0]["Open now"] == "18"


def test_cases_by_stage_with_few_people_hidden(database):
    with writing(database) as session:
        add_cases(session, 5, "heard")
        add_cases(session, 4, "found", at=MONDAY - 20 * WEEK)
        add_cases(session, 8, "issued", people=4)
        add_cases(session, 6, "closed")
        add_cases(session, 7, "opened", lane="counsel")
    found, said = cells(report_on(database), "cases")
    assert found == {
        "Opened in the period": "19",
        "Closed in the period": "6",
        "Now at: found": "hidden",
        "Now at: heard": "5",
        "Now at: issued": "hidden",
    }
    assert "No appeal was decided" in said
    assert cells(report_on(database, who="legal"), "cases")[0]["Now at: opened"] == "7"


@pytest.mark.parametrize("role", ["privacy", "principal"])
def test_a_role_that_reads_no_cases_gets_no_section_on_them(database, role):
    with writing(database) as session:
        add_cases(session, 9, "heard")
    assert [section.key for section in report_on(database, who=role).sections] == ["remedies"]


def test_the_rate_of_overturned_appeals(database):
    with writing(database) as session:
        add_cases(session, 5, "delivered", outcome="overturned")
        add_cases(session, 5, "delivered", outcome="reduced:written")
        add_cases(session, 10, "delivered", outcome="stands")
        add_cases(session, 9, "delivered", outcome="stands", at=NOW)  # not before the end
    found, said = cells(report_on(database), "cases")
    assert {name: found[f"Decided: {name}"] for name in ("stands", "reduced", "overturned")} == {
        "stands": "10",
        "reduced": "5",
        "overturned": "5",
    }
    # Wilson, 5 of 20.
    assert "Overturned: 25 % (11–47) of 20 appeals decided. Fewer than 30: too few to judge by." in said


@pytest.mark.parametrize(("stands", "said"), [(3, "too few people filed them"), (10, "is left out")])
def test_no_rate_where_it_would_tell_what_is_hidden(database, stands, said):
    with writing(database) as session:
        add_cases(session, 1, "delivered", outcome="overturned")
        add_cases(session, stands, "delivered", outcome="stands")
    found, told = cells(report_on(database), "cases")
    assert found["Decided: overturned"] == "hidden"
    assert said in told
    assert "%" not in told
