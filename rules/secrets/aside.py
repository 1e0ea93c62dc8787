"""What only looks like a secret: placeholders, documented examples, hashes, identifiers, code, prose. Each has a name to show."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from rules.secrets.form import Form, Sight

#: Examples that providers print in their documentation, by the start of their SHA-256, so that no scanner trips over this file.
_DOCUMENTED: Final = frozenset(
    {
        "__DOCUMENTED__",
    }
)
_DOCUMENTED_LENGTH: Final = 16

_PLACEHOLDER: Final = re.compile(
    r"""
      (?i: ^[<\[{(%$*_.-]* (?:your|my|our|the|some|insert|enter|put|add|replace|change|paste|fill|set|use|specify)
           [\s_.-]*(?:own|new|real|actual|secret|api|access|auth|client|private|strong|super|db|database|token|key|pass\w*|value|here|this|me|in|it|[a-z]*key|[a-z]*token|[a-z]+_[a-z_]+)
           [\w\s.-]*[>\]})%$*_.-]*$ )
    | (?i: change[_-]?(?:me|it|this) | replace[_-]?(?:me|this|with) | (?:^|[^a-z])(?:example|sample|dummy|placeholder|redacted|removed|hidden|masked|censored|omitted|fake|foobar|lorem|ipsum|todo|tbd|fixme|snip|mock|test[_-]?only)(?:$|[^a-z]) | example(?:key|token|secret|password|only)|_here$|-here$|goes[_-]?here|notreal|not[_-]a[_-]real|invalid )
    | EXAMPLE
    | ^(?i:x{3,}|y{3,}|z{3,}|a{4,}|\.{2,}|\*{2,}|\?{2,}|-{2,}|_{2,}|•{2,}|…+|\#{3,}|0{4,})$
    | x{5,} | X{5,} | \*{3,} | •{3,} | \.{3,} | … | 0{12,}
    | ^<[^<>]*>?$ | ^[<\[{]{1,2}[\s\w.:/$@'"-]*[>\]}]{0,2}$ | ^\$\{?\(?[A-Za-z_][\w.:()-]*\}?\)?$ | \$\{ | \{\{ | ^%[\w.-]+%?$ | ^%\( | ^@[\w.]+@$ | ^\#\{ | ^\$\(\( | ^!(?:vault|secret|env|Ref|Sub|GetAtt)\b | ^(?:vault|op|ref|sops|ssm|secretsmanager|keyring|env|file)(?::|://)
    """,
    re.VERBOSE,
)
_WORD_FOR_NOTHING: Final = frozenset(
    "none null nil nul undefined true false yes no on off empty blank unset default string str text bool int any optional "  # noqa: SIM905 - words read better than a column of quotes
    "required object bytes varchar char password passwort passwd pass pwd pw secret token apikey api_key key username user "
    "login email value variable n/a na tbd tba hidden encrypted hashed invalid incorrect wrong expired unknown test testing "
    "demo ask prompt input masked same above below".split()
)
_CODE: Final = re.compile(
    r"""
      ^(?:os|process|env|self|this|config|settings|options|opts|args|params|request|req|ctx|context|data|user|account|secrets|vault|var|local|module|conf|cfg|app|form|event|props|state|input|body|payload|row|model|session|response|res|System|Environment|credentials?|creds)[.\[]
    | ^\w[\w.:>-]*\( | \(\)$ | ^(?:await|new|async|lambda|function|getenv|environ|std::env)\b | ^[a-z_]+(?:\.[a-z_]+){1,5}(?:\(|\[|$) | ^&?\w+(?:->|::)\w | ^\$\w+(?:->|\[)
    | ^[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+$
    """,
    re.VERBOSE,
)
_HEX: Final = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_HASH_LENGTHS: Final = frozenset({32, 40, 56, 64, 96, 128})
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_HASHED: Final = re.compile(
    r"^\$(?:2[abxy]?|1|5|6|y|argon2\w*|pbkdf2\S*|scrypt)\$|^\{(?:SSHA|SHA|MD5|CRYPT)\}|^pbkdf2_|^(?:sha(?:1|256|384|512)|md5|blake2b?)[-:$]",
    re.IGNORECASE,
)
_OF_A_HASH: Final = re.compile(
    r"(?:md5|sha-?(?:1|2|224|256|384|512)|\bsha\b|hash|digest|checksum|commit|revision|\brev\b|integrity|etag|fingerprint|thumbprint|blob|tree|parent|image id|layer|crc|resolved|cherry.?pick\w*|merge\w*|HEAD)[\w\s\"'`:=@(\[-]{0,14}$",
    re.IGNORECASE,
)
_PUBLIC: Final = re.compile(
    r"(?:public|publishable|site|verify\w*|anon|client.?id|app.?id|key.?id|kid|tenant.?id|publik|nonce|csrf|xsrf|idempotency|cache|primary|foreign|sort|partition|index|object|s3|translation|i18n|license plate|page|next|continuation|cursor|sync|device|csp)[\s_-]?(?:key|token|id)?[\"'`]?\s*[:=(>]{0,2}\s*[\"'`]?$",
    re.IGNORECASE,
)
_IMAGE: Final = re.compile(r"data:[\w/+.-]{3,40};base64,[A-Za-z0-9+/=\s]*$|src=[\"'][^\"']*$")
_KEY_OF_HASH: Final = re.compile(
    r"(?:^|[\W_])(?:\w*hash\w*|\w*digest|\w*checksum|sha\d*|md5)[\"'`]?\s*[:=]>?\s*[\"'`]?$", re.IGNORECASE
)
_ALPHABETS: Final = (
    "abcdefghijklmnopqrstuvwxyz" * 2,
    "01234567890" * 3,
    "qwertyuiopasdfghjklzxcvbnm",
    "zyxwvutsrqponmlkjihgfedcba",
    "9876543210",
)
_RUN: Final = 8
_FEW: Final = 3
_FEW_LONG: Final = 5
_SHORT: Final = 8
_LONG: Final = 24

_SHOWN: Final = re.compile(
    r"(?:\be\.?g\b\.?|for (?:example|instance)|such as|something like|anything like|things? like|(?:password|passwort)s? like|as in|looks? like|\bexample\b|\bsample\b|\bdummy\b|\bfake\b|\bmade.?up\b|\bplaceholder\b|z\.\s?B\.)[^\n.!?]{0,40}$",
    re.IGNORECASE,
)


def set_aside(sight: Sight, form: Form) -> str:
    """Return the name of what a match is instead of a secret; empty if nothing speaks against it."""
    value = sight.value
    core = value.strip("\"'`“”‘’")
    if sha256(core.encode("utf-8", "replace")).hexdigest()[:_DOCUMENTED_LENGTH] in _DOCUMENTED:
        return "documented example"
    if form.id.endswith("-test-key"):
        return "test key"
    if form.group == "private-key":
        return "placeholder" if form.id == "pem-key" and _is_drawn(value) else ""
    if _PLACEHOLDER.search(core) or core.casefold() in _WORD_FOR_NOTHING:
        return "placeholder"
    if form.group in {"one-time-code", "door-code"} and core.isdigit():
        return "example" if _SHOWN.search(sight.before(80)) else ""
    if _is_drawn(core):
        return "repeated or counted characters"
    if form.group in {"password", "high-entropy", "session-token", "signed-link", "connection-string", "door-code"}:
        return _not_random(sight, core, form)
    return ""


def _not_random(sight: Sight, core: str, form: Form) -> str:
    before = sight.before(80)
    if _HASHED.search(core):
        return "hash"
    if _CODE.search(core):
        return "code, not a value"
    if form.group == "high-entropy":
        return _identifier(core, before)
    if form.group in {"password", "door-code"} and _SHOWN.search(before):
        return "example"
    if form.group == "password" and _KEY_OF_HASH.search(before) and _is_hash(core):
        return "hash"
    return ""


def _identifier(core: str, before: str) -> str:
    if _IMAGE.search(before):
        return "image"
    if _UUID.fullmatch(core) and not re.search(
        r"(?:secret|api.?key|password)[\"'`\])]{0,2}\s*[:=]>?\s*[\"'`]?$", before, re.IGNORECASE
    ):
        return "UUID"
    if _is_hash(core) and (_OF_A_HASH.search(before) or _KEY_OF_HASH.search(before)):
        return "hash"
    if _PUBLIC.search(before) or core.startswith(("pk_live_", "pk_test_", "pk.eyJ", "AAAAB3Nza", "AAAAC3Nza")):
        return "public value"
    return ""


def _is_hash(core: str) -> bool:
    return len(core) in _HASH_LENGTHS and _HEX.fullmatch(core) is not None


def _is_drawn(core: str) -> bool:
    """Tell whether characters repeat or count up, as in a value drawn by hand."""
    body = re.sub(r"[\W_]", "", core.rpartition("KEY-----")[2] if "KEY-----" in core[:60] else core).casefold()
    if len(body) < _SHORT:
        return False
    body = body[-200:]
    few = _FEW if len(body) < _LONG else _FEW_LONG
    if len(set(body)) <= few and len(body) >= _SHORT + 4 * (len(body) >= _LONG):
        return not (body.isdigit() and len(body) < _LONG) or len(set(body)) == 1
    longest = 0
    for alphabet in _ALPHABETS:
        for start in range(0, len(body) - _RUN + 1, 4):
            if body[start : start + _RUN] in alphabet:
                longest += 1
    return longest >= max(1, len(body) // 14)
