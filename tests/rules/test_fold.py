from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.confusables import STEADY, light_character, plain_character
from rules.disguise import disguised
from rules.fold import FOLD, Copy, folded, light

INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u3164\u115f\u1160\u2800\uffa0\ufe0f\u202e\U000e0041\U000e0100"
TRICKY = (
    "aAeEzZ019@$!|€ \t\n-_#.*'é\u0301\u0336\u0308\u3099ßİǰ\u0344\u0340аеосрАЯѕιοΣςᴀʙ🅱ＡⒷ𝓬ﬁ½²…’“—\u00a0\u2028\x85"
    + INVISIBLE + "한한か🎉👨\u200d👩ش\ufdfa\x00\ud800"
)  # fmt: skip
anything = st.text() | st.text(alphabet=TRICKY) | st.text(alphabet="#aAbBcC_01 \u200b-.")


def seen_as(copy: Copy, word: str, raw: str) -> str:
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", copy.text)
    assert found, f"{word!r} not in {copy.text!r}"
    start, end = copy.raw_span(*found.span())
    return raw[start:end]


def copies(raw: str) -> list[Copy]:
    return [light(raw), folded(raw), *(one.copy for one in disguised(raw))]


def undone(raw: str, name: str) -> list[str]:
    return [one.copy.text for one in disguised(raw) if one.name == name]


@settings(deadline=None)
@given(anything)
def test_every_span_of_every_copy_maps_inside_the_raw_text_in_order(raw):
    for copy in copies(raw):
        spans = [copy.raw_span(at, at + 1) for at in range(len(copy.text))]
        assert all(0 <= start < end <= len(raw) for start, end in spans)
        assert spans == sorted(spans)
        assert [end for _, end in spans] == sorted(end for _, end in spans)
        if spans:
            assert copy.raw_span(0, len(spans)) == (spans[0][0], spans[-1][1])


@settings(deadline=None)
@given(anything)
def test_replaying_the_edits_gives_the_text_that_the_quick_way_gave(raw):
    for copy in copies(raw):
        if copy._stages:
            assert copy.replayed()[0] == copy.text
    assert Copy("", raw, FOLD).replayed()[0] == folded(raw).text


@settings(deadline=None)
@given(st.text(alphabet="abcdeéшщβ", min_size=1), st.lists(st.sampled_from(INVISIBLE), min_size=1), st.data())
def test_invisible_characters_inside_a_word_change_nothing(word, extra, data):
    hidden = word
    for character in extra:
        at = data.draw(st.integers(0, len(hidden)))
        hidden = hidden[:at] + character + hidden[at:]
    assert folded(hidden).text == folded(word).text


@settings(deadline=None)
@given(anything)
def test_folding_is_the_same_whatever_way_the_accents_are_typed(raw):
    composed = unicodedata.normalize("NFC", "café " + "".join(c for c in raw if c.isascii()))
    assert folded(unicodedata.normalize("NFD", composed)).text == folded(composed).text


def test_characters_skipped_as_steady_are_ones_that_stay():
    steady = re.compile(f"[{STEADY}]")
    everything = map(chr, range(0x80, 0x30000))
    assert [
        hex(ord(c)) for c in everything if steady.match(c) and (plain_character(c), light_character(c)) != (c, c)
    ] == []


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("", ""),
        (" \n ", " "),
        ("Well-known  Re\tsult\n\n", "well known re sult "),
        ("a - b -- c -d", "a - b -- c -d"),
        ("Ｂｌｕｅｆｉｎ！", "bluefin!"),
        ("𝓫𝓵𝓾𝓮𝓯𝓲𝓷 ⓑⓛⓤⓔ ᴮᴸᵁᴱ ʙʟᴜᴇ 🅱lue ﬁn", "bluefin blue blue blue blue fin"),
        ("it’s “new” — really…", 'it\'s "new" - really…'),
        ("launch—now", "launch now"),
        ("cafe\u0301 CAFÉ", "café café"),
        ("s\u0336e\u0336c\u0336r\u0336e\u0336t\u0336 \u0336plan", "secret plan"),
        ("s\u0301\u0302\u0336\u0300e\u0301\u0302\u0336cret", "secret"),
        ("\u0336secret", "secret"),
        ("1\ufe0f\u20e32\ufe0f\u20e3", "12"),
        ("İstanbul STRASSE straße", "istanbul strasse strasse"),
        ("e\u0302\u0301", "ế"),
        ("α\u0301λφα", "άλφα"),
        ("\u1112\u1161\u11ab", "한"),
        ("か\u3099", "が"),
    ],
)
def test_folding_takes_the_looks_away(raw, text):
    assert folded(raw).text == text


