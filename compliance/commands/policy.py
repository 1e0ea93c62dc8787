"""`compliance policy`: what the rules are, whether their examples hold, and why a text meets one."""

from __future__ import annotations

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from compliance.commands import policy_backtest, policy_diff, policy_suggest
from compliance.commands._errors import reporting_errors

if TYPE_CHECKING:
    from rules.policy import Rule
    from rules.ruleset import RuleSet

app = typer.Typer(no_args_is_help=True, help="Rules: list them, test them, explain them.")
app.command("diff")(policy_diff.diff)
app.command("backtest")(policy_backtest.backtest)
app.command("suggest")(policy_suggest.suggest)

WorkspaceOption = Annotated[Path | None, typer.Option("--workspace", metavar="DIR", help="Workspace folder.")]
Selection = Annotated[
    list[str] | None, typer.Argument(metavar="[POLICY | RULE…]", help="Only these.", show_default=False)
]


class PolicyFormat(StrEnum):
    """How a command writes its result."""

    TEXT = "text"
    JSON = "json"


FormatOption = Annotated[PolicyFormat, typer.Option("--format", help="How to write it.")]


def _ruleset(workspace: Path | None) -> RuleSet:
    from compliance.workspace import open_workspace

    space = open_workspace(workspace, required=False)
    if space.root is None:
        typer.echo("note: no workspace here, so the shipped packs are used alone", err=True)
    return space.ruleset


def _selected(ruleset: RuleSet, wanted: list[str] | None) -> list[Rule]:
    from compliance.errors import ComplianceError
    from rules.errors import did_you_mean

    known = {*ruleset.rules, *ruleset.policies}
    for name in wanted or []:
        if name not in known:
            message = f"unknown policy or rule '{name}'"
            raise ComplianceError(
                message, hint=did_you_mean(name, known, otherwise="`compliance policy list` shows every rule")
            )
    return [rule for rule in ruleset.rules.values() if not wanted or rule.id in wanted or rule.policy.id in wanted]


@app.command("list")
@reporting_errors
def list_rules(
    only: Selection = None, *, output: FormatOption = PolicyFormat.TEXT, workspace: WorkspaceOption = None
) -> None:
    """List every rule: status, severity, what a draft meets, whom it goes to."""
    ruleset = _ruleset(workspace)
    rules = _selected(ruleset, only)
    if output is PolicyFormat.JSON:
        sys.stdout.write(
            json.dumps({"rules": [_rule_row(rule) for rule in rules], "ruleset": ruleset.hash}, indent=2) + "\n"
        )
        return
    from rich.table import Table

    from compliance.commands._desk import console
    from compliance.safe import as_text

    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("rule", "status", "severity", "draft", "what it finds"):
        table.add_column(column, no_wrap=column != "what it finds", overflow="fold")
    for rule in rules:
        severity, publish = ("tag", "-") if rule.is_tag else (rule.severity.label, rule.publish.value)
        table.add_row(as_text(rule.id), rule.status, severity, publish, as_text(rule.title))
    console().print(table)
    console().print(
        f"{len(rules)} rules in {len({rule.policy.id for rule in rules})} policies; rule set {ruleset.hash[:12]}"
    )


def _rule_row(rule: Rule) -> dict[str, object]:
    return {
        "id": rule.id,
        "policy": rule.policy.id,
        "title": rule.title,
        "effect": rule.policy.effect,
        "status": rule.status,
        "severity": None if rule.is_tag else rule.severity.label,
        "publish": None if rule.is_tag else rule.publish.value,
        "route": rule.route,
        "clause": rule.clause,
        "source": rule.source,
        "when": str(rule.when),
        "version": rule.version,
        "place": rule.place,
    }


@app.command("test")
@reporting_errors
def run_tests(
    only: Selection = None, *, output: FormatOption = PolicyFormat.TEXT, workspace: WorkspaceOption = None
) -> None:
    """Run the examples of rules and exclusions; exit 1 if one fails. Known misses are counted, not failed."""
    from rules.examples import run_examples

    ruleset = _ruleset(workspace)
    if only and not any(e.id in only for e in ruleset.exclusions):
        _selected(ruleset, only)
    results = list(run_examples(ruleset, only=only or ()))
    failed = [result for result in results if result.is_failure]
    todo = [result for result in results if result.kind == "todo_flag"]
    not_run = [result for result in results if result.passed is None]
    if output is PolicyFormat.JSON:
        rows = [
            {"rule": r.rule, "kind": r.kind, "index": r.index, "passed": r.passed, "note": r.note, "place": r.place}
            for r in results
        ]
        sys.stdout.write(
            json.dumps(
                {
                    "results": rows,
                    "failed": len(failed),
                    "known_misses": sum(r.passed is not True for r in todo),
                    "not_run": len(not_run),
                },
                indent=2,
            )
            + "\n"
        )
    else:
        from compliance.safe import for_terminal

        for result in [*failed, *not_run]:
            what = "FAILED" if result.is_failure else "not run"
            typer.echo(
                f"{what}  {result.rule}  {result.kind} {result.index + 1}: {result.note}\n  --> {result.place}\n  | {for_terminal(result.text, single_line=True)}"
            )
        caught = sum(result.passed is True for result in todo)
        typer.echo(
            f"{len(results) - len(todo) - len(failed) - len(not_run)} examples hold, {len(failed)} fail, {len(not_run)} not run; {len(todo) - caught} known misses, {caught} of them caught by now."
        )
    if failed or not_run:
        raise typer.Exit(1 if failed else 3)


