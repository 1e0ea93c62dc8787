from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select, update

from compliance.db import open_engine, reading, writing
from compliance.errors import ComplianceError, ConflictError
from compliance.models import AuditRow, DecisionRow, Flag
from compliance.permissions import ROLES, may
from compliance.review import CODES, LANES, Filters, Verdict, decide, excerpts, queue, show
from rules.evaluation import Severity
from tests.compliance.desk import (
    NOW,
    SPAN,
    STAFF,
    TEXT,
    People,
    Reviewer,
    RuleSet,
    claimed,
    make_flag,
    make_post,
    make_version,
    observe,
)


def look(session, *, role="officer", people=None, names=False, now=NOW, **filters):
    who = STAFF[role]
    return queue(
        session, Filters(**filters), people=people or People(), reviewer=who, actor=claimed(who), names=names, now=now
    )


def look_at(session, flag_id, *, role="officer", people=None, names=False, ruleset=None):
    who = STAFF[role]
    return show(
        session,
        flag_id,
        ruleset=ruleset or RuleSet(),
        people=people or People(),
        reviewer=who,
        actor=claimed(who),
        names=names,
        now=NOW,
    )


def rule_on(session, flag_id, verdict="upheld", *, role="officer", people=None, now=NOW, **ruling):
    who = STAFF[role] if isinstance(role, str) else role
    values = {"reason": "read it"} | ruling
    return decide(
        session,
        flag_id,
        Verdict.parse(verdict),
        people=people or People(),
        reviewer=who,
        actor=claimed(who),
        now=now,
        **values,
    )


def stored(database, **options):
    """One post with one open flag; its id."""
    with writing(database) as session:
        return make_flag(session, make_post(session), **options).id


def trail(session, action="flag:decided"):
    return [
        json.loads(row.entry)
        for row in session.scalars(select(AuditRow).where(AuditRow.action == action).order_by(AuditRow.seq))
    ]


# The queue


def test_the_queue_is_ordered_by_severity_then_age(database):
    wanted = [(Severity.LOW, 1), (Severity.HIGH, 1), (Severity.CRITICAL, 5), (Severity.HIGH, 9), (Severity.CRITICAL, 7)]
    with writing(database) as session:
        for number, (severity, days) in enumerate(wanted):
            make_flag(session, make_post(session, str(number)), severity=severity, at=NOW - timedelta(days=days))
    with reading(database) as session:
        page = look(session)
    assert [(flag.severity, flag.age_days) for flag in page.flags] == [
        ("critical", 7),
        ("critical", 5),
        ("high", 9),
        ("high", 1),
        ("low", 1),
    ]
    assert (page.total, page.next) == (5, None)


@pytest.mark.parametrize("status", ["open", "all"])
def test_pages_hold_every_flag_once_and_in_order(database, status):
    with writing(database) as session:
        for number in range(23):
            severity = list(Severity)[number % 5]
            flag = make_flag(
                session, make_post(session, str(number)), severity=severity, at=NOW - timedelta(hours=number % 4)
            )
            if number % 6 == 0:
                rule_on(session, flag.id)
    with reading(database) as session:
        whole = [flag.id for flag in look(session, status=status, limit=1000).flags]
        paged, after, pages = [], None, 0
        while pages == 0 or after is not None:
            page = look(session, status=status, limit=3, after=after)
            paged, after, pages = paged + [flag.id for flag in page.flags], page.next, pages + 1
    assert paged == whole
    assert len(set(whole)) == (23 if status == "all" else 19)


def test_a_page_may_continue_behind_a_flag_that_was_decided_meanwhile(database):
    with writing(database) as session:
        ids = [
            make_flag(session, make_post(session, str(number)), at=NOW + timedelta(number)).id for number in range(4)
        ]
        rule_on(session, ids[1])
        assert [flag.id for flag in look(session, after=ids[1]).flags] == ids[2:]


