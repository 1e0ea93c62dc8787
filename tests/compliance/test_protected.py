"""Talk that the law protects, from the corpus through the scan to every role at the queue."""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict, fields
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from typer.main import get_command

from cli import app
from compliance.db import reading, writing
from compliance.errors import ComplianceError
from compliance.judge import Judge
from compliance.listing import Filters, QueuedFlag, excerpts, queue
from compliance.models import AuditRow, Base, Flag, PostRow
from compliance.permissions import ROLES, Sight, UnnamedReader, sees
from compliance.review import Verdict, decide, show
from compliance.scan import Again, scan
from compliance.trail import verify
from rules.load import load_ruleset
from tests import corpus
from tests.compliance.desk import NOW, People, Reviewer, RuleSet, claimed, make_flag, make_version
from tests.compliance.desk import make_post as store_post
from tests.factories import JOB, START, FakeEngine, FakePeople, Ticking, make_post, make_source

TAG = "protected-activity.pay"
FIRST_AID = {"security", "officer", "privacy"}
READERS = sorted(role for role, granted in ROLES.items() if "flags:read" in granted)
OUTSIDERS = sorted(role for role in READERS if role != "legal")


def person(role):
    return UnnamedReader() if role == "reader" else Reviewer(role, role)


def listed(session, role, **filters):
    who = person(role)
    page = queue(session, Filters(**filters), people=People(), reviewer=who, actor=claimed(who), now=NOW)
    return page, excerpts(session, page)


def opened(session, role, flag_id):
    who = person(role)
    return show(session, flag_id, ruleset=RuleSet(), people=People(), reviewer=who, actor=claimed(who), now=NOW)


@pytest.fixture(scope="module")
def judge():
    return Judge(load_ruleset(lists=corpus.lists()))


def run(database, evaluator, rows):
    posts = [
        make_post(row["id"], row["text"], audience=row["audience"], author=f"@{row['id']}", thread="pay")
        for row in rows
    ]
    return scan(database, [make_source(posts)], evaluator, FakePeople(), actor=JOB, now=Ticking())


# --- the corpus ---------------------------------------------------------------------------------------------------


def test_the_corpus_is_as_large_and_as_mixed_as_its_figures_say():
    rows = corpus.rows("protected")
    assert (len(rows), len({row["id"] for row in rows}), len({row["text"] for row in rows})) == (150, 150, 150)
    assert sum(map(corpus.is_aside, rows)) == 47
    assert {row["audience"] for row in rows} == {"internal", "external"}
    assert (len(corpus.rows("protected_mixed")), len(corpus.rows("unprotected"))) == (40, 60)


def test_protected_talk_alone_opens_no_flag_and_leaves_no_tag_in_any_table(database, judge):
    run(database, judge, [row for row in corpus.rows("protected") if not corpus.is_aside(row)])
    with reading(database) as session:
        assert session.scalars(select(Flag.id)).all() == []
        assert len(session.scalars(select(PostRow.id)).all()) == 103
        stored = [repr(row) for table in Base.metadata.sorted_tables for row in session.execute(select(table)).all()]
        assert not any("protected-activity." in row for row in stored)


def test_a_tag_is_stored_with_a_flag_only_and_every_such_flag_is_counsels(database, judge):
    report = run(database, judge, corpus.rows("protected_mixed"))
    with reading(database) as session:
        flags = session.scalars(select(Flag)).all()
        others = [table for table in Base.metadata.sorted_tables if table.name != "flags"]
        stored = [repr(row) for table in others for row in session.execute(select(table)).all()]
        assert not any("protected-activity." in row for row in stored)
        assert verify(session).is_verified
    assert len(flags) >= 35
    assert {flag.lane for flag in flags if flag.tags} == {"counsel"}
    assert all(flag.lane == flag.route for flag in flags if not flag.tags)
    told = sum(not flag.tags or flag.policy == "credentials" or flag.route == "counsel" for flag in flags)
    assert report.opened.total() == told < len(flags)


