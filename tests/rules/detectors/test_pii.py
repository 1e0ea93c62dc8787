"""Personal data: checksums, words beside a number, overlaps, limits; and a gate that loses nothing."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import presidio
from rules.build import _PartBuilder
from rules.document import Document
from rules.engine import Engine
from rules.evaluation import Status
from rules.lists import no_lists
from rules.load import load_ruleset
from rules.pii_kinds import AGAINST, GROUPS, KINDS
from rules.presidio import find, possible
from rules.source import SourceFile


def kinds_in(text):
    return [hit.kind for hit in find(text)]


def fault_of(spec):
    source = SourceFile("sample")
    _PartBuilder(source, no_lists()).part("sample", spec, ())
    return str(source.faults[0])


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("US_SSN", "my ssn is 536-90-4399"),
        ("US_SSN", "her SSN: 536904399"),
        ("CREDIT_CARD", "Her card is 4539 5787 6362 1486 exp 09/28"),
        ("CREDIT_CARD", "5555-5555-5555-4444"),
        ("CREDIT_CARD", "2223003122003222"),
        ("CREDIT_CARD", "amex 3782 822463 10005"),
        ("IBAN_CODE", "GB33 BUKB 2020 1555 5555 55"),
        ("IBAN_CODE", "pay de89370400440532013000 today"),
        ("EMAIL_ADDRESS", "dana@kestrel.example"),
        ("EMAIL_ADDRESS", "schreib an jörg@bücher.de bitte"),
        ("EMAIL_ADDRESS", "x@xn--bcher-kva.com"),
        ("PHONE_NUMBER", "ring her on 07700 900417"),
        ("PHONE_NUMBER", "+44 20 7946 0018"),
        ("PHONE_NUMBER", "(202) 555-0143"),
        ("PHONE_NUMBER", "her mobile is 07700900417"),
        ("PHONE_NUMBER", "text me: 555-0143"),
        ("UK_NINO", "NI number AB 12 34 56 C"),
        ("UK_PASSPORT", "passport GB1234567"),
        ("UK_NHS", "NHS number 943 476 5919"),
        ("US_PASSPORT", "his passport is 912803456"),
        ("CA_SIN", "my social insurance number is 130 692 544"),
        ("AU_TFN", "TFN 123 456 782"),
        ("IN_PAN", "PAN card ABCPE1234F"),
        ("FI_PERSONAL_IDENTITY_CODE", "131052-308T"),
        ("IT_FISCAL_CODE", "RSSMRA85T10A562S"),
        ("PL_PESEL", "PESEL 44051401359"),
        ("ES_NIF", "DNI 12345678Z"),
        ("IP_ADDRESS", "from 203.0.114.9 again"),
        ("MAC_ADDRESS", "00:e0:b8:8d:42:ab"),
        ("UK_POSTCODE", "at 14 Alder Close, SW1A 2AA"),
    ],
)
def test_is_seen(kind, text):
    assert kinds_in(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Ticket 4539578763621487 is closed.",
        "Ticket 4539578763621486 is closed.",
        "order number 07700900417",
        "536904399 views so far",
        "the public list: 536904399, A1234567",
        "policy M2, INTRODUCTORY offer",
        "In 2019-2020 we sold 1,000,000 of them",
        "kernel 2.6.12.15-18 or 3.19.0.73.55",
        "ping 127.0.0.1 or 192.168.0.4",
        "see you @noon.",
        "09 2007, 0.4545454545",
        "at 10:13:22 on 2026-06-01",
        "commit 9f8b3c2d1e",
        "GB34 BUKB 2020 1555 5555 55",
        "tracking 1Z999AA10123456784",
    ],
)
def test_is_left_alone(text):
    assert kinds_in(text) == []


def test_words_beside_a_number_count_only_whole():
    assert kinds_in("driver's license number A1234567") == ["US_DRIVER_LICENSE"]
    assert kinds_in("publicense A1234567, a policy of duplicates") == []


@pytest.mark.parametrize("words", ["my ssns are", "SOCIAL SECURITY number", "social-security no."])
def test_word_forms_need_no_lemmatiser(words):
    assert kinds_in(f"{words} 536904399") == ["US_SSN"]


def test_a_word_that_is_too_far_away_says_nothing():
    assert kinds_in("ssn " + "and then " * 8 + "536904399") == []


def test_the_nearer_word_decides():
    assert kinds_in("call about order 07700900417") == []
    assert kinds_in("order is late, call 07700900417") == ["PHONE_NUMBER"]


def test_the_reason_tells_every_step_and_no_text():
    hit = find("my ssn is 536-90-4399")[0]
    assert hit.score == pytest.approx(0.85)
    assert hit.reason == "pattern 'SSN5 (medium)' 0.50, beside 'ssn' 0.85"
    assert "checked" in find("4539 5787 6362 1486")[0].reason


def test_every_context_word_in_a_reason_is_one_of_ours():
    ours = {" ".join(map(presidio.stem, presidio.tokens_of(word))) for kind in KINDS.values() for word in kind.words}
    for hit in find("Zanzibar ssn 536-90-4399, Timbuktu phone 07700 900417"):
        assert re.search(r"beside '(.*?)'", hit.reason)[1] in ours


def test_overlapping_kinds_leave_one():
    assert kinds_in("her social security number is 536-90-4399, call 202-555-0143") == ["US_SSN", "PHONE_NUMBER"]
    assert kinds_in("card number 4539578763621486") == ["CREDIT_CARD"]


def test_spans_are_those_of_the_raw_text():
    text = "🎉 ｃａｒｄ\u200b 4539\u00a05787\u200b 6362 1486 🎉"
    source = SourceFile("sample")
    part = _PartBuilder(source, no_lists()).part("sample", {"pii": ["bank"]}, ())
    seen = part.detector.see(Document(key="k", text=text), None)
    assert [text[m.start : m.end] for m in seen.matches] == ["4539\u00a05787\u200b 6362 1486"]


def test_faults_say_what_to_write_instead():
    assert "did you mean CREDIT_CARD" in fault_of({"pii": ["CREDIT_CRAD"]})
    assert "entity" in fault_of({"pii": ["PERSON"]})
    assert "link" in fault_of({"pii": ["URL"]})


def test_every_kind_has_a_recogniser_a_group_that_exists_and_words():
    assert set(GROUPS) == {"any", "contact", "bank", "government-id", "health-id"}
    for kind in KINDS.values():
        assert kind.words
        assert kind.group in {*GROUPS, ""}
        if kind.place[0]:
            recogniser = presidio._recogniser(kind.name)
            assert recogniser.supported_entities == [kind.name]
            names = {pattern.name for pattern in recogniser.patterns}
            assert kind.skip <= names
            best = max(pattern.score for pattern in recogniser.patterns if pattern.name not in kind.skip)
            plain = type(recogniser).validate_result is presidio_base().validate_result
            # What the gate leaves out without a word beside it could never have been reported.
            assert not kind.needs_word or max(best, 0.0 if plain else kind.checked) < kind.threshold
            assert not kind.needs_word or kind.threshold <= presidio._WORD_LEAST
    assert AGAINST


def presidio_base():
    return type(presidio._recogniser("US_SSN")).__mro__[1]


# Lines around matches, with digits and letters of other scripts close by.
SAMPLES = [
    "my ssn is 536-90-4399",
    "4539 5787 6362 1486",
    "GB33BUKB20201555555555",
    "dana@kestrel.example",
    "call 07700 900417",
    "+44 20 7946 0018",
    "NI number AB123456C",
    "passport 912803456",
    "DNI 12345678Z",
    "nhs 943 476 5919",
    "131052-308T",
    "hetu ١٣١٠٥٢-308T",
    "ssn ٥٣٦-٩٠-٤٣٩٩",
    "call ０７７００ ９００４１７",
    "00:e0:b8:8d:42:ab",
    "aa:bb:cc:dd:ee:ff",
    "203.0.114.9",
    "2001:4860:4860::8888",
    "a@b.c",
]
pieces = st.one_of(
    st.sampled_from(SAMPLES),
    st.text(alphabet="0123456789٣४５a-zABZéßſK .-–@:()+/\n\u200b 　²Ⅷ", max_size=24),
    st.sampled_from(["", " ", "é", "ß", "٣", "４", "\u0301", "x", ":", "\u200b", "K"]),
)
texts = st.lists(pieces, max_size=6).map("".join)


def ungated(text, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(presidio, "possible", lambda _: frozenset(KINDS))
        find.cache_clear()
        found = find(text)
    find.cache_clear()
    return found


@settings(max_examples=150, deadline=None)
@given(text=texts)
def test_gated_and_ungated_find_the_same(text):
    with pytest.MonkeyPatch.context() as patch:
        everything = ungated(text, patch)
    assert find(text) == everything
    assert {hit.kind for hit in everything} <= possible(text)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if kind.place[0]])
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_what_a_pattern_of_presidio_matches_passes_its_gate(name, data):
    pattern = data.draw(st.sampled_from([pattern for pattern, _ in presidio._compiled(name)]))
    try:
        text = data.draw(st.from_regex(re.compile(pattern.regex.replace("(?i)", ""))))
    except re.error:
        return  # beyond the standard library's patterns
    word = min(KINDS[name].words)
    with pytest.MonkeyPatch.context() as patch:
        everything = ungated(f"{word} {text} {word}", patch)
    assert {hit.kind for hit in everything} <= possible(f"{word} {text} {word}")


def test_long_texts_have_the_same_finds_at_their_places():
    piece = "word " * 1000 + "my ssn is 536-90-4399, dana@kestrel.example, call +44 20 7946 0018. "
    found = find(piece * 5)
    assert [hit.kind for hit in found] == ["US_SSN", "EMAIL_ADDRESS", "PHONE_NUMBER"] * 5
    assert [hit.start % len(piece) for hit in found] == [hit.start for hit in find(piece)] * 5


@pytest.mark.parametrize(
    "text",
    [
        "a.b-c." * 170_000,
        "x@y." * 250_000,
        "lorem ipsum " * 85_000,
        "1" * 1_000_000,
        "@" * 1_000_000,
        "aa:" * 330_000,
    ],
    ids=["runs", "ats", "words", "digits", "only-ats", "colons"],
)
def test_what_stands_at_the_end_of_a_megabyte_is_found(text):
    found = find(text + " her ssn is 536-90-4399")
    assert [hit.kind for hit in found][-1] == "US_SSN"


def test_a_pattern_that_takes_too_long_leaves_the_post_incomplete(tmp_path, monkeypatch):
    policy = tmp_path / "own.yaml"
    policy.write_text(
        "policy: own\ntitle: Own\nrules:\n- id: card\n  title: A card\n  parts: {card: {pii: [CREDIT_CARD]}}\n"
        "  when: card\n  message: m\n  guidance: g\n  examples: {flag: ['4539 5787 6362 1486'], pass: [none]}\n",
        encoding="utf-8",
    )
    engine = Engine(load_ruleset(policy, root=tmp_path))

    def too_slow(*_, **__):
        raise TimeoutError

    find.cache_clear()
    monkeypatch.setattr(presidio, "_patterns", too_slow)
    found = engine.evaluate_one(Document(key="k", text="card 4539 5787 6362 1486"))
    find.cache_clear()
    assert found.status is Status.INCOMPLETE
    assert [(failure.detector, failure.kind, failure.error) for failure in found.failures] == [
        ("pii", "fault", "TimeoutError")
    ]


def test_neither_spacy_nor_a_half_loaded_package_stays_behind():
    code = (
        "import sys; from rules.presidio import find; find('my ssn is 536-90-4399, a@b.example, +44 20 7946 0018');"
        "assert 'spacy' not in sys.modules; assert not [m for m in sys.modules if m.startswith('presidio_analyzer')];"
        "import presidio_analyzer; presidio_analyzer.AnalyzerEngine; find('4539 5787 6362 1486');"
        "assert sys.modules['presidio_analyzer'] is presidio_analyzer"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
