from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from compliance.audit import record
from compliance.db import reading, writing
from compliance.ingest import version_of
from compliance.models import AuditRow, DecisionRow, Flag, Observation, PostRow, PostVersion
from compliance.scan import Again, scan
from connectors.post import Attachment
from tests.factories import JOB, START, FakeEngine, FakePeople, Ticking, make_failure, make_post, make_source

EDIT1, EDIT2, EDIT3 = (START + timedelta(hours=hours) for hours in (1, 2, 3))
RULE = "confidentiality.codename"


@pytest.fixture
def run(db_engine):
    """Scan pages of posts, each call a source anew, so that everything is read again."""
    clock, engine = Ticking(), FakeEngine()

    def go(*pages, **changes):
        with writing(db_engine) as session:
            session.execute(update(PostRow.source.property.mapper.class_).values(cursor=None))
        return scan(db_engine, [make_source(*pages)], engine, FakePeople(), actor=JOB, now=clock, **changes)

    return SimpleNamespace(scan=go, engine=engine, clock=clock, db=db_engine)


def rows(db, query):
    with reading(db) as session:
        return [tuple(row) for row in session.execute(query).all()]


def texts(db):
    """Texts of all versions in version order; the last is the current one."""
    return [text for (text,) in rows(db, select(PostVersion.text).order_by(PostVersion.at, PostVersion.id))]


def flags(db):
    return rows(db, select(Flag.rule, Flag.status, PostVersion.text).join(Flag.opened_version).order_by(Flag.id))


def observed(db):
    """Text and matched words of each observation, in order."""
    found = rows(
        db,
        select(PostVersion.text, Observation.matches)
        .join(PostVersion, PostVersion.id == Observation.version_id)
        .order_by(Observation.id),
    )
    return [(text, [text[match["start"] : match["end"]] for match in matches]) for text, matches in found]


def decide(db, verdict="cleared", *, status="decided"):
    """Decide the newest flag on the version it was last observed on."""
    with writing(db) as session:
        flag = session.scalars(select(Flag).order_by(Flag.id.desc())).first()
        last = flag.observations[-1]
        spans = [[match["start"], match["end"]] for match in last.matches]
        decision = {
            "verdict": verdict,
            "actor": "olga",
            "actor_proof": "claimed",
            "version_id": last.version_id,
            "at": EDIT3,
        }
        session.add(
            DecisionRow(
                flag_id=flag.id, round=len(flag.decisions) + 1, rule_version=last.rule_version, spans=spans, **decision
            )
        )
        flag.status = status


def v1(text="Bluefin is here", **changes):
    return make_post("p1", text, **changes)


def v2(text, **changes):
    return make_post("p1", text, edited_at=EDIT1, **changes)


def v3(text, **changes):
    return make_post("p1", text, edited_at=EDIT2, **changes)


def test_an_edit_is_a_version_and_the_old_one_is_kept(run):
    run.scan([v1("one")])
    report = run.scan([v2("two")])
    assert (report.counts["feed"].edited, texts(run.db)) == (1, ["one", "two"])


def test_an_older_export_changes_nothing_current(run):
    run.scan([v1("one"), v2("two")])
    report = run.scan([v1("one")])
    assert (report.counts["feed"].edited, texts(run.db)[-1]) == (0, "two")


def test_a_late_older_edit_becomes_an_older_version(run):
    run.scan([v1("one"), v3("three")])
    run.scan([v2("two")])
    assert texts(run.db) == ["one", "two", "three"]


def test_versions_without_times_are_ordered_by_arrival(run):
    run.scan([make_post("p1", "one", posted_at=None)])
    run.scan([make_post("p1", "two", posted_at=None)])
    assert texts(run.db) == ["one", "two"]


def test_ties_of_time_are_ordered_by_arrival(run):
    run.scan([v1("one"), v1("two"), v1("three")])
    assert texts(run.db) == ["one", "two", "three"]


def test_duplicates_within_a_page_are_one_version(run):
    report = run.scan([v1("one"), v1("one"), v2("two"), v1("one")])
    assert (report.counts["feed"].read, report.counts["feed"].new, report.counts["feed"].edited) == (4, 1, 1)


def test_the_same_id_in_two_sources_is_two_posts(run):
    sources = [make_source([v1()], name="a"), make_source([v1()], name="b")]
    scan(run.db, sources, run.engine, FakePeople(), actor=JOB, now=run.clock)
    assert len(flags(run.db)) == 2


def test_a_deletion_is_a_version_that_is_not_evaluated_and_keeps_its_flags(run):
    run.scan([v1()])
    report = run.scan([make_post("p1", "", deleted_at=EDIT1)])
    assert (report.counts["feed"].deleted, report.counts["feed"].evaluated) == (1, 0)
    assert rows(run.db, select(PostVersion.status).order_by(PostVersion.at)) == [("flagged",), ("deleted",)]
    assert flags(run.db) == [(RULE, "open", "Bluefin is here")]


