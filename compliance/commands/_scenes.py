"""The scenes of the demo that show posts, flags and decisions. Each says a little and lets the services speak."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from compliance.commands._stage import Stage
    from rules.evaluation import Evaluation

_CODENAME: Final = "confidentiality.codename"
_BOATS: Final = ("linkedin/li-017", "x/x-040")
_SLIPS: Final = ("x/x-006", "x/x-050")
_THREAD: Final = ("toot-017", "toot-018", "toot-019", "toot-020", "toot-021")


def scene_one(stage: Stage) -> None:
    """An embargo: staff, the press office a second early, the press office on time."""
    stage.title("1. A name under embargo")
    stage.say("Bluefin is announced on 18 August at 08:00 UTC. Three drafts:")
    for author, at in (
        ("p17", "2026-08-18T07:59:59Z"),
        ("p01", "2026-08-18T07:59:59Z"),
        ("p01", "2026-08-18T08:00:00Z"),
    ):
        _check(stage, "Meet Bluefin!", author=author, at=at)


def _check(stage: Stage, text: str, *, author: str, at: str) -> None:
    import io

    from compliance.check_report import Report, Totals
    from compliance.check_text import print_summary, print_verdict
    from compliance.draft_inputs import read_drafts
    from compliance.drafts import Defaults
    from compliance.verdicts import Verdict
    from rules.evaluation import Severity
    from rules.lists import parse_instant

    stage.typed(f'compliance check --text "{text}" --author {author} --at {at}')
    when = parse_instant(at)
    defaults = Defaults(author=author, at=when, now=when, people=stage.space.people)
    totals = Totals(fail_on=Severity.LOW, strict=False)
    report = Report(ruleset=stage.space.ruleset, totals=totals, redact=False, base=stage.folder)
    drafts = read_drafts([], text=text, stdin=io.BytesIO(), defaults=defaults)
    judged = (
        Verdict(draft=draft, evaluation=stage.engine.evaluate_one(draft.document)) for draft in drafts if draft.document
    )
    for verdict in totals.counting(judged):
        print_verdict(stage.screen, verdict, report)
    if not totals.stopped:
        print_summary(stage.screen, totals)


def scene_two(stage: Stage) -> None:
    """Tuna, and a boat: why not, and an exclusion that costs nothing."""
    from compliance.explain import document_of, print_explanation

    stage.title("2. Tuna, and a boat of the same name")
    stage.say("Why a post about lunch is no flag:")
    text = "Bluefin tuna tostadas"
    stage.typed(f'compliance policy explain {_CODENAME} \\\n    --text "{text}" --at 2026-06-01')
    rule = stage.space.ruleset.rules[_CODENAME]
    document = document_of(stage.space, text, groups=frozenset(), audience="external", at="2026-06-01")
    print_explanation(stage.space, rule, document)
    stage.say("A boat was flagged twice, and two slips. Rivera decides; the first of each:")
    for shown, posts in zip((True, False), zip(_BOATS, _SLIPS, strict=True), strict=True):
        boat, slip = (stage.flag_of(post, _CODENAME).id for post in posts)
        stage.decide(boat, "false-positive", code="wrong-sense", reason="A sailing boat.", shown=shown)
        stage.decide(slip, "upheld", reason="Named before the announcement.", shown=shown)
    _exclude_boats(stage)


def _exclude_boats(stage: Stage) -> None:
    """Put the drafted exclusion in force and judge the decided posts again."""
    draft = stage.folder / "exclusions" / "bluefin-boat.yaml.draft"
    draft.rename(draft.with_suffix(""))
    stage.reopen()
    stage.say("An exclusion for the boat is put in force. The four posts, judged again:")
    judged = _judged_again(stage, {*_BOATS, *_SLIPS})
    for verdict, posts in (("upheld", _SLIPS), ("false positive", _BOATS)):
        found = sum(any(one.rule == _CODENAME for each in judged[post] for one in each.findings) for post in posts)
        stage.line(f"{verdict:15} {len(posts)} decided, {found} still found")


def _judged_again(stage: Stage, posts: set[str]) -> dict[str, list[Evaluation]]:
    """Return the verdicts on every version of these posts under the rules as they are now. Stores nothing."""
    from compliance.commands._desk import clock
    from compliance.evaluator import document_of
    from compliance.sources import chosen_sources

    found: dict[str, list[Evaluation]] = {post: [] for post in posts}
    seen_at: datetime = clock()
    for source in chosen_sources(stage.space, sorted({post.partition("/")[0] for post in posts})):
        for page in source.connector.pages(None):
            for post in page.posts:
                if f"{source.name}/{post.external_id}" in posts:
                    document = document_of(
                        source.name,
                        post,
                        audience=source.audience,
                        platform=source.platform or post.platform,
                        seen_at=seen_at,
                        people=stage.space.people,
                    )
                    found[document.key].append(stage.engine.evaluate_one(document))
    return found


def scene_three(stage: Stage) -> None:
    """A key at ten past two: both versions are kept, security gets it."""
    stage.title("3. A key at ten past two")
    flag = stage.flag_of("slack/#platform:061", "credentials.provider-key")
    stage.typed(f"compliance show {flag.id} --as rivera    # in short")
    found = stage.dossier(flag.id, as_id="rivera")
    stage.line(f"flag {found.id}  {found.severity.upper()}  {found.rule.title}  ->  lane {found.lane}")
    for version in found.versions:
        stage.line(f"{version.at:%H:%M}  ", stage.excerpt(version.text or "", version.spans, beside=9))
    stage.line(f"first aid: {found.rule.first_aid}")
    stage.say("An edit takes a key off the screen, not out of the world: both versions stay.")


def scene_four(stage: Stage) -> None:
    """An adviser's promise, and a colleague who warns of such promises."""
    stage.title("4. Twelve per cent, and the small print")
    for post, who in (("linkedin/li-011", "an adviser"), ("linkedin/li-014", "a colleague's footer")):
        source, _, external_id = post.partition("/")
        ((status, text),) = _stored(stage, source, (external_id,))
        stage.line(f"{who}, {status}:")
        flags = stage.flags_of(post)
        spans = stage.dossier(flags[0].id, as_id="rivera").versions[0].spans if flags else ()
        stage.line("  ", stage.excerpt(text, spans, beside=4))
        for flag in flags:
            stage.line(f"    {flag.id:>3}  {flag.severity:8}  {flag.rule}")