def test_an_empty_queue_is_an_empty_page(database):
    with reading(database) as session:
        page = look(session)
    assert (page.flags, page.total, page.next) == ((), 0, None)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"lane": "hr"}, {2}),
        ({"policy": "conduct"}, {2, 3}),
        ({"severity": Severity.HIGH}, {1, 3}),
        ({"source": "other"}, {3}),
        ({"status": "decided"}, {4}),
        ({"status": "all"}, {1, 2, 3, 4}),
        ({"source": "nowhere"}, set()),
        ({"policy": "conduct", "severity": Severity.HIGH}, {3}),
        ({"policy": "' or 1=1 --"}, set()),
    ],
)
def test_filters_narrow_the_list_and_its_total_alike(database, filters, found):
    with writing(database) as session:
        make_flag(session, make_post(session, "1"), severity=Severity.HIGH)
        make_flag(session, make_post(session, "2"), severity=Severity.LOW, lane="hr", rule="conduct.threat")
        make_flag(session, make_post(session, "3", source="other"), severity=Severity.CRITICAL, rule="conduct.threat")
        rule_on(session, make_flag(session, make_post(session, "4"), severity=Severity.LOW).id)
        page = look(session, **filters)
    assert {flag.id for flag in page.flags} == found
    assert page.total == len(found)


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_page_of_an_impossible_size_is_refused(database, limit):
    with reading(database) as session, pytest.raises(ComplianceError, match="1 to 1000"):
        look(session, limit=limit)


def test_continuing_behind_no_flag_is_refused(database):
    with reading(database) as session, pytest.raises(ComplianceError, match="no flag 99"):
        look(session, after=99)


@pytest.mark.parametrize("role", ROLES)
def test_only_roles_that_may_read_flags_see_the_queue(database, role):
    stored(database)
    who = Reviewer("x", role)
    with reading(database) as session:
        if may(who, "flags:read"):
            assert queue(session, Filters(), people=People(), reviewer=who, actor=claimed(who), now=NOW).total == 1
        else:
            with pytest.raises(ComplianceError, match="may not read flags"):
                queue(session, Filters(), people=People(), reviewer=who, actor=claimed(who), now=NOW)


@pytest.mark.parametrize("role", [role for role, granted in ROLES.items() if "flags:read" in granted])
def test_tags_are_visible_to_legal_officer_and_privacy_only(database, role):
    flag_id = stored(database, tags=["protected-activity.pay"])
    who = Reviewer("x", role)
    expected = ("protected-activity.pay",) if role in {"legal", "officer", "privacy"} else ()
    with reading(database) as session:
        page = queue(session, Filters(), people=People(), reviewer=who, actor=claimed(who), now=NOW)
        found = show(session, flag_id, ruleset=RuleSet(), people=People(), reviewer=who, actor=claimed(who), now=NOW)
    assert page.flags[0].tags == expected
    assert found.tags == expected


def test_the_counsel_lane_is_invisible_and_uncounted_for_all_but_legal(database):
    flag_id = stored(database, lane="counsel")
    with writing(database) as session:
        other = make_flag(session, make_post(session, "2")).id
    with reading(database) as session:
        assert [flag.id for flag in look(session).flags] == [other]
        assert look(session).total == 1
        assert look_at(session, other).of_author.counts == {}
        with pytest.raises(ComplianceError, match="there is no flag"):
            look_at(session, flag_id)
        with pytest.raises(ComplianceError, match="there is no flag"):
            rule_on(session, flag_id)
        assert look(session, role="legal").total == 2
        assert look_at(session, other, role="legal").of_author.counts == {"open": 1}


