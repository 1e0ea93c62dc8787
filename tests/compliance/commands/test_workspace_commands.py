"""init, doctor, policy, scan and demo, run as a newcomer would."""

from __future__ import annotations

import json

import pytest


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


def test_the_demo_ends_in_a_queue_and_its_next_commands_work(run, tmp_path):
    result = run("demo", "--dir", "alderway")
    assert result.exit_code == 0
    assert "show 1 --as rivera --workspace alderway" in result.stdout
    folder = tmp_path / "alderway"
    assert run("show", "1", "--as", "rivera", "--workspace", folder).exit_code == 0
    assert (
        run(
            "decide",
            "1",
            "upheld",
            "--reason",
            "Named before the announcement.",
            "--as",
            "rivera",
            "--workspace",
            folder,
        ).exit_code
        == 0
    )
    assert (
        run("check", "--text", "Bluefin ships in November!", "--at", "2026-10-01", "--workspace", folder).exit_code == 1
    )
    assert run("audit", "verify", "--workspace", folder).exit_code == 0
    again = json.loads(run("scan", "--format", "json", "--workspace", folder).stdout)
    assert (again["total"]["read"], again["total"]["new"], again["flags_opened"]) == (0, 0, {})


def test_the_demo_tells_the_same_story_every_time(run, tmp_path):
    stories = []
    for name in ("one", "two"):
        assert run("demo", "--dir", name).exit_code == 0
        found = json.loads(run("queue", "--format", "json", "--as", "rivera", "--workspace", tmp_path / name).stdout)
        stories.append([(flag["rule"], flag["post"], flag["severity"]) for flag in found["flags"]])
    assert stories[0] == stories[1]
    assert len(stories[0]) >= 10


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
