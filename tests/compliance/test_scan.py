from __future__ import annotations

import signal
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select

from compliance.db import reading, writing
from compliance.errors import UnavailableError
from compliance.lease import LeaseLostError
from compliance.models import Attempt, AuditRow, Flag, Lease, PostRow, PostVersion, Reject, Scan, Source
from compliance.scan import Again, scan
from connectors.errors import FatalError, RetryableError, SkippableError
from tests.factories import JOB, START, FakeEngine, FakePeople, Ticking, make_failure, make_page, make_post, make_source

LATER = START + timedelta(hours=3)


@pytest.fixture
def run(db_engine):
    """Scan sources of this test's database; the engine and the clock go on from call to call."""
    clock, engine = Ticking(), FakeEngine()

    def go(*sources, evaluator=engine, people=None, **changes):
        return scan(db_engine, sources, evaluator, people or FakePeople(), actor=JOB, now=clock, **changes)

    return SimpleNamespace(scan=go, engine=engine, clock=clock, db=db_engine)


def rows(db, query):
    with reading(db) as session:
        return session.execute(query).all()


def counts(report, **expected):
    found = {name: getattr(report.counts["feed"], name) for name in report.counts["feed"].__dataclass_fields__}
    return {name: number for name, number in found.items() if number} == expected


def test_new_posts_are_stored_once_with_their_verdicts(run):
    posts = [make_post("p1"), make_post("p2", "Bluefin ships Monday"), make_post("p3", "مرحبا 🎉\x00\ud800")]
    report = run.scan(make_source(posts))
    assert counts(report, read=3, new=3, evaluated=3, flagged=1)
    assert report.opened == {"confidentiality": 1}
    assert (report.status, report.exit_code, report.duration > timedelta()) == ("done", 0, True)
    stored = rows(
        run.db,
        select(PostRow.external_id, PostVersion.text, PostVersion.status).join(PostVersion.post).order_by(PostRow.id),
    )
    assert [tuple(row) for row in stored] == [
        ("p1", "Hello from the office", "clean"),
        ("p2", "Bluefin ships Monday", "flagged"),
        ("p3", "مرحبا 🎉\x00\ud800", "clean"),
    ]


def test_known_posts_are_neither_stored_nor_evaluated_again(run):
    run.scan(make_source([make_post("p1")]))
    report = run.scan(make_source([make_post("p1")], [make_post("p1"), make_post("p2")]))
    assert counts(report, read=2, new=1, evaluated=1)
    assert run.engine.seen == ["feed/p1", "feed/p2"]


def test_second_scan_goes_on_from_the_cursor(run):
    run.scan(make_source([make_post("p1")]))
    report = run.scan(make_source([make_post("never read again")], [make_post("p2")]))
    assert counts(report, read=1, new=1, evaluated=1)
    assert rows(run.db, select(Source.cursor, Source.page_attempts)) == [("2", 0)]


def test_a_page_of_a_thousand_posts_is_one_transaction_and_one_audit_entry(run):
    report = run.scan(make_source([make_post(f"p{number}") for number in range(1000)]))
    assert counts(report, read=1000, new=1000, evaluated=1000)
    assert rows(run.db, select(AuditRow.action).order_by(AuditRow.seq)) == [("page:stored",), ("scan:finished",)]


def test_a_page_above_the_limit_ends_the_source_and_is_not_stored(run):
    report = run.scan(make_source([make_post(f"p{number}") for number in range(1001)]))
    assert ("1001 posts" in report.errors[0].message, report.exit_code) == (True, 3)
    assert rows(run.db, select(PostRow.id)) == []


def test_a_source_that_repeats_itself_is_ended(run):
    page = make_page(1, make_post("p1"))
    report = run.scan(make_source(page, page, page))
    assert "again and again" in report.errors[0].message
    assert counts(report, read=1, new=1, evaluated=1)


def test_scan_counts_and_times_are_stored_with_it(run):
    report = run.scan(make_source([make_post("p1")]))
    [(status, stored, finished)] = rows(run.db, select(Scan.status, Scan.counts, Scan.finished_at))
    assert (status, stored["feed"]["new"], finished) == ("done", 1, report.finished_at)


def test_progress_is_told_after_each_page(run):
    told = []
    run.scan(make_source([make_post("p1")], [make_post("p2")]), page_done=told.append)
    assert [(each.source, each.position, each.size, each.counts.read) for each in told] == [
        ("feed", 1, 2, 1),
        ("feed", 2, 2, 2),
    ]


