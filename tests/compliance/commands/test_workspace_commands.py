"""init, doctor, policy, scan and demo, run as a newcomer would."""

from __future__ import annotations

import json
import re
import sqlite3

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner

import cli


def test_init_writes_a_workspace_that_works_at_once(run, tmp_path):
    assert run("init", "ws").exit_code == 0
    assert run("doctor", "--workspace", "ws").exit_code == 3  # its example source has no file yet
    assert run("policy", "test", "--workspace", "ws").exit_code == 0
    (tmp_path / "ws" / "inbox.jsonl").write_text('{"id": "1", "text": "hello"}\n', encoding="utf-8")
    assert run("doctor", "--workspace", "ws").exit_code == 0
    assert run("scan", "--workspace", "ws").exit_code == 0


def test_init_never_overwrites(run, tmp_path):
    (tmp_path / "compliance.yaml").write_text("mine", encoding="utf-8")
    result = run("init", ".")
    assert result.exit_code == 2
    assert (tmp_path / "compliance.yaml").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "people.csv").exists()


def test_doctor_tries_the_models_and_says_which_does_not_answer(run, workspace):
    assert "model languages" in run("doctor", "--workspace", workspace).stdout
    config = workspace / "compliance.yaml"
    config.write_text(config.read_text() + "\nnlp: {pipeline: no_such_pipeline}\n", encoding="utf-8")
    result = run("doctor", "--workspace", workspace)
    assert result.exit_code == 3
    assert "PipelineError" in result.stdout
    assert "correct `nlp`" in result.stdout


def test_doctor_names_every_fault_of_a_broken_workspace(run, workspace):
    (workspace / "compliance.yaml").write_text("organisation: NO\nsauces: {}\n", encoding="utf-8")
    result = run("doctor", "--workspace", workspace)
    assert result.exit_code == 2
    assert "sauces" in result.stdout


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("lists/codenames.csv", 'term\n""\n \nBluefin\n,x\n', "more cells than"),
        ("lists/codenames.csv", "term,end\nBluefin,soon\n", "no time"),
        ("lists/codenames.csv", "name\nBluefin\n", "no column 'term'"),
        ("lists/codenames.csv", "term,end\n\u200b,\n", "empty term"),
        ("people.csv", "person_id,handles\np1,x:a=sure\n", "platform:handle=tie"),
        ("people.csv", "person_id,handles\np1,x:a\np2,x:@A\n", "belongs to another row"),
        ("people.csv", "person_id,contry\np1,GB\n", "unknown column"),
        ("compliance.yaml", "organisation: x\nreviewers: {a: {role: boss}}\n", "is not allowed here"),
        ("compliance.yaml", "organisation: x\npacks: {brnad: {status: shadow}}\n", "unknown pack"),
        ("exclusions/x.yaml", "exclude: x\n", "is missing"),
    ],
)
def test_a_fault_anywhere_in_the_workspace_exits_2_and_says_where(run, workspace, file, content, said):
    (workspace / file).write_text(content, encoding="utf-8")
    result = run("check", "--text", "hello", "--workspace", workspace)
    assert result.exit_code == 2
    assert said in result.stderr
    assert f"--> {file}" in result.stderr


def test_policy_list_explain_and_schema(run):
    listed = json.loads(run("policy", "list", "--format", "json").stdout)
    assert {"id", "policy", "status", "severity", "when", "version"} <= set(listed["rules"][0])
    assert run("policy", "list", "brand").exit_code == 0
    wrong = run("policy", "list", "brnad")
    assert (wrong.exit_code, "did you mean brand" in wrong.stderr) == (2, True)
    schema = json.loads(run("policy", "schema").stdout)
    assert schema["$schema"].endswith("2020-12/schema")
    assert run("policy", "schema", "compliance").exit_code == 0


