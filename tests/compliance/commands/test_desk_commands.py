"""What `queue`, `show`, `decide` and `audit verify` write and how they exit."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
import typer
from pydantic import TypeAdapter
from rich.cells import cell_len
from typer.testing import CliRunner

import cli
from compliance.commands import audit, decide, queue, show
from compliance.commands._desk import Format, ListFormat
from compliance.commands._errors import reporting_errors
from compliance.commands._schemas import schemas
from compliance.db import open_engine, writing
from compliance.dossier import Dossier
from compliance.errors import ComplianceError, UnavailableError
from compliance.listing import Filters, QueuePage
from compliance.models import Base
from compliance.workspace import open_workspace
from connectors.errors import FatalError, RetryableError
from rules.evaluation import Severity
from tests.compliance.desk import NOW, TEXT, RuleSet, Workspace, make_flag, make_post, make_version, observe
from tests.compliance.test_safe import FORMULAS, HOSTILE, is_dangerous


@pytest.fixture
def desk(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'compliance.db'}")
    Base.metadata.create_all(engine)
    yield Workspace(engine)
    engine.dispose()


@pytest.fixture
def width(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    return lambda columns: monkeypatch.setenv("COLUMNS", str(columns))


def list_queue(desk, *, output=ListFormat.TEXT, who="officer", names=False, **filters):
    queue.run(desk, Filters(**filters), acting_as=who, names=names, output=output, now=NOW)


def show_flag(desk, flag_id=1, *, output=Format.TEXT, who="officer", names=False):
    show.run(desk, flag_id, acting_as=who, names=names, output=output, now=NOW)


def rule_on(desk, flag_id=1, verdict="upheld", *, output=Format.TEXT, who="officer", reason="read it", **ruling):
    typed = decide.Ruling(flag_id=flag_id, verdict=verdict, reason=reason, **ruling)
    decide.run(desk, typed, acting_as=who, output=output, now=NOW)


def hostile_flag(desk, text, number=1):
    with writing(desk.database) as session:
        post = make_post(
            session,
            f"{text}{number}",
            text=text,
            source=text.encode(errors="replace").decode()[:100],
            channel=text,
            author=text,
            thread=text,
            shared_from=text,
            url=text,
        )
        flag = make_flag(session, post, spans=[(0, len(text))], reason=text, part=text, kind=text, tags=[text])
        make_version(session, post, text + "!", hours=1).attachments = [{"name": text, "media_type": None, "url": None}]
        return flag.id


@pytest.mark.parametrize("text", HOSTILE + FORMULAS)
@pytest.mark.parametrize("names", [True, False])
def test_hostile_text_in_every_field_reaches_no_terminal(desk, capsys, width, text, names):
    del width
    flag_id = hostile_flag(desk, text)
    list_queue(desk, names=names)
    show_flag(desk, flag_id, names=names)
    rule_on(desk, flag_id, reason="hello [/nope] \x1b[2J\u202e")
    show_flag(desk, flag_id)
    for output in Format:
        show_flag(desk, flag_id, output=output)
    for output in ListFormat:
        list_queue(desk, output=output, status="all", names=names)
    shown = capsys.readouterr().out
    assert not any(is_dangerous(character) for character in shown.replace("\r\n", "\n"))


def test_no_cell_of_the_csv_is_a_formula(desk, capsys):
    for number, text in enumerate(HOSTILE + FORMULAS):
        hostile_flag(desk, text, number)
    list_queue(desk, output=ListFormat.CSV, names=True)
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 1 + len(HOSTILE + FORMULAS)
    assert not any(cell[:1] in {"=", "+", "-", "@"} for row in rows for cell in row)


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(desk, capsys, width, columns):
    width(columns)
    with writing(desk.database) as session:
        for number in range(3):
            make_flag(
                session,
                make_post(session, "x" * 150 + str(number), text=f"👩‍👩‍👧‍👦 شركة {TEXT * 30}"),
                spans=[(400, 407)],
                tags=["t.x"],
            )
    list_queue(desk)
    show_flag(desk)
    assert max(cell_len(line) for line in capsys.readouterr().out.splitlines()) <= columns


def test_the_queue_shows_evidence_and_what_to_do_next(desk, capsys, width):
    del width
    with writing(desk.database) as session:
        make_flag(session, make_post(session), severity=Severity.CRITICAL)
        make_flag(session, make_post(session, "2"), severity=Severity.LOW)
    list_queue(desk, limit=1)
    shown = capsys.readouterr().out
    assert "Can't wait for ⟦Bluefin⟧ to ship!" in shown
    assert "CRITICAL" in shown
    assert "@ana" not in shown
    assert "1 of 2 flags. Next page: --after 1." in shown


def test_an_empty_queue_says_so(desk, capsys):
    list_queue(desk)
    assert "No flags here" in capsys.readouterr().out


def test_queue_json_has_the_published_shape_and_no_post_text(desk, capsys):
    with writing(desk.database) as session:
        make_flag(session, make_post(session))
    list_queue(desk, output=ListFormat.JSON)
    shown = capsys.readouterr().out
    data = json.loads(shown)
    assert (len(data["flags"]), data["total"]) == (1, 1)
    assert "Bluefin" not in shown
    assert TypeAdapter(QueuePage).validate_python(data).flags[0].author == "author-1"


def test_show_json_has_the_published_shape(desk, capsys):
    text = "half \ud83d, nul \0, 👩‍👩‍👧‍👦"
    flag_id = hostile_flag(desk, text)
    show_flag(desk, flag_id, output=Format.JSON)
    found = TypeAdapter(Dossier).validate_python(json.loads(capsys.readouterr().out))
    assert found.versions[0].text == text


def test_the_published_schemas_are_those_of_the_code():
    folder = Path(__file__).parents[3] / "docs" / "schemas"
    assert {name: (folder / name).read_text(encoding="utf-8") for name in schemas()} == schemas()


def test_evidence_stands_before_the_scores(desk, capsys, width):
    del width
    with writing(desk.database) as session:
        make_flag(session, make_post(session), tags=["protected-activity.pay"])
    show_flag(desk)
    shown = capsys.readouterr().out
    order = [
        "⟦Bluefin⟧",
        "What was seen",
        "Why",
        "severity",
        "No decision yet",
        "can only slow things down",
        "--seen 0",
    ]
    places = [shown.index(words) for words in order]
    assert places == sorted(places)


def test_a_version_that_no_longer_shows_the_match_is_said_so(desk, capsys, width):
    del width
    with writing(desk.database) as session:
        post = make_post(session)
        flag = make_flag(session, post)
        observe(session, flag, make_version(session, post, "", hours=1, is_deleted=True), spans=[])
    show_flag(desk)
    shown = capsys.readouterr().out
    assert "The newest version no longer shows it" in shown
    assert "current version · deleted" in shown


def test_show_copes_with_a_rule_that_is_gone(desk, capsys, width):
    del width
    with writing(desk.database) as session:
        make_flag(session, make_post(session), rule="gone.rule")
    gone = Workspace(desk.database, ruleset=RuleSet({}))
    show_flag(gone)
    list_queue(gone)
    shown = capsys.readouterr().out
    assert "The rule is no longer in the rule set" in shown
    assert "rule no longer in the rule set" in shown
    assert "⟦Bluefin⟧" in shown


def test_a_sealed_text_is_in_no_output(desk, capsys):
    with writing(desk.database) as session:
        make_flag(session, make_post(session))
    rule_on(desk, 1, "out-of-scope", code="wrong-person")
    for output in Format:
        show_flag(desk, output=output)
    for output in ListFormat:
        list_queue(desk, output=output, status="all")
    shown = capsys.readouterr().out
    assert "Bluefin" not in shown
    assert "sealed" in shown
    show_flag(desk, who="privacy")
    assert "Bluefin" in capsys.readouterr().out


def test_a_decision_says_who_decided_what_and_where_it_is_recorded(desk, capsys):
    with writing(desk.database) as session:
        make_flag(session, make_post(session))
    rule_on(desk, 1, "false-positive", code="wrong-sense")
    assert (
        capsys.readouterr().out.split("\n")[0].startswith("Flag 1: false positive, wrong-sense, by officer (claimed).")
    )
    rule_on(desk, 1, "upheld", revise=True, output=Format.JSON)
    made = json.loads(capsys.readouterr().out)
    assert (made["round"], made["verdict"], made["audit_seq"]) == (2, "upheld", 3)


@pytest.mark.parametrize("output", Format)
def test_audit_verify_passes_an_honest_trail_and_prints_its_head(desk, capsys, output):
    with writing(desk.database) as session:
        make_flag(session, make_post(session))
    audit.run(desk, acting_as=None, output=output)
    shown = capsys.readouterr().out
    assert "verified" in shown.lower()
    assert "Not detectable here" in shown
    if output is Format.JSON:
        assert json.loads(shown)["head_seq"] == 1


@pytest.mark.parametrize("output", Format)
def test_audit_verify_exits_1_for_a_changed_trail(desk, capsys, output):
    with writing(desk.database) as session:
        make_flag(session, make_post(session))
    with desk.database.begin() as connection:
        connection.exec_driver_sql("update audit_entries set object = 'flag:2'")
    with pytest.raises(typer.Exit) as ended:
        audit.run(desk, acting_as="auditor", output=output)
    assert ended.value.exit_code == 1
    assert "columns" in capsys.readouterr().out


def test_audit_verify_makes_no_database_where_there_is_none(tmp_path):
    missing = tmp_path / "missing.db"
    with pytest.raises(UnavailableError, match="no database"):
        audit.run(Workspace(open_engine(f"sqlite:///{missing}")), acting_as=None, output=Format.TEXT)
    assert not missing.exists()


def test_audit_verify_checks_the_role_of_a_named_person(desk):
    with pytest.raises(ComplianceError, match="audit:verify"):
        audit.run(desk, acting_as="manager", output=Format.TEXT)


@pytest.mark.parametrize("who", ["manager", "operator", "admin", "nobody-known"])
def test_roles_without_the_queue_are_refused_by_every_command(desk, who):
    with writing(desk.database) as session:
        make_flag(session, make_post(session))
    for command in (list_queue, show_flag, rule_on):
        with pytest.raises(ComplianceError):
            command(desk, who=who)


def failing(error):
    app = typer.Typer()

    @app.command()
    @reporting_errors
    def command() -> None:
        raise error

    return CliRunner().invoke(app, [])


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (ComplianceError("no such flag", place="compliance.yaml:3", hint="look again."), 2),
        (UnavailableError("no such flag", place="compliance.yaml:3", hint="look again."), 3),
        (FatalError("no such flag", place="compliance.yaml:3", hint="look again."), 3),
        (RetryableError("no such flag", place="compliance.yaml:3", hint="look again."), 3),
    ],
)
def test_an_error_says_what_where_and_what_to_do(error, exit_code):
    result = failing(error)
    assert result.exit_code == exit_code
    assert result.stdout == ""
    assert result.stderr == "error: no such flag\n  --> compliance.yaml:3\n  hint: look again.\n"


def test_an_error_without_place_and_hint_is_one_line():
    assert failing(ComplianceError("no")).stderr == "error: no\n"


def test_an_error_obeys_no_escape():
    assert failing(ComplianceError("\x1b[2J\u202e")).stderr == "error: \\x1b[2J\\u202e\n"


def test_a_fault_of_our_own_is_not_hidden():
    assert isinstance(failing(KeyError("bug")).exception, KeyError)


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            queue.queue,
            {"--lane", "--policy", "--severity", "--source", "--status", "--limit", "--after", "--names", "--format"},
        ),
        (show.show, {"--names", "--format"}),
        (decide.decide, {"--code", "--reason", "--lane", "--revise", "--seen", "--format"}),
        (audit.verify, {"--format"}),
    ],
)
def test_a_command_takes_its_options_and_names_workspace_and_person(command, options):
    app = typer.Typer()
    app.command()(command)
    found = {name for parameter in typer.main.get_command(app).params for name in parameter.opts}
    assert options | {"--workspace", "--as"} <= found


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A real workspace of an organisation with an officer, one flag, and its folder."""
    monkeypatch.delenv("COMPLIANCE_ACTOR", raising=False)
    monkeypatch.delenv("COMPLIANCE_DATABASE", raising=False)
    (tmp_path / "compliance.yaml").write_text(
        "organisation: Alderway\npeople: people.csv\n"
        "reviewers:\n  rivera: {role: officer}\n  ana: {role: officer, person: p1}\n  max: {role: manager}\n",
        encoding="utf-8",
    )
    (tmp_path / "people.csv").write_text("person_id,name,handles\np1,Ana,mastodon:@ana=declared\n", encoding="utf-8")
    opened = open_workspace(tmp_path)
    with writing(opened.database) as session:
        make_flag(session, make_post(session))
    opened.database.dispose()
    return tmp_path


