from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from compliance import remedies
from compliance.audit import Actor
from compliance.db import reading, writing
from compliance.dossier import show
from compliance.errors import ComplianceError
from compliance.models import AuditRow, Remedy
from compliance.review import Verdict, decide
from compliance.scan import scan
from rules.evaluation import Evaluation, Failure, Finding, Match, Publish, Severity, Status
from tests.compliance.desk import NOW, STAFF, TEXT, People, RuleSet, make_flag, make_post, make_version

NIGHT = Actor(id="nightly", proof="system")
WEEK = timedelta(days=7)


class Eye:
    """A rule that sees the word Bluefin; `blind` fails instead."""

    ruleset_hash = "r" * 64

    def __init__(self, *, blind=False):
        self.blind = blind

    def evaluate(self, documents):
        for document in documents:
            at = document.text.find("Bluefin")
            if self.blind:
                failure = Failure(
                    detector="terms", kind="fault", error="TimeoutError", rules=("confidentiality.codename",)
                )
                yield Evaluation(key=document.key, status=Status.INCOMPLETE, failures=(failure,))
            elif at < 0:
                yield Evaluation(key=document.key, status=Status.CLEAN)
            else:
                match = Match(
                    start=at, end=at + 7, part="name", detector="terms", kind="term", confidence=0.9, reason="listed"
                )
                found = Finding(
                    rule="confidentiality.codename",
                    version="v1",
                    severity=Severity.HIGH,
                    publish=Publish.BLOCK,
                    confidence=0.9,
                    matches=(match,),
                )
                yield Evaluation(key=document.key, status=Status.FLAGGED, findings=(found,))

    def policy(self, rule_id):
        return rule_id.partition(".")[0]

    def route(self, rule_id):
        del rule_id
        return "compliance"

    def version(self, rule_id):
        del rule_id
        return "v1"


class Nobody:
    known_groups = None

    def context_of(self, platform, author):
        del platform, author
        return None, None


@pytest.fixture
def asked(db_engine):
    """Return a post whose flag was upheld, with a remedy asked for."""

    def make(what="edit", verdict=Verdict.UPHELD):
        with writing(db_engine) as session:
            post = make_post(session)
            flag = make_flag(session, post)
            code = "quoted" if verdict is Verdict.CLEARED else None
            decide(
                session,
                flag.id,
                verdict,
                code=code,
                reason="x",
                people=People(),
                reviewer=STAFF["officer"],
                actor=NIGHT,
                now=NOW,
            )
            ask(session, flag.id, what)
            return post.id

    return make


def ask(session, flag, what="edit", *, due=NOW + WEEK, by="officer"):
    return remedies.ask(session, flag, what, due=due, people=People(), reviewer=STAFF[by], actor=Actor(id=by), now=NOW)


def night(db_engine, *, blind=False):
    return scan(db_engine, [], Eye(blind=blind), Nobody(), actor=NIGHT, now=lambda: NOW + timedelta(days=1)).remedied


def later(db_engine, post_id, text, *, hours=2, is_deleted=False):
    from compliance.models import PostRow

    with writing(db_engine) as session:
        make_version(session, session.get(PostRow, post_id), text, hours=hours, is_deleted=is_deleted)


def stored(db_engine):
    with reading(db_engine) as session:
        row = session.scalars(select(Remedy)).one()
        return row.status, row.settled_version_id


def test_an_edit_that_takes_the_matter_away_settles_it_once(db_engine, asked):
    post = asked()
    assert night(db_engine) == 0
    later(db_engine, post, "Can't wait for the launch!")
    assert night(db_engine) == 1
    assert night(db_engine) == 0
    assert stored(db_engine) == ("done", 2)
    with reading(db_engine) as session:
        actions = session.scalars(select(AuditRow.action).where(AuditRow.action.startswith("remedy"))).all()
    assert actions == ["remedy:asked", "remedy:done"]


def test_an_edit_that_leaves_the_matter_settles_nothing(db_engine, asked):
    later(db_engine, asked(), TEXT + " 🎉")
    assert night(db_engine) == 0


def test_what_cannot_be_evaluated_settles_nothing(db_engine, asked):
    later(db_engine, asked(), "Can't wait for the launch!")
    assert night(db_engine, blind=True) == 0
    assert stored(db_engine) == ("open", None)


@pytest.mark.parametrize("what", remedies.ASKS)
def test_a_deletion_settles_whatever_was_asked(db_engine, asked, what):
    later(db_engine, asked(what), "", is_deleted=True)
    assert night(db_engine) == 1


def test_where_deletion_was_asked_an_edit_is_not_enough(db_engine, asked):
    later(db_engine, asked("delete"), "Can't wait for the launch!")
    assert night(db_engine) == 0


def test_a_remedy_follows_a_decision_that_found_something(db_engine):
    with writing(db_engine) as session:
        flag = make_flag(session, make_post(session)).id
        with pytest.raises(ComplianceError, match="follows a decision") as error:
            ask(session, flag, "apologise", due=NOW)
        assert "'apologise' is no remedy" in error.value.message
        assert "is over" in error.value.message
        decide(
            session,
            flag,
            Verdict.FALSE_POSITIVE,
            code="wrong-sense",
            people=People(),
            reviewer=STAFF["officer"],
            actor=NIGHT,
            now=NOW,
        )
        with pytest.raises(ComplianceError, match="nothing to mend"):
            ask(session, flag)


def test_one_remedy_at_a_time_and_only_by_who_may_decide(db_engine, asked):
    asked(verdict=Verdict.CLEARED)
    with writing(db_engine) as session:
        with pytest.raises(ComplianceError, match="a remedy of this flag is open"):
            ask(session, 1)
        with pytest.raises(ComplianceError, match="may not decide flags"):
            ask(session, 1, by="auditor")


def test_the_dossier_says_how_a_remedy_stands(db_engine, asked):
    post = asked()
    assert [each.status for each in dossier(db_engine).remedies] == ["open"]
    assert [each.status for each in dossier(db_engine, now=NOW + WEEK).remedies] == ["overdue"]
    later(db_engine, post, "Can't wait for the launch!")
    night(db_engine)
    assert [each.status for each in dossier(db_engine, now=NOW + WEEK).remedies] == ["done"]


def dossier(db_engine, *, now=NOW):
    with reading(db_engine) as session:
        return show(session, 1, ruleset=RuleSet(), people=People(), reviewer=STAFF["officer"], actor=NIGHT, now=now)
