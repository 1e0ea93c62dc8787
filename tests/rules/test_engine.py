from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.document import Context, Document
from rules.engine import Engine
from rules.evaluation import Status
from rules.load import load_ruleset
from tests.rules.samples import LISTS, NOW

GROUPS = ["adviser", "brand-account", "press-office", "executive"]


def marked(text, findings):
    return [text[match.start : match.end] for finding in findings for match in finding.matches]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alpha one two three beta", ["alpha"]),
        ("beta one two three alpha", ["alpha"]),
        ("alpha one two three four beta", []),
        ("alphabet beta", []),
        ("alpha beta", ["alpha"]),
        ("alpha don't can't won't beta", ["alpha"]),
        ("alpha! 🎉🎉🎉🎉🎉🎉 beta", ["alpha"]),
        ("alpha\n> beta\n", []),
        ("> alpha\nbeta", []),
        ("alpha far away one two three four five; alpha beta", ["alpha"]),
    ],
)
def test_near_counts_words_between_nearest_edges_in_either_order_never_across_regions(run, text, expected):
    _, findings = run(text, "{a: {terms: [alpha], near: b, within: 3 words}, b: {terms: [beta]}}", "a")
    assert marked(text, findings) == expected


@pytest.mark.parametrize(
    ("text", "fires"),
    [("alpha and, well, beta", True), ("alpha. beta", False), ("Dr. alpha e.g. beta", True), ("alpha\n\nbeta", False)],
)
def test_near_may_mean_the_same_sentence(run, text, fires):
    _, findings = run(text, "{a: {terms: [alpha], near: b, within: 1 sentence}, b: {terms: [beta]}}", "a")
    assert bool(findings) is fires


@pytest.mark.parametrize(
    ("modifier", "text", "fires"),
    [
        ("not_in: [quoted]", "> alpha\nI can't say", False),
        ("not_in: [quoted]", "> news?\nalpha ships", True),
        ("in: [quoted]", "> alpha\nhm", True),
        ("not_in: [code]", "run `alpha` now", False),
        ("not_in: [signature]", "hi\n-- \nalpha team", False),
        ("in: first 10 characters", "say alpha", True),
        ("in: first 8 characters", "say alpha", False),
    ],
)
def test_regions_filter_matches(run, modifier, text, fires):
    _, findings = run(text, f"{{a: {{terms: [alpha], {modifier}}}}}", "a")
    assert bool(findings) is fires


def test_spans_are_of_the_raw_text_whatever_stands_before(run):
    text = "👩‍👩‍👧‍👦 e\u0301\u200b \ud800 ﬁrst 🇬🇧: ＡＬＰＨＡ!"
    _, findings = run(text, "{a: {terms: [alpha]}, b: {regex: 'a(?P<span>lp)ha'}}", "a and b")
    assert marked(text, findings) == ["ＡＬＰＨＡ", "ＬＰ"]


def test_once_true_every_positive_part_is_marked(run):
    text = "alpha and beta"
    _, findings = run(text, "{a: {terms: [alpha]}, b: {terms: [beta]}}", "a or b")
    assert marked(text, findings) == ["alpha", "beta"]


def test_a_negated_part_is_not_marked(run):
    text = "alpha"
    _, (finding,) = run(text, "{a: {terms: [alpha]}, b: {terms: [beta]}}", "a and not b")
    assert {match.part for match in finding.matches} == {"a"}


def test_count_may_want_different_words(run):
    parts = "{{a: {{terms: [alpha, beta]}}, n: {{count: a, at_least: 2{}}}}}"
    assert run("alpha alpha", parts.format(""), "n")[1]
    assert not run("alpha alpha", parts.format(", distinct: true"), "n")[1]
    assert run("alpha beta", parts.format(", distinct: true"), "n")[1]


def test_missing_needs_something_to_be_missed(run):
    parts = "{a: {terms: [mug]}, none: {missing: {terms: $disclosures, in: first 20 characters}}}"
    assert run("what a mug", parts, "a and none")[1]
    assert not run("#ad what a mug", parts, "a and none")[1]
    assert run("what a lovely and large mug #ad", parts, "a and none")[1]


def test_a_rule_out_of_scope_is_silent_and_complete(run):
    evaluation, findings = run("alpha", "{a: {terms: [alpha]}}", "a", scope="{audience: internal}")
    assert (evaluation.status, findings) == (Status.CLEAN, [])


def test_an_unknown_country_leaves_a_true_rule_incomplete_and_names_it(run):
    evaluation, findings = run("alpha", "{a: {terms: [alpha]}}", "a", scope="{country: DE}")
    assert evaluation.status is Status.INCOMPLETE
    assert findings == []
    assert evaluation.failures[0].rules == ("test.rule",)
    assert evaluation.failures[0].kind == "uncovered"


def test_an_unknown_that_cannot_matter_leaves_nothing_incomplete(run):
    evaluation, _ = run("beta", "{a: {terms: [alpha]}}", "a", scope="{country: DE}")
    assert evaluation.status is Status.CLEAN


def test_incomplete_beats_flagged_and_the_finding_is_listed_all_the_same(run):
    context = Context(audience="external", groups=None, at=NOW)
    evaluation, findings = run(
        "alpha", "{a: {terms: [alpha]}, who: {author: {group: adviser}}}", "a and who", context=context
    )
    assert evaluation.status is Status.INCOMPLETE
    assert findings == []