@pytest.mark.parametrize(
    "error", [FatalError("the token was revoked", place="feed"), RetryableError("no answer", place="feed")]
)
def test_a_source_that_fails_keeps_what_it_gave_and_others_are_read(run, error):
    report = run.scan(make_source([make_post("p1")], error), make_source([make_post("p2")], name="other"))
    assert [(each.source, each.message) for each in report.errors] == [("feed", error.message)]
    assert (report.exit_code, report.status) == (3, "done")
    assert rows(run.db, select(PostRow.external_id).order_by(PostRow.id)) == [("p1",), ("p2",)]
    ((stored,),) = rows(run.db, select(Scan.counts))
    assert {name: each.get("unreached") for name, each in stored.items()} == {"feed": 1, "other": None}


def test_unreadable_records_are_kept_by_place_and_counted(run):
    reject = SkippableError("the line is not valid JSON", place="posts.jsonl:7", hint="one JSON object a line")
    report = run.scan(make_source(make_page(1, make_post("p1"), rejects=[reject])))
    assert (report.counts["feed"].failed, report.exit_code) == (1, 3)
    assert [(each.place, each.message) for each in report.rejects] == [("posts.jsonl:7", "the line is not valid JSON")]
    assert rows(run.db, select(Reject.place)) == [("posts.jsonl:7",)]


def test_rejects_of_earlier_scans_are_outstanding_until_the_source_is_read_anew(run):
    bad = make_page(1, rejects=[SkippableError("broken", place="posts.jsonl:1")])
    run.scan(make_source(bad))
    quiet = run.scan(make_source(bad, make_page(2)))
    assert (quiet.outstanding_rejects, quiet.exit_code) == (1, 0)
    mended = run.scan(make_source(bad, make_page(2), make_page(3, make_post("p1"), restarted=True)))
    assert mended.outstanding_rejects == 0


def test_a_record_still_being_written_is_reported_but_not_kept(run):
    report = run.scan(make_source(make_page(1, rejects=[SkippableError("cut", place="posts.jsonl:2", pending=True)])))
    assert report.counts["feed"].failed == 1
    assert rows(run.db, select(Reject.id)) == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"external_id": ""}, "id is missing"),
        ({"external_id": "🎉" * 501}, "external_id is longer than 500 characters"),
        ({"thread": "t" * 501}, "thread is longer than 500 characters"),
        ({"author": "a" * 301}, "author is longer than 300 characters"),
        ({"kind": "rumour"}, "kind is unknown"),
        ({"audience": "everyone"}, "audience is unknown"),
        ({"posted_at": START.replace(tzinfo=None)}, "a time has no time zone"),
    ],
)
def test_a_post_that_cannot_be_stored_is_a_reject_and_its_neighbours_are_stored(run, change, fault):
    report = run.scan(make_source([make_post("p1"), make_post(**change), make_post("p3")]))
    assert [each.message for each in report.rejects] == [fault]
    assert counts(report, read=3, new=2, evaluated=2, failed=1)


def test_the_longest_keys_fit_the_indexes(run):
    post = make_post("🎉" * 500, author="🎉" * 300, thread="🎉" * 500, platform="p" * 60)
    assert counts(run.scan(make_source([post])), read=1, new=1, evaluated=1)


def test_direct_messages_are_skipped_and_counted(run):
    report = run.scan(make_source([make_post("p1", kind="message"), make_post("p2")]))
    assert counts(report, read=2, new=1, evaluated=1, skipped=1)
    assert report.exit_code == 0


def test_a_source_may_include_messages(run):
    assert counts(
        run.scan(make_source([make_post("p1", kind="message")], include_messages=True)), read=1, new=1, evaluated=1
    )


def test_audience_and_platform_of_the_source_stand_in(run):
    run.scan(make_source([make_post("p1", platform=None), make_post("p2", audience="internal")], platform="mastodon"))
    stored = rows(run.db, select(PostRow.audience, PostRow.platform).order_by(PostRow.id))
    assert [tuple(row) for row in stored] == [("external", "mastodon"), ("internal", "x")]


def test_a_raising_evaluator_leaves_one_post_incomplete_without_its_words(run):
    run.engine.broken = "boom"
    posts = [make_post("p1"), make_post("p2", "boom, says Ana"), make_post("p3", "Bluefin")]
    report = run.scan(make_source(posts))
    assert counts(report, read=3, new=3, evaluated=3, flagged=1, incomplete=1)
    assert [(each.post, each.detector, each.kind, each.error) for each in report.incompletes] == [
        ("feed/p2", "engine", "fault", "ValueError")
    ]
    assert report.exit_code == 3
    assert "Ana" not in repr(report)


