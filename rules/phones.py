"""Telephone numbers: number plans of many countries on each run of digits, and the forms that plans refuse."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from typing import Final

from rules.pii_kinds import KINDS

#: Number plans that are tried for a number without country code.
_REGIONS: Final = tuple(
    "US GB AU IN DE FR ES IT NL IE NZ ZA SG SE BR IL PL CH AT BE DK NO FI PT TR MX JP PH NG AE CZ HU".split()  # noqa: SIM905
)
#: A run of digits this long, and so many runs in one chunk, are a table: only the first plans are tried there.
_LONG_RUN, _MANY_RUNS = 400, 40
_WITH_CODE, _GROUPED, _PLAIN = 0.7, 0.55, 0.4
_RUN: Final = re.compile(f"(?i){KINDS['PHONE_NUMBER'].need}(?:[^a-z0-9]{{0,5}}[0-9])*")


#: Forms that number plans refuse: within one area (North America), and ranges that regulators keep free for fiction.
_FORMS: Final = (
    (re.compile(r"(?<![\w.+-])(?<!\d[ )])[2-9]\d\d[ .-]\d{4}(?![\w-]|[ .]\d)"), "without area code", 0.2),
    (re.compile(r"(?<![\w.+-])0[17]\d{3} \d{3} ?\d{3}(?![\w-])"), "grouped as in GB", _GROUPED),
    (re.compile(r"(?<![\w.+-])0[17]\d{9}(?![\w-])"), "as in GB", _PLAIN),
    (re.compile(r"\+\d{1,3}(?:[ .-]\(?\d{2,6}\)?){2,4}(?![\w-])"), "grouped with country code", _GROUPED),
    (re.compile(r"(?<![\w.+-])(?:1-)?8\d\d-\d{3}-\d{4}(?![\w-])"), "free of charge", _GROUPED),
)


def phones(chunk: str, bones: str) -> Iterator[tuple[int, int, float, str]]:
    """Yield start, end, score and reason of each telephone number in `chunk`; `bones` is its skeleton.

    The number plans are tried on each run of digits; one that explains all of it ends the search.
    """
    for count, run in enumerate(_RUN.finditer(bones)):
        low = max(0, run.start() - 24)
        window = chunk[low : run.end() + 12]
        is_table = count >= _MANY_RUNS or len(window) >= _LONG_RUN
        for region in _REGIONS[:2] if is_table else _REGIONS:
            whole = False
            for start, end, score, reason in _phones_of(window, region):
                if low + end > run.start() and low + start < run.end():
                    whole = whole or low + end >= run.end()
                    yield low + start, low + end, score, reason
            if whole:
                break
    for compiled, form, score in _FORMS:
        for match in compiled.finditer(chunk):
            yield match.start(), match.end(), score, f"phone number {form} {score:.2f}"


def _phones_of(window: str, region: str) -> Iterator[tuple[int, int, float, str]]:
    plans = importlib.import_module("phonenumbers")
    found = list(plans.PhoneNumberMatcher(window, region, leniency=plans.Leniency.VALID))
    strict = {
        (match.start, match.end)
        for match in (
            plans.PhoneNumberMatcher(window, region, leniency=plans.Leniency.STRICT_GROUPING) if found else ()
        )
    }
    for match in found:
        digits = match.raw_string
        if digits.lstrip("( ").startswith("+"):
            form, score = "with country code", _WITH_CODE
        elif (match.start, match.end) in strict and _is_grouped(digits, region):
            form, score = f"grouped as in {region}", _GROUPED
        else:
            form, score = f"valid in {region}", _PLAIN
        yield match.start, match.end, score, f"phone number {form} {score:.2f}"


def _is_grouped(digits: str, region: str) -> bool:
    """Return whether somebody wrote it as a telephone number: in groups, with a trunk 0 or as in North America."""
    if _GROUPS.fullmatch(digits) is None or sum(map(str.isdecimal, digits)) < _LEAST_GROUPED:
        return False
    return region == "US" or digits.startswith(("0", "(0"))


_GROUPS: Final = re.compile(r"(?:\(\d{2,5}\)|\d{2,5})(?:[ ./-]{1,2}\(?\d{2,7}\)?)+|\(\d{3}\) ?\d{3}[ .-]{1,3}\d{4}")
#: With fewer digits it may be a date or a decimal.
_LEAST_GROUPED: Final = 9
