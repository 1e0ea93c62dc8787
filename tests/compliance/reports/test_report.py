"""Numbers of the report against tables made by hand, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from compliance.db import writing
from compliance.errors import ComplianceError
from compliance.models import Lease, PostRow, Reject, Source
from tests.compliance.reports.office import (
    MONDAY,
    NOW,
    RULE,
    WEEK,
    add_flags,
    add_posts,
    add_scan,
    look_again,
    report_on,
    rule_on,
)

TICK = timedelta(microseconds=1)
HOUR = timedelta(hours=1)


def test_an_empty_database_says_nothing_and_does_not_fail(database):
    found = report_on(database, sources=[])
    assert found.coverage.sources == ()
    assert (found.coverage.scans, found.rates.policies, found.precision.rules, found.waiting.routes) == (0, (), (), ())
    assert (found.changes.rulesets, found.changes.rules) == ((), ())
    assert [(section.key, section.tables) for section in found.sections] == [("remedies", ()), ("cases", ())]
    assert [week.posts for week in found.rates.weeks] == [0] * 9


@pytest.mark.parametrize("role", ["reviewer", "manager", "operator", "admin"])
def test_a_role_without_the_permission_reads_no_report(database, role):
    with pytest.raises(ComplianceError, match="may not read reports"):
        report_on(database, who=role)


def test_rates_count_flags_and_posts_in_the_week_they_came(database):
    with writing(database) as session:
        # Either side of Monday 00:00 UTC, to the microsecond.
        old = add_posts(session, 40, at=MONDAY - TICK)
        new = add_posts(session, 20, at=MONDAY)
        add_flags(session, old[:2], at=MONDAY - TICK)
        add_flags(session, new[:3], at=MONDAY)
        add_flags(session, old[:1], at=MONDAY, rule="brand.superlative")
        add_flags(session, new[5:6], at=NOW)  # not before the end
        # Retro flags stand apart.
        add_flags(session, old[2:3], at=MONDAY)[0].retro = True
    found = report_on(database, weeks=1)
    assert [(week.monday, week.posts, week.is_hidden) for week in found.rates.weeks] == [
        ("2026-02-23", 40, False),
        ("2026-03-02", 20, False),
    ]
    brand, codename = found.rates.policies
    assert (brand.policy, brand.this.flags, brand.before.flags) == ("brand", 1, 0)
    assert (codename.this.flags, codename.before.flags) == (3, 2)
    assert (codename.this.per_1000.value, codename.before.per_1000.value) == pytest.approx((150.0, 50.0))
    assert codename.this.per_1000.low == pytest.approx(51.01, abs=0.01)
    assert codename.this.per_1000.high == pytest.approx(441.1, abs=0.1)
    assert codename.change is None
    assert found.rates.retro == 1


def test_a_week_that_flags_much_more_is_told(database):
    with writing(database) as session:
        for number in range(1, 4):
            posts = add_posts(session, 50, at=MONDAY - number * WEEK)
            add_flags(session, posts[:1], at=MONDAY - number * WEEK)
        add_flags(session, add_posts(session, 50, at=MONDAY)[:20], at=MONDAY)
    (policy,) = report_on(database).rates.policies
    assert (policy.change, policy.this.flags, policy.before.flags) == ("higher", 20, 3)
    assert policy.before.per_1000.value == pytest.approx(20.0)
    assert [rate.flags for rate in policy.weeks] == [None] * 5 + [1, 1, 1, 20]


@pytest.mark.parametrize(("accounts", "is_hidden"), [(0, True), (1, True), (4, True), (5, False)])
def test_a_week_of_few_accounts_hides_its_flags_and_leaves_no_remainder(database, accounts, is_hidden):
    with writing(database) as session:
        add_flags(session, add_posts(session, 10, at=MONDAY - WEEK), at=MONDAY - WEEK)
        add_flags(session, add_posts(session, 10, at=MONDAY - 2 * WEEK, accounts=accounts)[:7], at=MONDAY - 2 * WEEK)
    (policy,) = report_on(database).rates.policies
    assert policy.weeks[-3].flags == (None if is_hidden else 7)
    assert policy.weeks[-3].is_hidden == is_hidden
    # The sum over earlier weeks leaves the hidden one out, or it could be worked out.
    assert policy.before.flags == (10 if is_hidden else 17)
    assert policy.before.per_1000.value == pytest.approx(1000.0 if is_hidden else 850.0)


def test_one_person_on_five_platforms_is_no_crowd(database):
    with writing(database) as session:
        for platform in ("x", "mastodon", "bluesky", "linkedin", "reddit"):
            posts = add_posts(session, 2, at=MONDAY, accounts=1, platform=platform)
            flags = add_flags(session, posts, at=MONDAY)
            rule_on(session, flags, "upheld", at=MONDAY + HOUR)
    found = report_on(database)
    assert found.rates.weeks[-1].is_hidden
    assert found.rates.policies[0].this.flags is None
    (rule,) = found.precision.rules
    assert rule.is_hidden
    assert (rule.verdicts.decisions, rule.verdicts.upheld, rule.verdicts.precision) == (10, None, None)


def test_flags_on_edits_in_a_week_without_posts_are_kept_back(database):
    with writing(database) as session:
        add_flags(session, add_posts(session, 5, at=MONDAY - WEEK), at=MONDAY)
    (policy,) = report_on(database).rates.policies
    assert (policy.this.flags, policy.this.is_hidden, policy.before.flags, policy.change) == (None, False, 0, None)


@pytest.mark.parametrize(("decisions", "is_enough"), [(29, False), (30, True)])
def test_precision_and_yield_of_a_rule(database, decisions, is_enough):
    with writing(database) as session:
        flags = add_flags(session, add_posts(session, decisions + 4, at=MONDAY), at=MONDAY)
        rule_on(session, flags[:15], "upheld", at=MONDAY + HOUR)
        rule_on(session, flags[15:24], "cleared", at=MONDAY + HOUR)
        rule_on(session, flags[24:decisions], "false_positive", at=MONDAY + HOUR)
        rule_on(session, flags[decisions : decisions + 2], "out_of_scope", at=MONDAY + HOUR)
        rule_on(session, flags[decisions + 2 : decisions + 3], "escalated", at=MONDAY + HOUR, lane="hr")
    (rule,) = report_on(database).precision.rules
    verdicts = rule.verdicts
    assert (rule.rule, rule.title, rule.is_hidden) == (RULE, "Names an unreleased project in public", False)
    assert (verdicts.decisions, verdicts.upheld, verdicts.cleared) == (decisions, 15, 9)
    assert (verdicts.false_positive, verdicts.out_of_scope, verdicts.is_enough) == (decisions - 24, 2, is_enough)
    assert verdicts.precision.value == pytest.approx(24 / decisions)
    assert verdicts.yield_.value == pytest.approx(15 / decisions)
    if decisions == 30:
        assert (verdicts.precision.low, verdicts.precision.high) == pytest.approx((0.6269, 0.9049), abs=0.0005)
        assert (verdicts.yield_.low, verdicts.yield_.high) == pytest.approx((0.3315, 0.6685), abs=0.0005)


def test_only_the_last_decision_counts(database):
    with writing(database) as session:
        flags = add_flags(session, add_posts(session, 6, at=MONDAY - WEEK), at=MONDAY - WEEK)
        rule_on(session, flags, "false_positive", at=MONDAY - HOUR)
        rule_on(session, flags[:4], "upheld", at=MONDAY + HOUR, revise=True)
        rule_on(session, flags[:1], "out_of_scope", at=MONDAY + 2 * HOUR, revise=True)
    (both,) = report_on(database).precision.rules
    assert (both.verdicts.upheld, both.verdicts.false_positive, both.verdicts.out_of_scope) == (3, 2, 1)
    # The last decision lies in this week; the standing ones of the week before are not this week's work.
    (week,) = report_on(database, weeks=0).precision.rules
    assert week.verdicts.decisions == 3
    # A report on the week before says what was held true at its end.
    (before,) = report_on(database, weeks=0, until=MONDAY).precision.rules
    assert (before.verdicts.false_positive, before.verdicts.upheld) == (6, 0)


def test_hidden_rules_are_in_no_sum(database):
    with writing(database) as session:
        shown = add_flags(session, add_posts(session, 10, at=MONDAY), at=MONDAY)
        hidden = add_flags(session, add_posts(session, 3, at=MONDAY, accounts=2), at=MONDAY, rule="brand.superlative")
        rule_on(session, shown, "cleared", at=NOW - HOUR)
        rule_on(session, hidden, "upheld", at=NOW - HOUR)
    found = report_on(database).precision
    assert [(rule.rule, rule.is_hidden, rule.title is None) for rule in found.rules] == [
        ("brand.superlative", True, True),
        (RULE, False, False),
    ]
    assert (found.shown.decisions, found.shown.upheld, found.shown.cleared) == (10, 0, 10)


def test_time_to_the_first_decision_by_route(database):
    with writing(database) as session:
        flags = add_flags(session, add_posts(session, 12, at=MONDAY), at=MONDAY)
        for number, flag in enumerate(flags[:10], start=1):
            rule_on(session, [flag], "cleared", at=MONDAY + number * HOUR)
        # A revision and an escalation change no first decision.
        rule_on(session, flags[:1], "upheld", at=MONDAY + 40 * HOUR, revise=True)
        rule_on(session, flags[10:11], "escalated", at=MONDAY + HOUR, lane="hr")
        few = add_flags(session, add_posts(session, 4, at=MONDAY), at=MONDAY, lane="privacy")
        rule_on(session, few, "cleared", at=MONDAY + HOUR)
        add_flags(session, add_posts(session, 1, at=MONDAY), at=MONDAY - 20 * WEEK, lane="security")
    compliance, privacy, security = report_on(database).waiting.routes
    assert (compliance.route, compliance.opened, compliance.decided) == ("compliance", 12, 10)
    assert (compliance.median_seconds, compliance.p90_seconds) == pytest.approx((5 * 3600, 9 * 3600), abs=0.01)
    assert (compliance.open, compliance.oldest_open_at, compliance.overdue) == (2, MONDAY, None)
    assert (privacy.decided, privacy.median_seconds, privacy.p90_seconds, privacy.open) == (4, None, None, 0)
    assert (security.opened, security.open, security.oldest_open_at) == (0, 1, MONDAY - 20 * WEEK)


def test_flags_that_counsel_holds_show_only_to_those_who_may_see_them(database):
    with writing(database) as session:
        add_flags(session, add_posts(session, 12, at=MONDAY)[:5], at=MONDAY)
    before = report_on(database)
    with writing(database) as session:
        posts = session.scalars(select(PostRow)).all()
        secret = add_flags(session, posts, at=MONDAY, rule="regulated-conduct.deal", lane="counsel")
        rule_on(session, secret[:6], "upheld", at=MONDAY + HOUR)
        look_again(session, secret[6], rule_version="v2", at=MONDAY)
    after = report_on(database)
    assert after == before
    assert not after.is_counsel_included
    lawyer = report_on(database, who="legal")
    assert lawyer.is_counsel_included
    assert [policy.policy for policy in lawyer.rates.policies] == ["confidentiality", "regulated-conduct"]
    assert [rule.rule for rule in lawyer.precision.rules] == ["regulated-conduct.deal"]
    assert [(each.route, each.opened, each.open) for each in lawyer.waiting.routes][1] == ("counsel", 12, 6)
    assert [rule.rule for rule in lawyer.changes.rules] == ["regulated-conduct.deal"]


def test_an_escalated_flag_leaves_with_counsel(database):
    with writing(database) as session:
        flags = add_flags(session, add_posts(session, 6, at=MONDAY), at=MONDAY)
        rule_on(session, flags[:1], "escalated", at=MONDAY + HOUR, lane="counsel")
    assert report_on(database).rates.policies[0].this.flags == 5
    assert report_on(database, who="legal").rates.policies[0].this.flags == 6


def test_coverage_of_each_source(database):
    with writing(database) as session:
        add_posts(session, 7, at=MONDAY, accounts=6)
        add_posts(session, 2, at=MONDAY, accounts=0)
        add_posts(session, 3, at=MONDAY, accounts=4, source="brand")
        add_posts(session, 1, at=NOW, source="brand")  # not before the end
        posts = add_posts(session, 2, at=MONDAY - 30 * WEEK, source="old")
        posts[0].versions[0].status = "incomplete"
        posts[0].source.scanned_at = MONDAY - 30 * WEEK
        session.add(Reject(source_id=posts[0].source_id, place="old.jsonl:3", error="no id", seen_at=MONDAY))
        add_scan(session, at=MONDAY, feed={"accepted": 2, "skipped": 3}, brand={"unreached": 1})
        add_scan(session, at=MONDAY + HOUR, feed={"accepted": 1})
    found = report_on(database, sources=["feed", "brand", "inbox"])
    by_name = {source.source: source for source in found.coverage.sources}
    assert list(by_name) == ["brand", "feed", "inbox", "old"]
    feed, brand, inbox, old = (by_name[name] for name in ("feed", "brand", "inbox", "old"))
    assert (feed.posts, feed.accounts, feed.unnamed, feed.accepted, feed.skipped) == (9, 6, 2, 3, 3)
    assert feed.scanned_at == MONDAY + HOUR + timedelta(minutes=5)
    assert (brand.posts, brand.accounts, brand.unreached) == (3, None, 1)
    assert (inbox.posts, inbox.accounts, inbox.scanned_at, inbox.is_scanned) == (0, 0, None, False)
    assert (old.posts, old.is_configured, old.is_scanned, old.incomplete, old.rejects) == (0, False, False, 1, 1)
    assert all(source.is_configured for source in (feed, brand, inbox))


def test_a_silent_week_is_a_gap_where_there_used_to_be_posts(database):
    with writing(database) as session:
        for number in range(12, 3, -1):
            add_posts(session, 1, at=MONDAY - number * WEEK)
        # Now and then only: silence tells nothing.
        for number in (12, 9, 5):
            add_posts(session, 1, at=MONDAY - number * WEEK, source="rare")
    feed, rare = report_on(database, sources=["feed", "rare"]).coverage.sources
    # The outage goes on for as long as it lasts; this week is not over.
    assert feed.silent_weeks == ("2026-02-09", "2026-02-16", "2026-02-23")
    assert rare.silent_weeks == ()


def test_scans_by_how_they_ended(database):
    with writing(database) as session:
        for status in ("done", "done", "stopped", "failed", "running", "running"):
            add_scan(session, at=NOW - HOUR, status=status, feed={})
        add_scan(session, at=NOW, status="done", feed={})  # not before the end
    coverage = report_on(database).coverage
    assert (coverage.scans, coverage.done, coverage.stopped, coverage.failed) == (6, 2, 1, 1)
    assert (coverage.killed, coverage.running) == (2, 0)


@pytest.mark.parametrize(("left", "killed", "running"), [(HOUR, 1, 1), (-HOUR, 2, 0)])
def test_a_scan_at_work_was_not_killed(database, left, killed, running):
    with writing(database) as session:
        add_scan(session, at=NOW - 2 * HOUR, status="running")
        add_scan(session, at=NOW - HOUR, status="running")
        session.add(Lease(name="scan", holder="host:1:1", epoch=2, acquired_at=NOW - HOUR, expires_at=NOW + left))
    coverage = report_on(database).coverage
    assert (coverage.killed, coverage.running) == (killed, running)


def test_rule_sets_and_rule_versions_over_time(database):
    with writing(database) as session:
        for number, ruleset in enumerate(("r1", "r1", "r2", "r1")):
            add_scan(session, at=MONDAY + number * HOUR, ruleset=ruleset)
        post, other = add_posts(session, 2, at=MONDAY)
        (flag,) = add_flags(session, [post], at=MONDAY)
        add_flags(session, [other], at=MONDAY, rule="brand.superlative")
        look_again(session, flag, rule_version="v2", at=MONDAY + 2 * HOUR)
    changes = report_on(database).changes
    assert [(use.ruleset, use.scans, use.first_scan_at) for use in changes.rulesets] == [
        ("r1", 2, MONDAY),
        ("r2", 1, MONDAY + 2 * HOUR),
        ("r1", 1, MONDAY + 3 * HOUR),
    ]
    (rule,) = changes.rules
    assert (rule.rule, rule.versions, rule.changed_at) == (RULE, ("v1", "v2"), MONDAY + 2 * HOUR)


def test_a_source_that_exists_in_rows_only_is_named(database):
    with writing(database) as session:
        session.add(Source(name="posts of 🐟 \u202eabc"))
    (source,) = report_on(database, sources=[]).coverage.sources
    assert not source.is_configured
