"""The tables. SQLAlchemy classes never leave `compliance`; queries and decisions live in the services."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.types import TypeEngine

NAMING: Final = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class _SqliteTime(sqlite.DATETIME):
    """The text SQLAlchemy stores for a time, made and read by C code instead of format strings: 5 times as fast."""

    def bind_processor(self, dialect: Dialect) -> Callable[[datetime | None], str | None]:
        """Return `YYYY-MM-DD HH:MM:SS.ffffff`, 26 characters, for a time in UTC."""
        del dialect
        return lambda value: None if value is None else value.isoformat(" ", "microseconds")[:26]

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[str | None], datetime | None]:
        """Return the time of such a text, without its zone."""
        del dialect, coltype
        return lambda value: None if value is None else datetime.fromisoformat(value)


class AwareDateTime(TypeDecorator[datetime]):
    """UTC in, UTC out. SQLite forgets time zones, so a naive value is refused instead of guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime]:
        """Use the fast form on SQLite."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(_SqliteTime())  # type: ignore[no-untyped-call]  # untyped in SQLAlchemy
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; store UTC."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a time without a time zone cannot be stored"
            raise ValueError(message)
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give every time its zone back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PostText(TypeDecorator[str]):
    """Text that PostgreSQL and SQLite both keep: NUL and lone surrogates are escaped on the way in, restored on the way out.

    Code points map one for one (NUL to U+F0000, U+D800..U+DFFF to U+F0800..U+F0FFF, all in a private-use plane), so spans stay true.
    """

    impl = Text
    cache_ok = True
    _IN: Final = {0: 0xF0000} | {code: 0xF0000 + (code - 0xD000) for code in range(0xD800, 0xE000)}
    _OUT: Final = {stored: code for code, stored in _IN.items()}

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Escape what the databases cannot hold."""
        del dialect
        return value if value is None or (value.isascii() and "\0" not in value) else value.translate(self._IN)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        """Give back what was published."""
        del dialect
        return value if value is None or value.isascii() else value.translate(self._OUT)


class Base(DeclarativeBase):
    """All tables, with names for every constraint so that migrations work on both databases."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: AwareDateTime}  # noqa: RUF012 - SQLAlchemy's own form


class Source(Base):
    """Where posts come from, how far it was read, and whether a page was being evaluated when we were last alive."""

    __tablename__ = "sources"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    cursor: Mapped[str | None] = mapped_column(Text, comment="only its connector reads it; committed with its page")
    #: Pages started and not finished; above 0 at start means that evaluation died, so the next page goes post by post.
    page_attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    scanned_at: Mapped[datetime | None]


class PostRow(Base):
    """One row per (source, external_id), always."""

    __tablename__ = "posts"
    __table_args__ = (UniqueConstraint("source_id", "external_id"), Index(None, "platform", "author"))

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    external_id: Mapped[str] = mapped_column(PostText)
    platform: Mapped[str | None] = mapped_column(String(60))
    channel: Mapped[str | None] = mapped_column(PostText)
    author: Mapped[str | None] = mapped_column(PostText, comment="handle as the platform spells it")
    audience: Mapped[str] = mapped_column(String(20))
    kind: Mapped[str] = mapped_column(String(20))
    thread: Mapped[str | None] = mapped_column(PostText, index=True)
    shared_from: Mapped[str | None] = mapped_column(PostText)
    is_reply: Mapped[bool | None]
    url: Mapped[str | None] = mapped_column(PostText)
    posted_at: Mapped[datetime | None]
    first_seen_at: Mapped[datetime]
    source: Mapped[Source] = relationship()
    versions: Mapped[list[PostVersion]] = relationship(
        back_populates="post", order_by="(PostVersion.at, PostVersion.id)"
    )


class PostVersion(Base):
    """One version of a post, never changed. `at` orders versions: the platform's own time where it gives one."""

    __tablename__ = "post_versions"
    __table_args__ = (UniqueConstraint("post_id", "digest"), Index(None, "status", "attempts"))

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"))
    #: The only place where post text is stored.
    text: Mapped[str] = mapped_column(PostText)
    digest: Mapped[str] = mapped_column(String(64), comment="SHA-256 over text, edit time and deletion")
    at: Mapped[datetime] = mapped_column(comment="deleted_at, else edited_at, else posted_at, else first seen")
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]
    attachments: Mapped[list[dict[str, str | None]]] = mapped_column(JSON, default=list)
    seen_at: Mapped[datetime]
    #: Verdict of the latest evaluation: clean, flagged, incomplete; `deleted` for a deletion, which has nothing to evaluate.
    status: Mapped[str] = mapped_column(String(20))
    ruleset: Mapped[str] = mapped_column(String(64), comment="hash of the rule set of the latest evaluation")
    evaluated_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0", comment="evaluations that ended incomplete")
    failures: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    post: Mapped[PostRow] = relationship(back_populates="versions")