@pytest.mark.parametrize("role", OUTSIDERS)
def test_nothing_a_role_outside_counsel_lists_counts_or_opens_tells_of_such_flags(database, judge, role):
    run(database, judge, corpus.rows("protected_mixed"))
    who = person(role)
    with reading(database) as session:
        flags = {flag.id: flag for flag in session.scalars(select(Flag))}
        known = {
            flag.id
            for flag in flags.values()
            if flag.lane != "counsel" or (flag.policy == "credentials" and role in FIRST_AID)
        }
        hidden = sorted(set(flags) - known)
        page, found = listed(session, role, status="all", limit=1000)
        assert {flag.id for flag in page.flags} == known
        assert page.total == len(known)
        assert set(found) <= known
        assert listed(session, role, lane="counsel")[0].total == 0
        policies = {flag.policy for flag in flags.values()}
        assert sum(listed(session, role, policy=each)[0].total for each in policies) == len(known)
        assert "protected-activity" not in json.dumps([asdict(each) for each in page.flags], default=str)
        for flag_id in hidden:
            for other in (flag_id, 999_999):
                with pytest.raises(ComplianceError, match=f"there is no flag {other}$") as refused:
                    opened(session, role, other)
                assert str(other) not in (refused.value.hint or "")
            with pytest.raises(ComplianceError, match=f"there is no flag {flag_id} to continue behind"):
                listed(session, role, after=flag_id)
        for flag_id in known:
            dossier = opened(session, role, flag_id)
            assert not {link.id for each in (dossier.of_post, dossier.of_author) for link in each.newest} & set(hidden)
    if "flags:decide" in ROLES[role]:
        with writing(database) as session, pytest.raises(ComplianceError, match=f"there is no flag {hidden[0]}$"):
            decide(
                session,
                hidden[0],
                Verdict.UPHELD,
                reason="r",
                people=People(),
                reviewer=who,
                actor=claimed(who),
                now=NOW,
            )


def test_counsel_sees_all_of_it(database, judge):
    run(database, judge, corpus.rows("protected_mixed"))
    with reading(database) as session:
        page, found = listed(session, "legal", limit=1000)
        assert page.total == len(session.scalars(select(Flag.id)).all()) == len(found)
        assert any(flag.tags for flag in page.flags)


# --- lanes --------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(database):
    clock, engine = Ticking(), FakeEngine(tags={TAG: "raise"})

    def go(text):
        return scan(database, [make_source([make_post("p1", text)])], engine, FakePeople(), actor=JOB, now=clock)

    def again(rule=None):
        return scan(database, [], engine, FakePeople(), actor=JOB, now=clock, again=Again(rule=rule))

    def edit(text, hours):
        page = make_post("p1", text, edited_at=START.replace(hour=START.hour + hours))
        # A longer script goes on where the last scan ended.
        source = make_source(*([[]] * hours), [page])
        return scan(database, [source], engine, FakePeople(), actor=JOB, now=clock)

    def flags():
        with reading(database) as session:
            return [(each.lane, each.tags, each.revision) for each in session.scalars(select(Flag))]

    def moves():
        with reading(database) as session:
            return [
                json.loads(each)
                for each in session.scalars(select(AuditRow.entry).where(AuditRow.action == "flag:moved"))
            ]

    def verified():
        with reading(database) as session:
            return verify(session).fault

    return SimpleNamespace(
        go=go, again=again, edit=edit, flags=flags, moves=moves, verified=verified, engine=engine, db=database
    )


def test_a_flag_with_the_tag_opens_in_counsels_lane_and_enters_no_count(desk):
    report = desk.go("Bluefin ships late, give us a raise")
    assert desk.flags() == [("counsel", [TAG], 0)]
    assert (report.opened, report.counts["feed"].flagged, desk.moves()) == ({}, 0, [])
    assert desk.verified() is None


def test_an_open_flag_that_gains_the_tag_moves_with_an_entry_and_a_new_revision(desk):
    assert desk.go("Bluefin ships late").opened == {"confidentiality": 1}
    desk.edit("Bluefin ships late, give us a raise", 1)
    assert desk.flags() == [("counsel", [TAG], 1)]
    (moved,) = desk.moves()
    assert (moved["object"], moved["detail"]["from"], moved["detail"]["lane"]) == ("flag:1", "compliance", "counsel")
    assert TAG not in json.dumps(moved)
    assert desk.verified() is None


def test_a_version_that_shows_only_the_talk_moves_the_flag_too(desk):
    desk.go("Bluefin ships late")
    desk.edit("We all want a raise", 1)
    assert desk.flags()[0][:2] == ("counsel", [TAG])


def test_an_older_version_that_arrives_late_moves_the_flag_too(desk):
    desk.edit("Bluefin ships late", 1)
    desk.edit("Bluefin ships late, give us a raise", 2)
    late = make_post("p1", "Bluefin, and a raise", edited_at=START)
    scan(desk.db, [make_source([], [], [], [late])], desk.engine, FakePeople(), actor=JOB, now=Ticking())
    assert desk.flags()[0][:2] == ("counsel", [TAG])