def test_an_evaluator_that_loses_documents_does_not_lose_posts(run):
    class Forgetful(FakeEngine):
        def evaluate(self, documents):
            return (self._one(document) for document in list(documents) if "forget" not in document.text)

    report = run.scan(
        make_source([make_post("p1"), make_post("p2", "forget me"), make_post("p3")]), evaluator=Forgetful()
    )
    assert counts(report, read=3, new=3, evaluated=3, incomplete=1)
    assert [(each.post, each.error) for each in report.incompletes] == [("feed/p2", "no evaluation")]


def test_faults_are_retried_and_heal(run):
    run.engine.incomplete = "hard"
    assert run.scan(make_source([make_post("p1", "hard Bluefin")])).exit_code == 3
    run.engine.incomplete = None
    report = run.scan()
    assert counts(report, evaluated=1, flagged=1)
    assert (report.exit_code, report.outstanding_incomplete) == (0, 0)
    assert rows(run.db, select(PostVersion.status, PostVersion.attempts, PostVersion.failures)) == [("flagged", 0, [])]


def test_a_lasting_fault_is_tried_three_times_and_then_outstanding(run):
    run.engine.incomplete = "hard"
    codes = [run.scan(make_source([make_post("p1", "hard")])).exit_code for _ in range(4)]
    assert (codes, run.engine.seen) == ([3, 3, 3, 0], ["feed/p1"] * 3)
    assert run.scan().outstanding_incomplete == 1


def test_what_is_not_covered_is_not_retried(run):
    run.engine.incomplete, run.engine.failure = "hard", make_failure(kind="uncovered", error="language")
    run.scan(make_source([make_post("p1", "hard")]))
    report = run.scan()
    assert (len(run.engine.seen), report.outstanding_incomplete) == (1, 1)


def test_again_applies_new_rules_to_stored_posts_and_marks_flags_retro(run):
    run.scan(make_source([make_post("p1", "Redfin and Greyfin"), make_post("p2", "nothing")]))
    run.engine.rules = {"confidentiality.codename": "Redfin", "brand.greyfin": "Greyfin"}
    report = run.scan(again=Again())
    assert (report.opened, counts(report, evaluated=2, flagged=1)) == ({"brand": 1}, True)
    assert rows(run.db, select(Flag.rule, Flag.retro).order_by(Flag.id)) == [
        ("confidentiality.codename", False),
        ("brand.greyfin", True),
    ]


def test_again_with_a_rule_opens_flags_of_that_rule_only(run):
    run.engine.rules = {"brand.nothing": "zzz"}
    run.scan(make_source([make_post("p1", "Redfin and Greyfin")]))
    run.engine.rules = {"confidentiality.codename": "Redfin", "brand.greyfin": "Greyfin"}
    assert run.scan(again=Again(rule="brand.greyfin")).opened == {"brand": 1}


def test_again_since_a_time_leaves_older_versions_alone(run):
    old, new = make_post("p1", "Greyfin"), make_post("p2", "Greyfin", posted_at=LATER)
    run.scan(make_source([old, new]))
    run.engine.rules = {"brand.greyfin": "Greyfin"}
    run.engine.seen.clear()
    assert run.scan(again=Again(since=LATER)).opened == {"brand": 1}
    assert run.engine.seen == ["feed/p2"]


def test_again_evaluates_the_current_version_and_no_deletion(run):
    edited = [make_post("p1", "one"), make_post("p1", "two", edited_at=LATER)]
    run.scan(make_source([*edited, make_post("p2", "gone"), make_post("p2", "", deleted_at=LATER)]))
    run.engine.seen.clear()
    texts = []
    run.engine.before = lambda document: texts.append(document.text)
    run.scan(again=Again())
    assert texts == ["two"]


def test_a_stored_post_becomes_the_document_it_was_when_read(run):
    seen = []
    run.engine.before = seen.append
    post = make_post(
        "p1", channel="general", thread="t1", is_reply=True, audience="internal", posted_at=None, kind="comment"
    )
    run.scan(make_source([post]))
    run.scan(again=Again())
    assert seen[0] == seen[1]
    assert seen[0].context.at is not None


def test_again_reads_history_in_batches(run, monkeypatch):
    monkeypatch.setattr("compliance.rescan.BATCH", 2)
    run.scan(make_source([make_post(f"p{number}", "Greyfin") for number in range(5)]))
    run.engine.rules = {"brand.greyfin": "Greyfin"}
    assert run.scan(again=Again()).opened == {"brand": 5}
    entries = rows(run.db, select(AuditRow.action).where(AuditRow.action == "page:again"))
    assert len(entries) == 3


