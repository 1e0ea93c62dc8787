"""Closer looks at a match: check values that providers document, tokens that must decode, letters that must look random."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import zlib
from collections import Counter
from itertools import pairwise
from typing import Any, Final

from rules.secrets.form import CHECKED, Sight, Verdict

_BASE62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_CHECK_LENGTH: Final = 6
_CLASSIC: Final = 36
#: A token of the right form whose check value is wrong was mistyped, shortened or made up; still worth a look.
_UNCHECKED: Final = 0.85


def base62_crc32(payload: str) -> str:
    """Return the six characters that GitHub and npm put at the end of a token.

    CRC32 of the random part in base 62, digits first, padded with zeros:
    https://github.blog/engineering/behind-githubs-new-authentication-token-formats/
    """
    number, digits = zlib.crc32(payload.encode()), ""
    while number:
        number, rest = divmod(number, len(_BASE62))
        digits = _BASE62[rest] + digits
    return digits.rjust(_CHECK_LENGTH, "0")


def checked_token(sight: Sight) -> Verdict | None:
    """Verify the check value of a token `xxx_` with 30 random characters and 6 of check."""
    _, _, rest = sight.value.partition("_")
    if len(rest) != _CLASSIC or not rest.isascii():
        return None
    if base62_crc32(rest[:-_CHECK_LENGTH]) == rest[-_CHECK_LENGTH:]:
        return Verdict(CHECKED, "check value correct")
    return Verdict(_UNCHECKED, "check value wrong: mistyped or made up")


def unbase64(text: str) -> bytes | None:
    """Decode base64 of either alphabet, padded or not; None if it is none."""
    try:
        return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
    except (ValueError, binascii.Error):
        return None


def json_of(text: str) -> dict[str, Any] | None:
    """Decode base64 that holds a JSON object; None if it does not."""
    data = unbase64(text)
    try:
        found = json.loads(data or b"")
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


_HEADER_MOST: Final = 4000


def web_token(sight: Sight) -> Verdict | None:
    """Accept only a token whose header decodes to JSON with an algorithm (RFC 7519, RFC 7515)."""
    head, _, rest = sight.value.partition(".")
    header = json_of(head) if len(head) <= _HEADER_MOST else None
    if header is None or not ({"alg", "enc"} & header.keys()):
        return Verdict(aside="no token: its header does not decode")
    claims = json_of(rest.partition(".")[0][:_HEADER_MOST])
    if claims and claims.get("sub") == "1234567890" and claims.get("name") == "John Doe":
        return Verdict(aside="documented example")
    if header.get("alg") != "none" and claims is not None:
        return Verdict(CHECKED, "header and claims decode")
    return Verdict(_UNCHECKED, "header decodes")


def discord_bot(sight: Sight) -> Verdict | None:
    """The first part is the bot's number in base64: https://discord.com/developers/docs/reference#authentication."""
    number = unbase64(sight.value.partition(".")[0])
    return Verdict(CHECKED, "holds a bot number") if number and number.isdigit() else None


def entropy(text: str) -> float:
    """Return Shannon entropy in bits per character of the text's own letters; 0.0 for an empty text."""
    counts = Counter(text).values()
    total = len(text)
    return -sum(count / total * math.log2(count / total) for count in counts) if total else 0.0


_LONG: Final = 20
_BETWEEN: Final = re.compile(r"[/._:-]")
_WORDS: Final = re.compile(r"(?:^|[/._:-])[a-z]{3,12}[/._:-][a-z]{3,12}(?:[/._:-]|$)")
_BITS_HEX: Final = 2.7
_BITS_LONG: Final = 3.3
_BITS_SHORT: Final = 2.9
_HEX: Final = frozenset("0123456789abcdefABCDEF")


def is_random(text: str) -> bool:
    """Tell whether letters look drawn rather than written: entropy by length, more than one class, no words in a row."""
    if _WORDS.search(text):
        return any(len(piece) >= _LONG and is_random(piece) for piece in _BETWEEN.split(text))
    if _HEX.issuperset(text):
        return entropy(text) >= _BITS_HEX and any(c.isdigit() for c in text) and any(c.isalpha() for c in text)
    if entropy(text) < (_BITS_LONG if len(text) >= _LONG else _BITS_SHORT):
        return False
    has_digit = any(c.isdigit() for c in text)
    mixed = any(c.isupper() for c in text) and any(c.islower() for c in text)
    return (has_digit and any(c.isalpha() for c in text)) or (mixed and _changes(text) >= len(text) // 4)


def _changes(text: str) -> int:
    """Count changes between capitals and small letters; words written together have few."""
    return sum(a.isupper() != b.isupper() for a, b in pairwise(text) if a.isalpha() and b.isalpha())


def assigned_key(sight: Sight) -> Verdict | None:
    """Judge the value of a setting whose name says key, token or secret: drawn rather than written."""
    return None if is_random(sight.value) else Verdict(aside="not random")


_PEM_MOST: Final = 20_000
_PEM_BODY: Final = re.compile(r"(?:[A-Za-z0-9+/=]|\\[nrt]|[\s>|\"',+;\\])*")
_PEM_RUN: Final = re.compile(r"[A-Za-z0-9+/]+")
_WORD_LENGTH: Final = 16


def pem(sight: Sight) -> Verdict | None:
    """Carry the span on to the end of the key; set a header aside that only a sentence follows."""
    run = _PEM_RUN.match(sight.text, sight.end - 10)
    if run is None or (run[0].isalpha() and (run[0].islower() or len(run[0]) < _WORD_LENGTH)):
        return Verdict(aside="header only")
    close = sight.text.find("-----END", sight.end, sight.end + _PEM_MOST)
    if close >= 0 and "-----BEGIN" not in sight.text[sight.end : close]:
        last = sight.text.find("-----", close + len("-----END"), close + 60)
        return Verdict(CHECKED, "with its end", end=last + 5 if last >= 0 else close)
    body = _PEM_BODY.match(sight.text, sight.end, sight.end + _PEM_MOST)
    end = body.end() if body else sight.end
    return Verdict(end=sight.start + len(sight.text[sight.start : end].rstrip(" \n\r\t>|\"',+;\\")))