@app.command("lint")
@reporting_errors
def lint_rules(
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="[FILE…]", help="Only these policy files.", show_default=False)
    ] = None,
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Warnings fail, too.")] = False,
    output: FormatOption = PolicyFormat.TEXT,
    workspace: WorkspaceOption = None,
) -> None:
    """Say what is wrong with policies that load; exit 1 for errors, with --strict for warnings too."""
    from compliance.commands._desk import clock
    from compliance.commands._lint import print_remarks, write_remarks
    from compliance.lint.run import fails, lint, subject_of
    from compliance.workspace import open_workspace

    space = open_workspace(workspace, required=False)
    if space.root is None:
        typer.echo("note: no workspace here, so the shipped packs are looked at", err=True)
    subject = subject_of(space, files=files or [], today=clock().date())
    remarks = lint(subject)
    failed = fails(remarks, strict=strict)
    if output is PolicyFormat.JSON:
        write_remarks(remarks, rules=subject.looked_at, failed=failed)
    else:
        print_remarks(remarks, rules=subject.looked_at)
    if failed:
        raise typer.Exit(1)


@app.command("explain")
@reporting_errors
def explain(
    rule: Annotated[
        str | None,
        typer.Argument(
            metavar="[RULE]",
            help="Full id, such as brand.absolute-claim; the rules that come nearest if absent.",
            show_default=False,
        ),
    ] = None,
    *,
    text: Annotated[str | None, typer.Option(help="The text; standard input if absent.")] = None,
    group: Annotated[list[str] | None, typer.Option(help="A group of the author; may be repeated.")] = None,
    audience: Annotated[str, typer.Option(help="internal or external.")] = "external",
    at: Annotated[str | None, typer.Option(metavar="TIME", help="When; now if absent.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Show what each part of a rule sees in a text, why the rule is true or not, and what it would need."""
    from compliance.explain import document_of, print_explanation, print_nearest
    from compliance.workspace import open_workspace

    space = open_workspace(workspace, required=False)
    selected = None if rule is None else _rule_of(space.ruleset, rule)
    content = sys.stdin.buffer.read().decode("utf-8", "replace") if text is None else text
    document = document_of(space, content, groups=frozenset(group or []), audience=audience, at=at)
    if selected is None:
        print_nearest(space, document)
    else:
        print_explanation(space, selected, document)


def _rule_of(ruleset: RuleSet, name: str) -> Rule:
    selected = ruleset.rule(name)
    if selected is None:
        from compliance.errors import ComplianceError
        from rules.errors import did_you_mean

        message = f"unknown rule '{name}'"
        raise ComplianceError(
            message, hint=did_you_mean(name, ruleset.rules, otherwise="`compliance policy list` shows every rule")
        )
    return selected


class PageFormat(StrEnum):
    """How the handbook is written."""

    MARKDOWN = "md"
    HTML = "html"


@app.command("handbook")
@reporting_errors
def handbook(
    *,
    output: Annotated[
        PageFormat, typer.Option("--format", help="md, or html: one file, no script.")
    ] = PageFormat.MARKDOWN,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there; standard output if absent.")] = None,
    workspace: WorkspaceOption = None,
) -> None:
    """Write the policy as employees read it: what is read, what is never a violation, the rules, what follows, whom to ask."""
    from compliance.commands._desk import clock
    from compliance.commands._files import write_out
    from compliance.handbook import handbook_of
    from compliance.handbook_pages import as_html, as_markdown
    from compliance.workspace import open_workspace

    space = open_workspace(workspace, required=False)
    if space.root is None:
        typer.echo("note: no workspace here, so the shipped packs are used alone", err=True)
    book = handbook_of(space, today=clock().date())
    write_out(as_html(book) if output is PageFormat.HTML else as_markdown(book), out, what="handbook")


@app.command("schema")
@reporting_errors
def schema(
    kind: Annotated[
        str, typer.Argument(help="policy, exclusion, ladder or compliance (the settings file).")
    ] = "policy",
) -> None:
    """Print the JSON Schema of a policy file, so that an editor can complete and check it."""
    from compliance.schemas import schema_of

    sys.stdout.write(json.dumps(schema_of(kind), indent=2) + "\n")