def test_explain_shows_every_part_even_where_the_rule_is_false(run, workspace):
    result = run(
        "policy",
        "explain",
        "confidentiality.codename",
        "--text",
        "Bluefin tuna \x1b[31m",
        "--workspace",
        workspace,
        "--at",
        "2026-10-01",
    )
    assert result.exit_code == 0
    assert "name: true" in result.stdout
    assert "other_sense: true" in result.stdout
    assert "\x1b" not in result.stdout
    assert "when name and not other_sense: false" in result.stdout


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """What the demo prints, and the folder that it leaves; shown once, with another database set for real work."""
    place = tmp_path_factory.mktemp("demo")
    folder = place / "alderway"
    environment = {"COMPLIANCE_DATABASE": f"sqlite:///{place / 'real.db'}", "CI": None, "COLUMNS": "80"}
    result = CliRunner().invoke(cli.app, ["demo", "--dir", str(folder)], env=environment)
    assert result.exit_code == 0, result.exception
    return result.stdout, folder


def test_the_commands_that_the_demo_ends_with_work(run, shown):
    stdout, folder = shown
    flag = re.search(r" show (\d+) --as rivera", stdout.partition("Your turn")[2])[1]
    where = ("--workspace", folder)
    assert run("show", flag, "--as", "rivera", *where).exit_code == 0
    assert run("queue", "--as", "rivera", *where).exit_code == 0
    assert run("check", "--text", "Bluefin ships in August!", "--at", "2026-08-01T12:00Z", *where).exit_code == 1
    assert run("decide", flag, "upheld", "--reason", "A fixed return.", "--as", "rivera", *where).exit_code == 0


def test_the_demo_leaves_a_sound_workspace_in_which_nothing_is_new(run, shown):
    _, folder = shown
    assert run("audit", "verify", "--workspace", folder).exit_code == 0
    again = json.loads(run("scan", "--format", "json", "--workspace", folder).stdout)
    assert (again["total"]["read"], again["total"]["new"], again["flags_opened"]) == (0, 0, {})
    assert again["outstanding"] == {"incomplete": 0, "rejects": 0}
    listed = json.loads(
        run("queue", "--limit", 1000, "--format", "json", "--as", "rivera", "--workspace", folder).stdout
    )
    assert [flag["rule"] for flag in listed["flags"] if flag["post"] == "toot-066"] == [
        "material-information.results-hint"
    ]
    with sqlite3.connect(folder / "compliance.db") as database, pytest.raises(sqlite3.IntegrityError):
        database.execute("update decisions set actor = 'okafor' where id = 1")


def test_the_demo_never_touches_the_database_set_for_real_work(shown):
    _, folder = shown
    assert not (folder.parent / "real.db").exists()
    assert (folder / "compliance.db").exists()


def test_each_scene_shows_what_the_services_said(shown):
    stdout, _ = shown
    before, *parts = re.split(r"^(\d)\. ", stdout, flags=re.MULTILINE)
    scenes = dict(zip(parts[::2], parts[1::2], strict=True))
    embargo, tuna, key, promise, thread, steps, same, night = (scenes[number] for number in "12345678")
    assert "64 in languages that some rules do not cover were accepted" in before
    assert embargo.count("STOP") == 2
    assert embargo.rstrip().endswith("1 draft: 1 clean. Fine to publish.")
    assert "Alderway Pocket" in embargo
    assert "when name and not other_sense: false" in tuna
    assert re.search(r"upheld +2 decided, 2 still found\n +false positive +2 decided, 0 still found", tuna)
    assert re.search(r"lane security\n +02:10 .*⟦hT3v.*\n +02:14 (?!.*⟦)", key)
    assert re.search(r"an adviser, flagged:(.|\n)*a colleague's footer, clean:", promise)
    assert re.findall(r"^  (clean|flagged) ", thread, re.MULTILINE) == ["clean", "clean", "flagged", "clean", "clean"]
    assert "there is no flag" in thread
    assert "'manager', which may not read flags" in thread
    assert "written warning  delivered 2026-08-12, refused before haddad" in steps
    assert "highest step that counts is verbal warning: written" in steps
    assert re.search(r"nothing\s+formal is issued until it is decided", steps)
    assert "no earlier step counts: coaching talk to verbal warning" in steps
    assert re.findall(r"^  ([A-Z]{2})  flag \d+ +ladder (\w+)", same, re.MULTILINE) == [
        ("US", "us"),
        ("GB", "gb"),
        ("DE", "de"),
    ]
    assert re.findall(r"^\d+$", night, re.MULTILINE) == ["3", "137", "0"]
    # The page that was stored before the kill is not read again; the other source is.
    assert re.findall(r"^(mastodon|x) +(\d+) +(\d+)", night, re.MULTILINE)[-2:] == [
        ("mastodon", "0", "0"),
        ("x", "2", "2"),
    ]
    assert "Error: decisions are never changed" in night
    assert "TAMPERED  first fault: decision" in night