def test_authors_have_stable_pseudonyms_that_say_nothing_about_the_handle(database):
    with writing(database) as session:
        for number, author in enumerate(["@ana", "@bob", "@ana", None]):
            make_flag(session, make_post(session, str(number), author=author), at=NOW + timedelta(number))
        shown = [flag.author for flag in look(session).flags]
        assert shown[0] == shown[2]
        assert shown[0] != shown[1]
        assert shown[3] is None
        make_flag(session, make_post(session, "new", author="@ana"))
        assert {flag.author for flag in look(session).flags} == {*shown}
    assert "ana" not in repr(shown)


def test_the_same_handle_on_two_platforms_is_two_authors(database):
    with writing(database) as session:
        for number, platform in enumerate(["mastodon", "x", None]):
            make_flag(session, make_post(session, str(number), platform=platform))
        assert len({flag.author for flag in look(session).flags}) == 3


def test_revealed_names_are_in_the_audit_trail_without_the_names(database):
    flag_id = stored(database)
    with writing(database) as session:
        assert look(session, names=True).flags[0].author == "@ana"
        found = look_at(session, flag_id, names=True)
        assert found.post.author == "@ana"
    with reading(database) as session:
        entries = trail(session, "names:revealed")
    assert [(entry["object"], entry["actor"]) for entry in entries] == [
        ("queue", "officer"),
        (f"flag:{flag_id}", "officer"),
    ]
    assert entries[0]["detail"] == {"flags": str(flag_id)}
    assert "ana" not in json.dumps(entries)


@pytest.mark.parametrize("role", ["reviewer", "principal", "auditor"])
def test_names_stay_hidden_from_roles_that_may_not_see_them(database, role):
    flag_id = stored(database)
    with writing(database) as session:
        with pytest.raises(ComplianceError, match="names:reveal"):
            look(session, role=role, names=True)
        with pytest.raises(ComplianceError, match="names:reveal"):
            look_at(session, flag_id, role=role, names=True)
        assert trail(session, "names:revealed") == []


def test_an_excerpt_holds_the_first_match_of_a_huge_post(database):
    huge = "\ud83d\0👩‍👩‍👧‍👦" * 20_000 + "Bluefin" + "x" * 100_000
    start = huge.index("Bluefin")
    with writing(database) as session:
        make_flag(session, make_post(session, text=huge), spans=[(start, start + 7)])
    with reading(database) as session:
        (found,) = excerpts(session, look(session)).values()
    (left, right) = found.spans[0]
    assert found.text[left:right] == "Bluefin"
    assert found.text in huge
    assert len(found.text) <= 1200


def test_an_excerpt_shows_the_version_that_had_the_match(database):
    with writing(database) as session:
        post = make_post(session)
        flag = make_flag(session, post)
        observe(session, flag, make_version(session, post, "Never mind.", hours=1), spans=[])
        page = look(session)
        assert excerpts(session, page)[flag.id].text == TEXT
        assert page.flags[0].confidence == 0.95


# One flag


def test_a_dossier_holds_the_post_as_written_and_as_it_is_now(database):
    with writing(database) as session:
        post = make_post(session)
        flag = make_flag(session, post)
        make_version(session, post, "in between", hours=1)
        observe(session, flag, make_version(session, post, "Never mind.", hours=2), spans=[])
        found = look_at(session, flag.id)
    assert [(version.text, version.is_opened_on, version.is_current) for version in found.versions] == [
        (TEXT, True, False),
        (None, False, False),
        ("Never mind.", False, True),
    ]
    assert [version.spans for version in found.versions] == [(SPAN,), (), ()]
    assert [len(seen.matches) for seen in found.observations] == [1, 0]
    assert found.confidence == 0.95


def test_a_deletion_is_shown_and_keeps_the_evidence(database):
    with writing(database) as session:
        post = make_post(session)
        flag = make_flag(session, post)
        make_version(session, post, "", hours=1, is_deleted=True)
        found = look_at(session, flag.id)
    assert found.post.deleted_at == NOW + timedelta(hours=1)
    assert [version.text for version in found.versions] == [TEXT, ""]


