"""Passwords and codes as people write them: in sentences, in settings, on command lines."""

from __future__ import annotations

import re
from typing import Final

from rules.secrets.checks import assigned_key
from rules.secrets.form import ASSIGNED, GUESSED, NAMED, WORDED, Form, Sight, Verdict

_OWASP: Final = "https://cwe.mitre.org/data/definitions/798.html"
_NIST: Final = "https://pages.nist.gov/800-63-4/sp800-63b.html"

# --- is it a password? ----------------------------------------------------------------------------------------------

_WRAP: Final = "\"'`“”‘’«»*_()[]"
_TAIL: Final = ".,;:!?)]}>\"'`“”‘’»*…"
#: Words after "password is/:" that say something about it.
_ABOUT: Final = frozenset(
    "a about above actually again all almost already also always an and another any apparently as asked at awful back bad "  # noqa: SIM905 - words read better than a column of quotes
    "based because been before being below between blank boring both broken but by called case changed changing checked "
    "compromised correct could cracked deleted different difficult disabled displayed do does due each easily easy either "
    "empty encrypted enough entered even every everything exactly exposed expired expiring fine for forgotten free from "
    "gone good great guessable had hard has hashed have he held her here hers hidden his how i if important impossible in "
    "incorrect insecure invalid is it its just kept known leaked less like likely literally locked lol long longer lost made "
    "managed mandatory maybe me mine missing more most my necessary needed needs never new no none not nothing now obvious "
    "of off ok okay old on one only or our out over password permanently posted pretty private probably protected public "
    "quite random rather really rejected remembered required reset right same saved secure secret sent set shared she short "
    "should shown simple simply so some something somewhere soon still stolen stored strong stupid such super supposed sure "
    "temporary terrible that the their them then there these they this those to too totally typed under unique unknown "
    "until up updated used useless usually valid very visible was we weak well were what when where which why will with "
    "without working would written wrong you your yours reused recycled uncrackable unbreakable secured safe sacred "
    "dead alive coming optional sensitive protection manager managers hygiene policy reset resets recovery rules rotation "
    "expiry expiration strength length login email user username admin available unavailable unchanged available "
    "nowhere everywhere anything plaintext plain bogus bullshit crap shit garbage terrible hilarious funny ridiculous "
    "insane forever today tomorrow yesterday tonight later monday tuesday wednesday thursday friday saturday sunday "
    "critical vital essential key crucial central useful bad typical common standard perfect ideal ready responsible famous accessible visible open stuck sticky dumb silly lame cute cool awesome annoying confusing shorter stronger weaker safer better worse worst best ancient handy tricky crazy unsafe due public meaningless pointless worthless overrated dead decrypt vault keychain keepass bitwarden lastpass dashlane keyring env environment secrets prompt stdin file config attached dm pm ask separately sms text call signal slack teams phone verbally person reception desk fridge board poster wall receipt menu counter obligatorisch falsch richtig geheim abgelaufen nicht zu sehr ein eine der die das".split()
)
#: Words that go on after a password rather than after an adjective.
_GOING_ON: Final = frozenset(
    ("for", "btw", "lol", "thanks", "thx", "pls", "please", "until", "till", "everyone", "(", "-", "–", "ok", "😂")
)
_PROSE_ENDING: Final = re.compile(r"(?:ed|ing|ly|able|ible|ous|ful|less|ment|tion|ness)$")
#: Short forms with digits or symbols that are words all the same.
_WORDY: Final = re.compile(
    r"""
      \d{1,3}(?:\+|%|x|st|nd|rd|th|k|m|am|pm|min|mins|hrs?|h|d|days?|chars?|characters?|digits?|bits?|letters?|years?)?
    | \d{1,4}[-–]\d{0,4}[-–]?(?:char\w*|digit\w*|bit|letter\w*|day\w*|hour\w*|minute\w*|word\w*|month\w*|year\w*|step\w*|factor)?
    | [2-3]fa | mfa | otp | n/a | and/or | e\.g\.? | i\.e\.? | etc\.? | w/o? | b/c | utf-?8 | sha-?\d+ | md5 | base64 | aes-?\d+ | bcrypt | argon2\w* | pbkdf2 | rsa-?\d+ | x\.?509 | oauth2? | ipv[46] | windows\d* | win(?:7|8|10|11) | office365 | o365 | wpa[23]?(?:-\w+)? | \w+['’](?:s|t|re|ve|ll|d|m)
    | \d?pass(?:word|es)\w* | keepass\w* | v?\d+(?:\.\d+)+ | \d{1,2}:\d{2}(?:am|pm)? | \d{1,2}/\d{1,2}(?:/\d{2,4})? | \d{4}-\d{2}-\d{2}
    | [a-zäöüß]+(?:[-/][a-zäöüß]+)? | [A-ZÄÖÜ][a-zäöüß]+(?:[-/][A-ZÄÖÜa-zäöüß][a-zäöüß]+)? | [A-Z]+(?:[-/][A-Z]+)* | [\W_]+
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PHRASE: Final = re.compile(r"[A-Za-z]{3,}(?:[-_.][A-Za-z]{2,}){2,}\d*")
_NO_VALUE: Final = re.compile(
    r"https?:|www\.|^[\w.+-]+@[\w-]+\.[a-z]+$|^/\w|^\\|^@\w+$|^#[A-Za-z]\w*$|^:\w*:?$|^[:;=8xX][-']?[)(DPpOo/|3]+$|^\w+\.(?:com|org|net|io|txt|md|py|js|html?|php|json|ya?ml|conf|cfg|ini|log|exe|pdf|docx?|xlsx?|png|jpe?g)$|^\(|^<"
)


#: Options, settings and keys to press, which follow words like "log in with" too.
_COMMAND: Final = re.compile(
    r"^-|=|^(?:ctrl|cntrl|control|alt|shift|cmd|fn|super)\b|^f\d+$|^[\w.-]+\(\)?$|^\d+[.,x]\d+\w*$|^[\w.-]+:\d{2,5}$|^(?:ubuntu|windows|ios|android|python|java|php|mysql|office|version|kb|rfc|cve|iso)[-_ ]?\d",
    re.IGNORECASE,
)


#: What follows a password that is talked about rather than told.
_JUDGED: Final = re.compile(
    r"[\"'`”’)]*\s+(?:is|was|are|as|isn['’]t|wasn['’]t)\s+(?:(?:still|really|hardly|probably|obviously|just)\s+)*(?:not\b|never\b|no\b|one of|among|(?:a|an|such a|the|your|our|my)\s+(?:very |really |pretty )?(?:bad|weak|good|strong|terrible|great|common|horrible|stupid|worst|most|weakest|least|awful|decent|secure|insecure|valid|typical|classic|famous|popular|example|poor|safe))",
    re.IGNORECASE,
)


def _trimmed(sight: Sight) -> tuple[str, int, int]:
    """Return the value without wrapping and without the stop of its sentence, and where it lies."""
    value, start, end = sight.value, sight.start, sight.end
    while value and value[0] in _WRAP and len(value) > 1:
        value, start = value[1:], start + 1
    stripped = value.rstrip(_TAIL)
    # A password may end in ! or ?; a sentence too. One that ends the text or a line keeps one of them only within it.
    kept = value[len(stripped) :]
    if kept[:1] in {"!", "?", "*"} and len(kept) > 1 and kept[1] not in _TAIL:
        stripped = value
    if kept[:1] == "!" and stripped[-1:].isdigit() and any(c.isalpha() for c in stripped):
        stripped += kept[0]
    return stripped, start, start + len(stripped)


def strength(value: str) -> int:
    """Return 0 for what is no password, 1 for a word or number that might be one, 2 for what nobody writes in prose."""
    if len(value) < 3 or _NO_VALUE.search(value):  # noqa: PLR2004
        return 0
    if _PHRASE.fullmatch(value) and value.count("-") + value.count("_") + value.count(".") >= 2:  # noqa: PLR2004
        return 2 if "." not in value else 1
    if _WORDY.fullmatch(value):
        return 0 if value.casefold() in _ABOUT or len(value) < 5 or not value.isalnum() else 1  # noqa: PLR2004
    if value.isdigit():
        return 1
    letters = any(c.isalpha() for c in value)
    if letters and (any(c.isdigit() for c in value) or any(not c.isalnum() for c in value[:-1])):
        return 2 if len(value) >= 5 else 1  # noqa: PLR2004
    return 1 if len(value) >= 6 else 0  # noqa: PLR2004


def _quoted(sight: Sight) -> bool:
    return sight.before(1) in set("\"'`“‘«") or sight.value[:1] in set("\"'`“‘«")


def _value(sight: Sight, *, least: int, plain: float | None = None) -> Verdict | None:
    """Judge the word after a label: strong enough, or plain but alone, with confidence `plain`."""
    value, start, end = _trimmed(sight)
    power = strength(value)
    if _quoted(sight) and len(value) >= 4 and not _NO_VALUE.search(value):  # noqa: PLR2004
        power = max(power, 2 if value.casefold() not in _ABOUT else 0)
    if power >= least:
        return Verdict(start=start, end=end)
    if plain is not None and power == 1 and _stands_alone(sight, value, end):
        return Verdict(plain, "a plain word in the place of a password", start=start, end=end)
    return Verdict(aside="prose")


def _stands_alone(sight: Sight, value: str, end: int) -> bool:
    """Tell whether nothing follows on the line or in the sentence, so that the word is what was said."""
    rest = sight.text[end : end + 3]
    if value.isdigit():
        return len(value) >= 4  # noqa: PLR2004
    if _PROSE_ENDING.search(value.casefold()) or value.casefold() in _ABOUT:
        return False
    following = sight.text[end : end + 12].lstrip("\"'`“”‘’)*").split()
    if following and following[0].casefold().strip(",.") in _GOING_ON:
        return True
    return not rest.strip(" .!\"'`“”‘’)*") or rest[:1] in {"\n", ","} or rest[:2] in {". ", "! ", ".\n"}


def after_colon(sight: Sight) -> Verdict | None:
    """Judge what follows "password:" or "pw =": a plain word counts if it stands alone."""
    return _value(sight, least=2, plain=WORDED)


def after_is(sight: Sight) -> Verdict | None:
    """Judge what follows "password is": a plain word counts for less if it stands alone."""
    return _value(sight, least=2, plain=GUESSED)


def strict(sight: Sight) -> Verdict | None:
    """Judge a word beside the word password: only what nobody writes in prose."""
    value, start, end = _trimmed(sight)
    mixed = any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
    if strength(value) < 2 or not mixed or len(value) < 6 or _COMMAND.search(value) or _JUDGED.match(sight.text, end):  # noqa: PLR2004
        return Verdict(aside="prose")
    return Verdict(start=start, end=end)


_TOKEN: Final = re.compile(r"\S{6,40}(?=\s|\Z)")


def near_label(sight: Sight) -> Verdict | None:
    """Look among the words around "password" for one that nobody writes in prose."""
    for found in _TOKEN.finditer(sight.value):
        one = Sight(sight.text, sight.start + found.start(), sight.start + found.end())
        verdict = strict(one)
        if verdict is None or verdict.aside or verdict.start is None or one.value.endswith(":"):
            continue
        value = sight.text[verdict.start : verdict.end]
        classes = sum(any(map(test, value)) for test in (str.islower, str.isupper, str.isdigit, _is_symbol))
        if classes >= 3 and not _NAMED_THING.search(value):  # noqa: PLR2004
            return verdict
    return Verdict(aside="prose")


def _is_symbol(character: str) -> bool:
    return not character.isalnum()


_NAMED_THING: Final = re.compile(
    r"[/\\@<>{}\[\]|]|\.\w+$|^[A-Za-z]+[-_ ]?\d+(?:[.,]\d+)*(?:['’]?s)?$|^\d+[A-Za-z]+$|^[A-Z]{2,6}-?\d|^#|['’]|^\w+\(|^[A-Z][a-z]+[A-Z]?[a-z]*\d?-|,|:|\+|\d{4}-\d{2}|^[a-z]+-[a-z]+"
)


def below(sight: Sight) -> Verdict | None:
    """Judge a word that has a line to itself, below a line that ends with a label."""
    if sight.after(3).strip(" \t`*\r")[:1] not in {"", "\n"}:
        return Verdict(aside="prose")
    return strict(sight)


def url_password(sight: Sight) -> Verdict | None:
    """Judge the password of an address: that of a database on one's own machine that is called like its user is a default."""
    user = sight.before(100).rpartition("//")[2].rstrip(":")
    host = re.match(r"@([\w.-]+)", sight.after(100))
    local = host is not None and ("." not in host[1] or host[1].startswith("127."))
    if sight.value.casefold() == user.casefold() and local:
        return Verdict(aside="default of a local service")
    return None


def quoted_phrase(sight: Sight) -> Verdict | None:
    """Judge several words in quotation marks after "password is"."""
    words = sight.value.split()
    if len(words) == 1:
        return None if strength(sight.value) and sight.value.casefold() not in _ABOUT else Verdict(aside="prose")
    about = sum(word.casefold().strip(_TAIL) in _ABOUT for word in words)
    return Verdict(aside="prose") if 3 * about >= len(words) else None


def assigned_password(sight: Sight) -> Verdict | None:
    """Judge the value of a setting whose name says password."""
    value = sight.value
    if len(value) < 4 or value.casefold() in _ABOUT or value.endswith((")", "(")):  # noqa: PLR2004
        return Verdict(aside="no value")
    if " " in value and not any(c.isdigit() for c in value) and strength(value.split()[0]) == 0:
        return Verdict(aside="prose")
    if re.search(r"(?:pass\w*|pwd|secret)[\"'`]?\s*[:=]\s*$", value, re.IGNORECASE):
        return Verdict(aside="no value")
    return None


# --- passwords in words ---------------------------------------------------------------------------------------------

_LABEL: Final = r"(?:pass ?(?:words?|wort|wd|wrd|code|phrase)|pas+word|passowrd|passwrod|pssword|p@ssw[o0]rd|пароль|密码|パスワード|비밀번호|passw|pwds?|p/w|pws?|psw|pswd|kennwort|contraseña|contrasena|mot de passe|mdp|senha|palavra-passe|clave|heslo|passord|adgangskode|parola|şifre|salasana|jelszó|kata sandi|lozinka|zugangscode|wachtwoord|hasło|lösenord)"
_FOR: Final = r"(?:\s+(?:for|to|of|on|at|in|für|zum|vom|pour|du|de|del|da|do|van|voor|per)\s+[^\n:;=!?,\"“”]{1,60}?)?"
_OPEN: Final = r"(?:[^\x00-\x7f\p{L}\p{N}“‘«]{1,3}\s?)?[\"'`“‘«*_(]{0,3}"
_IS: Final = r"(?:\s(?:is|was|are|will be|would be|ist|lautet|war|es|est|è|é|has been|has|got|remains?|stays?|becomes))(?:\s+(?:now|still|just|currently|simply|literally|always|set to|changed to|reset to|been|jetzt|actually|temporarily|my|our|the usual|the same old|good old|plain|either))?(?:\s+(?:re)?(?:set|changed|updated) to)?\s*[:=-]?"
#: "password is", "password for the till is", "password's"; never "this year's".
_FOR_IS: Final = rf"(?:{_FOR}(?:\s(?:here|there|upstairs|downstairs|today|tonight|this week|this month|again))?{_IS}|['’]s(?: (?:now|still|just))?)"
_WORD: Final = r"(?P<span>[^\s]{3,80})"

PASSWORDS: Final[tuple[Form, ...]] = (
    Form(
        "password-labelled",
        "password",
        "password",
        _NIST,
        (
            rf"\b{_LABEL}{_FOR}(?:\s?\([^\n)]{{1,40}}\))?[\"'`*_]{{0,3}}\s{{0,2}}(?:[:=：]{{1,2}}|=>|[-=]?>|→|➡️?|–|—|\s-\s)\s{{0,3}}{_OPEN}{_WORD}",
            rf"\b(?:pass|passcode)(?::| :|=| =)\s{{0,2}}{_OPEN}{_WORD}",
        ),
        WORDED,
        after_colon,
        exact=False,
    ),
    Form(
        "password-is",
        "password",
        "password in a sentence",
        _NIST,
        rf"\b{_LABEL}{_FOR_IS}\s+{_OPEN}{_WORD}",
        WORDED,
        after_is,
        exact=False,
    ),
    Form(
        "password-changed",
        "password",
        "password in a sentence",
        _NIST,
        rf"\b(?:changed?|set|reset|updated?|switched?|geändert|auf)\s+(?:[\w'’]+\s+){{0,4}}{_LABEL}{_FOR}\s+(?:back\s+)?(?:to|auf|as)\s*:?\s+{_OPEN}{_WORD}",
        WORDED,
        after_is,
        exact=False,
    ),
    Form(
        "password-beside",
        "password",
        "password in a sentence",
        _NIST,
        (
            rf"\b{_LABEL}(?:,|\s?\()?\s+{_OPEN}{_WORD}",
            rf"\b{_LABEL}\b[^\n:.!?]{{1,40}}:\s+{_OPEN}{_WORD}",
            rf"\buser(?:name)?\s+\S{{1,60}}\s+pass\s+{_WORD}",
            rf"(?:^|[\s\"'`“(])(?P<span>[^\s\"'`“]{{5,80}})[\"'`”*]{{0,2}}\s+(?:is|was|=|as|ist)\s+(?:(?:still|now|also)\s+)?(?:the|your|our|my|his|her|their|a|ur|das)?\s?(?:[\w'’-]+\s+){{0,4}}{_LABEL}\b",
        ),
        WORDED,
        strict,
        exact=False,
    ),
    Form(
        "password-typed",
        "password",
        "password in a sentence",
        _NIST,
        (
            rf"\b(?:log|sign)(?:ged|ging)? ?(?:in|on|into)\b[^\n.;]{{0,40}}? (?:with|using)\s+{_OPEN}{_WORD}",
            rf"\b(?:changed|reset|set) (?:it|the log-?in|my log-?in|our log-?in|logins?)(?: back)? to\s+{_OPEN}{_WORD}",
            rf"🔑\s?:?\s?{_OPEN}{_WORD}",
            rf"\b(?:{_LABEL}|log ?in|sign ?in|unlock)\b[^\n.;]{{0,40}}?[ ,](?:type|typing|enter|use|using|put|try|with|say|give)\s+(?:in\s+)?{_OPEN}{_WORD}",
            rf"\b(?:type|enter|use|try|put in|key in)\s+{_OPEN}(?P<span>[^\s\"'`”]{{5,80}})[\"'`”*]{{0,2}}\s+(?:[\w'’]+\s+){{0,7}}?(?:{_LABEL}|log ?in|sign ?in|unlock)\b",
            rf"\bpass(?: is|['’]s| =| ->| →|->)\s{{0,2}}{_OPEN}{_WORD}",
        ),
        GUESSED,
        strict,
        exact=False,
    ),
    Form(
        "password-near",
        "password",
        "word near the word password",
        _NIST,
        (
            rf"\b(?:{_LABEL}|log-?in|creds?|credentials)\b(?P<span>[^\n]{{5,120}})",
            rf"(?P<span>[^\n]{{5,80}}[^\w\n])(?:{_LABEL}|log-?in|creds?|credentials)\b",
        ),
        GUESSED,
        near_label,
        exact=False,
    ),
    Form(
        "password-below",
        "password",
        "password below its label",
        _NIST,
        rf"\b{_LABEL}\b[^\n=(){{}}]{{0,40}}\n\s*(?:```\w{{0,10}}\n)?{_OPEN}{_WORD}",
        GUESSED,
        below,
        exact=False,
    ),
    Form(
        "password-quoted",
        "password",
        "password in quotation marks",
        _NIST,
        (
            rf"\b{_LABEL}(?:{_FOR_IS}|{_FOR}\s?[:=])\s*\"(?P<span>[^\"\n]{{4,80}})\"",
            rf"\b{_LABEL}(?:{_FOR_IS}|{_FOR}\s?[:=])\s*“(?P<span>[^”\n]{{4,80}})”",
            rf"\b{_LABEL}(?:{_FOR_IS}|{_FOR}\s?[:=])\s*`(?P<span>[^`\n]{{4,80}})`",
            rf"\b{_LABEL}(?:{_FOR_IS}|{_FOR}\s?[:=])\s*['‘](?P<span>[^'’\n]{{4,80}})['’]",
        ),
        WORDED,
        quoted_phrase,
        exact=False,
    ),
    Form(
        "login-pair",
        "password",
        "login and password",
        _NIST,
        (
            r"\b(?:log ?-?in|sign ?-?in|creds?|credentials?|account|user(?:name)?|access|zugangsdaten)\b[^\n]{0,40}?[\s:(\"'`][\w.+@-]{2,40}(?:\s?/\s?|:|\s\|\s)(?P<span>[^\s/]{6,64})",
            r"\b(?:creds?|credentials?|log ?-?in details|logins?|zugangsdaten)\b[^\n]{0,30}?\s[\w.+@-]{2,40},?\s(?:(?:/|\||and|und|&|-|–)\s)?(?P<span>[^\s]{6,64})",
            r"(?:^|\s)[\w.+@-]{2,60}\s?[/|:]\s?(?P<span>[^\s/]{6,64})\s+(?:is|are)\s+(?:the|our|my|your)\s+(?:[\w'’-]+\s+){0,3}?(?:log-?in|creds?|credentials?|account|access)\b",
            r"(?:^|[\s(\"'`])(?:root|admin|administrator|sa|guest|pi|demo|postgres|oracle|ubuntu|ec2-user|sysadmin|operator|superuser)(?::| / )(?P<span>[^\s@/]{5,64})",
            r"\b(?:u|un|usr|user|username|user ?name|login|id|account|e-?mail)\s?[:=]\s?\S{1,60}?[\s,;/|]{1,4}(?:pw|pwd|pass|password)\s?[:=]\s?(?P<span>\S{4,64})",
            r"\b(?:u|un|usr|user|login|id)\s?[:=]\s?\S{1,60}?[\s,;/|]{0,4} p(?::|=)\s?(?P<span>\S{4,64})",
        ),
        WORDED,
        strict,
        exact=False,
    ),
    Form(
        "pin",
        "password",
        "PIN",
        _NIST,
        (
            r"\bpin(?: ?code| ?number)?(?: for [^\n:;.!?]{1,30}?)?(?: is| was|:| :| =|=| ist|['’]s)\s{0,3}[\"'`“]?(?P<span>[0-9]{4,8})\b",
            r"\bpasscode\s+(?P<span>[0-9]{4,8})\b",
            r"\b(?-i:PIN) (?P<span>[0-9]{4})\b",
        ),
        WORDED,
        exact=False,
    ),
)

# --- settings and command lines -------------------------------------------------------------------------------------

_PASSWORD_NAME: Final = r"(?:pass(?:word|wd|wort|phrase|code)?|pwd|passw|userpass|_pw|secret_?pass)(?:[_-]?(?:[0-9]{1,2}|prod|dev|staging|live|default|old|new|admin|root|user|db|value|plain|text))?"
_KEY_NAME: Final = r"(?:api[_.-]?keys?|api[_.-]?secret|apikey|secret(?:[_.-]?(?:key|token|access[_.-]?key|id|value|base|key[_.-]?base))?|token(?:[_.-]?(?:secret|value|key))?|auth(?:orization)?(?:[_.-]?(?:key|token|secret))?|credentials?|access[_.-]?key|private[_.-]?key|client[_.-]?secret|(?:sign(?:ing|ature)?|encrypt(?:ion)?|master|license|account|service|shared|webhook|session|cookie|app|user|admin|jwt|hmac|aes|crypto|consumer|subscription|storage|deploy|integration|write|read|rest|prod|live|function|host|connection|service[_.-]?role)[_.-]?(?:key|secret|salt)|[a-z0-9]{2,20}[_.-]key|salt)(?:[_.-]?(?:[0-9]{1,2}|prod|dev|staging|live|value|prd|v[0-9]))?"
_TO: Final = r"[\"'`\])]{0,2}\s{0,4}(?::\s?(?:str|String|string|&str)\s?=|=>|:=|[:=]{1,3}|\?=|,)\s{0,4}(?:[rbfuRBFU@]|String\.raw)?"
_QUOTED: Final = ('"(?P<span>[^"\n\\\\]{4,300})"', "'(?P<span>[^'\n\\\\]{4,300})'", "`(?P<span>[^`\n]{4,300})`")
_BARE: Final = r"[\"'`\])]{0,2}\s{0,4}(?:=>|:=|[:=]{1,2})[ \t]{0,4}(?P<span>[^\s\"'`,;<>(){}\[\]&|]{4,300})"
_TOKEN_BARE: Final = (
    r"[\"'`\])]{0,2}\s{0,4}(?:=>|:=|[:=]{1,2}|is|->|→)\s{0,4}[\"'`“*]{0,2}(?P<span>[A-Za-z0-9_~+/.=:-]{16,300})"
)
_START: Final = (
    r"(?:^|[^A-Za-z0-9])(?:[A-Za-z0-9.$-]{1,40}_|[A-Za-z0-9.$-]{1,40}-|[A-Za-z0-9_$-]{1,40}\.|[A-Za-z]{1,30})??"
)

SETTINGS: Final[tuple[Form, ...]] = (
    Form(
        "password-setting",
        "password",
        "password in a setting",
        _OWASP,
        (
            *(rf"{_START}{_PASSWORD_NAME}{_TO}{quoted}" for quoted in _QUOTED),
            rf"(?:^|[\s{{,;\"'`(])(?:[A-Za-z0-9.$-]{{1,40}}[_.-])*(?:[A-Z]{{2,20}})?{_PASSWORD_NAME}{_BARE}".replace(
                "[:=]{1,2})", "=)"
            ),
            rf"(?:^|[\s{{,;\"'`(])(?:[A-Za-z0-9.$-]{{1,40}}[_.-])+{_PASSWORD_NAME}{_BARE}",
            rf"<(?:\w{{1,20}}:)?\w{{0,20}}{_PASSWORD_NAME}(?:\s[^<>\n]{{0,60}})?>\s{{0,10}}(?P<span>[^<\n\s]{{4,200}})\s{{0,10}}</",
            rf"(?:key|name)=[\"'][^\"'\n]{{0,60}}{_PASSWORD_NAME}[\"']\s{{0,5}}(?:value|>)=?\s?[\"']?(?P<span>[^\"'<\n]{{4,200}})[\"'<]",
        ),
        NAMED,
        assigned_password,
        exact=False,
    ),
    Form(
        "password-option",
        "password",
        "password on a command line",
        _OWASP,
        (
            r"(?:^|\s)--?(?:password|passwd|pass|pwd|passphrase|admin-password|root-password|db-password|http-password)[= ][\"']?(?P<span>[^\s\"'<>|;&]{4,100})",
            r"\b(?:curl|wget|httpie)\b[^\n]{0,200}?\s(?:-u|--user|-a|--auth)[= ]?[\"']?[\w.@%+-]{1,60}:(?P<span>[^\s\"']{4,100})",
            r"\b(?:mysql|mysqldump|mysqladmin|mariadb)\b[^\n]{0,120}?\s-p[\"']?(?P<span>[^\s\"'-][^\s\"']{3,80})",
            r"\b(?:sshpass|docker login|az login|smbclient|ldap(?:search|modify|add|passwd|whoami)|cryptsetup|7z|zip|unzip|redis-cli|mongo|mongosh|mongodump|psql|sqlcmd|cqlsh|influx|net use|rdesktop|xfreerdp|htpasswd|mosquitto_(?:pub|sub)|impacket-\w+|crackmapexec|evil-winrm|winrm|smbmap|rpcclient)\b[^\n]{0,200}?\s-[apPw]\s?[\"']?(?P<span>[^\s\"'-][^\s\"']{3,80})",
            r"\bidentified (?:with \S{1,40} )?by\s+[\"'](?P<span>[^\"'\n]{4,100})[\"']",
            r"\bwith (?:encrypted )?password\s+[\"'](?P<span>[^\"'\n]{4,100})[\"']",
            r"\bmachine\s+\S{1,100}\s+login\s+\S{1,100}\s+password\s+(?P<span>[^\s]{4,100})",
            r"\b(?:NetworkCredential|UsernamePasswordCredentials|HTTPBasicAuth|PasswordAuthentication|basic_?auth|auth|login|signIn|authenticate|connect)\s?[=(]\s?\(?\s?[\"'][^\"'\n]{1,80}[\"']\s?,\s?[\"'](?P<span>[^\"'\n]{4,100})[\"']",
            r"(?:^|\s)[\w.*-]{1,80}:(?:5432|5433|6432|3306|\*):[\w*-]{1,60}:[\w.*-]{1,60}:(?P<span>[^\s:]{4,100})",
            r"\b(?:bind_?pw|bindpasswd|bind_?password|olcRootPW|rootpw|ldap_default_authtok)\s{0,3}[:=]?\s{1,3}[\"']?(?P<span>[^\s\"']{4,100})",
            r"\brequirepass\s+(?P<span>[^\s\"']{4,100})",
            r"\becho\s+[\"']?[\w.-]{1,40}:(?P<span>[^\s\"':|]{4,80})[\"']?\s*\|\s*(?:sudo\s+)?chpasswd",
            r"\bnet user\s+[\w.-]{1,40}\s+(?P<span>[^\s/]{4,80})",
            r"\bConvertTo-SecureString\s+(?:-String\s+)?[\"'](?P<span>[^\"'\n]{4,100})[\"']",
        ),
        NAMED,
        assigned_password,
        exact=False,
    ),
    Form(
        "token-option",
        "high-entropy",
        "token on a command line",
        _OWASP,
        r"(?:^|\s)--?(?:[a-z-]{0,20}token|[a-z-]{0,20}api-?key|[a-z-]{0,20}secret|[a-z-]{0,20}key)[= ][\"']?(?P<span>[A-Za-z0-9_~+/.=:-]{16,300})",
        NAMED,
        assigned_key,
        exact=False,
    ),
    Form(
        "key-header",
        "high-entropy",
        "key in a header",
        "https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html",
        r"\bx-[\w-]{0,24}(?:key|secret)[\"']?\s{0,3}[:=]\s{0,3}[\"']?(?P<span>[A-Za-z0-9_~+/.=-]{16,300})",
        NAMED,
        assigned_key,
        exact=False,
    ),
    Form(
        "key-setting",
        "high-entropy",
        "random string with the name of a secret",
        _OWASP,
        (
            *(rf"{_START}{_KEY_NAME}{_TO}{quoted}".replace("{4,300}", "{12,300}") for quoted in _QUOTED),
            rf"{_START}{_KEY_NAME}{_TOKEN_BARE}",
            rf"<\w{{0,20}}{_KEY_NAME}(?:\s[^<>\n]{{0,60}})?>\s{{0,10}}(?P<span>[^<\n\s]{{12,300}})\s{{0,10}}</",
            rf"(?:key|name)=[\"'][^\"'\n]{{0,60}}{_KEY_NAME}[\"']\s{{0,5}}(?:value)=\s?[\"']?(?P<span>[^\"'<\n]{{12,300}})[\"'<]",
            r"\b(?:api|secret|access|auth|private|encryption|licen[cs]e|deploy|admin|bot|session|client)[ -](?:key|token|secret)\b[^\n]{0,30}?(?:\bis|[:=]|→|->)\s{0,3}[\"'`“*]{0,2}(?P<span>[A-Za-z0-9_~+/.=-]{16,300})",
            r"\b(?:tokens?|secret|api ?key|key|creds?)(?: is| was|:| :| =|=| ->| →)\s{0,3}[\"'`“*]{0,3}(?P<span>[A-Za-z0-9_~+/.=-]{16,300})",
            r"(?:^|[\s\"'`*])(?P<span>[A-Za-z0-9_~+/.=-]{20,300})[\"'`*]{0,2}\s+(?:is|=|as|for)\s+(?:the|our|my|your|a)\s+(?:[\w'’-]+\s+){0,4}?(?:api key|key|token|secret)\b",
        ),
        ASSIGNED,
        assigned_key,
        exact=False,
    ),
)

# --- connection strings ---------------------------------------------------------------------------------------------

#: What can stand before the @ of an address with a password; in prose a space does.
_BEFORE_AT: Final = frozenset(f"{chr(code)}@".casefold() for code in range(ord("!"), ord("~") + 1))

CONNECTIONS: Final[tuple[Form, ...]] = (
    Form(
        "url-password",
        "connection-string",
        "password in an address",
        "https://www.rfc-editor.org/rfc/rfc3986#section-3.2.1",
        r"\b[a-z][a-z0-9+.-]{1,30}://[^\s:/@\"'<>?#]{0,100}:(?P<span>[^\s@/\"'<>][^\s@\"'<>]{1,150}[!-~])@[\w\[$%{.-]",
        NAMED,
        url_password,
        exact=False,
        must=_BEFORE_AT,
    ),
    Form(
        "database-string",
        "connection-string",
        "database connection string",
        "https://www.connectionstrings.com/",
        (
            r"(?:server|data source|host|hostname|address|addr|database|initial catalog|user id|uid|user|username|driver|provider|dsn|port|endpoint)\s?=[^\n]{0,300}?[;\s,?&](?:password|pwd|passwd)\s?=\s?[\"']?(?P<span>[^\s;\"'&<>]{3,100})",
            r"(?:^|[;\s\"'?&])(?:password|pwd)\s?=\s?(?P<span>[^\s;\"'&<>]{3,100});\s?(?:server|data source|host|database|initial catalog|user id|uid|user|username|trusted|encrypt|port|persist|pooling|sslmode)",
            r"jdbc:[^\s\"']{5,200}?[?&;]password=(?P<span>[^\s&;\"'<>]{3,100})",
            r"jdbc:oracle:(?:thin|oci):[\w.$#-]{1,60}/(?P<span>[^\s@\"'/]{3,100})@",
            r"\b(?:sqlplus|expdp|impdp)\s+(?:-\w+\s+){0,3}[\"']?[\w.$#-]{1,60}/(?P<span>[^\s@\"'/]{3,100})@",
        ),
        NAMED,
        exact=False,
    ),
)

# --- codes ----------------------------------------------------------------------------------------------------------

_DIGITS: Final = (
    r"(?P<span>(?:[A-Z]{1,3}-)?[0-9]{4,8}|[0-9]{3}[ -][0-9]{3}|[0-9]{4}[ -][0-9]{4}|[0-9]{2}[ -][0-9]{2}[ -][0-9]{2})"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_BOOKING: Final = re.compile(
    r"\b(?:book(?:ed|ing)|reservation|flight|hotel|order|parcel|deliver\w*|ticket|voucher|discount|promo\w*|coupon|referral|gift|checkout|% off|sale|airline|pnr|tracking|refund|error|exit|status|zip|post|area|country|sort|bar|product|dress|colou?r|course)\b",
    re.IGNORECASE,
)
_SENT: Final = re.compile(
    r"\b(?:text(?:ed)?|sms|log(?:ged)?[ -]?in|log ?on|sign[ -]?in|verif\w+|2fa|mfa|otp|two[- ]factor|authenticat\w+|bank|whatsapp|phone|account|one[- ]time|expires?|valid for|minutes|google|microsoft|okta|duo|vpn|approve|e-?mailed|forward\w*|relay\w*|paypal)\b",
    re.IGNORECASE,
)


def one_time(sight: Sight) -> Verdict | None:
    """Judge digits after "verification code": years and bookings are none."""
    directly = re.search(r"(?:\b(?:is|was|are|ist)|[:=#])\s*[\"'`*“]{0,2}$", sight.before(8), re.IGNORECASE)
    if _YEAR.fullmatch(sight.value) and not directly:
        return Verdict(aside="year")
    if _BOOKING.search(sight.before(60)) or (_BOOKING.search(sight.after(40)) and not _SENT.search(sight.before(60))):
        return Verdict(aside="booking, discount or error code")
    return None


def bare_code(sight: Sight) -> Verdict | None:
    """Judge digits after "code is": only where the text is about logging in."""
    refused = one_time(sight)
    if refused is not None:
        return refused
    about = sight.before(140) + " " + sight.after(100)
    return None if _SENT.search(about) else Verdict(aside="code of something else")


_LOGIN: Final = re.compile(
    r"\b(?:code|otp|2fa|mfa|passcode|authenticator|verification|one[- ]time|log(?:ging)? ?in|sign(?:ing)? ?in|verify)\b",
    re.IGNORECASE,
)
_COUNTED: Final = re.compile(
    r"\b(?:ticket|invoice|ref(?:erence)?|case|issue|build|version|commit|bug|incident|rows?|users?|people|customers?|records?|requests?|lines?|views|followers|members|euros?|dollars?|pounds|id|nr|no\.|number|phone|tel|call|item|sku|part|po|job|room|invoice|receipt|serial|model|licen[cs]e|registration|postcode|error|status|exit)\b|[$€£#]\s?$",
    re.IGNORECASE,
)


def near_login(sight: Sight) -> Verdict | None:
    """Judge six digits among words about logging in: ticket numbers and counts are none."""
    refused = one_time(sight)
    if refused is not None:
        return refused
    if _COUNTED.search(sight.before(40)) or _COUNTED.match(sight.after(20).lstrip()):
        return Verdict(aside="number of something else")
    return None


def near_door(sight: Sight) -> Verdict | None:
    """Judge digits after "code is": only where the text is about a door."""
    refused = door(sight)
    if refused is not None:
        return refused
    about = sight.before(140) + " " + sight.after(100)
    if _BOOKING.search(sight.before(40)) or not _DOOR_WORDS.search(about):
        return Verdict(aside="code of something else")
    return None


def door(sight: Sight) -> Verdict | None:
    """Judge digits after "gate code": years, prices and telephone numbers are none."""
    digits = re.sub(r"\D", "", sight.value)
    if len(digits) < 3 or re.match(
        r"\s?(?:%|€|£|\$|am\b|pm\b|:\d|people|minutes|hours|days|of \d|years|[ -]?\d{3})", sight.after(9)
    ):  # noqa: PLR2004
        return Verdict(aside="number of something else")
    directly = re.search(r"(?:\b(?:is|was|ist)|[:=])\s*[\"'`*“]{0,2}$", sight.before(8), re.IGNORECASE)
    if _YEAR.fullmatch(digits) and not directly:
        return Verdict(aside="year")
    return None


_CODE_FOR: Final = r"(?:verification|verify|security|log-?in|log ?on|sign-?in|one(?:-| )time|single(?:-| )use|otp|2fa|mfa|two(?:-| )factor|2(?:-| )?step|two(?:-| )step|auth|authentication|authenticator|authori[sz]ation|confirmation|reset|sms|text|activation|unlock|vpn|banking|bestätigungs|sicherheits|einmal|de vérification|de verificación|verificatie)"
_DOORS: Final = r"(?:(?:back|front|side|main|rear|fire|staff|cellar|stock ?room|store ?room|server ?room|plant ?room)?\s?(?:doors?|gates?|entrance|entry)|alarm|burglar alarm|keypad|key ?pad|door ?lock|lock ?box|key ?safe|key ?box|key ?lock|building|garage|lobby|store ?room|stock ?room|server ?room|bike ?(?:store|shed)|safe|till|locker|padlock|badge|fob|barrier|car ?park|parking|intercom|buzzer|disarm|lift|elevator|cabinet|drugs? (?:cupboard|cabinet)|med(?:icine|s)? (?:room|cabinet)|vault|shutters?|warehouse|depot|staff ?room|break ?room|toilets?|bathroom|restroom|loo|lock-?up|compound|yard|office|clinic|shop|flat|apartment|house|airbnb|salon|studio|gym|changing room|tür|haustür|tor|alarmanlagen?)"
_DOOR_DIGITS: Final = r"(?P<span>[#*]?[A-Z]?[0-9]{3,8}[A-Z]?[#*]?|[#*]?[0-9](?:[ -][0-9]){3,7}[#*]?|[0-9]{1,2}[ -][0-9]{1,2}[ -][0-9]{1,2}|(?-i:[A-Z]{1,2})(?: |-)?[0-9]{3,6}[#*]?)"
_WIFI: Final = r"(?:wi-?fi|wlan|wireless|guest network|guest net|hot ?spot|ssid|router|wpa[23]?|internet)"
_WIFI_KEY: Final = (
    r"(?:pass ?(?:word|code|phrase|key|wort)?|pw|pwd|key|code|psk|schlüssel|login|contraseña|mot de passe)"
)

_DOOR_WORDS: Final = re.compile(
    r"\b(?:doors?|gates?|alarm|keypad|lock ?box|key ?safe|key ?box|padlock|shutters?|entrance|get in(?:to)?|let (?:yourself|yourselves) in|lock ?up|locked out|bike shed|storeroom|stockroom|garage|safe|building|barrier|intercom|buzzer|badge|key holder|open(?:ing)? up)\b",
    re.IGNORECASE,
)

CODES: Final[tuple[Form, ...]] = (
    Form(
        "one-time-code",
        "one-time-code",
        "one-time code",
        _NIST,
        (
            rf"\b{_CODE_FOR}(?: |-)?(?:code|password|passcode|pin|token|number|tan)s?\b[^\n0-9]{{0,50}}?[\s:=\"'`*(#“-]{_DIGITS}\b",
            rf"\b(?:otp|mtan|tan(?:-?nummer| nummer|:| ist| is| lautet)|2fa|mfa|einmalcode|one(?:-| )time code)[^\n0-9]{{0,60}}?[\s:=\"'`*(#“-]{_DIGITS}\b",
            rf"\b{_DIGITS}[\"'`*”]{{0,2}}\s+(?:is|as|ist|for)\s+(?:your|my|the|our|ur|their|his|her|ihr|dein|a)?\s?(?:[\w'’-]+\s+){{0,4}}?(?:{_CODE_FOR}(?: |-)?)?(?:code|otp|passcode|one-time password)\b",
        ),
        WORDED,
        one_time,
        exact=False,
    ),
    Form(
        "code-of-door",
        "door-code",
        "code among words about a door",
        "https://www.npsa.gov.uk/",
        (
            rf"\b(?:code|passcode|combination|combo)(?:\s+(?:to|for)\s+[\w'’ ]{{1,40}}?)?(?:\s+(?:is|was)|['’]s|\s?[:=]|\s+(?:\w+\s+)?(?:changed )?to)?\s*[\"'`*“]{{0,2}}{_DOOR_DIGITS}(?:[^\w]|$)",
            rf"\b(?:punch|type|tap|key|dial|press)(?:\s+in)?\s+{_DOOR_DIGITS}(?:[^\w]|$)",
        ),
        GUESSED,
        near_door,
        exact=False,
    ),
    Form(
        "code-sent",
        "one-time-code",
        "code that was sent to somebody",
        _NIST,
        (
            rf"\b(?:code|pin|passcode|number)(?:\s+(?:i|they|it|you|he|she|we)\s+\w+(?:\s+\w+){{0,3}}?)?(?:\s+(?:is|was)|['’]s|\s?[:=])\s*[\"'`*“]{{0,2}}{_DIGITS}\b",
            rf"\b(?:code|pin|passcode)\s+{_DIGITS}\b",
        ),
        WORDED,
        bare_code,
        exact=False,
    ),
    Form(
        "code-near-login",
        "one-time-code",
        "digits among words about logging in",
        _NIST,
        (
            r"\b(?:2fa|mfa|otp|passcode|authenticator|verification|one(?:-| )time|(?:six|6)(?:-| )digits?|login code|log ?in code|sms code|texted|access code|security code)\b[^\n0-9]{0,60}?[\s:=\"'`*(#“-](?P<span>(?:[A-Z]-)?[0-9]{6}|[0-9]{3}[ -][0-9]{3})\b",
            r"(?:^|[\s\"'`(*])(?P<span>(?:[A-Z]-)?[0-9]{6}|[0-9]{3}[ -][0-9]{3})[\"'`*)]{0,2}[ ,.:-][^\n0-9]{0,50}?\b(?:2fa|mfa|otp|passcode|authenticator|verification|one(?:-| )time|to (?:log|sign) ?in|to verify|login code|expires|my code|the code|your code|a code)\b",
        ),
        GUESSED,
        near_login,
        exact=False,
    ),
    Form(
        "backup-code",
        "one-time-code",
        "recovery code",
        _NIST,
        r"\b(?:backup|recovery|emergency|scratch)\s+(?:code|key)s?\b[^\n]{0,30}?[\s:=\"'`*(]\s?(?P<span>[A-Za-z0-9]{4,6}(?:-[A-Za-z0-9]{4,6}){1,8}|[0-9]{8}|[0-9]{4} [0-9]{4})\b",
        NAMED,
        exact=False,
    ),
    Form(
        "otp-seed",
        "one-time-code",
        "seed of a one-time code generator",
        "https://github.com/google/google-authenticator/wiki/Key-Uri-Format",
        (
            r"\botpauth://[^\s?]{1,120}\?[^\s\"']{0,120}?secret=(?P<span>[A-Z2-7]{16,})",
            r"\b(?i:2fa|totp|mfa|authenticator|otp)\b[^\n]{0,40}?(?i:seed|secret|key)[^\n]{0,20}?[\s:=\"'`](?P<span>[A-Z2-7]{16,64}|[A-Z2-7]{4}(?: [A-Z2-7]{4}){3,15})\b",
        ),
        NAMED,
    ),
    Form(
        "wifi-code",
        "door-code",
        "Wi-Fi password",
        _NIST,
        (
            rf"\b{_WIFI}(?:['’]s)?[^\n:=.!?]{{0,40}}?\b{_WIFI_KEY}(?:{_FOR_IS}|{_FOR}\s?(?:[:=]|→|->))\s*{_OPEN}{_WORD}",
            rf"\b{_WIFI_KEY}\s+(?:for|to|of|für|on|fürs|zum)\s+(?:\w+\s+){{0,3}}{_WIFI}[^\n:=.!?]{{0,20}}?(?:{_IS}|\s?(?:[:=]|→|->))\s*{_OPEN}{_WORD}",
            rf"\b{_WIFI}\s?[:=(]\s?[^\n]{{1,40}}?[,;/|\s(]{{1,3}}{_WIFI_KEY}(?:{_IS}|\s?[:=])\s*{_OPEN}{_WORD}",
            r"\bWIFI:(?:[TSH]:[^;\n]{0,60};){1,3}P:(?P<span>[^;\n]{4,63});",
            r"\b(?:wpa_passphrase|psk|wpa2?_key|wifi_?pass(?:word)?)\s?=\s?[\"']?(?P<span>[^\s\"']{8,63})",
        ),
        WORDED,
        after_is,
        exact=False,
    ),
    Form(
        "wifi-pair",
        "door-code",
        "Wi-Fi name and password",
        _NIST,
        rf"\b{_WIFI}\b[^\n:]{{0,50}}:\s*[\w.'-]{{2,32}}\s?(?:/|\||,|->|→|;| - )\s?(?P<span>\S{{8,63}})",
        GUESSED,
        strict,
        exact=False,
    ),
    Form(
        "door-code",
        "door-code",
        "door, alarm or lock code",
        "https://www.npsa.gov.uk/",
        (
            rf"\b{_DOORS}(?:['’]s)?(?: |-)?(?:\w+[ -]){{0,2}}?(?:codes?|pin|combination|combo|passcode|key ?code|zahlencode)\b[^\n0-9]{{0,60}}?[\s:=\"'`*(“]{_DOOR_DIGITS}(?:[^\w]|$)",
            rf"\b(?:codes?|pin|combination|combo|passcode|key ?code)\b\s+(?:for|to|of|on|für)\s+(?:[\w'’]+\s+){{0,4}}?{_DOORS}\b[^\n0-9]{{0,30}}?[\s:=\"'`*(“]{_DOOR_DIGITS}(?:[^\w]|$)",
            rf"(?:^|[\s\"'(`]){_DOOR_DIGITS}[\"'`]?\s+(?:is|as|for)\s+(?:(?:still|the|our|your|my|a|now|at|new)\s+){{0,4}}(?:{_DOORS})(?: code| pin| combination)\b",
            rf"(?:^|[\s\"'(`]){_DOOR_DIGITS}[\"'`]?\s+(?:(?:will |should |to )?(?:opens?|gets? (?:you|me|us|them|her|him) (?:in|through|into)|lets? (?:you|me|us|them|her|him) (?:in|through|into)|unlocks?|disarms?|turns? off|switch(?:es)? off))\s+(?:(?:still|the|our|your|my|a|now|at|on|that|this|it|to|code|for)\s+){{0,5}}(?:{_DOORS})(?:\s+code)?\b",
            rf"\b(?:punch|type|tap|key in|enter|dial|press|use code)\s+(?:in\s+|the code\s+|code\s+)?{_DOOR_DIGITS}\s+(?:\w+\s+){{0,4}}(?:{_DOORS})\b",
            rf"\b(?:keypad|lock ?box|key ?safe|key ?box|padlock)s?(?:['’]s| code)?(?: -| –|,)?\s{_DOOR_DIGITS}(?:[^\w]|$)",
            rf"\b(?:doors?|gates?|entrance|shutters?|barrier|alarm|garage|building|shed|cellar)\b[^\n0-9.!?]{{0,40}}?(?: is|['’]s| was|:| =) ?(?P<span>[#*]?[A-Z]?[0-9]{{3,6}}[A-Z]?[#*])(?:[^\w]|$)",
            rf"\b(?:disarm|unset|switch off|turn off)\w*(?: it| the alarm| alarm)?(?: with| using| by| code|:)?\s{_DOOR_DIGITS}(?:[^\w]|$)",
            rf"\b(?:alarm|gate|door|keypad|lock ?box|key ?safe|key ?box|safe|padlock|locker|shutter)(?: is|:| =| code)\s*:?\s+{_DOOR_DIGITS}(?:[^\w]|$)",
        ),
        WORDED,
        door,
        exact=False,
    ),
)
