"""One rule on one text, evaluated both ways."""

from __future__ import annotations

import textwrap

import pytest

from rules.document import Context, Document
from rules.engine import Engine
from rules.load import load_ruleset
from tests.rules.samples import LISTS, NOW


def rule(parts, when, *, scope="{}", status="live", effect="flag", rule_keys=""):
    return textwrap.dedent(f"""
        policy: test
        title: Test
        effect: {effect}
        status: {status}
        rules:
          - id: rule
            title: Rule
            severity: high
            publish: block
            scope: {scope}
            {rule_keys}
            parts: {parts}
            when: {when}
            message: m
            guidance: g
            examples: {{flag: [x], pass: [y]}}
        """)


@pytest.fixture
def run(tmp_path):
    """Evaluate a text under one rule alone."""

    def evaluate(text, parts, when, *, exclusion=None, context=None, languages=None, **options):
        (tmp_path / "test.yaml").write_text(rule(parts, when, **options), encoding="utf-8")
        exclusions = []
        if exclusion:
            (tmp_path / "exclusion.yaml").write_text(textwrap.dedent(exclusion), encoding="utf-8")
            exclusions = [tmp_path / "exclusion.yaml"]
        ruleset = load_ruleset(
            tmp_path / "test.yaml", lists=LISTS, exclusions=exclusions, root=tmp_path, languages=languages
        )
        document = Document(key="k", text=text, context=context or Context(audience="external", at=NOW))
        lazy, full = (Engine(ruleset, lazy=lazy).evaluate_one(document) for lazy in (True, False))
        only = [finding for finding in lazy.findings if finding.rule == "test.rule"]
        assert only == [finding for finding in full.findings if finding.rule == "test.rule"]
        return lazy, only

    return evaluate
