from __future__ import annotations

import pytest

from compliance.errors import ComplianceError
from compliance.scan import scan
from compliance.sources import chosen_sources
from compliance.workspace import open_workspace
from rules.errors import PolicyError
from tests.connectors.repository import make_blocks, make_car, make_post
from tests.factories import JOB, FakeEngine, FakePeople, Ticking

MAIL = """From x@z Thu Jan  1 00:00:00 1970
From: ana@example.org
Date: Mon, 2 Mar 2026 09:00:00 +0000
Subject: news
Message-ID: <{number}@example.org>
List-Id: <dev.example.org>

{text}

"""


@pytest.fixture
def space(tmp_path):
    """Open a workspace whose compliance.yaml has these sources."""

    def make(sources="{}"):
        (tmp_path / "compliance.yaml").write_text(f"organisation: Alderway\nsources: {sources}\n", encoding="utf-8")
        return open_workspace(tmp_path)

    return make


@pytest.fixture
def read(db_engine):
    """Scan sources into this test's database and return what one of them gave."""
    engine, clock = FakeEngine(), Ticking()

    def go(sources):
        report = scan(db_engine, sources, engine, FakePeople(), actor=JOB, now=clock)
        (counts,) = report.counts.values()
        return {
            name: getattr(counts, name)
            for name in ("read", "new", "edited", "skipped", "failed")
            if getattr(counts, name)
        }

    return go


def chosen(space, path, **more):
    (found,) = chosen_sources(space, [str(path)], **more)
    return found


@pytest.mark.parametrize(
    ("name", "connector"), [("a.jsonl", "jsonl"), ("a.csv", "csv"), ("a.mbox", "mbox"), ("a.car", "bluesky-car")]
)
def test_a_file_is_read_by_the_connector_that_knows_its_kind(space, tmp_path, name, connector):
    (tmp_path / name).touch()
    assert chosen(space(), tmp_path / name).connector.name == connector


def test_a_file_that_nobody_knows_is_refused_with_those_there_are(space, tmp_path):
    (tmp_path / "posts.docx").touch()
    with pytest.raises(ComplianceError, match="no connector is known to read this file") as error:
        chosen(space(), tmp_path / "posts.docx")
    assert "bluesky-car, csv, jsonl, linkedin-export" in error.value.hint


def test_a_file_of_any_name_is_read_by_the_connector_that_its_source_names(space, tmp_path):
    (tmp_path / "posts.txt").touch()
    found = chosen(space("{posts: {connector: csv, path: posts.txt, timezone: Europe/Berlin}}"), tmp_path / "posts.txt")
    assert (found.name, found.connector.name, found.connector.settings.timezone) == ("posts", "csv", "Europe/Berlin")


def test_mail_is_internal_unless_somebody_says_otherwise(space, tmp_path):
    (tmp_path / "dev.mbox").touch()
    path = tmp_path / "dev.mbox"
    assert chosen(space(), path).audience == "internal"
    assert chosen(space(), path, audience="external").audience == "external"
    assert chosen(space("{dev: {path: dev.mbox, audience: external}}"), path).audience == "external"
    assert chosen(space("{dev: {path: dev.mbox}}"), path).audience == "internal"
    (tmp_path / "a.csv").touch()
    assert chosen(space(), tmp_path / "a.csv").audience == "external"


def test_a_file_for_a_source_of_another_kind_is_refused(space, tmp_path):
    (tmp_path / "b.car").touch()
    config = space("{posts: {path: posts.csv, timezone: UTC}}")
    with pytest.raises(ComplianceError, match="not those of the connector 'bluesky-car'"):
        chosen(config, tmp_path / "b.car", source="posts")


