"""What only looks like a secret: placeholders, documented examples, hashes, identifiers, code, prose. Each has a name to show."""
# ruff: noqa: RUF001  typographic characters are data

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

from rules.secrets.form import Form, Sight

#: Examples that providers print in their documentation, by the start of their SHA-256, so that no scanner trips over this file.
_DOCUMENTED: Final = frozenset(
    """
    0011cc25eb432071 00cf4c781dc37003 02091175c1ae3023 02f7ce3c263f85c0 0b5dd075ccdd03c4 0e536fcdaf45ed78
    1021ad463a161d69 15c42c9a6fc942e1 1a5d44a2dca19669 2cafc0970149a84f 3543c50b0cb9cea8 4438627d67bca101
    48486e1514e84234 53f5da0aaa93d64c 549c9390539efcfa 584b27d64ebc1b33 6c96130f130ab0d6 6d3afeefda18edff
    70315961d7e8721f 731fa294d036e54f 73f71af093fdf154 74170575123fcbfc 78314b11be2e5815 797c0ce414586cc8
    79ba732f153c579a 7f75367e78812551 82e74299544e0073 87cbebfeebc05f7c 8be5d113c0871ce1 8d4ef6536dc8895f
    8f9c6ca7b5b82f26 90bed9a5247ce48f 980395d8def5bea7 9bd1f158ca1a1b30 9c846fdf0fa8955c 9e309cccd311ea64
    a35b81a7d7927b70 aa6547439583c3a2 ac9265e56c79b234 ad62d48d8b069026 ad71fb4165536675 b8e148545b13c78b
    bc3ae723f57c6b9e bdfeaef44475711c c4bbcb1fbec99d65 ca7459e2b26776de cbe6beb26479b568 cca88534af353565
    cf4d418ed3de92d7 d3873980f248ddeb da816f9f2c16e6c5 df16ec800d1407f4 e21b597ba6b9cafa e4902a0b38812b15
    e4da07ad200089ce e9974c507d2a8021 f2d6ca16515033e5 f5c388734d28087b f94900ab6b47000a
    """.split()  # noqa: SIM905 - words read better than a column of quotes
)
_DOCUMENTED_LENGTH: Final = 16

