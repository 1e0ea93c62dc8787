"""One mail as what its writer said: subject, text, who, when, in which thread. Attachments are named, never opened."""

from __future__ import annotations

import codecs
import email.policy
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.utils import parseaddr, parsedate_to_datetime
from typing import Final, cast

from connectors.errors import SkippableError
from connectors.html_text import text_of
from connectors.post import Attachment

#: Characters of a header that are looked at: parsing addresses takes more than linear time.
_LONGEST_HEADER: Final = 4000
_DEEPEST: Final = 20
_MOST_PARTS: Final = 500
_IDS: Final = re.compile(r"<([^<>\s]+)>")
_LIST_ID: Final = re.compile(r"<([^<>\s]+)>|^\s*([^<>\s]+)\s*$")
#: Codecs that are no charset of mail; some take time that grows with the square of the text.
_NO_CHARSETS: Final = frozenset(("idna", "punycode", "unicode-escape", "raw-unicode-escape", "undefined"))
_REPLACED: Final = "characters that could not be decoded were replaced; the rest of the message was read"
_TOO_DEEP: Final = "the message is nested too deeply; its innermost parts were not read"


@dataclass(slots=True)
class Mail:
    """What one mail says."""

    text: str = field(repr=False)
    author: str | None = field(repr=False)
    #: In UTC; None where the mail gives no date or one without a zone.
    posted_at: datetime | None
    #: Message-ID of the first mail of its thread, of this one if it is the first; None where it has none.
    thread: str | None
    is_reply: bool
    list_id: str | None
    attachments: tuple[Attachment, ...]
    #: What of it could not be read.
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Body:
    """What is gathered from the parts of a mail."""

    texts: list[str] = field(default_factory=list, repr=False)
    attachments: list[Attachment] = field(default_factory=list)
    notes: dict[str, None] = field(default_factory=dict)
    parts: int = 0


def read_mail(content: bytes, *, place: str) -> Mail | SkippableError:
    """Return what a mail says; an error that quotes nothing where Python's parser gives up."""
    try:
        message = BytesParser(policy=email.policy.default).parsebytes(content)
        body = _Body()
        _gather(message, body, depth=0)
        return _mail(message, body)
    except Exception as error:  # noqa: BLE001 - the parser raises whatever a malformed mail makes it trip over
        fault = type(error).__name__
    return SkippableError(f"the message cannot be parsed ({fault})", place=place, hint="look at it in a mail program")


def _mail(message: EmailMessage, body: _Body) -> Mail:
    subject, text = _header(message, "subject"), "\n\n".join(filter(None, (one.strip() for one in body.texts)))
    before = _IDS.findall(_raw(message, "references")) or _IDS.findall(_raw(message, "in-reply-to"))
    own = _IDS.findall(_raw(message, "message-id"))
    found = _LIST_ID.search(_raw(message, "list-id"))
    thread = next(iter(before or own), None)
    return Mail(
        text="\n\n".join(filter(None, (subject, text))),
        author=_author(message),
        posted_at=_date(_raw(message, "date")),
        thread=thread if thread and len(thread) <= _LONGEST_HEADER // 10 else None,
        is_reply=bool(before),
        list_id=(found[1] or found[2]) if found else None,
        attachments=tuple(body.attachments),
        notes=tuple(body.notes),
    )


def _raw(message: EmailMessage, name: str) -> str:
    """Return the first header of this name on one line, as text; empty if there is none."""
    for key, value in message.raw_items():
        if key.lower() == name:
            said = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            return " ".join(said[:_LONGEST_HEADER].split())
    return ""


def _header(message: EmailMessage, name: str) -> str:
    """Return a header with its encoded words decoded."""
    raw = _raw(message, name)
    try:
        return str(email.policy.default.header_factory(name, raw)).strip()
    except Exception:  # noqa: BLE001 - a malformed header is shown as it is
        return raw


def _author(message: EmailMessage) -> str | None:
    raw = _raw(message, "from")
    try:
        found = email.policy.default.header_factory("from", raw).addresses[0].addr_spec
    except Exception:  # noqa: BLE001 - the structured parser trips over many malformed addresses
        found = parseaddr(raw)[1]
    return found if "@" in found.strip("<>@") else None


def _date(raw: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(raw)
        if date.tzinfo is None:
            # "-0000" is UTC from a writer who does not say where they are; anything else without a zone is a guess.
            return date.replace(tzinfo=UTC) if "-0000" in raw else None
        return date.astimezone(UTC)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def _gather(part: EmailMessage, body: _Body, *, depth: int) -> None:
    body.parts += 1
    if depth > _DEEPEST or body.parts > _MOST_PARTS:
        body.notes[_TOO_DEEP] = None
        return
    kind = part.get_content_type()
    children = part.get_payload() if kind.startswith("multipart/") else None
    if isinstance(children, list):
        if kind == "multipart/alternative":
            _choose(cast("list[EmailMessage]", children), body, depth=depth)
        else:
            for child in children:
                _gather(cast("EmailMessage", child), body, depth=depth + 1)
    elif isinstance(children, str):
        # It says that it has parts and gives no boundary.
        body.texts.append(_text(part, body))
    elif (
        kind not in {"text/plain", "text/html"} or part.get_filename() or part.get_content_disposition() == "attachment"
    ):
        body.attachments.append(Attachment(name=part.get_filename() or kind, media_type=kind))
    else:
        text = _text(part, body)
        body.texts.append(text_of(text) if kind == "text/html" else text)


def _choose(children: list[EmailMessage], body: _Body, *, depth: int) -> None:
    """Take one of several forms of the same text: the plain one, else the last that says something."""
    chosen: list[str] = []
    is_plain = False
    for child in children:
        form = _Body(attachments=body.attachments, notes=body.notes, parts=body.parts)
        _gather(child, form, depth=depth + 1)
        body.parts = form.parts
        if any(text.strip() for text in form.texts) and not is_plain:
            chosen, is_plain = form.texts, child.get_content_type() == "text/plain"
    body.texts += chosen


def _text(part: EmailMessage, body: _Body) -> str:
    payload = part.get_payload(decode=True)
    data = payload if isinstance(payload, bytes) else b""
    declared = part.get_content_charset() or "utf-8"
    for charset in (declared, "utf-8"):
        try:
            if codecs.lookup(charset).name.replace("_", "-") not in _NO_CHARSETS:
                return data.decode(charset).replace("\r\n", "\n")
        except (LookupError, ValueError):
            continue
    body.notes[_REPLACED] = None
    return data.decode("utf-8", "replace").replace("\r\n", "\n")
