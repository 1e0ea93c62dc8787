from __future__ import annotations

import io
import json
import logging
import os
import stat
import sys
import warnings

import pytest

from compliance.db import open_engine
from compliance.logs import ScanLog, logging_to
from compliance.scan import scan
from connectors.errors import FatalError, RetryableError, SkippableError
from rules.errors import Fault, PolicyError
from tests.factories import JOB, FakeEngine, FakePeople, Ticking, make_failure, make_page, make_post, make_source

#: In every place that a source, a list or a setting gives; none may come out.
PLANTED = "Zanzibarquark"


def planted_post(number, **changes):
    return make_post(
        f"{PLANTED}-{number}",
        **{
            "text": f"{PLANTED} text",
            "author": f"@{PLANTED}",
            "channel": PLANTED,
            "url": f"https://{PLANTED}.example/",
            "thread": PLANTED,
            "platform": "x",
        }
        | changes,
    )


def lines(stream):
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@pytest.fixture
def told(monkeypatch, db_engine):
    """Scan with a log on standard error; return its lines, which hold nothing planted."""

    def run(*sources, evaluator=None, form="json", raises=None):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        with logging_to(form, None) as shared:
            assert shared
            log = ScanLog()
            log.listed = frozenset({"feed"})
            try:
                evaluator = evaluator or FakeEngine()
                log_to = {"begun": log.begun, "page_done": log.page_done}
                report = scan(db_engine, sources, evaluator, FakePeople(), actor=JOB, now=Ticking(), **log_to)
                log.ended(report)
                log.exits(report.exit_code)
            except Exception as error:
                log.failed(error)
                if raises is None:
                    raise
        assert PLANTED.lower() not in stream.getvalue().lower()
        return lines(stream) if form == "json" else stream.getvalue()

    return run


def events(found):
    return [line["event"] for line in found]


def test_a_scan_tells_what_it_did_in_counts(told):
    found = told(make_source([planted_post(1), planted_post(2, text="Bluefin")]))
    assert events(found) == ["scan:started", "page:stored", "source:read", "scan:finished", "scan:exited"]
    assert {line["scan"] for line in found} == {1}
    read = found[2]
    assert (read["source"], read["new"], read["flagged"], read["level"]) == ("feed", 2, 1, "info")
    assert (found[-1]["exit_code"], found[-2]["flags"]) == (0, 1)
    assert all(line["time"].endswith("+00:00") for line in found)


def test_a_source_that_compliance_yaml_does_not_name_is_numbered(told):
    found = told(make_source([planted_post(1)], name=PLANTED), make_source([planted_post(2)], name=f"{PLANTED}2"))
    assert [line["source"] for line in found if line["event"] == "source:read"] == ["file-1", "file-2"]


@pytest.mark.parametrize("error", [FatalError, RetryableError])
def test_a_source_that_fails_tells_the_type_alone(told, error):
    found = told(make_source(error(f"cannot read {PLANTED}", place=f"/home/{PLANTED}.jsonl", hint=PLANTED)))
    assert [line["error"] for line in found if line["event"] == "source:failed"] == [error.__name__]
    assert found[-1] == {**found[-1], "level": "error", "exit_code": 3}


def test_records_that_cannot_be_read_are_counted(told):
    reject = SkippableError(f"not JSON: {PLANTED}", place=f"{PLANTED}.jsonl:3")
    found = told(make_source(make_page(1, planted_post(1), rejects=[reject])))
    assert [(line["failed"], line["level"]) for line in found if line["event"] == "source:read"] == [(1, "warning")]


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (make_failure(), {"detector": "entity", "kind": "fault", "error": "TimeoutError"}),
        (make_failure(error=f"broke on {PLANTED}"), {"detector": "entity", "kind": "fault"}),
        (make_failure(kind="uncovered", error=PLANTED), {"detector": "entity", "kind": "uncovered"}),
    ],
    ids=["type", "words", "uncovered"],
)
def test_what_was_incomplete_is_told_by_type_only(told, failure, expected):
    found = told(make_source([planted_post(1)]), evaluator=FakeEngine(incomplete=PLANTED, failure=failure))
    (line,) = [line for line in found if line["event"] == "posts:incomplete"]
    assert {key: line[key] for key in line.keys() & {"detector", "kind", "error"}} == expected
    assert line["posts"] == 1