def test_the_demo_fits_a_narrow_terminal_and_stays_short(shown):
    stdout, _ = shown
    story, _, turn = stdout.partition("Your turn")
    # Paths are not cut, so that they can be copied.
    assert [
        line for line in story.splitlines() if cell_len(line) > 80 and "-->" not in line and "workspace" not in line
    ] == []
    assert len(stdout.splitlines()) <= 190
    assert turn


def test_the_demo_tells_the_same_story_every_time(run, shown, tmp_path):
    stories = []
    assert run("demo", "--dir", "again").exit_code == 0
    for folder in (shown[1], tmp_path / "again"):
        found = json.loads(
            run(
                "queue", "--status", "all", "--limit", 1000, "--format", "json", "--as", "rivera", "--workspace", folder
            ).stdout
        )
        stories.append([(flag["id"], flag["rule"], flag["post"], flag["severity"]) for flag in found["flags"]])
    assert stories[0] == stories[1]
    assert len(stories[0]) >= 50


def test_a_broken_ladder_stops_every_command_with_its_place(run, workspace):
    (workspace / "ladders").mkdir()
    (workspace / "ladders" / "ours.yaml").write_text("ladder: ours\n", encoding="utf-8")
    config = workspace / "compliance.yaml"
    config.write_text(config.read_text(encoding="utf-8") + "\nladders: {default: ours}\n", encoding="utf-8")
    for command in (["doctor"], ["policy", "test"], ["check", "--text", "hello"], ["queue", "--as", "officer"]):
        result = run(*command, "--workspace", workspace)
        assert result.exit_code == 2
        assert "ladders/ours.yaml:1:1" in result.stdout + result.stderr
    config.write_text(config.read_text(encoding="utf-8").replace("default: ours", "GB: gb"), encoding="utf-8")
    assert "GB: gb" in run("doctor", "--workspace", workspace).stdout


def test_the_schema_of_a_ladder_can_be_printed(run):
    assert "matrix" in json.loads(run("policy", "schema", "ladder").stdout)["properties"]


def test_doctor_tries_each_source_and_says_what_its_connector_says(run, workspace):
    (workspace / "inbox.jsonl").write_text('{"id": "1", "text": "hello"}\n', encoding="utf-8")
    (workspace / "posts.csv").write_text("nr,body\n1,hello\n", encoding="utf-8")
    settings = (workspace / "compliance.yaml").read_text(encoding="utf-8")
    more = "sources:\n  posts: {path: posts.csv}\n  gone: {path: gone.mbox}\n"
    (workspace / "compliance.yaml").write_text(settings.replace("sources:\n", more), encoding="utf-8")
    result = run("doctor", "--workspace", workspace, "--format", "json")
    found = {check["what"]: check for check in json.loads(result.stdout)["checks"]}
    assert result.exit_code == 3
    assert (found["source inbox"]["level"], "jsonl, external" in found["source inbox"]["found"]) == ("ok", True)
    assert "no column holds text" in found["source posts"]["found"]
    assert "columns: nr, body" in found["source posts"]["remedy"]
    assert "no such file" in found["source gone"]["found"]


def test_the_schema_of_a_source_knows_the_settings_of_connectors(run):
    source = json.loads(run("policy", "schema", "compliance").stdout)["$defs"]["SourceSpec"]
    assert {"path", "columns", "timezone", "time_format", "handle"} <= set(source["properties"])
    assert source["additionalProperties"] is False