def typed(workspace, *words, who="rivera"):
    person = ["--as", who] if who else []
    return CliRunner().invoke(cli.app, [*words, "--workspace", str(workspace), *person])


def test_a_person_reads_the_queue_opens_a_flag_decides_and_the_trail_verifies(workspace):
    listed = typed(workspace, "queue", "--format", "json")
    assert (listed.exit_code, json.loads(listed.stdout)["total"]) == (0, 1)
    assert "⟦Bluefin⟧" in typed(workspace, "show", "1").stdout
    decided = typed(workspace, "decide", "1", "upheld", "--reason", "Named before the announcement.", "--seen", "0")
    assert (decided.exit_code, decided.stderr) == (0, "")
    again = typed(workspace, "decide", "1", "cleared", "--code", "quoted")
    assert again.exit_code == 2
    assert "decided already: upheld by 'rivera'" in again.stderr
    verified = typed(workspace, "audit", "verify", who=None)
    assert (verified.exit_code, "VERIFIED  2 entries" in verified.stdout) == (0, True)


def test_nobody_decides_without_a_name(workspace):
    refused = typed(workspace, "decide", "1", "upheld", who=None)
    assert refused.exit_code == 2
    assert "hint: give --as ID" in refused.stderr


def test_an_unnamed_reader_sees_pseudonyms_and_no_names(workspace):
    listed = typed(workspace, "queue", "--format", "json", who=None)
    assert (listed.exit_code, json.loads(listed.stdout)["total"]) == (0, 1)
    assert typed(workspace, "show", "1", who=None).exit_code == 0
    refused = typed(workspace, "queue", "--names", who=None)
    assert refused.exit_code == 2
    assert "may not see who wrote a post" in refused.stderr


