"""One-time codes, codes of doors and locks, and Wi-Fi passwords, as people pass them on."""
# ruff: noqa: RUF001  typographic characters are data

from __future__ import annotations

import re
from typing import Final

from rules.secrets.form import GUESSED, NAMED, WORDED, Form, Sight, Verdict
from rules.secrets.judge import after_is, strict
from rules.secrets.words import FOR, FOR_IS, IS, NIST, OPEN, WORD

_DIGITS: Final = (
    r"(?P<span>(?:[A-Z]{1,3}-)?[0-9]{4,8}|[0-9]{3}[ -][0-9]{3}|[0-9]{4}[ -][0-9]{4}|[0-9]{2}[ -][0-9]{2}[ -][0-9]{2})"
)
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_BOOKING: Final = re.compile(
    r"\b(?:book(?:ed|ing)|reservation|flight|hotel|order|parcel|deliver\w*|ticket|voucher|discount|promo\w*|coupon|referral|gift|checkout|% off|sale|airline|pnr|tracking|refund|error|exit|status|zip|post|area|country|sort|bar|product|dress|colou?r|course)\b",
    re.IGNORECASE,
)
_SENT: Final = re.compile(
    r"\b(?:my code|text(?:ed)?|sent|sends?|sms|logging|portal|log(?:ged)?[ -]?in|log ?on|sign[ -]?in|verif\w+|2fa|mfa|otp|two[- ]factor|authenticat\w+|bank|whatsapp|phone|account|one[- ]time|expires?|valid for|minutes|google|microsoft|okta|duo|vpn|approve|e-?mailed|forward\w*|relay\w*|paypal)\b",
    re.IGNORECASE,
)


_OFFERED: Final = re.compile(
    r"% ?off|\b(?:checkout|discount|booking|reservation|coupon|voucher|free|till|refund|tracking|hotel|airline|flight)\b",
    re.IGNORECASE,
)


def one_time(sight: Sight) -> Verdict | None:
    """Judge digits after "verification code": years and bookings are none."""
    directly = re.search(r"(?:\b(?:is|was|are|ist)|[:=#])\s*[\"'`*“]{0,2}$", sight.before(8), re.IGNORECASE)
    if _YEAR.fullmatch(sight.value) and not directly:
        return Verdict(aside="year")
    if _BOOKING.search(sight.before(60)) or (_OFFERED.search(sight.after(40)) and not _SENT.search(sight.before(60))):
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


_LEAST: Final = 3


def door(sight: Sight) -> Verdict | None:
    """Judge digits after "gate code": years, prices and telephone numbers are none."""
    digits = re.sub(r"\D", "", sight.value)
    if len(digits) < _LEAST or re.match(
        r"\s?(?:%|€|£|\$|am\b|pm\b|:\d|people|minutes|hours|days|of \d|years|[ -]?\d{3})", sight.after(9)
    ):
        return Verdict(aside="number of something else")
    directly = re.search(r"(?:\b(?:is|was|ist)|[:=])\s*[\"'`*“]{0,2}$", sight.before(8), re.IGNORECASE)
    if _YEAR.fullmatch(digits) and not directly:
        return Verdict(aside="year")
    if _OFFERED.search(sight.after(30)):
        return Verdict(aside="booking, discount or error code")
    return None


_ENDS: Final = re.compile(r"\s*(?:\Z|[,.!;)\n]|(?:and|then|if|for|pls|please|until|till|since|nobody|but)\b)")


def said_of_door(sight: Sight) -> Verdict | None:
    """Judge digits after "the alarm is": only four or more with which the clause ends, and no year or time of day."""
    refused = door(sight)
    if refused is not None:
        return refused
    digits = re.sub(r"\D", "", sight.value)
    plain = sight.value == digits
    if len(digits) < 4 or not _ENDS.match(sight.after(12)) or (plain and _YEAR.fullmatch(digits)):  # noqa: PLR2004
        return Verdict(aside="number of something else")
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
        NIST,
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
        "said-of-door",
        "door-code",
        "digits said of a door or an alarm",
        "https://www.npsa.gov.uk/",
        rf"\b(?:alarm|keypad|key ?safe|key ?box|lock ?box|padlock|shutters?|gates?|(?:back|front|side|cellar|staff) ?doors?|toilets?|loo|restroom|server ?room|store ?room|stock ?room|bike shed|medicine cabinet|drugs? cupboard|cabinet|garage|lock-?up|barrier)\b[^\n0-9]{{0,40}}?(?: is| ist| was|:|,|['’]s)(?: still| now| always)? {_DOOR_DIGITS}(?:[^\w]|$)",
        GUESSED,
        said_of_door,
        exact=False,
    ),
    Form(
        "code-sent",
        "one-time-code",
        "code that was sent to somebody",
        NIST,
        (
            rf"\b(?:code|pin|passcode|number)(?: from (?:the |my )?[\w-]{1, 20})?(?:\s+(?:i|they|it|you|he|she|we)\s+\w+(?:\s+\w+){{0,3}}?)?(?:\s+(?:is|was)|['’]s|\s?[:=])\s*[\"'`*“]{{0,2}}{_DIGITS}\b",
            rf"\b(?:code|pin|passcode)\s+{_DIGITS}\b",
            r"\bcode\b[^\n0-9]{0,40}?\s(?P<span>[0-9]{6}|[0-9]{3}[ -][0-9]{3})\b",
        ),
        WORDED,
        bare_code,
        exact=False,
    ),
    Form(
        "code-near-login",
        "one-time-code",
        "digits among words about logging in",
        NIST,
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
        NIST,
        r"\b(?:backup|recovery|emergency|scratch)\s+(?:code|key)s?\b[^\n]{0,60}?[\s:=\"'`*(]\s?(?P<span>[A-Za-z0-9]{4,6}(?:-[A-Za-z0-9]{4,6}){1,8}|[0-9]{8}|[0-9]{4} [0-9]{4})\b",
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
        NIST,
        (
            rf"\b{_WIFI}(?:['’]s)?[^\n:=.!?]{{0,40}}?\b{_WIFI_KEY}(?:{FOR_IS}|{FOR}\s?(?:[:=]|→|->))\s*{OPEN}{WORD}",
            rf"\b{_WIFI_KEY}\s+(?:for|to|of|für|on|fürs|zum)\s+(?:\w+\s+){{0,3}}{_WIFI}[^\n:=.!?]{{0,20}}?(?:{IS}|\s?(?:[:=]|→|->))\s*{OPEN}{WORD}",
            rf"\b{_WIFI}\s?[:=(]\s?[^\n]{{1,40}}?[,;/|\s(]{{1,3}}{_WIFI_KEY}(?:{IS}|\s?[:=])\s*{OPEN}{WORD}",
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
        NIST,
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
            r"\b(?:doors?|gates?|entrance|shutters?|barrier|alarm|garage|building|shed|cellar)\b[^\n0-9.!?]{0,40}?(?: is|['’]s| was|:| =) ?(?P<span>[#*]?[A-Z]?[0-9]{3,6}[A-Z]?[#*])(?:[^\w]|$)",
            rf"\b(?:disarm|unset|switch off|turn off)\w*(?: it| the alarm| alarm)?(?: with| using| by| code|:)?\s{_DOOR_DIGITS}(?:[^\w]|$)",
            rf"\b(?:alarm|gate|door|keypad|lock ?box|key ?safe|key ?box|safe|padlock|locker|shutter)(?: is|:| =| code)\s*:?\s+{_DOOR_DIGITS}(?:[^\w]|$)",
        ),
        WORDED,
        door,
        exact=False,
    ),
)