@pytest.mark.parametrize("text_", ["\ud83d half", "nul\0nul", "شركة 👩‍👩‍👧‍👦", "\x1b[2J\u202e", ""])
def test_a_dossier_shows_the_text_exactly_as_written(database, text_):
    with writing(database) as session:
        flag = make_flag(session, make_post(session, text=text_), spans=[(0, len(text_))])
        session.expire_all()
        assert look_at(session, flag.id).versions[0].text == text_


def test_a_dossier_says_why(database):
    flag_id = stored(database)
    with reading(database) as session:
        found = look_at(session, flag_id)
    assert found.rule.message == "Bluefin is the name of an unreleased project."
    assert found.rule.clause == "Social media policy, section 4"
    assert (found.severity, found.confidence, found.publish) == ("high", 0.95, "block")


def test_a_flag_outlives_its_rule(database):
    flag_id = stored(database, rule="gone.rule")
    with reading(database) as session:
        found = look_at(session, flag_id)
    assert (found.rule.is_known, found.rule.id, found.rule.title, found.publish) == (False, "gone.rule", None, None)
    assert found.versions[0].spans == (SPAN,)


def test_other_flags_are_counted_by_outcome_and_the_newest_ten_listed(database):
    with writing(database) as session:
        post = make_post(session)
        mine = make_flag(session, post)
        sibling = make_flag(session, post, rule="conduct.threat")
        for number in range(12):
            flag = make_flag(session, make_post(session, f"a{number}"))
            if number < 3:
                rule_on(session, flag.id, "escalated", lane="hr")
                rule_on(session, flag.id, "cleared", code="quoted")
                rule_on(session, flag.id, "upheld", revise=True)
            elif number == 3:
                rule_on(session, flag.id, "escalated", lane="hr")
        make_flag(session, make_post(session, "b", author="@bob"))
        found = look_at(session, mine.id)
        assert found.of_post.counts == {"open": 1}
        assert [link.id for link in found.of_post.newest] == [sibling.id]
    assert found.of_author.counts == {"open": 10, "upheld": 3}
    assert len(found.of_author.newest) == 10
    assert found.of_author.newest[0].id > found.of_author.newest[-1].id


def test_an_unknown_author_has_no_other_flags(database):
    with writing(database) as session:
        flags = [make_flag(session, make_post(session, str(number), author=None)) for number in range(2)]
        assert look_at(session, flags[0].id).of_author.counts == {}


@pytest.mark.parametrize("flag_id", [0, -1, 7, 2**31, 2**63, 10**30])
def test_a_flag_that_does_not_exist_is_said_so(database, flag_id):
    with reading(database) as session, pytest.raises(ComplianceError, match=f"there is no flag {flag_id}"):
        look_at(session, flag_id)


def test_nobody_reads_or_decides_a_flag_on_their_own_post(database):
    flag_id = stored(database)
    people = People({("mastodon", "@ana"): "p1"})
    ana = Reviewer("ana", "officer", "p1")
    with writing(database) as session:
        page = queue(session, Filters(), people=people, reviewer=ana, actor=claimed(ana), now=NOW)
        assert page.flags[0].withheld == "own-post"
        assert excerpts(session, page) == {}
        with pytest.raises(ComplianceError, match="own posts"):
            show(session, flag_id, ruleset=RuleSet(), people=people, reviewer=ana, actor=claimed(ana), now=NOW)
        with pytest.raises(ComplianceError, match="own posts"):
            rule_on(session, flag_id, role=ana, people=people)
        assert session.get(Flag, flag_id).status == "open"