@pytest.mark.parametrize(
    "raw",
    ["sеcrеt", "SЕCЯЕT", "ѕесrеt", "sεcrεt", "ꓢecret", "sеcret", "we said ѕесrеt"],
)
def test_letters_of_other_scripts_among_latin_ones_read_as_latin(raw):
    assert seen_as(folded(raw), "secret", raw) == raw.rpartition(" ")[2]


def test_a_word_of_look_alikes_only_reads_as_latin_in_a_latin_text():
    assert folded("this is the best ѕсоре yet").text == "this is the best scope yet"


@pytest.mark.parametrize(
    "raw",
    [
        "сегодня мы открыли новый офис в москве",
        "а вот и оно, сор",
        "купил iphone в москве и очень рад",
        "ο καιρός είναι καλός σήμερα",
        "я люблю café и naïve",
        "sms-сообщение, 日本語のテスト, αβγ",
        "größenwahn donaudampfschifffahrt",
        "josé núñez, łukasz żółć, søren ørsted, nguyễn",
    ],
)
def test_honest_writing_keeps_its_letters(raw):
    assert folded(raw).text == raw.casefold().replace("-", " ")


def test_persian_words_lose_their_joiner_and_nothing_else():
    raw = "می\u200cخواهم بروم"
    assert folded(raw).text == "میخواهم بروم"
    assert seen_as(folded(raw), "میخواهم", raw) == "می\u200cخواهم"


def test_emoji_families_do_not_disturb_the_words_around_them():
    raw = "👨\u200d👩\u200d👧\u200d👦 Bluefin\ufe0f❤️\u200d🔥 tuna"
    assert seen_as(folded(raw), "bluefin", raw) == "Bluefin"
    assert seen_as(folded(raw), "tuna", raw) == "tuna"


def test_a_span_takes_in_what_was_dropped_inside_a_word_and_not_what_was_dropped_around_it():
    raw = "x \u200bB\u0336l\u200bue\u0301\u0336\u200b y"
    assert seen_as(folded(raw), "blué", raw) == "B\u0336l\u200bue\u0301"


def test_light_keeps_case_hyphens_and_letters_of_other_scripts():
    raw = "Ｃａｌｌ +４９-30\u200b12 sеcret"
    assert light(raw).text == "Call +49-3012 sеcret"
    assert raw[slice(*light(raw).raw_span(5, 13))] == "+４９-30\u200b12"


def test_arabic_number_signs_stay_visible():
    assert light("\u0600١٢").text == "\u0600١٢"


def test_a_span_outside_the_copy_is_refused():
    with pytest.raises(IndexError, match="outside a copy of 3"):
        folded("abc").raw_span(2, 4)


def test_no_copy_shows_text_in_its_repr():
    raw = "sеcret b1uef1n"
    assert "cret" not in repr(folded(raw))
    assert "fin" not in repr(disguised(raw))


def test_digits_and_signs_read_as_letters_in_words():
    raw = "b1uef1n is 5ecret, $ecret, s3cr3t; p4$$w0rd!"
    leet = undone(raw, "leet")
    assert "bluefin is secret, secret, secret; password!" in leet
    assert len(leet) == 4
    for one in disguised(raw):
        if "bluefin" in one.copy.text:
            assert seen_as(one.copy, "bluefin", raw) == "b1uef1n"


