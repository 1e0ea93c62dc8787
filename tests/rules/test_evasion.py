"""Ways to hide a listed word or a value from a reader of patterns, and honest texts that look like them."""
# ruff: noqa: RUF001, RUF003  disguises are data

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.detectors.base import Material
from rules.detectors.pii import Pii, PiiKeys
from rules.detectors.secret import Secret, SecretKeys
from rules.detectors.terms import Terms, TermsKeys
from rules.document import Context, Document
from rules.engine import Engine
from rules.lists import of_terms
from rules.load import load_ruleset
from tests.rules.samples import LISTS, NOW

LISTED = ["Bluefin", "Project Harrier", "Crestbank", "Alderway Save", "Sunflower", "Decade"]
LIST = {"codenames": of_terms("codenames", LISTED)}
KEY = "AKIA" + "QYLPMN5HHHFPZAM2"
CARD = "4539 5787 6362 1486"


def terms(text, *more):
    keys = TermsKeys.model_validate({"terms": ["$codenames", *more]})
    part = Terms.build(keys, Material(lists=LIST, build=lambda *_: None))
    return part.see(Document(key="k", text=text), lambda _: None).matches


def pii(text, *kinds):
    part = Pii.build(PiiKeys.model_validate({"pii": list(kinds or ["any"])}), Material(lists={}, build=lambda *_: None))
    return part.see(Document(key="k", text=text), lambda _: None).matches


def secrets(text):
    part = Secret.build(SecretKeys.model_validate({"secret": "any"}), Material(lists={}, build=lambda *_: None))
    return part.see(Document(key="k", text=text), lambda _: None).matches


def marked(text, matches):
    return [text[match.start : match.end] for match in matches]


#: What the reason names, and how the word is written.
DISGUISED_TERMS = [
    ("width", "Ｂｌｕｅｆｉｎ"),
    ("width", "ｂluefin"),
    ("styled letters", "𝓑𝓵𝓾𝓮𝓯𝓲𝓷"),
    ("styled letters", "ʙʟᴜᴇꜰɪɴ"),
    ("look-alikes", "ʙʟᴜᴇғɪɴ"),
    ("invisible", "Blue\u200bfin"),
    ("invisible", "B\u200bl\u200du\u2060e\ufefff\u200ci\u200bn"),
    ("invisible", "Blue\u00adfin"),
    ("invisible", "Blue\U000e0041fin"),
    ("marks", "B\u0336l\u0336u\u0336e\u0336f\u0336i\u0336n"),
    ("marks", "B\u0301\u0302\u0336luefin"),
    ("look-alikes", "Вluеfin"),
    ("look-alikes", "Bluefιn"),
    ("look-alikes", "Βluefin"),
    ("leet", "b1u3f1n"),
    ("leet", "8luef!n"),
    ("spaced", "B l u e f i n"),
    ("spaced", "b.l.u.e.f.i.n"),
    ("spaced", "B. L. U. E. F. I. N"),
    ("spaced", "b - l - u - e - f - i - n"),
    ("spaced", "b.l u-e_f*i n"),
    ("spaced", "b/l/u/e/f/i/n"),
    ("spaced", "b·l·u·e·f·i·n"),
    ("spaced", "b\nl\nu\ne\nf\ni\nn"),
    ("spaced", "b..l..u..e..f..i..n"),
    ("stretched", "Blueeeefin"),
    ("stretched", "bbbluuuefiiinnn"),
    ("emoji", "Blue🔥fin"),
    ("emoji", "b🔥l🔥u🔥e🔥f🔥i🔥n"),
    ("emoji", "B👩\u200d👩\u200d👧luefin"),
    ("hyphenated", "Blue-\nfin"),
    ("hyphenated", "Blue-\r\n> fin"),
    ("broken", "Blue\nfin"),
    ("markup", "&#66;luefin"),
    ("markup", "B&#x6C;uefin"),
    ("markup", "B**lue**fin"),
    ("markup", "B__lu__efin"),
    ("markup", "Blue||fin"),
    ("markup", "Blue<b>fin"),
    ("markup", "Blue<!-- x -->fin"),
    ("markup", "Blue&shy;fin"),
    ("markup", "Bl`ue`fin"),
    ("reversed", "nifeulB"),
    ("reversed", "knabtserC"),
    ("typo", "Crestbnak"),
    ("typo", "Cresbank"),
    ("typo", "Crestbanck"),
    ("typo", "Crestbamk"),
    ("typo", "Project Harier"),
    ("typo", "Sunflwoer"),
    ("line", "Project\nHarrier"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "written"), DISGUISED_TERMS)
@pytest.mark.parametrize("around", ["{}", "So {} ships!", "🎉 we saw {}, today", "Ütüber ({}) é"])
def test_a_disguised_term_is_found_from_its_first_letter_to_its_last(name, written, around):
    text = around.format(written)
    (match,) = terms(text)
    assert text[match.start : match.end] == written
    if name != "line":
        assert f"written in disguise: {name}" in match.reason
        assert match.confidence < 0.95


@pytest.mark.parametrize(
    ("tag", "term"),
    [
        ("#bluefinlaunch", "bluefin"),
        ("#launchbluefin", "bluefin"),
        ("#BLUEFINDAY", "BLUEFIN"),
        ("#thebluefinteam", "bluefin"),
        ("#projectharrier", "projectharrier"),
        ("#projectharrierlaunch", "projectharrier"),
        ("#bluefin2026", "bluefin"),
    ],
)
def test_a_listed_word_joined_to_others_in_a_hashtag(tag, term):
    text = f"wow 🎉 {tag}!"
    (match,) = terms(text)
    assert text[match.start : match.end] == term
    assert "joined" in match.reason


