"""The charts of a report as SVG: no script, no style, no address inside, so that the page's own rules hold for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from compliance.reports.rates import Rates
from compliance.reports.report import Report
from compliance.reports.verdicts import Precision
from compliance.reports.waiting import Waiting
from compliance.safe import for_terminal

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

#: More lines cannot be told apart; more bars do not fit on a page.
MOST_LINES: Final = 6
MOST_BARS: Final = 20
#: A line of one point shows nothing that its table does not.
_FEWEST_WEEKS: Final = 2
_WIDTH: Final = 600
_SPACE: Final = "{http://www.w3.org/2000/svg}"
_NAME_SHOWN: Final = 26
#: What pygal adds for its own pages: scripts, styles, texts for tooltips.
_DROPPED: Final = frozenset({"script", "style", "desc", "defs"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A drawing, and in words what it shows."""

    title: str
    about: str
    svg: str


def charts(report: Report) -> Mapping[str, Chart]:
    """Return charts by the key of their section; a section without enough to draw has none."""
    drawn = {
        "rates": _rates(report.rates),
        "precision": _precision(report.precision),
        "waiting": _waiting(report.waiting),
    }
    return {key: chart for key, chart in drawn.items() if chart is not None}


def _rates(found: Rates) -> Chart | None:
    if not found.policies or sum(week.posts > 0 and not week.is_hidden for week in found.weeks) < _FEWEST_WEEKS:
        return None
    most = sorted(found.policies, key=lambda each: (-sum(rate.flags or 0 for rate in each.weeks), each.policy))
    shown = most[:MOST_LINES]
    pygal = _pygal()
    chart = pygal.Line(**_options(height=360), show_legend=len(shown) > 1, legend_at_bottom=True, legend_at_bottom_columns=2, dots_size=4)  # fmt: skip
    chart.x_labels = [week.monday[5:] for week in found.weeks]
    for policy in shown:
        chart.add(
            _name(policy.policy), [None if rate.per_1000 is None else rate.per_1000.value for rate in policy.weeks]
        )
    left = len(most) - len(shown)
    which = "" if left == 0 else f" The {MOST_LINES} policies with most flags are drawn; the table has all {len(most)}."
    about = f"One line for each policy, one point for each week, named by its Monday.{which} A gap in a line: no posts, or hidden."
    return _chart(chart, key="rates", title="Flags per 1,000 posts, by week", about=about)


def _precision(found: Precision) -> Chart | None:
    usable = [each for each in found.rules if each.verdicts.precision is not None]
    shown = sorted(usable, key=lambda each: (-each.verdicts.decisions, each.rule))[:MOST_BARS]
    if not shown:
        return None
    pygal = _pygal()
    chart = pygal.HorizontalBar(**_options(height=70 + 28 * len(shown)), show_legend=False, range=(0, 100))
    # Bars are drawn from below.
    shown.reverse()
    chart.x_labels = _rule_names([each.rule for each in shown])
    chart.y_labels = [0, 25, 50, 75, 100]
    bars = []
    for each in shown:
        exact = each.verdicts.precision
        if exact is not None:
            interval = {"low": 100 * exact.low, "high": 100 * exact.high}
            bars.append(
                {
                    "value": 100 * exact.value,
                    "ci": interval,
                    "node": {"class": "" if each.verdicts.is_enough else "few"},
                }
            )
    chart.add("precision", bars)
    left = len(usable) - len(shown)
    which = f" The {MOST_BARS} rules with most decisions are drawn; the table has all." if left else ""
    about = f"One bar for each rule, in percent, with its 95 % interval; paler where there are fewer than 30 decisions.{which}"
    return _chart(chart, key="precision", title="Precision by rule, in percent", about=about)


def _waiting(found: Waiting) -> Chart | None:
    timed = [each for each in found.routes if each.median_seconds is not None and each.p90_seconds is not None]
    if not timed:
        return None
    pygal = _pygal()
    timed.reverse()
    chart = pygal.HorizontalBar(**_options(height=100 + 46 * len(timed)), show_legend=True, legend_at_bottom=True)
    chart.x_labels = [_name(each.route) for each in timed]
    chart.add("median", [_hours(each.median_seconds) for each in timed])
    chart.add("9 in 10", [_hours(each.p90_seconds) for each in timed])
    about = "Two bars for each route, in hours: half of the flags, and nine in ten, were decided within that time."
    return _chart(chart, key="waiting", title="Time to first decision, in hours", about=about)


def _pygal() -> Any:  # noqa: ANN401 - a module without types
    """Import pygal, and take back what it does to everybody's imports: a finder, for plug-ins that we have none of."""
    import sys

    import pygal

    sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != pygal.__name__]
    return pygal


def _hours(seconds: float | None) -> float | None:
    return None if seconds is None else round(max(0.0, seconds) / 3600, 2)


def _options(*, height: int) -> dict[str, Any]:
    # Sizes only: pygal lays out by them. Colours are the page's.
    style = _pygal().style.Style(
        label_font_size=13, major_label_font_size=13, legend_font_size=13, value_label_font_size=13
    )
    return {
        "width": _WIDTH,
        "height": height,
        "style": style,
        "js": (),
        "css": (),
        "no_prefix": True,
        "explicit_size": False,
        "margin": 12,
        "truncate_legend": -1,
        "truncate_label": -1,
        "print_values": False,
        "include_x_axis": True,
    }


def _name(text: str) -> str:
    """Return a name that fits beside a chart. Its end stays: there long names of one family differ."""
    visible, half = for_terminal(text, single_line=True), _NAME_SHOWN // 2
    return visible if len(visible) <= _NAME_SHOWN else f"{visible[: half - 1]}…{visible[-half:]}"


def _rule_names(rules: list[str]) -> list[str]:
    """Return names short enough to leave room for bars: without the policy where that is still one name for one rule."""
    short = [rule.rpartition(".")[2] for rule in rules]
    twice = {name for name, times in Counter(_name(name) for name in short).items() if times > 1}
    return [_name(rule if _name(name) in twice else name) for rule, name in zip(rules, short, strict=True)]


def _chart(chart: Any, *, key: str, title: str, about: str) -> Chart:  # noqa: ANN401 - pygal has no types
    etree = _pygal().etree.etree
    root = chart.render_tree()
    _strip(root)
    root.attrib.pop("id", None)
    root.set("class", "chart")
    root.set("role", "img")
    root.set("aria-labelledby", f"{key}-title {key}-desc")
    for name, words in (("desc", about), ("title", title)):
        # Made by the root, so that it is of the same library whichever pygal found.
        node = root.makeelement(f"{_SPACE}{name}" if root.tag.startswith("{") else name, {"id": f"{key}-{name}"})
        node.text = words
        root.insert(0, node)
    return Chart(title=title, about=about, svg=etree.tostring(root, encoding="unicode"))


def _strip(root: Element) -> None:
    """Take away, all through the tree, comments, what `_DROPPED` names, titles of pygal's and attributes that act."""
    for parent in list(root.iter()):
        for child in list(_children(parent)):
            if not isinstance(child.tag, str) or child.tag.rpartition("}")[2] in _DROPPED | {"title"}:
                parent.remove(child)
        for name in [name for name in parent.attrib if _acts(name)]:
            del parent.attrib[name]


def _children(parent: Element) -> Iterable[Element]:
    return parent if isinstance(parent.tag, str) else ()


def _acts(name: str) -> bool:
    """Say whether an attribute styles, links or runs: the page's policy would refuse it, or should."""
    local = name.rpartition("}")[2]
    return local in {"style", "href"} or local.startswith("on")