def test_a_shadow_rule_is_evaluated_and_changes_no_status(run):
    evaluation, (finding,) = run("alpha", "{a: {terms: [alpha]}}", "a", status="shadow")
    assert finding.shadow
    assert evaluation.status is Status.CLEAN


def test_a_draft_rule_is_not_evaluated(run):
    assert run("alpha", "{a: {terms: [alpha]}}", "a", status="draft")[1] == []


def test_a_tag_is_no_finding(run):
    evaluation, findings = run("alpha", "{a: {terms: [alpha]}}", "a", effect="tag")
    assert findings == []
    assert evaluation.tags == ("test.rule",)
    assert evaluation.status is Status.CLEAN


EXCLUSION = """
    exclude: menu
    rules: [test.rule]
    parts: {food: {terms: [menu], near: a, within: 2 words}}
    when: food
    owner: me
    reason: the canteen
    until: 2026-07-01
    examples: {exclude: [x], keep: [y]}
    """


@pytest.mark.parametrize(
    ("text", "fires"), [("alpha is on the menu", True), ("alpha menu", False), ("menu: alpha", False)]
)
def test_an_exclusion_silences_what_it_names_and_shows_as_suppressed(run, text, fires):
    evaluation, findings = run(text, "{a: {terms: [alpha]}}", "a", exclusion=EXCLUSION)
    assert bool(findings) is fires
    assert [one.by for one in evaluation.suppressed] == ([] if fires else ["menu"])


@pytest.mark.parametrize(
    ("at", "fires"), [(datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC), False), (datetime(2026, 7, 1, tzinfo=UTC), True)]
)
def test_an_exclusion_ends_to_the_second(run, at, fires):
    _, findings = run(
        "alpha menu", "{a: {terms: [alpha]}}", "a", exclusion=EXCLUSION, context=Context(audience="external", at=at)
    )
    assert bool(findings) is fires


def test_a_detector_that_raises_leaves_its_document_incomplete_and_no_other(run, monkeypatch):
    from rules.detectors.terms import Terms

    def raising(*arguments):
        raise ZeroDivisionError(arguments)

    monkeypatch.setattr(Terms, "see", raising)
    evaluation, _ = run("alpha secret", "{a: {terms: [alpha]}}", "a")
    assert evaluation.status is Status.INCOMPLETE
    (failure,) = [one for one in evaluation.failures if "test.rule" in one.rules]
    assert (failure.detector, failure.kind, failure.error) == ("terms", "fault", "ZeroDivisionError")
    assert "secret" not in repr(evaluation)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\ud800",
        "\n" * 10_000,
        "a" * 1_000_000,
        "> " * 50_000,
        "`" * 100_000,
        "@#" * 50_000,
        "alpha " * 100_000,
    ],
)
def test_awkward_texts_get_an_answer(run, text):
    evaluation, findings = run(
        text,
        "{a: {terms: [alpha], not_in: [quoted, code], near: b, within: 3 words}, b: {terms: [beta]}, c: {hashtag: any}}",
        "a or c",
    )
    assert evaluation.status in {Status.CLEAN, Status.FLAGGED}
    del findings


SHIPPED = load_ruleset(lists=LISTS)
LAZY, FULL = Engine(SHIPPED), Engine(SHIPPED, lazy=False)
SENTENCES = sorted(
    {
        example.text
        for one in SHIPPED.rules.values()
        for example in [*one.spec.examples.flag, *one.spec.examples.pass_, *one.spec.examples.todo_flag]
    }
)
pieces = (
    st.sampled_from(SENTENCES)
    | st.text(max_size=30)
    | st.sampled_from(["\n> ", "\n-- \n", " ", "`", "\u200b", "é", "ß", "٣", "\u200b#", "Вluefin", "b l u e f i n"])
)
contexts = st.builds(
    Context,
    audience=st.sampled_from(["internal", "external", None]),
    groups=st.none() | st.sets(st.sampled_from(GROUPS)).map(frozenset),
    known_groups=st.sampled_from([None, frozenset(), frozenset(GROUPS)]),
    country=st.sampled_from([None, "GB"]),
    at=st.just(NOW),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces, max_size=4).map("".join), contexts)
def test_lazy_and_exhaustive_evaluation_agree_finding_for_finding(text, context):
    document = Document(key="k", text=text, context=context)
    again = Document(key="k", text=text, context=context)
    assert LAZY.evaluate_one(document) == FULL.evaluate_one(again)


def test_lazy_and_exhaustive_evaluation_agree_on_every_example():
    for text in SENTENCES:
        for groups in (frozenset(), frozenset({"adviser"}), frozenset({"brand-account"})):
            context = Context(audience="external", groups=groups, at=NOW)
            documents = [Document(key="k", text=text, context=context) for _ in range(2)]
            assert LAZY.evaluate_one(documents[0]) == FULL.evaluate_one(documents[1]), text


def test_evaluations_come_in_order_one_per_document_and_are_read_as_a_stream():
    taken = []

    def documents():
        for number in range(5):
            taken.append(number)
            yield Document(key=str(number), text="hello")

    stream = LAZY.evaluate(documents())
    assert next(stream).key == "0"
    assert taken == [0]
    assert [one.key for one in stream] == ["1", "2", "3", "4"]


def test_the_same_document_and_rule_set_give_the_same_evaluation():
    documents = [
        Document(key="k", text=text, context=Context(audience="external", at=NOW)) for text in SENTENCES[:50] * 2
    ]
    found = list(Engine(load_ruleset(lists=LISTS)).evaluate(documents))
    assert found[:50] == found[50:]
    assert found == list(LAZY.evaluate(documents))