def test_a_post_out_of_scope_is_sealed_in_all_its_flags(database):
    with writing(database) as session:
        post = make_post(session)
        first, second = make_flag(session, post), make_flag(session, post, rule="conduct.threat")
        rule_on(session, first.id, "out-of-scope", code="wrong-person")
        for role, sees in {"officer": False, "reviewer": False, "hr": False, "legal": True, "privacy": True}.items():
            page = look(session, role=role, status="all")
            assert {flag.withheld for flag in page.flags} == ({None} if sees else {"sealed"})
            assert len(excerpts(session, page)) == (2 if sees else 0)
            for flag in (first, second):
                found = look_at(session, flag.id, role=role)
                assert (TEXT in repr([version.text for version in found.versions])) == sees
                assert (found.rule.message is not None) == (sees and flag is first)
        assert look_at(session, first.id).decisions[0].reason == "read it"


def test_a_revision_away_from_out_of_scope_opens_the_seal(database):
    flag_id = stored(database)
    with writing(database) as session:
        rule_on(session, flag_id, "out-of-scope", code="private")
        assert look_at(session, flag_id).withheld == "sealed"
        rule_on(session, flag_id, "upheld", revise=True)
        assert look_at(session, flag_id).withheld is None


# Decisions


@pytest.mark.parametrize(
    ("verdict", "stored_as"),
    [
        ("upheld", "upheld"),
        ("false-positive", "false_positive"),
        ("out_of_scope", "out_of_scope"),
        ("CLEARED", "cleared"),
    ],
)
def test_verdicts_are_read_with_hyphens_and_underscores(verdict, stored_as):
    assert Verdict.parse(verdict) == stored_as


def test_an_unknown_verdict_lists_those_there_are():
    with pytest.raises(ComplianceError) as refused:
        Verdict.parse("guilty")
    assert "false-positive" in refused.value.hint


@pytest.mark.parametrize(("verdict", "code"), [(verdict, code) for verdict, codes in CODES.items() for code in codes])
def test_every_code_of_a_verdict_decides_the_flag(database, verdict, code):
    flag_id = stored(database)
    with writing(database) as session:
        made = rule_on(session, flag_id, verdict, code=code)
        assert session.get(Flag, flag_id).status == "decided"
    assert (made.verdict, made.code, made.round) == (verdict, code, 1)


def test_a_decision_is_bound_to_version_rule_and_spans_of_the_current_version(database):
    with writing(database) as session:
        post = make_post(session)
        flag = make_flag(session, post)
        version = make_version(session, post, "So: Bluefin.", hours=1)
        observe(session, flag, version, spans=[(4, 11)])
        made = rule_on(session, flag.id)
        assert (made.version_id, made.rule_version, made.spans) == (version.id, "v1", ((4, 11),))


def test_a_decision_on_a_deleted_post_is_bound_to_what_the_rule_saw(database):
    with writing(database) as session:
        post = make_post(session)
        flag = make_flag(session, post)
        make_version(session, post, "", hours=1, is_deleted=True)
        made = rule_on(session, flag.id)
        assert (made.version_id, made.spans) == (flag.opened_version_id, (SPAN,))


def test_the_audit_entry_refers_to_the_reason_and_does_not_hold_it(database):
    flag_id = stored(database)
    with writing(database) as session:
        made = rule_on(session, flag_id, "cleared", code="quoted", reason="Ana quotes the press release")
        (entry,) = trail(session)
    assert (entry["object"], entry["reason"], entry["actor_proof"]) == (
        f"flag:{flag_id}",
        f"decision:{made.id}",
        "claimed",
    )
    assert entry["detail"]["verdict"] == "cleared"
    assert "Ana" not in json.dumps(entry)
    assert entry["seq"] == str(made.audit_seq)


