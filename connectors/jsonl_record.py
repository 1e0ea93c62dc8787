"""One line of JSON Lines as a checked record. Nothing of the line enters an error: it may be somebody's words."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AliasChoices, BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, ValidationError

from connectors.errors import SkippableError
from connectors.post import AUDIENCES, KINDS, LONGEST, Attachment, Post, PostDefaults

_TIME_HINT: Final = "write times as 2026-03-01T09:30:00+01:00 or with Z"


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    try:
        if isinstance(value, str) and (time := datetime.fromisoformat(value)).tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = "is not a time with a time zone"
    raise ValueError(message)


def _id(value: object) -> str | None:
    if value is None:
        return None
    if not (isinstance(value, str) or type(value) is int):
        message = "is neither a string nor an integer"
        raise ValueError(message)
    if len(str(value)) > LONGEST["external_id"]:
        message = f"is longer than {LONGEST['external_id']} characters"
        raise ValueError(message)
    return str(value)


def _one_of(*words: str) -> BeforeValidator:
    def check(value: object) -> object:
        if value is None or value in words:
            return value
        message = f"is none of {', '.join(words)}"
        raise ValueError(message)

    return BeforeValidator(check)


def _at_most(length: int) -> BeforeValidator:
    def check(value: object) -> object:
        if isinstance(value, str) and len(value) > length:
            message = f"is longer than {length} characters"
            raise ValueError(message)
        return value

    return BeforeValidator(check)


#: What is wrong, and what to do.
Fault = tuple[str, str | None]
Time = Annotated[datetime | None, PlainValidator(_time)]


class _File(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True)

    name: str
    media_type: str | None = None
    url: str | None = Field(default=None, repr=False)


class Record(BaseModel):
    """The keys a line may have; others are ignored. Times are in UTC."""

    model_config = ConfigDict(strict=True, frozen=True)

    id: Annotated[str | None, PlainValidator(_id)] = None
    text: str = Field(default="", repr=False)
    kind: Annotated[str | None, _one_of(*KINDS)] = None
    platform: Annotated[str | None, _at_most(LONGEST["platform"])] = None
    channel: str | None = None
    author: Annotated[str | None, _at_most(LONGEST["author"])] = Field(
        default=None, validation_alias=AliasChoices("author", "user"), repr=False
    )
    audience: Annotated[str | None, _one_of(*AUDIENCES)] = None
    thread: Annotated[str | None, _at_most(LONGEST["thread"])] = None
    shared_from: str | None = None
    is_reply: bool | None = None
    posted_at: Time = None
    edited_at: Time = None
    deleted_at: Time = None
    deleted: bool = False
    url: str | None = Field(default=None, repr=False)
    attachments: list[_File] | None = None

    def post(self, defaults: PostDefaults, *, written_at: datetime) -> Post:
        """Return the post, with defaults where the line is silent.

        `written_at` is when the file was written; a deletion without a time is dated so.
        """
        deleted_at = self.deleted_at
        if self.deleted and deleted_at is None:
            deleted_at = max(time for time in (written_at, self.posted_at, self.edited_at) if time is not None)
        return Post(
            external_id=self.id or "",
            text=self.text,
            kind=self.kind or defaults.kind,
            platform=self.platform or defaults.platform,
            channel=self.channel or defaults.channel,
            author=self.author or defaults.author,
            audience=self.audience or defaults.audience,
            thread=self.thread,
            shared_from=self.shared_from,
            is_reply=self.is_reply,
            posted_at=self.posted_at,
            edited_at=self.edited_at,
            deleted_at=deleted_at,
            url=self.url,
            attachments=tuple(
                Attachment(name=file.name, media_type=file.media_type, url=file.url) for file in self.attachments or ()
            ),
        )


def parse_line(raw: bytes, *, place: str, needs_id: bool = True) -> Record:
    """Return the record of one line. Raises SkippableError, which says what is wrong and where but quotes nothing.

    `needs_id`: a post to store needs an id, a draft to check does not.
    """
    data, fault = _loaded(raw)
    if fault is not None:
        raise SkippableError(fault[0], place=place, hint=fault[1])
    return record_of(data, place=place, needs_id=needs_id)


def record_of(data: dict[str, Any], *, place: str, needs_id: bool = True) -> Record:
    """Return the record that these keys and values make. Raises SkippableError as `parse_line` does."""
    record = _validated(data)
    if isinstance(record, tuple):
        raise SkippableError(record[0], place=place, hint=record[1])
    if needs_id and not record.id:
        message, hint = "id is missing", "each post needs an id that stays the same when the post is edited"
        raise SkippableError(message, place=place, hint=hint)
    if "text" not in data and not (record.deleted or record.deleted_at):
        message = "text is missing"
        raise SkippableError(message, place=place)
    return record


# Faults are returned and raised by the caller: an exception raised while another is handled keeps it, and with it the
# line.
def _loaded(raw: bytes) -> tuple[dict[str, Any], Fault | None]:
    try:
        data = json.loads(raw.decode("utf-8"))
    except UnicodeDecodeError:
        return {}, ("the line is not UTF-8", "save the file as UTF-8")
    except RecursionError:
        return {}, ("the line is nested too deeply", "one flat object a line")
    except ValueError:
        return {}, ("the line is not valid JSON", "one JSON object a line")
    if not isinstance(data, dict):
        return {}, ("the line is not a JSON object", 'a line looks like {"id": "1", "text": "…"}')
    return data, None


def _validated(data: dict[str, Any]) -> Record | Fault:
    try:
        return Record.model_validate(data)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
    message = "; ".join(
        dict.fromkeys(f"{_key(fault['loc'])} {_fault(fault['type'], fault['msg'])}" for fault in faults)
    )
    timely = any(fault["loc"][0] in {"posted_at", "edited_at", "deleted_at"} for fault in faults)
    return message, _TIME_HINT if timely else None


def _key(place: tuple[int | str, ...]) -> str:
    # All of these are names of our fields and positions in a list, never keys of the line: those are ignored.
    return ".".join(map(str, place))


def _fault(kind: str, message: str) -> str:
    # Only our own words are repeated: pydantic's may one day quote the value.
    if kind == "value_error":
        return message.removeprefix("Value error, ")
    return "is missing" if kind == "missing" else "has the wrong type"