@pytest.mark.parametrize(
    ("source", "word", "message", "hint"),
    [
        ("{connector: cvs, path: a.csv}", "cvs", "unknown connector 'cvs'", "did you mean csv?"),
        ("{path: a.csv, timezon: UTC}", "timezon:", "unknown key 'timezon'", "did you mean timezone?"),
        ("{path: a.csv, audiense: internal}", "audiense", "unknown key 'audiense'", "did you mean audience?"),
        ("{path: a.csv, timezone: Mars/Base}", "Mars", "'Mars/Base' is no time zone", ""),
        ("{path: a.csv, columns: {body: Text}}", "Text", "'body' is not allowed here", "one of: id, text"),
        ("{path: a.csv, columns: {text: 7}}", "7", "'7' must be text", "quotes"),
        ("{path: a.jsonl, timezone: UTC}", "timezone", "unknown key 'timezone'", "known keys: connector, path"),
        ("{path: a.docx, timezone: UTC}", "timezone", "whose setting 'timezone' is cannot be told", "add `connector:`"),
    ],
)
def test_wrong_settings_are_refused_where_they_stand(space, source, word, message, hint):
    with pytest.raises(PolicyError) as error:
        space(f"{{one: {source}}}")
    line = f"sources: {{one: {source}}}"
    (fault,) = error.value.faults
    assert (fault.file, fault.line, fault.column) == ("compliance.yaml", 2, line.index(word) + 1)
    assert (message in fault.message, hint in fault.hint) == (True, True), fault


def test_faults_of_several_sources_come_at_once(space):
    with pytest.raises(PolicyError) as error:
        space("{one: {path: a.csv, zone: x}, two: {connector: nope, path: b}, three: {audience: inside, path: c.csv}}")
    assert len(error.value.faults) == 3


def test_csv_again_and_an_older_export_change_nothing(space, read, tmp_path):
    path = tmp_path / "posts.csv"
    old = "id,text,posted_at,edited_at\n1,draft,2026-03-02T09:00Z,\n2,hello,2026-03-02T09:00Z,\n"
    new = "id,text,posted_at,edited_at\n1,final,2026-03-02T09:00Z,2026-03-02T10:00Z\n3,more,2026-03-02T09:00Z,\n"
    path.write_text(new)
    assert read([chosen(space(), path)]) == {"read": 2, "new": 2}
    assert read([chosen(space(), path)]) == {}
    path.write_text(old)
    assert read([chosen(space(), path)]) == {"read": 2, "new": 1, "edited": 1}
    path.write_text(new)
    assert read([chosen(space(), path)]) == {"read": 2}


def test_mail_again_in_another_order_stores_nothing_new(space, read, tmp_path):
    path = tmp_path / "dev.mbox"
    one, two = MAIL.format(number=1, text="one"), MAIL.format(number=2, text="two")
    person = MAIL.format(number=3, text="three").replace("List-Id: <dev.example.org>\n", "")
    path.write_text(one + two + person)
    assert read([chosen(space(), path)]) == {"read": 3, "new": 2, "skipped": 1}
    path.write_text(two + one)
    assert read([chosen(space(), path)]) == {"read": 2}


def test_an_older_repository_after_a_newer_one_stores_nothing_new(space, read, tmp_path):
    path = tmp_path / "ana.car"
    posts = {f"app.bsky.feed.post/3mgfqaaaaaa2{letter}": make_post(letter) for letter in "abc"}
    path.write_bytes(make_car(*make_blocks(posts)))
    assert read([chosen(space(), path)]) == {"read": 3, "new": 3}
    path.write_bytes(make_car(*make_blocks(dict(list(posts.items())[:2]), rev="3mgfuv5222222")))
    assert read([chosen(space(), path)]) == {"read": 2}


def test_current_is_the_edited_text_whatever_came_last(space, db_engine, tmp_path):
    path, seen = tmp_path / "posts.csv", []
    engine, clock = FakeEngine(), Ticking()
    for text, edited in (("final", "2026-03-02T10:00Z"), ("draft", "")):
        path.write_text(f"id,text,posted_at,edited_at\n1,{text},2026-03-02T09:00Z,{edited}\n")
        scan(db_engine, [chosen(space(), path)], engine, FakePeople(), actor=JOB, now=clock)
    from compliance.scan import Again

    engine.before = lambda document: seen.append(document.text)
    scan(db_engine, [], engine, FakePeople(), actor=JOB, now=clock, again=Again())
    assert seen == ["final"]
