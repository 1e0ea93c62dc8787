"""The documentation says what is true: its examples run, and nothing that exists is missing from it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from typer.main import get_command

import cli
from compliance.models import Base
from compliance.permissions import PERMISSIONS
from compliance.workspace import Config
from connectors.registry import find_connectors, settings_type
from rules.build import _PartBuilder
from rules.document import Context, Document
from rules.examples import DEFAULT_TIME
from rules.kinds import kinds
from rules.lists import KNOWN_LISTS, no_lists
from rules.policy import PolicySpec, RuleSpec
from rules.regions import REGION_NAMES
from rules.source import SourceFile

ROOT = Path(__file__).parent.parent
LANGUAGE = (ROOT / "docs" / "policy-language.md").read_text(encoding="utf-8")
CONCEPTS = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def section(kind: str) -> str:
    found = re.search(rf"^### `{kind}`\n(.*?)(?=^##)", LANGUAGE, re.DOTALL | re.MULTILINE)
    assert found, f"docs/policy-language.md has no section for {kind}"
    return found[1]


@pytest.mark.parametrize("kind", kinds())
def test_the_documented_example_of_each_kind_runs(kind):
    text = section(kind)
    example = yaml.safe_load(re.search(r"```yaml\n(.*?)```", text, re.DOTALL)[1])
    source = SourceFile("docs")
    builder = _PartBuilder(source, no_lists())
    part = builder.part("part", example["part"], ())
    other = builder.part("other", example.get("other", {"terms": ["other"]}), ())
    assert source.faults == []

    def value(sentence):
        document = Document(
            key="k", text=sentence, context=Context(at=DEFAULT_TIME, groups=frozenset(example.get("groups", [])))
        )
        return part.detector.see(document, lambda _: other.detector.see(document, lambda _: None)).value

    assert [value(sentence) for sentence in example["sees"]] == [True] * len(example["sees"])
    assert [value(sentence) for sentence in example["ignores"]] == [False] * len(example["ignores"])
    assert example["sees"]


@pytest.mark.parametrize("kind", kinds())
def test_every_kind_has_its_row_with_every_key(kind):
    text = section(kind)
    assert "| keys | spans | confidence | absent | unknown |" in text
    for name, info in kinds()[kind].keys.model_fields.items():
        key = info.alias or name
        assert key in {"in", "not_in", "near", "within"} or f"`{key}" in text, key


def test_every_key_of_a_policy_and_a_rule_is_documented():
    for model in (PolicySpec, RuleSpec):
        for name, info in model.model_fields.items():
            assert re.search(rf"`{info.alias or name}`|^{info.alias or name}:", LANGUAGE, re.MULTILINE), name


@pytest.mark.parametrize("name", [*REGION_NAMES, *KNOWN_LISTS])
def test_every_region_and_list_is_documented(name):
    assert name in LANGUAGE


def commands():
    group = get_command(cli.app)
    for name, command in group.commands.items():
        inner = getattr(command, "commands", None)
        yield from ((f"{name} {sub}", one) for sub, one in inner.items()) if inner else [(name, command)]


@pytest.mark.parametrize(
    ("name", "command"), list(commands()), ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_command_is_in_the_readme_and_has_help(name, command):
    words = name.split()
    assert f"compliance {name}" in README or all(word in README for word in words)
    assert command.help
    assert all(getattr(parameter, "help", "x") for parameter in command.params)


@pytest.mark.parametrize(
    "word",
    ["Post", "Document", "Match", "Finding", "Flag", "Decision", "Lease", "Attempt", "Reject", "Tag", "Exclusion"],
)
def test_every_word_of_the_flow_is_defined(word):
    assert f"**{word}" in CONCEPTS or f"**{word}," in CONCEPTS


@pytest.mark.parametrize("name", sorted(find_connectors()))
def test_every_connector_has_its_row_and_every_setting_is_explained(name):
    text = (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8")
    assert f"\n| `{name}` |" in text
    assert [key for key in settings_type(find_connectors()[name]).model_fields if f"`{key}" not in text] == []


def test_every_permission_is_documented():
    text = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    assert [name for name in PERMISSIONS if f"`{name}`" not in text] == []


def test_the_template_explains_every_setting():
    template = (ROOT / "compliance" / "templates" / "workspace" / "compliance.yaml").read_text(encoding="utf-8")
    assert [name for name in Config.model_fields if not re.search(rf"^#? ?{name}:", template, re.MULTILINE)] == []


def test_no_file_names_a_package_registry_or_a_path_of_a_machine():
    import shutil
    import subprocess

    tracked = subprocess.run(
        [shutil.which("git") or "git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    hosts = re.compile(
        "pypi" + r"\.org|pythonhosted" + r"\.org|registry" + r"\.npmjs|deb\.debian" + r"\.org|/" + "root/|/" + "opt/dev"
    )
    for name in tracked:
        content = (ROOT / name).read_bytes()
        assert not hosts.search(content.decode("utf-8", "replace")), name


def test_tables_hold_post_text_in_one_column():
    holders = [
        f"{table.name}.{column.name}"
        for table in Base.metadata.tables.values()
        for column in table.columns
        if column.name in {"text", "body", "content", "snippet"}
    ]
    assert holders == ["post_versions.text"]