CONTROLS = [
    "👨\u200d👩\u200d👧\u200d👦 ❤️\u200d🔥 🏳️\u200d🌈",
    "می\u200cخواهم کتاب\u200cها را ببینم",
    "Сегодня мы открыли новый офис в Москве и очень рады",
    "Ο καιρός είναι καλός σήμερα και πάμε βόλτα",
    "José Núñez, Łukasz Żółć, Søren Ørsted, Nguyễn Văn",
    "Donaudampfschifffahrtsgesellschaft und Schifffahrt, Bestelllisten, Balletttänzer",
    "def blue(fin: str) -> None:\n    return blue_fin * fin**2  # b * l * u",
    "  /\\_/\\\n ( o.o )\n  > ^ <\n|_|_|_|_|",
    "#bluefinishline #bluefinishlines #Bluefinishline #BLUEFINISHLINE",
    "#sunflowers",
    "bluefish bluefins blue fin bluffing bluefire",
    "sunflowers in sunlight, a sunflowery sun",
    "∀x∈ℝ: ∂f/∂x = ∇·𝐅, ⟨ψ|Ĥ|ψ⟩ = ℏω and 𝑬 = 𝑚𝑐²",
    "S A L E   T O D A Y: U S A, A B C D E F G",
    "1 across: B _ U _ F _ N (7), 2 down: _ L _ E",
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==",
    "d41d8cd98f00b204e9800998ecf8427e e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "commit 9fceb02d0ae598e95dc970b74767f19372d61af8\n index 83db48f..bf2a5e1 100644\n--- a/b1u.c\n+++ b/b1u.c",
    "今日は新しいオフィスを開きました。本日開業。새로운 사무실을 열었습니다",
    "see https://x.example/b1u3f1n and https://x.example/knabtserC?q=Crestbnak",
    "```\nb1u3f1n = nifeulb\n``` and `b1u3f1n`",
    "f00d:b4d3:d3cad3 d3cad3 d3c4d3",
    "id aGk/b1u3f1n+x9Qw/7fLkM2pQ8rTz5vBn1m0Kd4",
    "12/05/2026 10:30:15, 1.000.000,00 and 3/4/5/6/7/8/9",
    "one two three four five six seven eight nine ten",
    "look at amazon dot com, find us at kestrel dot example",
    "a & b &amp; c &lt;d&gt; R&D **bold** _it_ ~~gone~~",
]  # fmt: skip


@pytest.mark.parametrize("text", CONTROLS)
def test_honest_texts_stay_clean(text):
    assert marked(text, terms(text)) == []
    assert marked(text, pii(text)) == []
    assert marked(text, secrets(text)) == []


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("dana at kestrel dot example", "EMAIL_ADDRESS"),
        ("dana [at] kestrel [dot] example", "EMAIL_ADDRESS"),
        ("dana(at)kestrel(dot)example", "EMAIL_ADDRESS"),
        ("dana.lowe AT kestrel DOT co DOT uk", "EMAIL_ADDRESS"),
        ("dana dot lowe at gmail dot com", "EMAIL_ADDRESS"),
        ("dana @ kestrel . example", "EMAIL_ADDRESS"),
        ("dana&#64;kestrel.example", "EMAIL_ADDRESS"),
        ("4539.5787.6362.1486", "CREDIT_CARD"),
        ("4539*5787*6362*1486", "CREDIT_CARD"),
        ("4539 / 5787 / 6362 / 1486", "CREDIT_CARD"),
        ("4 5 3 9 5 7 8 7 6 3 6 2 1 4 8 6", "CREDIT_CARD"),
        ("4.5.3.9.5.7.8.7.6.3.6.2.1.4.8.6", "CREDIT_CARD"),
        ("4539🔥5787🔥6362🔥1486", "CREDIT_CARD"),
        ("4️⃣5️⃣3️⃣9️⃣5️⃣7️⃣8️⃣7️⃣6️⃣3️⃣6️⃣2️⃣1️⃣4️⃣8️⃣6️⃣", "CREDIT_CARD"),
        ("four five three nine five seven eight seven six three six two one four eight six", "CREDIT_CARD"),
        ("FOUR FIVE 3 nine, 5787, six three six two one four eight six", "CREDIT_CARD"),
        ("536/90/4399", "US_SSN"),
        ("5 3 6 9 0 4 3 9 9", "US_SSN"),
        ("five three six nine oh four three nine nine", "US_SSN"),
        ("07700/900/417", "PHONE_NUMBER"),
        ("oh seven seven oh oh nine oh oh four one seven", "PHONE_NUMBER"),
    ],
)
@pytest.mark.parametrize("after", ["", " thanks", "\n🎉"])
def test_disguised_personal_data_is_found_whole(written, kind, after):
    before = {"EMAIL_ADDRESS": "write to: ", "CREDIT_CARD": "pay by card: ", "US_SSN": "my ssn is ", "PHONE_NUMBER": "ring her on "}
    text = before[kind] + written + after
    matches = pii(text, kind)
    assert marked(text, matches) == [written.rstrip("\ufe0f\u20e3") if written.endswith("\u20e3") else written]


@pytest.mark.parametrize("text", [f"aws_access_key_id={KEY}", "postgres://app:qu4y-side@db.norwell.example/main", "Password is Harbour!Quay7 till Friday."])
@pytest.mark.parametrize("around", ["{}", "look: {} (x)", "data:\n  blob - {}\n"])
def test_a_secret_in_base64_is_found_whole(text, around):
    hidden = base64.b64encode(text.encode()).decode()
    posted = around.format(hidden)
    (match,) = secrets(posted)
    assert posted[match.start : match.end] == hidden
    assert "base64" in match.reason