def test_a_detector_that_raises_with_the_text_of_the_post_tells_its_type(told):
    found = told(make_source([planted_post(1)]), evaluator=FakeEngine(broken=PLANTED))
    (line,) = [line for line in found if line["event"] == "posts:incomplete"]
    assert line["error"] == "ValueError"


class Breaks:
    """A connector with a fault of its own."""

    name, ordered = "breaks", False

    def size(self):
        return None

    def pages(self, since):
        yield make_page(1, planted_post(1))
        raise KeyError(PLANTED, since)


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_fault_of_our_own_is_told_by_type_and_place(told, form):
    source = make_source([], name="feed", connector=Breaks())
    found = told(source, raises=KeyError, form=form)
    if form == "json":
        assert found[-1]["error"] == "KeyError"
        assert found[-1]["place"].startswith("tests/compliance/test_logs.py:")
    else:
        assert 'scan:failed scan=1 error="KeyError"' in found


def test_a_policy_that_cannot_be_loaded_is_told_by_the_number_of_its_faults(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with logging_to("json", None):
        ScanLog().failed(PolicyError([Fault(file=PLANTED, line=1, column=1, message=PLANTED, hint=PLANTED)]))
    (line,) = lines(stream)
    assert (line["event"], line["error"], line["faults"]) == ("scan:failed", "PolicyError", 1)
    assert PLANTED not in stream.getvalue()


def test_other_programs_are_named_and_not_quoted(monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    # Turned off where Presidio is loaded, which another test may have done.
    monkeypatch.setattr(logging.getLogger("presidio-analyzer"), "disabled", False)
    with warnings.catch_warnings(), logging_to("json", None):
        warnings.simplefilter("always")
        logging.getLogger("presidio-analyzer").warning("entity in %s", PLANTED)
        logging.getLogger("other").info("hidden")
        warnings.warn(PLANTED, UserWarning, stacklevel=1)
        logging.getLogger("other").error("failed", exc_info=ValueError(PLANTED))
    assert [line.get("logger") for line in lines(stream)] == ["presidio-analyzer", "py.warnings", "other"]
    assert PLANTED not in stream.getvalue()


def test_afterwards_logging_is_as_it_was():
    before = logging.getLogger().handlers[:], logging.getLogger().level, warnings.showwarning
    with logging_to("json", None):
        pass
    assert (logging.getLogger().handlers, logging.getLogger().level, warnings.showwarning) == before


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110 - a decorator
@pytest.mark.parametrize("place", ["/dev/full", "gone/log", "."])
def test_a_log_that_cannot_be_written_stops_nothing(db_engine, tmp_path, capsys, place):
    with logging_to(None, tmp_path / place) as shared:
        assert not shared
        log = ScanLog()
        log_to = {"begun": log.begun, "page_done": log.page_done}
        scanned = scan(
            db_engine,
            [make_source([planted_post(1)])],
            FakeEngine(),
            FakePeople(),
            actor=JOB,
            now=Ticking(),
            **log_to,
        )
        log.ended(scanned)
    assert scanned.status == "done"
    assert "4 lines of the log could not be written" in capsys.readouterr().err


def test_a_closed_standard_error_stops_nothing(monkeypatch):
    stream = io.StringIO()
    stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    with logging_to("json", None):
        ScanLog().exits(0)


def test_a_file_is_appended_to_and_private(tmp_path):
    path = tmp_path / "log"
    for code in (0, 3):
        with logging_to(None, path):
            ScanLog().exits(code)
    assert [json.loads(line)["exit_code"] for line in path.read_text().splitlines()] == [0, 3]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_error_of_the_database_quotes_no_values(db_url):
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    engine = open_engine(db_url)
    with pytest.raises(DBAPIError) as refused, engine.connect() as connection:
        connection.execute(text("select * from nowhere where x = :text"), {"text": PLANTED})
    engine.dispose()
    assert PLANTED not in str(refused.value)