def test_rules_that_learn_of_a_topic_move_the_flag_though_the_finding_is_the_same(desk):
    desk.engine.tags = {}
    desk.go("Bluefin ships late, give us a raise")
    desk.engine.tags = {TAG: "raise"}
    desk.again("confidentiality.codename")
    assert desk.flags() == [("counsel", [TAG], 1)]
    assert len(desk.moves()) == 1


def test_a_flag_that_counsel_handed_on_stays_where_counsel_sent_it(desk):
    desk.go("Bluefin ships late, give us a raise")
    legal = Reviewer("legal", "legal")
    with writing(desk.db) as session:
        decide(
            session,
            1,
            Verdict.ESCALATED,
            lane="compliance",
            reason="no more than a codename",
            people=People(),
            reviewer=legal,
            actor=claimed(legal),
            now=NOW,
        )
    desk.edit("Bluefin ships late again, give us a raise", 1)
    assert desk.flags()[0][0] == "compliance"
    assert (desk.moves(), desk.verified()) == ([], None)


def test_whoever_looked_before_the_move_decides_nothing_and_is_told_no_more_than_anybody(desk):
    desk.go("Bluefin ships late")
    officer = Reviewer("officer", "officer")
    with reading(desk.db) as session:
        before = opened(session, "officer", 1).revision
    desk.edit("Bluefin ships late, give us a raise", 1)
    with writing(desk.db) as session, pytest.raises(ComplianceError, match=r"there is no flag 1$"):
        decide(
            session,
            1,
            Verdict.UPHELD,
            reason="r",
            seen_revision=before,
            people=People(),
            reviewer=officer,
            actor=claimed(officer),
            now=NOW,
        )


def test_a_tag_that_goes_away_is_kept(desk):
    desk.go("Bluefin ships late, give us a raise")
    desk.edit("Bluefin ships late", 1)
    assert desk.flags()[0][:2] == ("counsel", [TAG])


def test_a_flag_put_into_another_lane_by_hand_is_tampering(desk):
    desk.go("Bluefin ships late, give us a raise")
    with writing(desk.db) as session:
        session.get_one(Flag, 1).lane = "compliance"
    assert "another lane" in desk.verified().detail


# --- a live key ---------------------------------------------------------------------------------------------------


KEY = "hT3v-Quay-Lantern-9"
RANT = f"We strike on Monday over our pay 😡 the map is at {KEY} meet by the gate"
SPAN = (RANT.index(KEY), RANT.index(KEY) + len(KEY))


def stored_key(database, **changes):
    with writing(database) as session:
        post = store_post(
            session, "p1", text=RANT, author="@ana", channel="#pay", thread="t1", url="https://x.example/@ana"
        )
        values = {"rule": "credentials.provider-key", "lane": "security", "tags": [TAG], "spans": [SPAN]}
        flag = make_flag(session, post, **values)
        flag.lane = changes.get("lane", "counsel")
        return flag.id


@pytest.mark.parametrize("role", READERS)
def test_a_live_key_reaches_who_can_revoke_it_without_the_words_around_it(database, role):
    flag_id = stored_key(database)
    with reading(database) as session:
        page, found = listed(session, role)
        if role not in FIRST_AID | {"legal"}:
            assert (page.flags, page.total) == ((), 0)
            return
        (line,) = page.flags
        dossier = opened(session, role, flag_id)
        told = json.dumps([asdict(line), asdict(dossier), {key: each.text for key, each in found.items()}], default=str)
        if role == "legal":
            assert ("strike" in told, line.author, line.lane) == (True, "author-1", "counsel")
            return
    assert dossier.versions[0].text == KEY
    assert [dossier.versions[0].text[slice(*span)] for span in dossier.versions[0].spans] == [KEY]
    assert (line.lane, line.withheld, dossier.lane, dossier.withheld) == (
        "security",
        "first-aid",
        "security",
        "first-aid",
    )
    for secret in (
        "strike",
        "😡",
        "gate",
        "author-",
        "@ana",
        "#pay",
        '"t1"',
        "p1",
        "x.example",
        "protected-activity",
        "counsel",
    ):
        assert secret not in told, secret


