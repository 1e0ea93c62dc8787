"""What a ladder recommends: single cases by hand, and properties over made-up histories on every shipped ladder."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance.discipline import STEP, Act, Comparable, PriorStep, local_day, recommend_step
from compliance.ladder import HEARING, OWN_PROCEDURE, SHIPPED, TRAINING, Gravity, load_ladder, shipped_ladders

LADDERS = {path.stem: load_ladder(path) for path in shipped_ladders()}
US, DE = LADDERS["us"], LADDERS["de"]
ACT = Act(gravity=Gravity.MEDIUM, at=date(2025, 6, 10))
TODAY = date(2026, 1, 1)
POLICIES = ("conduct", "brand", "confidentiality", "credentials", "press-embargo")
GROUPS = ("probation", "contractor", "agency", "leaver", "adviser", "bargaining-unit")


def prior(step="written", delivered=date(2025, 6, 2), **changes):
    return PriorStep(**{"step": step, "delivered": delivered} | changes)


def recommend(*history, ladder=US, act=ACT, **changes):
    return recommend_step(ladder, history, act, TODAY, **changes)


def rank(ladder, answer):
    """Return the band as a pair of places on the ladder."""
    return ladder.rank[answer.band.low], ladder.rank[answer.band.high]


def is_milder(ladder, one, other):
    """Say whether one answer is milder than another in either end of its band."""
    return any(left < right for left, right in zip(rank(ladder, one), rank(ladder, other), strict=True))


# What may happen to a person: any of three ladders, a history around an act, with awkward hours and offsets.
_zones = st.sampled_from([UTC, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata"), timezone(timedelta(hours=14))])
_moments = st.one_of(
    st.dates(date(2022, 1, 1), date(2025, 12, 31)),
    st.datetimes(datetime(2022, 1, 1), datetime(2025, 12, 31), timezones=_zones),  # noqa: DTZ001 - hypothesis adds the zone
)
_policies = st.frozensets(st.sampled_from(POLICIES), max_size=2)


@st.composite
def _cases(draw, **fixed):
    ladder = LADDERS[draw(st.sampled_from(sorted(LADDERS)))]
    step = st.sampled_from([*ladder.spec.steps, "a-step-of-another-ladder"])

    def one(name, delivered, policies, *, overturned, appeal, down):
        place = ladder.rank.get(name, 0)
        reduced = ladder.spec.steps[max(place - down, 0)] if down and place else None
        return PriorStep(
            step=name,
            delivered=delivered,
            policies=policies,
            is_overturned=overturned,
            has_open_appeal=appeal and not overturned,
            reduced_to=reduced,
        )

    priors = st.builds(
        one, step, _moments, _policies, overturned=st.booleans(), appeal=st.booleans(), down=st.integers(0, 2)
    )
    history = [replace(each, place=f"case {n}") for n, each in enumerate(draw(st.lists(priors, max_size=6)))]
    act = Act(
        **{
            "gravity": draw(st.sampled_from(list(Gravity))),
            "at": draw(_moments),
            "policies": draw(_policies),
            "groups": frozenset(draw(st.lists(st.sampled_from(GROUPS), max_size=1))),
            "is_unaware": draw(st.booleans()),
            "is_gross": draw(st.booleans()),
        }
        | fixed
    )
    return ladder, history, act


_plain = {"groups": frozenset(), "is_unaware": False, "is_gross": False}


@given(_cases(**_plain), st.sampled_from(list(Gravity)))
def test_a_graver_act_never_gets_a_milder_band(case, other):
    ladder, history, act = case
    lighter, graver = sorted((act.gravity, other))
    answers = [recommend_step(ladder, history, replace(act, gravity=each), TODAY) for each in (lighter, graver)]
    assert not is_milder(ladder, answers[1], answers[0])


@given(_cases(**_plain), st.data())
def test_one_more_step_never_gives_a_milder_band(case, data):
    ladder, history, act = case
    before = recommend_step(ladder, history, act, TODAY)
    day = before.act_day - timedelta(days=data.draw(st.integers(1, 90)))
    more = prior(data.draw(st.sampled_from(ladder.spec.steps)), day, policies=act.policies)
    assert not is_milder(ladder, recommend_step(ladder, [*history, more], act, TODAY), before)


@given(_cases(**_plain), st.data())
def test_a_reduced_step_never_weighs_more_than_it_did(case, data):
    ladder, history, act = case
    step = data.draw(st.sampled_from(ladder.spec.steps[1:]))
    whole = prior(step, data.draw(_moments), policies=act.policies)
    reduced = replace(whole, reduced_to=ladder.spec.steps[data.draw(st.integers(0, ladder.rank[step] - 1))])
    answers = [recommend_step(ladder, [*history, each], act, TODAY) for each in (reduced, whole)]
    # The review of the employment leaves nothing; what it is reduced to does.
    if ladder.last_live_day(step, TODAY):
        assert not is_milder(ladder, answers[1], answers[0])


@given(_cases(), st.randoms())
def test_the_order_of_history_changes_nothing_at_all(case, random):
    ladder, history, act = case
    shuffled = random.sample(history, len(history))
    assert recommend_step(ladder, shuffled, act, TODAY) == recommend_step(ladder, history, act, TODAY)


@given(_cases(), _moments, st.data())
def test_an_overturned_step_never_counts(case, delivered, data):
    ladder, history, act = case
    step = data.draw(st.sampled_from(ladder.spec.steps))
    gone = prior(step, delivered, policies=act.policies, is_overturned=True, has_open_appeal=True)
    without, with_it = (recommend_step(ladder, each, act, TODAY) for each in (history, [*history, gone]))
    assert (with_it.answer, with_it.band, with_it.standing, with_it.changes) == (
        without.answer,
        without.band,
        without.standing,
        without.changes,
    )
    assert [each.counts for each in with_it.weighed if each.prior == gone and not each.prior.place] == [False]


@given(_cases(), st.integers(0, 100_000), st.data())
def test_a_step_delivered_after_the_act_never_counts(case, minutes, data):
    ladder, history, act = case
    late = (
        act.at + timedelta(minutes=minutes)
        if isinstance(act.at, datetime)
        else act.at + timedelta(days=minutes // 1440)
    )
    later = prior(data.draw(st.sampled_from(ladder.spec.steps)), late, policies=act.policies)
    without, with_it = (recommend_step(ladder, each, act, TODAY) for each in (history, [*history, later]))
    assert (with_it.answer, with_it.band, with_it.standing) == (without.answer, without.band, without.standing)


@given(_cases())
def test_the_answer_after_the_appeals_is_that_of_a_history_with_those_steps_overturned(case):
    ladder, history, act = case
    answer = recommend_step(ladder, history, act, TODAY)
    lenient = [replace(each, is_overturned=each.is_overturned or each.has_open_appeal) for each in history]
    other = recommend_step(ladder, lenient, act, TODAY)
    if answer.if_appeal_succeeds is None:
        assert (answer.kind, answer.band, answer.standing if answer.kind == STEP else "") == (
            other.kind,
            other.band,
            other.standing if answer.kind == STEP else "",
        )
    else:
        assert replace(answer.if_appeal_succeeds, changes=other.changes) == other
        assert not is_milder(ladder, answer, other)


@given(_cases(groups=frozenset({"leaver", "adviser"})))
def test_an_own_procedure_goes_before_everything(case):
    answer = recommend_step(*case, TODAY)
    assert (answer.answer, answer.band, answer.step, answer.if_appeal_succeeds) == (OWN_PROCEDURE, None, None, None)


@given(_cases())
def test_every_earlier_step_is_weighed_once_and_only_live_ones_count(case):
    ladder, history, act = case
    answer = recommend_step(ladder, history, act, TODAY)
    assert Counter(each.prior for each in answer.weighed) == Counter(history)
    for each in answer.weighed:
        assert each.why
        if each.counts:
            assert local_day(each.prior.delivered, ladder.zone) <= answer.act_day <= each.last_live_day
            assert not each.prior.is_overturned
    heaviest = max((ladder.rank[each.prior.in_force] for each in answer.weighed if each.counts), default=None)
    assert (ladder.rank[answer.standing] if answer.standing else None) == heaviest


@given(_cases(**_plain))
def test_every_change_that_is_named_would_change_the_answer_and_comes_true(case):
    ladder, history, act = case
    answer = recommend_step(ladder, history, act, TODAY)
    for line in answer.changes:
        what, _, result = line.rpartition(": ")
        if what.startswith("at gravity "):
            other = recommend_step(ladder, history, replace(act, gravity=Gravity.parse(what.split()[-1])), TODAY)
        elif what.startswith("without the "):
            other = recommend_step(
                ladder, [one for one in history if not what.endswith(f" of {one.place}")], act, TODAY
            )
        elif what.startswith("for an act after "):
            day = date.fromisoformat(what.split()[-1]) + timedelta(days=1)
            counted = [each.prior for each in answer.weighed if each.counts]
            other = recommend_step(ladder, counted, replace(act, at=day), date.max)
        else:
            assert (what, result) == ("if the person could not know the rule", TRAINING)
            continue
        assert other.band != answer.band
        low, high = ladder.title(other.band.low), ladder.title(other.band.high)
        assert result == (low if low == high else f"{low} to {high}")


@pytest.mark.parametrize("name", LADDERS)
def test_the_last_day_ends_at_midnight_where_the_person_is(name):
    ladder = LADDERS[name]
    step = ladder.spec.steps[1]
    last = ladder.last_live_day(step, date(2025, 1, 15))
    for zone in (None, ZoneInfo("Pacific/Auckland"), ZoneInfo("America/Los_Angeles")):
        midnight = datetime.combine(last + timedelta(days=1), datetime.min.time(), zone or ladder.zone).astimezone(UTC)
        counts = []
        for at in (midnight - timedelta(seconds=1), midnight):
            act = Act(gravity=Gravity.MEDIUM, at=at, policies=frozenset({"conduct"}))
            earlier = prior(step, date(2025, 1, 15), policies=frozenset({"conduct"}))
            (weighed,) = recommend_step(ladder, [earlier], act, date(2030, 1, 1), zone=zone).weighed
            counts.append(weighed.counts)
        assert counts == [True, False]


@pytest.mark.parametrize("name", LADDERS)
def test_the_first_day_begins_at_midnight_where_the_person_is(name):
    ladder = LADDERS[name]
    step = ladder.spec.steps[1]
    midnight = datetime(2025, 1, 15, tzinfo=ladder.zone).astimezone(UTC)
    act = Act(gravity=Gravity.MEDIUM, at=date(2025, 1, 20), policies=frozenset({"conduct"}))
    last = [
        recommend_step(ladder, [prior(step, at, policies=act.policies)], act, TODAY).weighed[0].last_live_day
        for at in (midnight - timedelta(seconds=1), midnight)
    ]
    assert last == [ladder.last_live_day(step, date(2025, 1, 14)), ladder.last_live_day(step, date(2025, 1, 15))]


def test_an_hour_that_a_clock_shows_twice_is_told_apart():
    zone = ZoneInfo("Europe/Berlin")
    first, second = (datetime(2025, 10, 26, 2, 30, tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    act = Act(gravity=Gravity.HIGH, at=second, policies=frozenset({"conduct"}))
    assert recommend(prior("abmahnung", first, policies=act.policies), ladder=DE, act=act).step == "letzte-abmahnung"
    act = replace(act, at=first)
    assert recommend(prior("abmahnung", second, policies=act.policies), ladder=DE, act=act).step == "abmahnung"


def test_a_time_without_a_zone_is_refused():
    naive = datetime(2025, 6, 1, 9)  # noqa: DTZ001 - the point
    with pytest.raises(ValueError, match="without a zone"):
        recommend(prior(delivered=naive))
    with pytest.raises(ValueError, match="without a zone"):
        recommend(act=replace(ACT, at=naive))


def test_an_act_in_the_future_is_refused_and_one_of_today_is_not():
    with pytest.raises(ValueError, match="lies in the future"):
        recommend_step(US, [], ACT, date(2025, 6, 9))
    assert recommend_step(US, [], ACT, date(2025, 6, 10)).step == "coaching"


def test_the_same_history_on_another_day_gives_the_same_answer():
    assert recommend(prior()) == recommend_step(US, [prior()], ACT, date(2040, 1, 1))


def test_a_clean_slate_says_so():
    answer = recommend()
    assert (answer.kind, answer.step, answer.standing, answer.weighed) == (STEP, "coaching", None, ())
    assert answer.reasons == (
        "gravity medium, and no earlier step counts: coaching talk to verbal warning",
        "any of these may be chosen; the milder end is recommended",
    )


def test_each_step_says_why_it_counts_or_does_not():
    answer = recommend(
        prior("written", date(2025, 6, 2)),
        prior("final", date(2025, 1, 6), is_overturned=True),
        prior("verbal", date(2024, 6, 3)),
        prior("written", date(2025, 6, 12)),
        prior("abmahnung", date(2025, 3, 3)),
        prior("termination-review", date(2025, 4, 7)),
    )
    assert [each.why for each in answer.weighed] == [
        "it lapsed: the last day it counted was 2024-12-02, and the act was on 2025-06-10",
        "it was overturned, and never counts",
        "the ladder 'us' has no such step; people weigh it",
        "this step leaves nothing that counts",
        "delivered on 2025-06-02, before the act; live to 2025-12-01",
        "it was delivered on 2025-06-12, not before the act of 2025-06-10",
    ]


def test_in_germany_a_step_for_another_or_an_unknown_kind_of_breach_says_so():
    act = replace(ACT, policies=frozenset({"conduct"}))
    answer = recommend(
        prior("abmahnung", date(2025, 5, 5), policies=frozenset({"brand"})), prior("abmahnung"), ladder=DE, act=act
    )
    assert [each.why for each in answer.weighed] == [
        "it was for another kind of breach",
        "the policies behind it or behind the act are not known, so it may be another kind of breach",
    ]


def test_in_germany_one_shared_kind_among_several_is_enough():
    act = replace(ACT, gravity=Gravity.HIGH, policies=frozenset({"conduct", "personal-data"}))
    earlier = prior("abmahnung", policies=frozenset({"brand", "health-information"}))
    assert recommend(earlier, ladder=DE, act=act).step == "letzte-abmahnung"


def test_what_would_change_the_answer_is_said():
    answer = recommend(prior(place="case 4"), prior("coaching", date(2025, 6, 3), place="case 5"))
    assert answer.changes == (
        "without the written warning of case 4: verbal warning to written warning",
        "for an act after 2025-12-01: coaching talk to verbal warning",
        "at gravity low: written warning",
        "at gravity high: final written warning to review of the employment",
        "at gravity critical: final written warning to review of the employment",
        "if the person could not know the rule: training",
    )


def test_the_same_step_recorded_twice_is_weighed_twice_and_taking_one_away_changes_nothing():
    twice = prior()
    answer = recommend(twice, twice)
    assert len(answer.weighed) == 2
    assert not [line for line in answer.changes if line.startswith("without")]


def test_an_open_appeal_shows_both_answers():
    answer = recommend(prior(has_open_appeal=True), prior("coaching"))
    assert (answer.step, answer.if_appeal_succeeds.step) == ("final", "verbal")
    assert answer.if_appeal_succeeds.if_appeal_succeeds is None


@pytest.mark.parametrize(
    ("step", "act"),
    [
        (prior(delivered=date(2024, 1, 8), has_open_appeal=True), ACT),  # lapsed
        (prior(delivered=date(2025, 6, 12), has_open_appeal=True), ACT),  # after the act
        (prior(has_open_appeal=True), replace(ACT, is_gross=True)),  # no step follows anyway
        (prior(has_open_appeal=True), replace(ACT, is_unaware=True)),
        (prior(has_open_appeal=True, is_overturned=True), ACT),  # decided
    ],
    ids=["lapsed", "later", "gross", "unaware", "overturned"],
)
def test_an_appeal_against_a_step_that_does_not_count_holds_nothing_up(step, act):
    assert recommend(step, act=act).if_appeal_succeeds is None


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"is_unaware": True}, TRAINING),
        ({"is_gross": True}, HEARING),
        ({"is_gross": True, "is_unaware": True}, HEARING),
        ({"is_gross": True, "is_unaware": True, "groups": frozenset({"agency"})}, OWN_PROCEDURE),
        ({"groups": frozenset({"adviser"})}, "final"),
    ],
)
def test_answers_that_are_no_step(changes, answer):
    found = recommend(prior(), act=replace(ACT, **changes))
    assert found.answer == answer
    assert (found.band is None) == (answer != "final")
    assert [each.counts for each in found.weighed] == [True]


def test_comparable_cases_are_counted_by_step_mildest_first_and_name_nobody():
    others = [
        Comparable(step=step, case=case)
        for step, case in (("final", "case 9"), ("verbal", "case 2"), ("final", "case 3"), ("training", "case 1"))
    ]
    assert recommend(comparable=others).comparable == (
        "training: 1 (case 1)",
        "verbal warning: 1 (case 2)",
        "final written warning: 2 (case 9, case 3)",
    )


def test_a_history_of_thousands_is_weighed():
    history = [prior("verbal", date(2020, 1, 1) + timedelta(days=number % 1900)) for number in range(3000)]
    assert len(recommend(*history).weighed) == 3000


def test_a_slow_delivery_does_not_lengthen_what_the_letter_promised():
    ladder = load_ladder(SHIPPED / "us.yaml")
    step = PriorStep(step="written", issued=date(2025, 1, 29), delivered=date(2025, 2, 10))
    for day, standing in ((date(2025, 7, 28), "written"), (date(2025, 7, 29), None)):
        assert recommend_step(ladder, [step], Act(gravity=Gravity.LOW, at=day), day).standing == standing
    early = Act(gravity=Gravity.LOW, at=date(2025, 2, 9))
    assert recommend_step(ladder, [step], early, date(2025, 2, 9)).standing is None