@pytest.mark.parametrize(
    ("verdict", "ruling", "faults"),
    [
        ("upheld", {"reason": None}, ["needs a reason at severity high"]),
        ("upheld", {"reason": " \n"}, ["needs a reason"]),
        ("upheld", {"code": "quoted"}, ["takes no code"]),
        ("cleared", {}, ["cleared needs a code"]),
        ("cleared", {"code": "detector"}, ["'detector' is not one"]),
        ("out-of-scope", {"reason": None}, ["needs a code", "needs a reason"]),
        ("escalated", {"reason": None}, ["needs a reason", "needs a lane"]),
        ("escalated", {"lane": "press"}, ["'press' is not one"]),
        ("escalated", {"lane": "compliance"}, ["in the lane 'compliance' already"]),
        ("escalated", {"lane": "hr", "revise": True}, ["cannot be escalated"]),
        ("upheld", {"lane": "hr", "reason": None, "revise": True}, ["takes no lane", "a revision needs a reason"]),
        ("upheld", {"reason": "nul\0"}, ["cannot be stored"]),
        ("upheld", {"reason": "half \ud83d"}, ["cannot be stored"]),
    ],
)
def test_all_faults_of_a_call_are_reported_at_once_and_nothing_is_stored(database, verdict, ruling, faults):
    flag_id = stored(database)
    with pytest.raises(ComplianceError) as refused, writing(database) as session:
        rule_on(session, flag_id, verdict, **ruling)
    for fault in faults:
        assert fault in refused.value.message
    with reading(database) as session:
        assert session.scalar(select(func.count(DecisionRow.id))) == 0
        assert trail(session) == []
        assert session.get(Flag, flag_id).revision == 0


@pytest.mark.parametrize("severity", [Severity.INFO, Severity.LOW, Severity.MEDIUM])
def test_upheld_needs_no_reason_below_high(database, severity):
    flag_id = stored(database, severity=severity)
    with writing(database) as session:
        assert rule_on(session, flag_id, reason=None).reason is None


@pytest.mark.parametrize("role", ROLES)
def test_only_roles_that_may_decide_do(database, role):
    flag_id = stored(database)
    who = Reviewer("x", role)
    with writing(database) as session:
        if may(who, "flags:decide"):
            assert rule_on(session, flag_id, role=who).actor == "x"
        else:
            with pytest.raises(ComplianceError, match="may not decide flags"):
                rule_on(session, flag_id, role=who)


def test_a_decided_flag_shows_who_decided_what_and_when(database):
    flag_id = stored(database)
    with writing(database) as session:
        rule_on(session, flag_id, "cleared", code="quoted")
    with pytest.raises(ConflictError) as refused, writing(database) as session:
        rule_on(session, flag_id, role="hr")
    assert refused.value.exit_code == 2
    assert "cleared by 'officer' at 2026-03-01 10:00 UTC" in refused.value.message
    assert "--revise" in refused.value.hint


def test_a_revision_appends_and_overwrites_nothing(database):
    flag_id = stored(database)
    with writing(database) as session:
        rule_on(session, flag_id, "cleared", code="quoted", reason="first")
        rule_on(session, flag_id, "upheld", role="legal", reason="second", revise=True, now=NOW + timedelta(1))
        made = look_at(session, flag_id).decisions
        entries = trail(session)
    assert [(each.round, each.verdict, each.reason) for each in made] == [
        (1, "cleared", "first"),
        (2, "upheld", "second"),
    ]
    assert len(entries) == 2


def test_an_open_flag_cannot_be_revised(database):
    flag_id = stored(database)
    with writing(database) as session, pytest.raises(ComplianceError, match="no decision to revise"):
        rule_on(session, flag_id, revise=True)


@pytest.mark.parametrize("lane", [lane for lane in LANES if lane != "compliance"])
def test_an_escalation_moves_the_open_flag_to_the_lane(database, lane):
    flag_id = stored(database)
    with writing(database) as session:
        rule_on(session, flag_id, "escalated", lane=lane)
        flag = session.get(Flag, flag_id)
        assert (flag.status, flag.lane, flag.route, flag.revision) == ("open", lane, "compliance", 1)
        made = rule_on(session, flag_id, role="legal")
        assert made.round == 2


