"""Passwords as people write them in sentences."""
# ruff: noqa: RUF001  typographic characters are data

from __future__ import annotations

from typing import Final

from rules.secrets.form import GUESSED, WORDED, Form
from rules.secrets.judge import after_colon, after_is, below, near_label, quoted_phrase, strict

NIST: Final = "https://pages.nist.gov/800-63-4/sp800-63b.html"

_LABEL: Final = r"(?:pass ?(?:words?|wort|wd|wrd|code|phrase)|pas+word|passowrd|passwrod|pssword|p@ssw[o0]rd|пароль|密码|パスワード|비밀번호|passw|pwds?|p/w|pws?|psw|pswd|kennwort|contraseña|contrasena|mot de passe|mdp|senha|palavra-passe|clave|heslo|passord|adgangskode|parola|şifre|salasana|jelszó|kata sandi|lozinka|zugangscode|wachtwoord|hasło|lösenord)"
FOR: Final = r"(?:\s+(?:for|to|of|on|at|in|für|zum|vom|pour|du|de|del|da|do|van|voor|per)\s+[^\n:;=!?,\"“”]{1,60}?)?"
OPEN: Final = r"(?:[^\x00-\x7f\p{L}\p{N}“‘«]{1,3}\s?)?[\"'`“‘«*_(]{0,3}"
IS: Final = r"(?:\s(?:is|was|are|will be|would be|ist|lautet|war|es|est|è|é|has been|has|got|remains?|stays?|becomes))(?:\s+(?:now|still|just|currently|simply|literally|always|set to|changed to|reset to|been|jetzt|actually|temporarily|my|our|the usual|the same old|good old|plain|either))?(?:\s+(?:re)?(?:set|changed|updated) to)?\s*[:=-]?"
#: "password is", "password for the till is", "password's"; never "this year's".
FOR_IS: Final = rf"(?:{FOR}(?:\s(?:here|there|upstairs|downstairs|today|tonight|this week|this month|again))?{IS}|['’]s(?: (?:now|still|just))?)"
WORD: Final = r"(?P<span>[^\s]{3,80})"

PASSWORDS: Final[tuple[Form, ...]] = (
    Form(
        "password-labelled",
        "password",
        "password",
        NIST,
        (
            rf"\b{_LABEL}{FOR}(?:\s?\([^\n)]{{1,40}}\))?[\"'`*_]{{0,3}}\s{{0,2}}(?:[:=：]{{1,2}}|=>|[-=]?>|→|➡️?|–|—|\s-\s)\s{{0,3}}{OPEN}{WORD}",
            rf"\b(?:pass|passcode)(?::| :|=| =)\s{{0,2}}{OPEN}{WORD}",
        ),
        WORDED,
        after_colon,
        exact=False,
    ),
    Form(
        "password-is",
        "password",
        "password in a sentence",
        NIST,
        rf"\b{_LABEL}{FOR_IS}\s+{OPEN}{WORD}",
        WORDED,
        after_is,
        exact=False,
    ),
    Form(
        "password-changed",
        "password",
        "password in a sentence",
        NIST,
        rf"\b(?:changed?|set|reset|updated?|switched?|geändert|auf)\s+(?:[\w'’]+\s+){{0,4}}{_LABEL}{FOR}\s+(?:back\s+)?(?:to|auf|as)\s*:?\s+{OPEN}{WORD}",
        WORDED,
        after_is,
        exact=False,
    ),
    Form(
        "password-beside",
        "password",
        "password in a sentence",
        NIST,
        (
            rf"\b{_LABEL}(?:,|\s?\()?\s+{OPEN}{WORD}",
            rf"\b{_LABEL}\b[^\n:.!?]{{1,40}}:\s+{OPEN}{WORD}",
            rf"\buser(?:name)?\s+\S{{1,60}}\s+pass\s+{WORD}",
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
        NIST,
        (
            rf"\b(?:log|sign)(?:ged|ging)? ?(?:in|on|into)\b[^\n.;]{{0,40}}? (?:with|using)\s+{OPEN}{WORD}",
            rf"\b(?:changed|reset|set) (?:it|the log-?in|my log-?in|our log-?in|logins?)(?: back)? to\s+{OPEN}{WORD}",
            r"[\w.+-]{1,40}@[\w.-]{2,60}(?: / | \| )(?P<span>\S{6,64})",
            rf"\b(?:new|old|current|temporary|temp) one(?: (?:for|to|on) [^\n,.;:]{{1,30}}?)? is {OPEN}{WORD}",
            rf"🔑\s?:?\s?{OPEN}{WORD}",
            rf"\b(?:{_LABEL}|log ?in|sign ?in|unlock)\b[^\n.;]{{0,40}}?[ ,](?:type|typing|enter|use|using|put|try|with|say|give)\s+(?:in\s+)?{OPEN}{WORD}",
            rf"\b(?:type|enter|use|try|put in|key in)\s+{OPEN}(?P<span>[^\s\"'`”]{{5,80}})[\"'`”*]{{0,2}}\s+(?:[\w'’]+\s+){{0,7}}?(?:{_LABEL}|log ?in|sign ?in|unlock)\b",
            rf"\bpass(?: is|['’]s| =| ->| →|->)\s{{0,2}}{OPEN}{WORD}",
        ),
        GUESSED,
        strict,
        exact=False,
    ),
    Form(
        "password-near",
        "password",
        "word near the word password",
        NIST,
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
        NIST,
        rf"\b{_LABEL}\b[^\n=(){{}}]{{0,40}}\n\s*(?:```\w{{0,10}}\n)?{OPEN}{WORD}",
        GUESSED,
        below,
        exact=False,
    ),
    Form(
        "password-quoted",
        "password",
        "password in quotation marks",
        NIST,
        (
            rf"\b{_LABEL}(?:{FOR_IS}|{FOR}\s?[:=])\s*\"(?P<span>[^\"\n]{{4,80}})\"",
            rf"\b{_LABEL}(?:{FOR_IS}|{FOR}\s?[:=])\s*“(?P<span>[^”\n]{{4,80}})”",
            rf"\b{_LABEL}(?:{FOR_IS}|{FOR}\s?[:=])\s*`(?P<span>[^`\n]{{4,80}})`",
            rf"\b{_LABEL}(?:{FOR_IS}|{FOR}\s?[:=])\s*['‘](?P<span>[^'’\n]{{4,80}})['’]",
        ),
        WORDED,
        quoted_phrase,
        exact=False,
    ),
    Form(
        "login-pair",
        "password",
        "login and password",
        NIST,
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
        NIST,
        (
            r"\bpin(?: ?code| ?number)?(?: for [^\n:;.!?]{1,30}?)?(?: is| was|:| :| =|=| ist|['’]s)\s{0,3}[\"'`“]?(?P<span>[0-9]{4,8})\b",
            r"\bpasscode\s+(?P<span>[0-9]{4,8})\b",
            r"\b(?-i:PIN) (?P<span>[0-9]{4})\b",
        ),
        WORDED,
        exact=False,
    ),
)