def test_a_deletion_seen_again_at_another_time_is_the_same_version(run):
    run.scan([v1(), make_post("p1", "", deleted_at=EDIT1)])
    assert run.scan([make_post("p1", "", deleted_at=EDIT2)]).counts["feed"].deleted == 0


def test_what_a_tombstone_did_not_know_is_filled_in_later_and_never_changed(run):
    run.scan([make_post("p1", "", deleted_at=EDIT3, author=None, posted_at=None)])
    run.scan([v1("one", channel="general")])
    run.scan([v2("two", author="@other", channel="elsewhere")])
    assert rows(run.db, select(PostRow.author, PostRow.channel, PostRow.posted_at)) == [("@ana", "general", START)]


def test_attachments_are_kept_with_their_version(run):
    run.scan([v1("one", attachments=(Attachment(name="plan 🎉.pdf", media_type="application/pdf"),))])
    assert rows(run.db, select(PostVersion.attachments)) == [
        ([{"name": "plan 🎉.pdf", "media_type": "application/pdf", "url": None}],)
    ]


def test_a_flag_names_rule_policy_severity_lane_and_version(run):
    run.engine.tags = {"protected-activity.pay": "raise"}
    run.scan([v1("Bluefin, and give us a raise")])
    columns = (Flag.rule, Flag.policy, Flag.severity, Flag.route, Flag.lane, Flag.retro, Flag.tags)
    assert rows(run.db, select(*columns)) == [
        (RULE, "confidentiality", 40, "compliance", "counsel", False, ["protected-activity.pay"])
    ]


def test_tags_without_a_flag_are_stored_nowhere(run):
    run.engine.tags = {"protected-activity.pay": "raise"}
    run.scan([v1("give us a raise")])
    with reading(run.db) as session:
        stored = [
            repr(row) for table in PostVersion.metadata.sorted_tables for row in session.execute(select(table)).all()
        ]
    assert stored
    assert not any("protected-activity" in row for row in stored)


def test_a_tag_of_a_later_version_joins_the_open_flag(run):
    run.engine.tags = {"protected-activity.pay": "raise"}
    run.scan([v1()])
    run.scan([v2("Bluefin, and give us a raise")])
    assert rows(run.db, select(Flag.tags)) == [(["protected-activity.pay"],)]


def test_shadow_findings_are_counted_and_open_nothing(run):
    run.engine.shadow = frozenset({RULE})
    report = run.scan([v1()])
    assert (report.shadow, report.opened, report.exit_code, flags(run.db)) == ({"confidentiality": 1}, {}, 0, [])


def test_an_open_flag_notes_what_a_new_version_shows(run):
    run.scan([v1()])
    run.scan([v2("Still Bluefin, and Redfin")])
    assert len(flags(run.db)) == 1
    assert observed(run.db) == [("Bluefin is here", ["Bluefin"]), ("Still Bluefin, and Redfin", ["Bluefin", "Redfin"])]


def test_an_open_flag_notes_that_a_new_version_no_longer_shows_it(run):
    run.scan([v1()])
    run.scan([v2("nothing any more")])
    assert observed(run.db)[-1] == ("nothing any more", [])
    assert flags(run.db) == [(RULE, "open", "Bluefin is here")]


def test_a_version_whose_rule_is_unknown_notes_nothing(run):
    run.engine.failure = make_failure(rules=(RULE,))
    run.scan([v1()])
    run.engine.incomplete = "hard"
    run.scan([v2("too hard to tell")])
    assert len(observed(run.db)) == 1


def test_a_version_notes_absence_when_only_other_rules_are_unknown(run):
    run.engine.failure = make_failure(rules=("brand.other",))
    run.scan([v1()])
    run.engine.incomplete = "hard"
    run.scan([v2("hard, but this rule looked")])
    assert observed(run.db)[-1] == ("hard, but this rule looked", [])


def test_a_retired_rule_notes_nothing(run):
    run.scan([v1()])
    run.engine.rules = {"brand.other": "zzz"}
    run.scan([v2("nothing any more")])
    assert len(observed(run.db)) == 1


def test_a_late_older_version_adds_nothing_to_a_flag_that_is_further(run):
    run.scan([v3("Bluefin")])
    run.scan([v2("Bluefin too"), v1("nothing")])
    assert observed(run.db) == [("Bluefin", ["Bluefin"])]


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("paged", [True, False])
def test_flags_depend_neither_on_pages_nor_on_order(run, order, paged):
    versions = [v1("fine"), v2("Bluefin is here"), v3("fine again")]
    posts = [versions[index] for index in order]
    run.scan(*[[post] for post in posts] if paged else [posts])
    assert flags(run.db) == [(RULE, "open", "Bluefin is here")]
    assert observed(run.db) == [("Bluefin is here", ["Bluefin"]), ("fine again", [])]