def scene_five(stage: Stage) -> None:
    """Pay and safety are theirs to talk about; a member's telephone number is not."""
    stage.title("5. Pay, safety, and one telephone number")
    flag = stage.flag_of("mastodon/toot-019", "personal-data.customer-contact", as_id="lindqvist")
    for status, text in _stored(stage, "mastodon", _THREAD):
        spans = stage.dossier(flag.id, as_id="lindqvist").versions[0].spans if status == "flagged" else ()
        stage.line(f"{status:8} ", stage.excerpt(text, spans, beside=11))
    stage.say(
        "Only the number is a flag. Its subject is a tag, which only slows things down: the flag opened in counsel's lane."
    )
    stage.line("tags  ", ", ".join(stage.dossier(flag.id, as_id="lindqvist").tags))
    stage.say("Nobody else learns that there is one, neither the officer nor a line manager:")
    for who in ("rivera", "okafor", "raman"):
        stage.typed(f"compliance show {flag.id} --as {who}")
        with stage.refusals():
            stage.dossier(flag.id, as_id=who)


def _stored(stage: Stage, source: str, posts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return verdict and text of stored posts that were never edited, in order of their ids."""
    from sqlalchemy import select

    from compliance.commands._desk import session_of
    from compliance.models import PostRow, PostVersion, Source

    query = (
        select(PostVersion.status, PostVersion.text)
        .join(PostRow, PostRow.id == PostVersion.post_id)
        .join(Source, Source.id == PostRow.source_id)
        .where(Source.name == source, PostRow.external_id.in_(posts))
        .order_by(PostRow.external_id)
    )
    with session_of(stage.space, writes=False) as session:
        return [(status, text) for status, text in session.execute(query)]
