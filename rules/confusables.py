"""What single characters pass for: letters of other scripts, styled, wide and invisible ones. No text, no context."""
# ruff: noqa: RUF001  look-alikes are the data

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

# Own selection; the pairs can be checked against https://www.unicode.org/Public/security/latest/confusables.txt
_ALIKE: Final = {
    "a": "аα", "c": "сϲ", "d": "ԁժ", "e": "еҽ", "g": "ց", "h": "һհ", "i": "іι", "j": "јϳ", "k": "кκ", "l": "ӏӀ",
    "n": "ո", "o": "оοօ", "p": "рρ", "q": "ԛզ", "s": "ѕ", "u": "υս", "v": "νѵ", "w": "ԝաѡ", "x": "хχ", "y": "уγү",
    "A": "АΑꓮᎪ", "B": "ВΒꓐᏴ", "C": "СϹꓚᏟ", "D": "ꓓᎠ", "E": "ЕΕꓰᎬ", "F": "Ϝꓝ", "G": "Ԍꓖ", "H": "НΗꓧᎻ", "I": "ІΙꓲ",
    "J": "ЈͿꓙᎫ", "K": "КΚꓗᏦ", "L": "ꓡᏞ", "M": "МΜꓟᎷ", "N": "Νꓠ", "O": "ОΟՕꓳ", "P": "РΡꓑᏢ", "Q": "Ԛ",
    "R": "ꓣᎡ", "S": "ЅՏꓢᏚ", "T": "ТΤꓔᎢ", "U": "Սꓴ", "V": "Ѵꓦ", "W": "Ԝꓪ", "X": "ХΧꓫ", "Y": "УΥҮꓬ", "Z": "Ζꓜ",
    "á": "ά", "é": "έ", "í": "ί", "ó": "ό", "ú": "ύ", "ë": "ё", "Ë": "Ё", "ï": "їϊ", "Ï": "Ї",
}  # fmt: skip

# Alike only by goodwill, so read as Latin only beside real Latin letters.
_NEARLY: Final = {
    "a": "дλ", "b": "вьβ", "d": "δ", "e": "эεє", "f": "ғ", "h": "нћђ", "m": "м", "n": "пиηи", "o": "σθөф", "r": "гяѓ",
    "t": "тτ", "u": "цџ", "w": "шщω", "x": "жҳ", "y": "чў", "z": "ζ",
    "A": "ДΛ", "B": "Ь", "E": "ЭΣЄ", "F": "Ғ", "N": "ПИ", "O": "ΘӨФ", "R": "ГЯ", "U": "Ц", "W": "ШЩ", "X": "Ж",
    "Y": "ЧЎ",
}  # fmt: skip

# Latin in Unicode's eyes too, but written for their looks.
_STYLED: Final = {
    "a": "ᴀɑ", "b": "ʙ", "c": "ᴄ", "d": "ᴅ", "e": "ᴇ", "f": "ꜰ", "g": "ɢɡ", "h": "ʜ", "i": "ɪıɩ", "j": "ᴊȷ",
    "k": "ᴋĸ", "l": "ʟ", "m": "ᴍ", "n": "ɴ", "o": "ᴏ", "p": "ᴘ", "q": "ꞯ", "r": "ʀ", "s": "ꜱ", "t": "ᴛ", "u": "ᴜ",
    "v": "ᴠ", "w": "ᴡ", "y": "ʏ", "z": "ᴢ",
}  # fmt: skip

#: White on black, in a circle or a square: Unicode gives these no decomposition.
_NEGATIVE: Final = {chr(first + i): chr(ord("A") + i) for first in (0x1F150, 0x1F170) for i in range(26)}


def _inverted(table: Mapping[str, str]) -> dict[str, str]:
    return {foreign: latin for latin, foreigners in table.items() for foreign in foreigners}


#: Foreign letter -> the Latin letter that nobody can tell it from, in this case.
ALIKE: Final[Mapping[str, str]] = MappingProxyType(_inverted(_ALIKE))
#: `ALIKE` and the letters that pass for Latin ones among Latin ones.
PASSING: Final[Mapping[str, str]] = MappingProxyType(_inverted(_NEARLY) | _inverted(_ALIKE))
#: Small capitals, script and negative letters -> plain Latin ones.
STYLED: Final[Mapping[str, str]] = MappingProxyType(_inverted(_STYLED) | _NEGATIVE)

# Cf that show (Arabic number signs and the like); dropping them would change what is read.
_VISIBLE_FORMATS: Final = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd")
# Invisible without being Cf: joiners, Hangul and Khmer fillers, the Braille blank, variation selectors.
_INVISIBLE: Final = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, range(0xFE00, 0xFE10)))
)
_IGNORABLE_PLANE: Final = range(0xE0000, 0xE1000)
_WIDTH_TAGS: Final = frozenset({"<wide>", "<narrow>", "<font>", "<circle>", "<square>", "<small>"})
_LETTER_TAGS: Final = frozenset({"<super>", "<sub>"})
_SHAPE_TAGS: Final = frozenset({"<compat>", "<initial>", "<medial>", "<final>", "<isolated>"})
_TYPOGRAPHIC: Final = (
    dict.fromkeys("‘’‚‛‹›ʼ´′", "'") | dict.fromkeys("“”„‟«»″", '"') | dict.fromkeys("‐‑‒–—―−⁃﹘﹣", "-")
)  # fmt: skip


def light_character(character: str) -> str:
    """Return what one character is without its looks: "" for an invisible one, plain forms for width and font."""
    category = unicodedata.category(character)
    if category == "Cf" and character not in _VISIBLE_FORMATS:
        return ""
    if character in _INVISIBLE or ord(character) in _IGNORABLE_PLANE:
        return ""
    if category == "Zs":
        return " "
    tag = unicodedata.decomposition(character).partition(" ")[0]
    plain = unicodedata.normalize("NFKC", character)
    if (
        tag in _WIDTH_TAGS
        or (tag in _LETTER_TAGS and plain.isalpha())
        or (tag in _SHAPE_TAGS and plain.isalnum())
    ):  # fmt: skip
        return plain
    return character


def plain_character(character: str) -> str:
    """Return `light_character` with typographic quotes and dashes as ASCII ones and styled letters as Latin ones."""
    return "".join(_TYPOGRAPHIC.get(part) or STYLED.get(part, part) for part in light_character(character))


# Blocks that hold the letters of most posts, and emoji.
_LETTER_BLOCKS: Final = (
    range(0xC0, 0x250),
    range(0x370, 0x588),
    range(0x5D0, 0x5EB),
    range(0x620, 0x66A),
    range(0x900, 0x980),
)
# No character of these changes (a test goes through them); too many to ask each at import.
_STEADY_BLOCKS: Final = (
    "\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff\uac00-\ud7a3"
    "\U0001f300-\U0001f64f\U0001f680-\U0001f6ff\U0001f900-\U0001faff"
)


def _steady_class() -> str:
    letters = (chr(code) for block in _LETTER_BLOCKS for code in block)
    return _STEADY_BLOCKS + "".join(letter for letter in letters if plain_character(letter) == letter)


#: The inside of a regex class: non-ASCII characters that `plain_character` leaves alone; not all, but the usual ones.
STEADY: Final = _steady_class()
