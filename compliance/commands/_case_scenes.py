"""The scenes of the demo about people: one person's steps and an appeal, and one act under three ladders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import yaml

from compliance.commands._cases import setting_of
from compliance.commands._desk import session_of
from compliance.entry import Kind

if TYPE_CHECKING:
    from compliance.casebook import Open
    from compliance.cases import Recorded
    from compliance.commands._stage import Stage

#: The same post by three people; the person's country picks the ladder.
SAME: Final = ("x/x-041", "mastodon/toot-039", "bluesky/sky-033")
_CODENAME: Final = "confidentiality.codename"


@dataclass(frozen=True, slots=True)
class Room:
    """Acts as one of the workspace's reviewers on one day, through the services that the commands call."""

    stage: Stage
    by: str
    now: datetime

    def on(self, day: date | datetime, by: str | None = None) -> Room:
        """Return the same room on another day, or for another person."""
        now = day if isinstance(day, datetime) else datetime.combine(day, time(22), tzinfo=UTC)
        return Room(self.stage, by or self.by, now)

    def uphold(self, flag_id: int, reason: str) -> None:
        """Decide a flag."""
        from compliance.permissions import acting
        from compliance.review import Verdict, decide

        actor, reviewer = acting(self.stage.space, self.by)
        with session_of(self.stage.space, writes=True) as session:
            decide(
                session,
                flag_id,
                Verdict.UPHELD,
                reason=reason,
                people=self.stage.space.people,
                reviewer=reviewer,
                actor=actor,
                now=self.now,
            )

    def open(self, flag_id: int, reason: str) -> int:
        """Open a case on a flag."""
        from compliance.cases import open_case
        from compliance.permissions import acting

        actor, reviewer = acting(self.stage.space, self.by)
        with session_of(self.stage.space, writes=True) as session:
            setting = setting_of(self.stage.space)
            return open_case(
                session, [flag_id], reason=reason, setting=setting, reviewer=reviewer, actor=actor, now=self.now
            ).case_id

    def act(self, case: int, kind: Kind, value: str | None = None, **known: Any) -> Recorded:  # noqa: ANN401 - fields of a deed
        """Record something in a case."""
        from compliance.cases import Deed, act
        from compliance.permissions import acting

        actor, reviewer = acting(self.stage.space, self.by)
        with session_of(self.stage.space, writes=True) as session:
            deed = Deed(kind=kind, value=value, words=known.pop("words", "As the file says."), **known)
            setting = setting_of(self.stage.space)
            return act(session, case, deed, setting=setting, reviewer=reviewer, actor=actor, now=self.now)

    def look(self, case: int) -> Open:
        """Return a case as `case show` sees it."""
        from compliance.casebook import find_case, open_up
        from compliance.permissions import acting

        _, reviewer = acting(self.stage.space, self.by)
        with session_of(self.stage.space, writes=False) as session:
            row = find_case(session, case, reviewer)
            found = open_up(session, row, setting_of(self.stage.space), reviewer, now=self.now)
            session.expunge_all()
        return found


def scene_six(stage: Stage) -> None:
    """One person: a step that lapsed, one that counts, one that came too late, an appeal that changes the answer."""
    stage.title("6. One person, four cases")
    story = yaml.safe_load((stage.folder / "story.yaml").read_text(encoding="utf-8"))
    stage.say("The demo plays an adviser's file day by day, from notice to delivery:")
    room = Room(stage, "rivera", datetime(2026, 2, 3, 22, tzinfo=UTC))
    reasons = {(each["post"]): each for each in story["decisions"]}
    actions: dict[str, tuple[int, int]] = {}
    for told in story["cases"][:-1]:
        actions[told["id"]] = _one_case(stage, room, told, reasons)
    _last_case(stage, room, story, reasons, actions[story["appeal"]["case"]])


def _one_case(stage: Stage, room: Room, told: dict[str, Any], reasons: dict[str, Any]) -> tuple[int, int]:
    case = _heard(stage, room, told, reasons)
    day: date = told["action"]["delivered"]
    last = room.on(day)
    action = last.act(case, Kind.PROPOSED, told["action"]["step"]).entry_id
    last.act(case, Kind.ISSUED, ref=action)
    last.act(case, Kind.DELIVERED, ref=action)
    witness = told["action"].get("witness")
    last.act(case, Kind.RECEIPT, witness, ref=action)
    title = last.look(case).ladder.title(told["action"]["step"])
    stage.line(f"case {case}  {title:16} delivered {day}" + (f", refused before {witness}" if witness else ""))
    return case, action