@pytest.mark.parametrize("role", sorted(FIRST_AID))
def test_who_revokes_a_key_neither_decides_nor_learns_names_nor_sees_it_once_decided(database, role):
    flag_id = stored_key(database)
    who, legal = person(role), person("legal")
    with writing(database) as session, pytest.raises(ComplianceError, match="not for you to decide"):
        decide(session, flag_id, Verdict.UPHELD, reason="r", people=People(), reviewer=who, actor=claimed(who), now=NOW)
    if "names:reveal" in ROLES[role]:
        with writing(database) as session:
            arguments = {"people": People(), "reviewer": who, "actor": claimed(who), "names": True, "now": NOW}
            assert queue(session, Filters(), **arguments).flags[0].author is None
            assert show(session, flag_id, ruleset=RuleSet(), **arguments).post.author is None
            assert session.scalars(select(AuditRow.seq).where(AuditRow.action == "names:revealed")).all() == []
    with writing(database) as session:
        decide(
            session, flag_id, Verdict.UPHELD, reason="r", people=People(), reviewer=legal, actor=claimed(legal), now=NOW
        )
    with reading(database) as session:
        assert listed(session, role, status="all")[0].total == 0
        with pytest.raises(ComplianceError, match="there is no flag"):
            opened(session, role, flag_id)


def test_a_live_key_is_found_under_the_lane_it_is_shown_in(database):
    stored_key(database)
    with reading(database) as session:
        assert listed(session, "security", lane="security")[0].total == 1
        assert listed(session, "security", lane="counsel")[0].total == 0
        assert listed(session, "legal", lane="counsel")[0].total == 1


def test_the_key_of_an_earlier_version_is_still_shown_after_an_edit(database):
    flag_id = stored_key(database)
    with writing(database) as session:
        make_version(session, session.get_one(Flag, flag_id).post, "We strike on Monday", hours=1)
    with reading(database) as session:
        dossier = opened(session, "security", flag_id)
    assert [version.text for version in dossier.versions] == [KEY]


def test_other_flags_of_the_author_do_not_count_the_key_that_counsel_holds(database):
    stored_key(database)
    with writing(database) as session:
        other = make_flag(session, store_post(session, "p2", author="@ana")).id
    with reading(database) as session:
        assert opened(session, "security", other).of_author.counts == {}


@pytest.mark.parametrize(
    ("role", "policy", "is_open"), list(itertools.product(ROLES, ["credentials", "conduct"], [True, False]))
)
def test_sight_is_all_outside_the_lane_and_only_counsels_inside(role, policy, is_open):
    who = Reviewer("r", role)
    assert sees(who, lane="hr", policy=policy, is_open=is_open) is Sight.ALL
    urgent = policy == "credentials" and is_open and role in FIRST_AID
    expected = Sight.ALL if role == "legal" else Sight.FIRST_AID if urgent else Sight.NOTHING
    assert sees(who, lane="counsel", policy=policy, is_open=is_open) is expected


# --- what nobody is offered ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["manager", "policy-author", "policy-publisher", "operator", "admin", "made-up"])
def test_a_manager_and_whoever_reads_no_flags_sees_nothing_of_them(database, role):
    flag_id = stored_key(database, lane="compliance")
    who = Reviewer("raman", role)
    with writing(database) as session:
        for look in (
            lambda: listed(session, role),
            lambda: opened(session, role, flag_id),
            lambda: opened(session, role, 999),
        ):
            with pytest.raises(ComplianceError, match="may not read flags"):
                look()
        with pytest.raises(ComplianceError, match="may not decide flags"):
            decide(
                session, flag_id, Verdict.UPHELD, reason="r", people=People(), reviewer=who, actor=claimed(who), now=NOW
            )


def commands(command, name=""):
    yield name, command
    for word, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{name} {word}".strip())


def test_no_command_lists_counts_searches_or_exports_by_tag():
    found = dict(commands(get_command(app)))
    assert {"queue", "show", "scan", "case list"} <= set(found)
    offers = {
        (name, option)
        for name, command in found.items()
        for parameter in command.params
        for option in [*parameter.opts, *parameter.secondary_opts]
    }
    assert not [offer for offer in offers if offer[1].startswith(("--tag", "--topic", "--protected"))]
    assert not [name for name in found if "tag" in name]


def test_the_queue_filters_by_no_tag_and_by_no_person():
    assert {each.name for each in fields(Filters)} == {
        "lane",
        "policy",
        "severity",
        "source",
        "status",
        "after",
        "limit",
    }
    assert "tags" in {each.name for each in fields(QueuedFlag)}


def test_a_tag_is_no_policy_that_the_queue_or_a_count_could_name(database, judge):
    run(database, judge, corpus.rows("protected_mixed"))
    with reading(database) as session:
        assert listed(session, "legal", policy="protected-activity")[0].total == 0