@pytest.mark.parametrize(
    "raw",
    [
        "at 10am, 4pm or 10:30",
        "$400k, $1bn, €50m, 100ml, 401k",
        "a 4x4, an mp3, b2b, q4, sha1, web3 and h264",
        "a1b0c3d4e5f60718 d41d8cd98f00b204e9800998ecf8427e v1.0.3 2024-01-01",
        "wow!! great!!! no | yes",
        "",
    ],
)
def test_amounts_times_ids_and_names_with_numbers_are_not_words_in_disguise(raw):
    assert [text for text in undone(raw, "leet") if "web" not in text] == []


@pytest.mark.parametrize("raw", ["b l u e f i n", "b.l.u.e.f.i.n", "B-L-U-E-F-I-N", "b_l_u_e_f_i_n", "b*l*u*e*f*i*n"])
def test_spaced_letters_are_joined(raw):
    (one,) = disguised(f"so {raw}!")
    assert (one.name, seen_as(one.copy, "bluefin", f"so {raw}!")) == ("spaced", raw)


def test_wider_gaps_between_spaced_letters_part_words():
    assert undone("s e c r e t  p l a n", "spaced") == ["secret plan"]


def test_a_spaced_heading_is_joined_with_an_exact_map():
    (one,) = disguised("ABBA: M A N I A tour")
    assert one.copy.text == "abba: mania tour"
    assert one.copy.raw_span(6, 11) == (6, 15)
    assert one.copy.raw_span(12, 16) == (16, 20)


@pytest.mark.parametrize("raw", ["I am a b c", "plan B, or a C", "e.g. i.e. U.S.A", "a b cd e f gh", "1 2 3 4 5"])
def test_short_runs_of_single_letters_stay(raw):
    assert undone(raw, "spaced") == []


def test_stretched_letters_shrink_to_one_and_to_two():
    raw = "soooecret Blueeefin schiiip"
    assert undone(raw, "stretched") == ["soecret bluefin schip", "sooecret blueefin schiip"]
    assert seen_as(disguised(raw)[0].copy, "bluefin", raw) == "Blueeefin"


def test_german_compounds_with_three_letters_in_a_row_stay_in_the_folded_copy():
    assert folded("Schifffahrt").text == "schifffahrt"


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ("#BluefinLaunch", "bluefin launch"),
        ("#Bluefin2024", "bluefin 2024"),
        ("#blue_fin", "blue fin"),
        ("#HTMLParserÉté", "html parser été"),
    ],
)
def test_camel_case_hashtags_are_split(tag, words):
    raw = f"see {tag} now"
    (one,) = [one for one in disguised(raw) if one.name == "camel"]
    assert one.copy.text == f"see {words} now"
    assert seen_as(one.copy, words, raw) == tag[1:]


def test_a_word_inside_a_longer_hashtag_stays_inside_it():
    for copy in copies("#bluefinishline #Bluefinishline #BLUEFINISHLINE"):
        assert not re.search(r"(?<!\w)bluefin(?!\w)", copy.text)


@pytest.mark.parametrize(
    "raw",
    [
        "We are happy to share that our team won the award for best product, thanks to you all!",
        "def fold(raw: str) -> str:\n    return raw.lower()",
        "(\\_/)\n(='.'=)\n(\")_(\")",
        "Мы рады сообщить, что наша команда получила награду",
    ],
)
def test_plain_text_yields_no_further_copy(raw):
    assert disguised(raw) == ()


UNITS = ["a", "é", "e\u0301\u0316", "а\u200b", "1l", "a ", "#aB", "\x00", "\ud800", "\u0301", "  ", "a-"]


@pytest.mark.parametrize("unit", UNITS)
def test_a_long_run_of_anything_folds_and_maps_back(unit):
    raw = unit * (50_000 // len(unit))
    for copy in copies(raw):
        if copy.text:
            assert copy.raw_span(0, len(copy.text))[1] <= len(raw)


def test_a_megabyte_folds():
    raw = "".join(UNITS) * 50_000
    assert len(folded(raw).text) < len(raw)
    assert len(light(raw).text) < len(raw)