@pytest.mark.parametrize(
    ("who", "words", "said"),
    [
        ("max", ["queue"], "may not read flags"),
        ("eve", ["queue"], "is not a reviewer"),
        ("ana", ["show", "1"], "nobody reviews their own posts"),
        ("ana", ["decide", "1", "upheld", "--reason", "x"], "nobody reviews their own posts"),
        ("rivera", ["show", "2"], "there is no flag 2"),
        ("rivera", ["decide", "1", "guilty"], "unknown verdict 'guilty'"),
    ],
)
def test_a_refused_act_exits_2_and_says_why(workspace, who, words, said):
    refused = typed(workspace, *words, who=who)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert said in refused.stderr


def test_a_handle_in_another_spelling_is_still_the_persons_own(workspace):
    with writing(open_workspace(workspace).database) as session:
        make_flag(session, make_post(session, "2", author="Ana"))
    assert "own posts" in typed(workspace, "show", "2", who="ana").stderr


def test_verifying_makes_no_database_and_exits_3(workspace):
    (workspace / "compliance.db").unlink()
    result = typed(workspace, "audit", "verify", who=None)
    assert result.exit_code == 3
    assert "there is no database to verify" in result.stderr
    assert not (workspace / "compliance.db").exists()


@pytest.mark.parametrize("content", [b"", b"this is no database" * 300])
def test_verifying_what_is_no_database_of_ours_exits_3(workspace, content):
    (workspace / "compliance.db").write_bytes(content)
    result = typed(workspace, "audit", "verify", who=None)
    assert result.exit_code == 3
    assert "could not be read" in result.stderr
