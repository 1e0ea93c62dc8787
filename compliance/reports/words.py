"""A report in sentences and tables: what each number means, and what is too little to tell. No database here."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from compliance.reports.changes import Changes
from compliance.reports.coverage import Coverage, SourceCoverage
from compliance.reports.hiding import FEWEST_ACCOUNTS, FEWEST_DECISIONS, FEWEST_TIMES
from compliance.reports.phrases import HIDDEN, NONE, counted, moment, ranged, short, span
from compliance.reports.rates import FlagRate, PolicyRates, Rates
from compliance.reports.report import Report
from compliance.reports.section import Column, Line, Section, Table
from compliance.reports.verdicts import Precision, Verdicts
from compliance.reports.waiting import RouteWaiting, Waiting

_HASH_SHOWN: Final = 12
_LINES_SHOWN: Final = 30


def heading(report: Report) -> str:
    """Return the title."""
    return f"Compliance report, {report.organisation}"


def preface(report: Report) -> tuple[str, ...]:
    """Return what holds for all of the report."""
    period = report.period
    last = period.weeks[-1]
    lines = [
        f"From {moment(period.since)} to {moment(period.until)}, the end not included. Written {moment(report.written_at)}.",
        f"Weeks start on Monday, 00:00 UTC. “This week” is the one of Monday {last.key}"
        + ("." if last.is_whole else ", not complete in this report."),
        (
            "Nothing here is about one person: no names, no handles, no post text, and advisory tags are not counted. "
            f"“{HIDDEN}” stands where the posts behind a number come from fewer than {FEWEST_ACCOUNTS} accounts on any one platform."
        ),
        "An interval in brackets is the range in which the true value lies in 95 of 100 such cases, by chance alone.",
    ]
    lines.append(
        "Flags held by the counsel lane are included, so this report is for readers who may see that lane."
        if report.is_counsel_included
        else "Flags held by the counsel lane are never in these numbers, whether there are any or not."
    )
    return tuple(lines)


def sections(report: Report) -> tuple[Section, ...]:
    """Return the sections in order."""
    return (
        _coverage(report.coverage),
        _rates(report.rates),
        _precision(report.precision),
        _waiting(report.waiting, now=report.written_at),
        *report.sections,
        _changes(report.changes),
    )


def _coverage(found: Coverage) -> Section:
    says = [
        "What the monitor could see. What it did not read it cannot have flagged.",
        _scans_said(found),
        *_gaps(found),
    ]
    columns = (
        Column(title="Source"),
        Column(title="Posts", is_number=True),
        Column(title="Accounts", is_number=True),
        Column(title="Last scan"),
        Column(title="Incomplete", is_number=True),
        Column(title="Rejects", is_number=True),
    )
    lines = tuple(
        Line(
            cells=(
                source.source,
                f"{source.posts:,}",
                _accounts(source),
                NONE if source.scanned_at is None else f"{source.scanned_at:%Y-%m-%d %H:%M}",
                f"{source.incomplete:,}",
                f"{source.rejects:,}",
            ),
            is_faint=not source.is_configured,
        )
        for source in found.sources
    )
    notes = (
        (
            "Posts: first seen in the period. Accounts: who wrote them, as far as the platform says. Last scan: UTC, whenever it was. "
            "Incomplete: versions that could not be fully evaluated; rejects: records that could not be read; both as of now."
        ),
    )
    table = Table(caption="Coverage by source", columns=columns, lines=lines, notes=notes)
    return Section(key="coverage", title="Coverage", says=tuple(says), tables=(table,) if lines else ())


def _accounts(source: SourceCoverage) -> str:
    return f"under {FEWEST_ACCOUNTS}" if source.accounts is None else f"{source.accounts:,}"


def _scans_said(found: Coverage) -> str:
    if not found.scans:
        return "No scan began in this period."
    ends = {
        "finished": found.done,
        "stopped before the end": found.stopped,
        "ended by an error": found.failed,
        "killed half-way (what was stored stays, the next scan goes on from there)": found.killed,
        "running now": found.running,
    }
    told = "; ".join(f"{count} {how}" for how, count in ends.items() if count)
    return f"{counted(found.scans, 'scan')} began in this period: {told}."


def _gaps(found: Coverage) -> Iterator[str]:
    if not found.sources:
        yield "No source is configured and none was ever scanned."
    never = [s.source for s in found.sources if s.scanned_at is None]
    unread = [s.source for s in found.sources if s.scanned_at is not None and not s.is_scanned]
    gone = [s.source for s in found.sources if not s.is_configured]
    if never:
        yield f"Gap: never scanned: {', '.join(never)}."
    if unread:
        yield f"Gap: not scanned in this period: {', '.join(unread)}."
    for source in found.sources:
        yield from _gaps_of(source)
    if gone:
        yield f"Not in compliance.yaml by that name, so nobody scans it by itself: {', '.join(gone)}."


def _gaps_of(source: SourceCoverage) -> Iterator[str]:
    if source.silent_weeks:
        weeks = "week" if len(source.silent_weeks) == 1 else "weeks"
        yield f"Gap: {source.source} gave no post in the {weeks} of {', '.join(source.silent_weeks)}, where there used to be some."
    if source.unreached:
        yield f"Gap: {counted(source.unreached, 'scan')} could not read {source.source} to its end."
    if source.unnamed:
        yield f"{source.source}: {counted(source.unnamed, 'post')} without a known author."
    if source.accepted:
        yield f"{source.source}: {counted(source.accepted, 'version')} accepted in a language that some rules do not cover."
    if source.skipped:
        yield f"{source.source}: {counted(source.skipped, 'direct message')} passed over, as configured."


def _rates(found: Rates) -> Section:
    says = [
        (
            "Flags opened for every 1,000 posts first seen in the same week. More flags can mean other posts, or other rules: "
            "see what changed, at the end. A flag is no violation; a person decides."
        ),
        _this_week_said(found),
    ]
    if found.retro:
        says.append(f"{counted(found.retro, 'flag')} opened on posts stored before (scan --again); in no rate here.")
    if not found.policies:
        return Section(key="rates", title="Flags by policy", says=(*says, "No policy opened a flag in this period."))
    columns = (
        Column(title="Policy"),
        Column(title="Flags", is_number=True),
        Column(title="This week", is_number=True),
        Column(title="Before", is_number=True),
        Column(title="Compared"),
    )
    lines = tuple(
        Line(cells=(each.policy, _flags(each.this), rated(each.this), rated(each.before), _compared(each)))
        for each in found.policies
    )
    notes = (
        (
            "Flags: this week. Before: the earlier weeks of the period together. Higher or lower: chance alone would rarely explain it, "
            "though one policy in twenty looks so without any change. Several rules on one post count as several flags, which makes the intervals a little too narrow."
        ),
    )
    table = Table(caption="Flags per 1,000 posts, by policy", columns=columns, lines=lines, notes=notes)
    return Section(key="rates", title="Flags by policy", says=tuple(says), tables=(table, _weeks(found)))


def _this_week_said(found: Rates) -> str:
    last = found.weeks[-1]
    if not last.posts:
        return "No post was first seen this week, so there is no rate for it."
    partly = "" if last.is_whole else " so far"
    hidden = f" Its rates are {HIDDEN}: too few accounts wrote them." if last.is_hidden else ""
    return f"This week has {counted(last.posts, 'post')}{partly}.{hidden}"


def _weeks(found: Rates) -> Table:
    columns = [Column(title="Policy")]
    columns += [
        Column(title=week.monday if week.is_whole else f"{week.monday} (part)", is_number=True) for week in found.weeks
    ]
    posts = Line(cells=("Posts first seen", *(f"{week.posts:,}" for week in found.weeks)), is_faint=True)
    lines = [Line(cells=(each.policy, *(_week_cell(rate) for rate in each.weeks))) for each in found.policies]
    return Table(
        caption="Flags per 1,000 posts, by policy and week",
        columns=tuple(columns),
        lines=(posts, *lines),
        notes=("Flags, and in brackets their rate per 1,000 posts. The first line counts posts.",),
        is_wide=True,
    )


def _week_cell(found: FlagRate) -> str:
    return _flags(found) if found.per_1000 is None else f"{_flags(found)} ({short(found.per_1000.value)})"


def _flags(found: FlagRate) -> str:
    if found.flags is None:
        return HIDDEN if found.is_hidden else NONE
    return f"{found.flags:,}"


def rated(found: FlagRate) -> str:
    """Return a rate with its interval."""
    return _flags(found) if found.per_1000 is None else ranged(found.per_1000)


def _compared(found: PolicyRates) -> str:
    return found.change or "cannot tell"


def _precision(found: Precision) -> Section:
    says = (
        (
            "Of the flags that people decided on in this period, the last decision of each. "
            "Precision: how many were fair alerts, (upheld + cleared) / (upheld + cleared + false positive). "
            "Yield: how many broke the rule, upheld / the same. Apart, in neither: out of scope."
        ),
    )
    if not found.rules:
        return Section(
            key="precision", title="Precision and yield", says=(*says, "No flag was decided in this period.")
        )
    columns = (
        Column(title="Rule"),
        Column(title="Decided", is_number=True),
        Column(title="Precision", is_number=True),
        Column(title="Yield", is_number=True),
        Column(title="Apart", is_number=True),
    )
    lines = [
        _verdict_line(each.rule, each.verdicts, title="no longer in the rule set" if each.title is None else each.title)
        for each in found.rules
    ]
    if sum(not each.is_hidden for each in found.rules) > 1:
        lines.append(_verdict_line("All rules shown", found.shown))
    table = Table(
        caption="Precision and yield, by rule", columns=columns, lines=tuple(lines), notes=tuple(_little(found))
    )
    return Section(key="precision", title="Precision and yield", says=says, tables=(table,))


def _verdict_line(name: str, found: Verdicts, *, title: str = "") -> Line:
    """Return the line of a rule; of what is kept back only the number of decisions."""
    apart = HIDDEN if found.out_of_scope is None else f"{found.out_of_scope:,}"
    none = HIDDEN if found.upheld is None else NONE
    shares = (none if each is None else ranged(each, percent=True) for each in (found.precision, found.yield_))
    decided = f"{found.decisions:,}" if found.is_enough else f"{found.decisions:,} (few)"
    return Line(cells=(name, decided, *shares, apart), is_faint=not found.is_enough, detail=title)


def _little(found: Precision) -> Iterator[str]:
    few = sum(not each.verdicts.is_enough for each in found.rules)
    if few:
        rows = f"{few} of {counted(len(found.rules), 'rule')}"
        yield f"Few, and in grey: {rows} with fewer than {FEWEST_DECISIONS} decisions. Do not judge a rule by them: look at the interval, not at the number."
    if any(each.is_hidden for each in found.rules):
        yield f"Hidden: the posts decided about come from fewer than {FEWEST_ACCOUNTS} accounts on any one platform, or their authors are not known."


def _waiting(found: Waiting, *, now: datetime) -> Section:
    says = (
        (
            "From the moment a flag opened to its first decision, by the route that its policy names. An escalation is no decision. "
            "Half of the flags were decided within the median, nine in ten within the second figure."
        ),
        (
            "Nothing stored says by when a flag is due, so none is called overdue. "
            "Where one person works on a route, its times are about that person's workload: no measure of them."
        ),
    )
    if not found.routes:
        return Section(key="waiting", title="Time to decision", says=(*says, "No flag was opened, decided or open."))
    columns = (
        Column(title="Route"),
        Column(title="Opened", is_number=True),
        Column(title="Decided", is_number=True),
        Column(title="Median", is_number=True),
        Column(title="9 in 10", is_number=True),
        Column(title="Open now", is_number=True),
        Column(title="Oldest", is_number=True),
    )
    lines = tuple(_route_line(each, now=now) for each in found.routes)
    few = any(each.decided and each.median_seconds is None for each in found.routes)
    notes = (f"Times of fewer than {FEWEST_TIMES} decisions are not shown.",) if few else ()
    table = Table(caption="Time to first decision, by route", columns=columns, lines=lines, notes=notes)
    return Section(key="waiting", title="Time to decision", says=says, tables=(table,))


def _route_line(found: RouteWaiting, *, now: datetime) -> Line:
    oldest = None if found.oldest_open_at is None else (now - found.oldest_open_at).total_seconds()
    times = tuple(NONE if each is None else span(each) for each in (found.median_seconds, found.p90_seconds))
    counts = (f"{found.opened:,}", f"{found.decided:,}")
    return Line(cells=(found.route, *counts, *times, f"{found.open:,}", NONE if oldest is None else span(oldest)))


def _changes(found: Changes) -> Section:
    says = (
        "A rule set is known by a hash over its rules, lists, exclusions and engine: another hash means that something changed.",
        _rulesets_said(found),
        (
            "What cannot be told: which list changed (a rule's version covers the lists it reads), and changes of rules that "
            "looked at no flagged post in the period. The workspace's own version control has both."
        ),
    )
    tables = tuple(table for table in (_rulesets(found), _versions(found)) if table.lines)
    return Section(key="changes", title="What changed in the rules", says=says, tables=tables)


def _rulesets(found: Changes) -> Table:
    shown = found.rulesets[-_LINES_SHOWN:]
    left = len(found.rulesets) - len(shown)
    lines = tuple(
        Line(cells=(use.ruleset[:_HASH_SHOWN], _minute(use.first_scan_at), _minute(use.last_scan_at), f"{use.scans:,}"))
        for use in shown
    )
    columns = (
        Column(title="Rule set"),
        Column(title="From"),
        Column(title="To"),
        Column(title="Scans", is_number=True),
    )
    notes = (f"{counted(left, 'earlier change')} left out here; the JSON form has all.",) if left else ()
    return Table(caption="Rule sets in use", columns=columns, lines=lines, notes=notes)


def _versions(found: Changes) -> Table:
    lines = tuple(
        Line(cells=(rule.rule, ", ".join(each[:_HASH_SHOWN] for each in rule.versions), _minute(rule.changed_at)))
        for rule in found.rules
    )
    columns = (Column(title="Rule"), Column(title="Versions seen"), Column(title="Newest since"))
    return Table(caption="Rules seen in several versions", columns=columns, lines=lines)


def _minute(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"


def _rulesets_said(found: Changes) -> str:
    if not found.rulesets:
        return "No scan, so nothing about rules."
    changed = len(found.rulesets) - 1
    return (
        f"The rule set changed {counted(changed, 'time')} between scans." if changed else "All scans used one rule set."
    )
