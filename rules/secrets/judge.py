"""Is it a password? Closer looks at words that stand where one could."""
# ruff: noqa: RUF001  typographic characters are data

from __future__ import annotations

import re
from typing import Final

from rules.secrets.form import GUESSED, WORDED, Sight, Verdict

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
    value, start = sight.value, sight.start
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
