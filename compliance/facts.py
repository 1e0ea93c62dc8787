"""What is true around a case when somebody acts: all that its refusals look at besides its entries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from compliance.discipline import Recommendation, local_day
from compliance.entry import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true around the case when somebody acts."""

    now: datetime
    zone: tzinfo
    groups: frozenset[str] = frozenset()
    #: Flags of the case that no decision upholds any more.
    unsettled: tuple[int, ...] = ()
    #: Flags whose author's handle is no longer declared or verified.
    untied: tuple[int, ...] = ()
    #: Appeals of this person that nobody decided, wherever: `appeal 7 (case 3)`.
    open_appeals: tuple[str, ...] = ()
    #: The highest number among them; 0 where there is none.
    newest_appeal: int = 0
    #: None while nothing can be recommended.
    recommendation: Recommendation | None = None
    #: What an approval would be bound to, for each action.
    digests: Mapping[int, str] = field(default_factory=dict)
    #: Why the acting person may not act on this case: own case, own report.
    conflict: str | None = None
    #: Further ids of the acting person: two ids of one person are one pair of eyes.
    aliases: frozenset[str] = frozenset()
    #: Who upheld the flags of the case.
    upheld_by: frozenset[str] = frozenset()
    #: Placeholders of the letter that nothing fills, for each action.
    unfilled: Mapping[int, tuple[str, ...]] = field(default_factory=dict)

    @property
    def today(self) -> date:
        """The day where the person is."""
        return local_day(self.now, self.zone)

    def acts(self, entry: Entry, *actors: str | None) -> str | None:
        """Return the id among these under which the person who acts has acted before, None if there is none."""
        return next((each for each in actors if each is not None and each in self.aliases | {entry.actor}), None)
