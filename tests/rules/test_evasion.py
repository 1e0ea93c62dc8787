"""Ways to hide a listed word or a value from a reader of patterns, and honest texts that look like them."""

from __future__ import annotations

import base64

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
    before = {
        "EMAIL_ADDRESS": "write to: ",
        "CREDIT_CARD": "pay by card: ",
        "US_SSN": "my ssn is ",
        "PHONE_NUMBER": "ring her on ",
    }
    text = before[kind] + written + after
    matches = pii(text, kind)
    assert marked(text, matches) == [written.rstrip("\ufe0f\u20e3") if written.endswith("\u20e3") else written]


@pytest.mark.parametrize(
    "text",
    [
        f"aws_access_key_id={KEY}",
        "postgres://app:qu4y-side@db.norwell.example/main",
        "Password is Harbour!Quay7 till Friday.",
    ],
)
@pytest.mark.parametrize("around", ["{}", "look: {} (x)", "data:\n  blob - {}\n"])
def test_a_secret_in_base64_is_found_whole(text, around):
    hidden = base64.b64encode(text.encode()).decode()
    posted = around.format(hidden)
    (match,) = secrets(posted)
    assert posted[match.start : match.end] == hidden
    assert "base64" in match.reason


# --- suppression of abuse -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", ["b1u3f1n", "knabtserC", "Crestbnak"])
@pytest.mark.parametrize(
    "place",
    [
        "https://x.example/{}/a",
        "www.x.example?q={}",
        "`{}`",
        "```\nrun {}\n```",
        "text\n\n    let {} = 1\n",
        "aGk/{}+x9Qw/7fLkM2pQ8rTz5vBn1m0Kd4",
    ],
)
def test_what_only_looks_like_a_word_by_chance_counts_in_prose_alone(written, place):
    assert terms(place.format(written)) == ()
    assert marked(written, terms(written)) == [written]


def test_a_plain_word_in_code_or_a_link_still_counts():
    for text in ("`Bluefin`", "https://x.example/bluefin"):
        assert [match.confidence for match in terms(text)] == [0.95]


def test_what_listed_words_are_looked_for_in_is_not_looked_for_in_the_phrases_of_a_rule():
    keys = TermsKeys.model_validate({"terms": ["sunflower", "seed bank"]})
    part = Terms.build(keys, Material(lists={}, build=lambda *_: None))
    for text in ("sunflwoer", "rewolfnus", "#mysunflowerday", "seed\nbanc", "#seedbank", "sun\nflower"):
        assert part.see(Document(key="k", text=text), lambda _: None).matches == (), text


@pytest.mark.parametrize(
    "text",
    [
        "Crestbanks",
        "Crestbank2",
        "sunflowery",
        "Sunflowers",
        "Projects Harrier".replace("Projects", "Objects"),
        "Crest bank",
        "Sunflowering",
        "knabtserCx",
    ],
)
def test_inflections_numbers_and_ordinary_words_are_no_typos(text):
    assert marked(text, terms(text)) == []


@pytest.mark.parametrize("text", ["no\nrisk", "NO\u00a0RISK", "no-risk", "cafe\u0301", "it’s", "ﬁne"])
def test_honest_writing_is_called_no_disguise(text):
    keys = TermsKeys.model_validate({"terms": ["no risk", "café", "it's", "fine"]})
    part = Terms.build(keys, Material(lists={}, build=lambda *_: None))
    (match,) = part.see(Document(key="k", text=text), lambda _: None).matches
    assert (match.confidence, match.reason) == (0.95, "")


def test_a_joiner_that_persian_needs_is_no_disguise():
    keys = TermsKeys.model_validate({"terms": ["می\u200cخواهم"]})
    part = Terms.build(keys, Material(lists={}, build=lambda *_: None))
    (match,) = part.see(Document(key="k", text="من می\u200cخواهم"), lambda _: None).matches
    assert match.confidence == 0.95


# --- whatever is put into a word ------------------------------------------------------------------------------------

#: Puts noise of one class between the letters of a word, by the numbers given.
NOISE = {
    "invisible": "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\U000e0041",
    "marks": "\u0335\u0336\u0337\u0338\u0489"[:4],
    "emoji": "🔥🎉😀⭐",
}
LOOKS = {"l": "lӏⓛ𝓵ｌʟ", "u": "uυⓤ𝓾ｕᴜ", "e": "eеⓔ𝓮ｅᴇ", "f": "fⓕ𝓯ｆꜰ", "i": "iіⓘ𝓲ｉɪ", "n": "nոⓝ𝓷ｎɴ"}
LEET = {"l": "l1|", "u": "u", "e": "e3", "f": "f", "i": "i1!", "n": "n"}


