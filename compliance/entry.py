"""One thing that happened in a case, and the kinds there are. Light: the command line imports it at start."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Kind(StrEnum):
    """What an entry records. The value is stored for ever."""

    FLAG = "flag"
    NOTE = "note"
    BRAKE = "brake"
    RELEASE = "release"
    NOTICE = "notice"
    EVIDENCE = "evidence-shared"
    HEARING = "hearing"
    POSTPONED = "postponed"
    HEARD = "heard"
    DECLINED = "declined"
    NEED = "need"
    FINDING = "finding"
    GRAVITY = "gravity"
    UNAWARE = "unaware"
    GROSS = "gross"
    SUSPENDED = "suspended"
    RESUMED = "resumed"
    TRAINING = "training"
    TRAINED = "trained"
    HOLD_OVERRIDE = "hold-override"
    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    ISSUED = "issued"
    DELIVERED = "delivered"
    RECEIPT = "receipt"
    WITHDRAWN = "withdrawn"
    RESCINDED = "rescinded"
    APPEALED = "appealed"
    DECIDED = "decided"
    DUTY = "duty"
    CLOSED = "closed"
    REOPENED = "reopened"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing that happened in a case. Its words are stored beside it and weigh nothing here."""

    id: int
    kind: Kind
    actor: str
    #: The actor's role when they acted.
    role: str
    #: When it was recorded.
    at: datetime
    #: A code: the finding, gravity, step, brake, need, outcome, witness …
    value: str | None = None
    #: What it is about: the flag, the proposal, the appeal.
    ref: int | None = None
    #: When it happened or falls due, where that is another time than `at`.
    on: datetime | None = None
    #: Of a flag: which occasion it belongs to, from 1.
    occasion: int | None = None
    #: What an approval was given for.
    digest: str | None = None