_PLACEHOLDER: Final = re.compile(
    r"""
      (?i: ^[<\[{(%$*_.-]* (?:your|my|our|the|some|insert|enter|put|add|replace|change|paste|fill|set|use|specify)
           [\s_.-]*(?:own|new|real|actual|secret|api|access|auth|client|private|strong|super|db|database|token|key|pass\w*|value|here|this|me|in|it|[a-z]*key|[a-z]*token|[a-z]+_[a-z_]+)
           [\w\s.-]*[>\]})%$*_.-]*$ )
    | (?i: your[_-]?(?:api|access|secret|token|key|bot|app|account|pass|own|real|actual|aws|github|slack|stripe|openai|project|client|server|user|db|database|name|value|site|domain|company|new|jwt|auth|webhook|workspace|team|org) )
    | (?i: (?:key|token|secret|password)[_-]?(?:goes[_-]?)?here | insert[_-] | ^my[_-]?(?:secret|super|pass\w*|token|api|key|db|jwt)[\w-]*$ | ^(?:super|very|top)[_-]?secret[\w-]*$ | ^(?:some|any|a)[_-](?:secret|key|token|password|value|random|long|strong|string)[\w-]*$ | ^(?:secret|key|token|password)[_-]?(?:value|string|key|token|name|text|1|123)?$ | ^(?:foo|bar|baz|qux|abc|xyz|asdf\w*|qwerty)$ )
    | (?i: change[_-]?(?:me|it|this) | replace[_-]?(?:me|this|with) | (?:^|[^a-z.])(?:example|sample|dummy|placeholder|redacted|removed|hidden|masked|censored|omitted|fake|foobar|lorem|ipsum|todo|tbd|fixme|snip|mock|test[_-]?only)(?:$|[^a-z]) | example(?:key|token|secret|password|only)|_here$|-here$|goes[_-]?here|notreal|not[_-]a[_-]real|invalid )
    | EXAMPLE
    | ^(?i:x{3,}|y{3,}|z{3,}|a{4,}|\.{2,}|\*{2,}|\?{2,}|-{2,}|_{2,}|•{2,}|…+|\#{3,}|0{4,})$
    | x{5,} | X{5,} | \*{3,} | •{3,} | \.{3,} | … | 0{12,}
    | ^<[^<>]*>?$ | ^[<\[{]{1,2}[\s\w.:/$@'"-]*[>\]}]{0,2}$ | ^\$\{?\(?[A-Za-z_][\w.:()-]*\}?\)?$ | \$\{ | \{\{ | ^%[\w.-]+%?$ | ^%\( | ^@[\w.]+@$ | ^\#\{ | ^\$\(\( | ^!(?:vault|secret|env|Ref|Sub|GetAtt)\b | ^ENC[\[(] | ^(?:vault|op|ref|sops|ssm|secretsmanager|keyring|env|file)(?::|://)
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
#: In what is drawn at random, six letters or digits in their order are a sign of somebody who had to fill a form.
_DRAWN_OUT: Final = frozenset({"provider-key", "high-entropy", "session-token", "signed-link"})
_COUNTED: Final = re.compile(
    r"abcdef|ghijkl|uvwxyz|qwerty|asdfgh|012345|123456|654321|fedcba|fake|dummy|not.?real|this.?is|lorem|placeholder|redacted|your.?(?:key|token|secret)|(?:api|secret|access).?key|foobar|deadbeef|c0ffee",
    re.IGNORECASE,
)
_REPEATED: Final = re.compile(r"(.{2,12}?)\1{2,}")
_RUN: Final = 8
_DIGITS: Final = ("01234567890", "9876543210")
_WRAPPING: Final = "\"'`“”‘’"
#: Groups whose values have no form of their own.
_FREE: Final = frozenset({"password", "high-entropy", "session-token", "signed-link", "connection-string", "door-code"})
_FEW: Final = 3
_FEW_LONG: Final = 5
_SHORT: Final = 8
_LONG: Final = 24

#: Values that settings and addresses in documentation hold.
_IN_CODE: Final = frozenset({"url-password", "database-string", "password-setting", "password-option"})
_WEAK: Final = re.compile(
    r"(?:db|my|user|app|test|demo|some|the|your|a|strong|super|secure)?[_-]?(?:pass(?:word|wd|phrase)?|pwd|pw|secret|p[a@][s$]{2}(?:w[o0]rd)?|s3cr3t|secretpass\w*|mypass\w*|credentials?)[_-]?(?:here|\d{0,3})?",
    re.IGNORECASE,
)
_SHOWN: Final = re.compile(
    r"(?:\be\.?g\b\.?|for (?:example|instance)|such as|something like|anything like|things? like|(?:password|passwort)s? like|as in|looks? like|(?<![.\w=])example\b|\bsample\b|\bdummy\b|\bfake\b|\bmade.?up\b|\bplaceholder\b|z\.\s?B\.)[^\n.!?]{0,40}$",
    re.IGNORECASE,
)


def set_aside(sight: Sight, form: Form) -> str:
    """Return the name of what a match is instead of a secret; empty if nothing speaks against it."""
    core = sight.value.strip(_WRAPPING)
    if sha256(core.encode("utf-8", "replace")).hexdigest()[:_DOCUMENTED_LENGTH] in _DOCUMENTED:
        return "documented example"
    if form.id.endswith("-test-key"):
        return "test key"
    if form.group == "private-key":
        return "placeholder" if form.id == "pem-key" and _is_drawn(core) else ""
    if form.id == "jwt":  # one that decodes was made by a program
        return ""
    if _PLACEHOLDER.search(core) or core.casefold() in _WORD_FOR_NOTHING:
        return "placeholder"
    return _of_form(sight, core, form)


def _of_form(sight: Sight, core: str, form: Form) -> str:
    """Look for what speaks against a match of this form in particular."""
    if form.group in {"one-time-code", "door-code"} and core.isdigit():
        counted = len(set(core)) == 1 or any(core in digits for digits in _DIGITS)
        if form.group == "one-time-code" and counted:
            return "repeated or counted characters"
        return "example" if _SHOWN.search(sight.before(80)) else ""
    if _is_drawn(core) or (form.group in _DRAWN_OUT and _COUNTED.search(core)):
        return "repeated or counted characters"
    return _not_random(sight, core, form) if form.group in _FREE else ""


def _not_random(sight: Sight, core: str, form: Form) -> str:
    before = sight.before(80)
    hashed = form.group == "password" and _KEY_OF_HASH.search(before) and _is_hash(core)
    shown = form.group in {"password", "door-code"} and _SHOWN.search(before)
    reasons = (
        ("hash", hashed or _HASHED.search(core)),
        ("code, not a value", _CODE.search(core)),
        ("placeholder", form.id in _IN_CODE and _WEAK.fullmatch(core)),
        ("example", shown),
    )
    found = next((name for name, holds in reasons if holds), "")
    return found or (_identifier(core, before) if form.group == "high-entropy" else "")


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
    if (unit := _REPEATED.search(body)) and len(unit[0]) > len(body) * 0.6:
        return True
    longest = 0
    for alphabet in _ALPHABETS:
        for start in range(0, len(body) - _RUN + 1, 4):
            if body[start : start + _RUN] in alphabet:
                longest += 1
    return longest >= max(1, len(body) // 14)