def test_a_flag_on_an_older_version_says_nothing_of_a_current_one_judged_by_other_rules(run):
    run.scan([v2("fine")])
    run.engine.edition = "2"
    run.scan([v1()])
    assert observed(run.db) == [("Bluefin is here", ["Bluefin"])]


@pytest.mark.parametrize("verdict", ["upheld", "cleared", "false_positive", "out_of_scope"])
def test_after_a_final_decision_the_same_words_open_nothing(run, verdict):
    run.scan([v1()])
    decide(run.db, verdict)
    run.scan([v2("Bluefin is here! Edited elsewhere.")])
    assert len(flags(run.db)) == 1


def test_after_a_final_decision_new_words_open_a_flag(run):
    run.scan([v1()])
    decide(run.db)
    run.scan([v2("Bluefin is here, with Redfin")])
    assert [status for _, status, _ in flags(run.db)] == ["decided", "open"]


def test_words_that_stood_in_the_version_decided_on_open_nothing(run):
    run.engine.rules = {RULE: "Bluefin"}
    run.scan([v1("Bluefin and Redfin")])
    decide(run.db)
    run.engine.rules = {RULE: "Bluefin|Redfin"}
    run.scan([v2("Redfin, edited")])
    assert len(flags(run.db)) == 1


def test_a_rule_change_alone_opens_nothing_after_a_decision(run):
    run.scan([v1("Bluefin and Greyfin")])
    decide(run.db)
    run.engine.rules = {RULE: "Bluefin|Redfin|Greyfin"}
    report = run.scan([], again=Again())
    assert (report.opened, len(flags(run.db))) == ({}, 1)


def test_words_of_any_earlier_decision_do_not_come_back(run):
    run.scan([v1("Bluefin")])
    decide(run.db)
    run.scan([v2("Redfin")])
    decide(run.db)
    run.scan([v3("Bluefin")])
    assert len(flags(run.db)) == 2


def test_an_escalation_is_no_final_decision(run):
    run.scan([v1()])
    decide(run.db, "escalated", status="open")
    run.scan([v2("Bluefin still")])
    assert len(flags(run.db)) == 1
    assert observed(run.db)[-1] == ("Bluefin still", ["Bluefin"])


def test_again_notes_a_new_rule_version_once_on_an_open_flag(run):
    run.scan([v1()])
    run.engine.edition = "2"
    run.scan([], again=Again())
    run.scan([], again=Again())
    assert observed(run.db) == [("Bluefin is here", ["Bluefin"])] * 2


def test_each_flag_and_each_page_has_one_audit_entry_without_words(run):
    run.scan([v1("Bluefin says Ana"), make_post("p2", "Redfin"), make_post("p3", "fine")])
    entries = rows(run.db, select(AuditRow.action, AuditRow.object, AuditRow.entry).order_by(AuditRow.seq))
    assert [(action, subject) for action, subject, _ in entries] == [
        ("page:stored", "source:1"),
        ("flag:opened", "flag:1"),
        ("flag:opened", "flag:2"),
        ("scan:finished", "scan:1"),
    ]
    assert not any(word in entry for *_, entry in entries for word in (b"Ana", b"ana", b"Bluefin"))


def test_a_page_without_anything_new_leaves_no_entry(run):
    run.scan([v1()])
    run.scan([v1()])
    assert len(rows(run.db, select(AuditRow.seq).where(AuditRow.action == "page:stored"))) == 1


def test_queries_do_not_grow_with_the_page(run):
    from sqlalchemy import event

    def count_of(posts):
        seen = []
        event.listen(run.db, "before_cursor_execute", listener := lambda *args: seen.append(args[2]))
        run.scan(posts)
        event.remove(run.db, "before_cursor_execute", listener)
        return len(seen)

    few = count_of([make_post(f"a{number}") for number in range(5)])
    many = count_of([make_post(f"b{number}", f"Bluefin {number}") for number in range(500)])
    assert many <= few + 8


def test_erased_flags_leave_with_an_entry_only(run):
    run.scan([v1()])
    decide(run.db)
    with writing(run.db) as session:
        flag = session.scalars(select(Flag)).one()
        record(session, "flag:erased", actor=JOB, subject=f"flag:{flag.id}", now=EDIT3)
        for row in [*flag.observations, *flag.decisions, flag]:
            session.delete(row)
            session.flush()
    run.scan([v2("Redfin")])
    assert rows(run.db, select(Flag.id)) == [(2,)]


@given(st.text(st.characters(codec=None)), st.text(st.characters(codec=None)))
def test_digests_differ_where_texts_differ(one, other):
    digests = [
        version_of(make_post(text=text), audience="external", platform=None, seen_at=START).digest
        for text in (one, other)
    ]
    assert (digests[0] == digests[1]) is (one == other)