@st.composite
def hidden(draw):
    kind = draw(st.sampled_from([*NOISE, "looks", "leet", "spaced", "stretched", "broken", "markup"]))
    rest = "luefin"
    if kind in NOISE:
        between = st.text(NOISE[kind], min_size=kind == "marks", max_size=3)
        return "B" + "".join(draw(between) + letter for letter in rest)
    if kind in {"looks", "leet"}:
        table = LOOKS if kind == "looks" else LEET
        return "B" + "".join(draw(st.sampled_from(table[letter])) for letter in rest)
    if kind == "spaced":
        gap = draw(st.sampled_from([" ", ".", "-", "_", "*", "/", " - ", ". ", "..", "·", " 🔥 ", "\n"]))
        return "B" + "".join(gap + letter for letter in rest)
    if kind == "stretched":
        return "B" + "".join(letter * draw(st.sampled_from([1, 3, 7])) for letter in rest)
    at = draw(st.integers(1, 6))
    mark = draw(
        st.sampled_from(
            ["\n", "-\n", "-\r\n> "] if kind == "broken" else ["**", "__", "~~", "`", "||", "<i>", "&shy;", "&#8203;"]
        )
    )
    return "Bluefin"[:at] + mark + "Bluefin"[at:]


AROUND = ["{}", "So {}!", "🎉 é ({})", "\u200fשלום {} שלום", "ok. {}? yes", "ne\u0301\u200b {}, it is"]


@settings(deadline=None, max_examples=300)
@given(hidden(), st.sampled_from(AROUND))
def test_whatever_noise_is_put_into_a_word_it_is_found_from_first_letter_to_last(written, around):
    text = around.format(written)
    assert written in marked(text, terms(text))


RULES = load_ruleset(lists={**LISTS, "codenames": of_terms("codenames", LISTED)})
LAZY, FULL = Engine(RULES), Engine(RULES, lazy=False)
ENCODED = base64.b64encode(f"aws_access_key_id={KEY}".encode()).decode()
planted = (
    hidden()
    | st.sampled_from([written for _, written in DISGUISED_TERMS])
    | st.sampled_from(CONTROLS)
    | st.sampled_from(
        ["#bluefinlaunch", "#projectharrier", ENCODED, f"key {ENCODED[:-3]}", "card 4.5.3.9.5.7.8.7.6.3.6.2.1.4.8.6"]
    )
    | st.sampled_from(
        ["mail dana at kestrel dot example", "call 07700/900/417", "ssn five three six nine oh four three nine nine"]
    )
)


@settings(deadline=None, max_examples=40)
@given(st.lists(planted, min_size=1, max_size=2).map(" ".join), st.sampled_from(AROUND))
def test_gates_open_for_every_disguise(written, around):
    documents = [
        Document(key="k", text=around.format(written), context=Context(audience="external", at=NOW)) for _ in range(2)
    ]
    assert LAZY.evaluate_one(documents[0]) == FULL.evaluate_one(documents[1])


def test_rules_that_ship_see_through_disguises():
    texts = {
        "confidentiality.codename": "Can't wait for Blue🔥fin to ship!",
        "credentials.provider-key": f"config: {ENCODED}",
        "personal-data.bank-account": "Her card is 4539.5787.6362.1486 exp 09/28",
    }
    for rule, text in texts.items():
        document = Document(key="k", text=text, context=Context(audience="external", at=NOW))
        found = [
            one for one in LAZY.evaluate_one(document).findings if one.rule.partition(".")[0] == rule.partition(".")[0]
        ]
        assert any("written in disguise" in match.reason for one in found for match in one.matches), rule


UNITS = ["\u0336", ".", "🔥", "a🔥", "a.", "a. ", "#bluefin", "&#66;", "**a", "_a", "a\n", "1 ", "1*", "one ", "a at b dot ", "a@b . ", "[at]", "crest", "bank ", "QUJD", "<a", "-\n"]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
def test_hostile_repetition_is_read_in_steps_that_grow_with_its_length(unit):
    """Not timed: what is quadratic does not come back from 200,000 characters."""
    text = unit * (200_000 // len(unit))
    document = Document(key="k", text=text)
    keys = TermsKeys.model_validate({"terms": ["$codenames"]})
    Terms.build(keys, Material(lists=LIST, build=lambda *_: None)).see(document, lambda _: None)
    assert all(len(one.copy.text) <= len(text) for one in document.spelled)
    secrets(text)