def test_sigterm_drops_the_page_at_hand_and_ends_in_order(run):
    def terminate(document):
        if document.key == "feed/p2":
            signal.raise_signal(signal.SIGTERM)

    run.engine.before = terminate
    pages = [make_post("p1")], [make_post("p2"), make_post("p3")]
    before = signal.getsignal(signal.SIGTERM)
    report = run.scan(make_source(*pages))
    assert (report.status, report.exit_code, report.counts["feed"].new) == ("stopped", 3, 1)
    assert rows(run.db, select(Source.cursor, Source.page_attempts)) == [("1", 0)]
    assert rows(run.db, select(Scan.status)) == [("stopped",)]
    assert signal.getsignal(signal.SIGTERM) is before
    run.engine.before = None
    assert run.scan(make_source(*pages)).counts["feed"].new == 2


def test_sigterm_while_waiting_for_a_source_interrupts_the_wait(run):
    class Slow:
        name, ordered = "slow", False

        def pages(self, since):
            del since
            signal.raise_signal(signal.SIGTERM)
            yield make_page(1, make_post("p1"))

        def size(self):
            return None

    report = run.scan(make_source(connector=Slow()))
    assert (report.status, rows(run.db, select(PostRow.id))) == ("stopped", [])


def test_keyboard_interrupt_rolls_the_page_back_and_releases_the_lease(run):
    def interrupt(_document):
        raise KeyboardInterrupt

    run.engine.before = interrupt
    assert run.scan(make_source([make_post("p1")])).status == "stopped"
    assert rows(run.db, select(PostRow.id)) == []
    run.engine.before = None
    assert run.scan(make_source([make_post("p1")])).status == "done"


def test_a_fault_of_the_source_that_is_no_connector_error_marks_the_scan_failed(run):
    class Buggy:
        name, ordered = "buggy", False

        def pages(self, since):
            del since
            raise ZeroDivisionError

        def size(self):
            return None

    with pytest.raises(ZeroDivisionError):
        run.scan(make_source(connector=Buggy()))
    assert rows(run.db, select(Scan.status)) == [("failed",)]
    assert run.scan().status == "done"


def test_two_scans_at_once_one_wins_and_the_other_is_told_who_holds_it(run):
    refused = []

    def second(_document):
        run.engine.before = None
        with pytest.raises(UnavailableError) as error:
            run.scan(make_source([make_post("p1")]))
        refused.append(error.value)

    run.engine.before = second
    report = run.scan(make_source([make_post("p1")]))
    [(holder,)] = rows(run.db, select(Lease.holder))
    assert (report.status, report.counts["feed"].new, holder) == ("done", 1, "")
    assert ("another scan is running" in refused[0].message, refused[0].exit_code) == (True, 3)


def test_a_fenced_scan_stores_nothing_more(run):
    def taken_over(_document):
        with writing(run.db) as session:
            row = session.scalars(select(Lease)).one()
            row.holder, row.epoch = "elsewhere:1:1.0", row.epoch + 1

    run.engine.before = taken_over
    with pytest.raises(LeaseLostError):
        run.scan(make_source([make_post("p1")]))
    assert rows(run.db, select(PostRow.id)) == []
    assert rows(run.db, select(Lease.holder)) == [("elsewhere:1:1.0",)]


def test_after_a_death_in_a_page_each_post_goes_by_itself(run):
    with writing(run.db) as session:
        session.add(Source(name="feed", page_attempts=1))
    report = run.scan(
        make_source(
            [make_post("p1"), make_post("p1", "edited", edited_at=LATER), make_post("p2", "", deleted_at=LATER)]
        )
    )
    assert counts(report, read=3, new=1, edited=1, deleted=1, evaluated=2)
    assert rows(run.db, select(Source.page_attempts, Source.cursor)) == [(0, "1")]
    assert rows(run.db, select(Attempt.tries)) == []


def test_a_post_that_ended_three_scans_is_set_aside_and_the_others_finish(run):
    with writing(run.db) as session:
        source = Source(name="feed", page_attempts=4)
        session.add(source)
        session.flush()
        session.add(Attempt(source_id=source.id, external_id="p2", tries=3))
    report = run.scan(make_source([make_post("p1"), make_post("p2"), make_post("p3")]))
    assert run.engine.seen == ["feed/p1", "feed/p3"]
    assert [(each.post, each.error) for each in report.incompletes] == [("feed/p2", "set aside after 3 tries")]
    assert run.scan().outstanding_incomplete == 1
    assert run.engine.seen == ["feed/p1", "feed/p3"]