def _heard(stage: Stage, room: Room, told: dict[str, Any], reasons: dict[str, Any]) -> int:
    """Walk from an upheld flag to the gravity; return the case."""
    (post,) = told["posts"]
    why = reasons[post]
    begun: date = told["act"]["day"]
    first = room.on(begun)
    flag = stage.flag_of(post, why["rule"]).id
    first.uphold(flag, why["reason"])
    case = first.open(flag, told["act"]["reason"])
    first.act(case, Kind.NOTICE, on=begun + timedelta(days=5))
    first.act(case, Kind.EVIDENCE)
    hearing = room.on(told["heard"]["day"])
    if told["heard"]["outcome"] == "declined":
        hearing.act(case, Kind.DECLINED, "explicit")
    else:
        hearing.act(case, Kind.HEARD, "agreed")
    hearing.act(case, Kind.FINDING, told["finding"]["outcome"])
    hearing.act(case, Kind.GRAVITY, told["act"]["gravity"], words=told["act"]["reason"])
    return case


def _last_case(
    stage: Stage, room: Room, story: dict[str, Any], reasons: dict[str, Any], contested: tuple[int, int]
) -> None:
    told, appeal = story["cases"][-1], story["appeal"]
    case = _heard(stage, room, told, reasons)
    now = room.on(appeal["filed"])
    stage.say(f"Then a fourth act, on {told['act']['day'].day} August. What the ladder answers, and why:")
    stage.typed(f"compliance case show {case} --as rivera    # in short")
    _answer(stage, now, case, weighed=True)
    action = now.act(case, Kind.PROPOSED, told["recommended"]).entry_id
    stage.typed(f"compliance appeal file {contested[1]} --late --reason … --as thornley")
    filed = now.on(now.now, "thornley").act(
        contested[0], Kind.APPEALED, "late", ref=contested[1], words=appeal["grounds"]
    )
    stage.typed(f"compliance action issue {action} --as rivera")
    with stage.refusals():
        now.act(case, Kind.ISSUED, ref=action)
    stage.typed(f"compliance appeal decide {filed.entry_id} {appeal['outcome']} --reason … --as lindqvist")
    done = room.on(appeal["decided"], "lindqvist")
    done.act(contested[0], Kind.DECIDED, appeal["outcome"], ref=filed.entry_id, words=appeal["reason"])
    _answer(stage, room.on(appeal["decided"]), case, weighed=False)
    stage.say("The count falls; the step proposed before no longer fits, and a person decides what now.")


def _answer(stage: Stage, room: Room, case: int, *, weighed: bool) -> None:
    found = room.look(case)
    answer = found.facts.recommendation
    if answer is None:
        return
    stage.say_plainly(answer.reasons[0])
    for each in answer.weighed if weighed else ():
        word = "counts" if each.counts else "does not count"
        stage.say_plainly(f"{found.ladder.title(each.prior.in_force)} of {each.prior.place} {word}: {each.why}")


def scene_seven(stage: Stage) -> None:
    """The same words by three people in three countries: three ladders."""
    stage.title("7. The same words in three countries")
    room = Room(stage, "rivera", datetime(2026, 8, 14, 22, tzinfo=UTC))
    for key in SAME:
        flag = stage.flag_of(key, _CODENAME)
        room.uphold(flag.id, "Named before the announcement.")
        case = room.open(flag.id, "Seen by many.")
        room.act(case, Kind.GRAVITY, "medium", words="Four days before the announcement.")
        found = room.look(case)
        answer = found.facts.recommendation
        if answer is None or answer.band is None:
            continue
        low, high = found.ladder.title(answer.band.low), found.ladder.title(answer.band.high)
        stage.line(f"{found.row.country}  flag {flag.id:<3} ladder {found.ladder.id}  {low} to {high}")
    found_post = stage.dossier(stage.flag_of(SAME[0], _CODENAME).id, as_id="rivera")
    stage.line(stage.excerpt(found_post.versions[0].text or "", found_post.versions[0].spans, beside=4))