class Attempt(Base):
    """A post about to be evaluated by itself, recorded first: what is left after a crash names the poison."""

    __tablename__ = "attempts"

    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    external_id: Mapped[str] = mapped_column(PostText, primary_key=True)
    tries: Mapped[int] = mapped_column(default=0)


class Reject(Base):
    """A record that could not be read, by place; it stays until the record reads well or a person removes it."""

    __tablename__ = "rejects"
    __table_args__ = (UniqueConstraint("source_id", "place"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    place: Mapped[str] = mapped_column(PostText)
    error: Mapped[str] = mapped_column(Text)
    seen_at: Mapped[datetime]


class Flag(Base):
    """A finding awaiting a person: permanent id, one rule, one post, the version it opened on."""

    __tablename__ = "flags"
    __table_args__ = (
        # At most one open flag per (rule, post), whoever races.
        Index(
            "uq_flags_open",
            "post_id",
            "rule",
            unique=True,
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
        # The queue reads one range per status and severity, oldest first.
        Index(None, "status", "severity", "opened_at", "id"),
        CheckConstraint("status in ('open', 'decided')", name="status"),
        # An id that the trail has named must never be given again, even after the last flag was erased.
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    post_id: Mapped[int] = mapped_column(ForeignKey("posts.id"), index=True)
    rule: Mapped[str] = mapped_column(String(120))
    policy: Mapped[str] = mapped_column(String(60))
    severity: Mapped[int]
    route: Mapped[str] = mapped_column(String(40), comment="whom the policy sends it to")
    lane: Mapped[str] = mapped_column(
        String(40), comment="who holds it now; starts as the route, changed by an escalation"
    )
    opened_version_id: Mapped[int] = mapped_column(ForeignKey("post_versions.id"))
    opened_at: Mapped[datetime]
    retro: Mapped[bool] = mapped_column(default=False, comment="opened by scan --again on an already stored post")
    status: Mapped[str] = mapped_column(String(20), default="open")
    #: Advisory marks of the post, such as protected-activity.pay; kept only with a flag, never searched or counted by person.
    tags: Mapped[list[str]] = mapped_column(JSON, default=list)
    revision: Mapped[int] = mapped_column(
        default=0,
        server_default="0",
        comment="bumped by every decision and every later observation; whoever looked before sees it",
    )
    post: Mapped[PostRow] = relationship()
    opened_version: Mapped[PostVersion] = relationship()
    observations: Mapped[list[Observation]] = relationship(back_populates="flag", order_by="Observation.id")
    decisions: Mapped[list[DecisionRow]] = relationship(back_populates="flag", order_by="DecisionRow.round")


class Observation(Base):
    """What a rule saw on one version of the post; appended, never changed. No matches: the version no longer shows it."""

    __tablename__ = "flag_observations"
    __table_args__ = (UniqueConstraint("flag_id", "version_id", "rule_version"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id"))
    version_id: Mapped[int] = mapped_column(ForeignKey("post_versions.id"))
    rule_version: Mapped[str] = mapped_column(String(64))
    ruleset: Mapped[str] = mapped_column(String(64))
    confidence: Mapped[float]
    #: [{start, end, part, detector, kind, confidence, reason}], code points of the version's text.
    matches: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    at: Mapped[datetime]
    flag: Mapped[Flag] = relationship(back_populates="observations")


class DecisionRow(Base):
    """What a named person decided about a flag, bound to the version, rule and spans that they saw. Appended, never changed."""

    __tablename__ = "decisions"
    __table_args__ = (UniqueConstraint("flag_id", "round"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id"))
    round: Mapped[int] = mapped_column(comment="1 for the first decision on a flag")
    verdict: Mapped[str] = mapped_column(String(20))
    code: Mapped[str | None] = mapped_column(String(40))
    lane: Mapped[str | None] = mapped_column(String(40), comment="where an escalation went")
    reason: Mapped[str | None] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(120))
    actor_proof: Mapped[str] = mapped_column(String(40), comment="how the actor was proven: claimed, session …")
    version_id: Mapped[int] = mapped_column(ForeignKey("post_versions.id"))
    rule_version: Mapped[str] = mapped_column(String(64))
    spans: Mapped[list[list[int]]] = mapped_column(JSON)
    at: Mapped[datetime]
    flag: Mapped[Flag] = relationship(back_populates="decisions")


class Remedy(Base):
    """What an author was asked to do about a post by a day. It never counts as a step; the next scan looks whether it was done."""

    __tablename__ = "remedies"
    __table_args__ = (
        CheckConstraint("status in ('open', 'done', 'withdrawn')", name="status"),
        Index(None, "status", "due"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    flag_id: Mapped[int] = mapped_column(ForeignKey("flags.id"), index=True)
    ask: Mapped[str] = mapped_column(String(20), comment="edit, disclose, delete")
    due: Mapped[datetime]
    asked_at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(120))
    actor_proof: Mapped[str] = mapped_column(String(40))
    #: `open` past its due time is overdue.
    status: Mapped[str] = mapped_column(String(20), default="open")
    settled_at: Mapped[datetime | None]
    #: The version that did what was asked.
    settled_version_id: Mapped[int | None] = mapped_column(ForeignKey("post_versions.id"))
    flag: Mapped[Flag] = relationship()


class Case(Base):
    """Occasions of one person under review. What happened stands in its entries; stage and lane only help to list it."""

    __tablename__ = "cases"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(String(200), index=True, comment="person_id of people.csv")
    country: Mapped[str] = mapped_column(String(2), comment="workplace on the day of the act; empty where unknown")
    ladder: Mapped[str] = mapped_column(String(60))
    ladder_version: Mapped[str] = mapped_column(String(64), comment="SHA-256 of the ladder when the case opened")
    opened_at: Mapped[datetime]
    opened_by: Mapped[str] = mapped_column(String(120))
    stage: Mapped[str] = mapped_column(String(20))
    lane: Mapped[str] = mapped_column(String(20), comment="hr, or counsel while the brake protected-activity is on")
    nonce: Mapped[str] = mapped_column(
        String(32), comment="of the commitment in the trail to who, where and by which ladder"
    )
    entries: Mapped[list[CaseEntry]] = relationship(back_populates="case", order_by="CaseEntry.number")


class CaseEntry(Base):
    """One thing that happened in a case. Appended, never changed; the audit trail holds its twin without the words."""

    __tablename__ = "case_entries"
    __table_args__ = (
        UniqueConstraint("case_id", "number"),
        # A flag belongs to one case.
        Index(
            "uq_case_entries_flag",
            "ref",
            unique=True,
            sqlite_where=text("kind = 'flag'"),
            postgresql_where=text("kind = 'flag'"),
        ),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("cases.id"))
    number: Mapped[int] = mapped_column(comment="1, 2, … within the case, without gaps")
    kind: Mapped[str] = mapped_column(String(20))
    value: Mapped[str | None] = mapped_column(String(120), comment="a code: finding, gravity, step, brake, outcome …")
    ref: Mapped[int | None] = mapped_column(comment="the flag, the proposal or the appeal that it is about")
    on: Mapped[datetime | None] = mapped_column(comment="when it happened or falls due, if another time than `at`")
    occasion: Mapped[int | None]
    digest: Mapped[str | None] = mapped_column(String(64), comment="SHA-256 of what was approved, or of the letter")
    #: What people wrote: a reason, an answer, the letter.
    words: Mapped[str | None] = mapped_column(PostText)
    nonce: Mapped[str | None] = mapped_column(String(32), comment="of the commitment in the trail to the words")
    actor: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(40))
    actor_proof: Mapped[str] = mapped_column(String(40))
    at: Mapped[datetime]
    case: Mapped[Case] = relationship(back_populates="entries")


class Scan(Base):
    """One run of `scan`: what it read and found. Still `running` after the process is gone means it was killed."""

    __tablename__ = "scans"

    id: Mapped[int] = mapped_column(primary_key=True)
    actor: Mapped[str] = mapped_column(String(120))
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    status: Mapped[str] = mapped_column(String(20), default="running")
    ruleset: Mapped[str] = mapped_column(String(64))
    #: {source: {read, new, edited, deleted, evaluated, flagged, incomplete, accepted, failed, skipped}}, `unreached: 1`
    #: where the source was not read to its end.
    counts: Mapped[dict[str, dict[str, int]]] = mapped_column(JSON, default=dict)


class Lease(Base):
    """Who may scan. `epoch` fences: a holder that slept past its time finds another epoch and its write is refused."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200), comment="host, process id and its start time")
    epoch: Mapped[int]
    acquired_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class AuditRow(Base):
    """One entry of the trail. The canonical bytes are the truth; the other columns only help to find them."""

    __tablename__ = "audit_entries"

    #: Without gaps, counted from 1; never a database sequence.
    seq: Mapped[int] = mapped_column(
        BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False
    )
    entry: Mapped[bytes] = mapped_column(LargeBinary, comment="RFC 8785 JSON")
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    #: Unique, so a fork cannot be inserted.
    prev_hash: Mapped[bytes] = mapped_column(LargeBinary(32), unique=True)
    at: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(60), index=True)
    object: Mapped[str] = mapped_column(Text)