def test_a_person_who_saw_the_flag_before_an_escalation_is_refused(database):
    flag_id = stored(database)
    with writing(database) as session:
        seen = look_at(session, flag_id).revision
        rule_on(session, flag_id, "escalated", lane="hr")
    with pytest.raises(ConflictError, match="escalated by 'officer'"), writing(database) as session:
        rule_on(session, flag_id, role="hr", seen_revision=seen)


@pytest.mark.parametrize("seen", [0, None], ids=["seen the same revision", "seen nothing in particular"])
def test_of_fifty_people_at_once_exactly_one_decides(database, seen):
    flag_id = stored(database)
    people = [Reviewer(f"r{number}", "officer") for number in range(50)]

    def attempt(who):
        try:
            with writing(database) as session:
                rule_on(session, flag_id, role=who, seen_revision=seen)
        except ConflictError:
            return "conflict"
        return "decided"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(attempt, people))
    assert sorted(outcomes) == ["conflict"] * 49 + ["decided"]
    with reading(database) as session:
        assert session.scalar(select(func.count(DecisionRow.id))) == 1
        assert len(trail(session)) == 1
        assert session.get(Flag, flag_id).revision == 1


def test_of_fifty_revisions_of_the_same_decision_exactly_one_is_appended(database):
    flag_id = stored(database)
    with writing(database) as session:
        rule_on(session, flag_id)

    def attempt(_):
        try:
            with writing(database) as session:
                rule_on(session, flag_id, "cleared", code="quoted", seen_revision=1, revise=True)
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(attempt, range(50))) == 1


def test_an_interrupted_decision_leaves_nothing(database):
    flag_id = stored(database)

    def interrupted():
        with writing(database) as session:
            rule_on(session, flag_id)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    with reading(database) as session:
        assert (session.get(Flag, flag_id).status, trail(session)) == ("open", [])


def test_a_flag_without_an_observation_cannot_be_decided(database):
    with writing(database) as session:
        post = make_post(session)
        values = {"rule": "a.b", "policy": "a", "severity": 30, "route": "hr", "lane": "hr", "opened_at": NOW}
        flag = Flag(post_id=post.id, opened_version_id=post.versions[0].id, **values)
        session.add(flag)
        session.flush()
        with pytest.raises(ComplianceError, match="no observation"):
            rule_on(session, flag.id)


@pytest.mark.parametrize(
    "filters", [{}, {"lane": "compliance"}, {"severity": Severity.LOW}, {"after": 1}, {"source": "feed"}]
)
def test_a_page_is_read_in_the_order_of_the_index_without_sorting(db_url, filters):
    if not db_url.startswith("sqlite"):
        pytest.skip("the plan is read from SQLite")
    database, statements = open_engine(db_url), []
    with writing(database) as session:
        make_flag(session, make_post(session))
    event.listen(database, "before_cursor_execute", lambda *called: statements.append(called[2:4]))
    with reading(database) as session:
        look(session, **filters)
        pages = [(sql, values) for sql, values in statements if "ORDER BY flags.opened_at" in sql]
        plans = [
            " ".join(row[-1] for row in session.connection().exec_driver_sql(f"explain query plan {sql}", values))
            for sql, values in pages
        ]
    database.dispose()
    assert len(plans) >= 1
    assert all("ix_flags_status_flags_severity" in plan and "TEMP B-TREE" not in plan for plan in plans)


def test_reprs_hold_neither_text_nor_handle_nor_reason(database):
    flag_id = stored(database)
    with writing(database) as session:
        made = rule_on(session, flag_id, reason="secret words")
        shown = repr((look(session, names=True, status="all"), look_at(session, flag_id, names=True), made))
    assert not any(word in shown for word in ("Bluefin", "@ana", "secret words"))


def test_a_flag_moved_by_hand_is_seen_as_moved(database):
    flag_id = stored(database)
    with writing(database) as session:
        session.execute(update(Flag).values(revision=5))
    with pytest.raises(ConflictError, match="revision 5"), writing(database) as session:
        rule_on(session, flag_id, seen_revision=0)
