"""Numbers in a text, whatever the language's way to write them: what each could mean.

A number that is written in digits must be found again in a translation. What is written otherwise (Chinese numerals but
those that count articles, Roman numerals, names of months) may stand for a number in digits on the other side, and is
not asked for itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from tasks.translating.wordlists import ERAS, MAGNITUDES, MONTHS

_SEPARATORS = str.maketrans({"٫": ".", "٬": ",", "’": "'", "＇": "'", "\u2011": "-", "\u2012": "-", "\u2013": "-"})
_RAISED = re.compile("[⁰¹²³⁴-⁹₀-₉]+")
_NARROW = re.compile(r"(?<=\d)[\u00a0\u2007\u2009\u202f](?=\d{3}(?!\d))")
_SPACED = re.compile(r"(?<![\d.,'])(\d{1,3})((?: \d{3})+)(?![\d])")
_DIGITS = "〇零一二三四五六七八九"
_UNITS = {"十": 10, "百": 100, "千": 1_000, "万": 10_000, "萬": 10_000, "億": 10**8, "亿": 10**8, "兆": 10**12}
_CHINESE = re.compile(
    rf"(?:(?<![\d.,])\d{{1,15}}(?:[.,]\d{{1,15}}){{0,4}}[{''.join(_UNITS)}]|[{_DIGITS}{''.join(_UNITS)}])"
    rf"(?:[{_DIGITS}{''.join(_UNITS)}]|\d{{1,15}}(?=[{''.join(_UNITS)}]))*"
)
"""Bounded, so that an answer that ends in a loop of digits is read in no time."""
_PIECES = re.compile(rf"\d+(?:\.\d+)?|[{_DIGITS}{''.join(_UNITS)}]")
_PLAIN = re.compile(r"(?<![A-Za-z\u00c0-\u04ff\d])\d+(?:[.,']\d+)*")
_ROMAN = re.compile(
    r"\b(?=[IVXLCDM])M{0,3}(?:CM|CD|D?C{0,3})(?:XC|XL|L?X{0,3})(?:IX|IV|V?I{0,3})(?<=[IVXLCDM])(?:er?|ème)?\b"
)
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "L": 50, "C": 100, "D": 500, "M": 1_000}
_MONTH = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(MONTHS, key=len, reverse=True))})(?!\w)", re.IGNORECASE)
_HALF = re.compile(r"(?:[:.]\d\d)?\s?([ap])\.?\s?m\b", re.IGNORECASE)
_AFTERNOON_BEFORE = ("下午", "晚上", "午後", "오후")
_ERA = re.compile(rf"({'|'.join(ERAS)})$")
_THAI = re.compile("[\u0e01-\u0e2e]")
HALF_A_DAY = 12
BUDDHIST = 543
"""Years that the Thai calendar is ahead of ours."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number: what it could mean, and whether it is written in digits.

    `scaled` is what it means with the word behind it, where that word is known: 1,500,000 for `1.5 million`.
    """

    text: str
    values: frozenset[Decimal]
    in_digits: bool = True
    scaled: frozenset[Decimal] = frozenset()


@lru_cache(maxsize=4_096)
def plain_digits(text: str) -> str:
    """Write all digits of a text as 0-9 and separators of thousands alike; raised ones, which are notes, go."""
    text = _NARROW.sub("'", _RAISED.sub(" ", text))
    text = unicodedata.normalize("NFKC", text).translate(_SEPARATORS)
    return "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)


def numbers(text: str, *, join_spaced: bool = False) -> tuple[Number, ...]:
    """List the numbers of a text; *join_spaced* reads `10 000` as one."""
    text = plain_digits(text)
    if join_spaced:
        text = _SPACED.sub(lambda found: found[1] + found[2].replace(" ", "'"), text)
    chinese = list(_chinese(text))
    rest = _CHINESE.sub(" ", text)
    return (*chinese, *_in_digits(rest), *_roman(rest), *_months(rest))


def has_spaced(text: str) -> bool:
    """Whether groups of digits stand side by side, which are one number or several."""
    return _SPACED.search(plain_digits(text)) is not None


def chinese_value(text: str) -> Decimal:
    """Read a numeral: digit by digit, or with units.

    >>> [int(chinese_value(text)) for text in ("一九四八", "二十一", "1億2千万", "三千零五")]
    [1948, 21, 120000000, 3005]
    """
    pieces = _PIECES.findall(text.replace(",", ""))
    if not any(piece in _UNITS for piece in pieces):
        return Decimal(
            "".join(str(_DIGITS[1:].index(piece)) if piece in _DIGITS[1:] else _zero(piece) for piece in pieces)
        )
    total, section, digit = Decimal(0), Decimal(0), None
    for piece in pieces:
        unit = _UNITS.get(piece)
        if unit is None:
            digit = Decimal(_zero(piece) if piece not in _DIGITS[1:] else _DIGITS[1:].index(piece))
        elif unit < 10_000:  # noqa: PLR2004 - larger units multiply all that stands before them
            section, digit = section + (1 if digit is None else digit) * unit, None
        else:
            section += digit or 0
            total, section, digit = total + (section or 1) * unit, Decimal(0), None
    return total + section + (digit or 0)


def _zero(piece: str) -> str:
    return "0" if piece in "〇零" else piece


def _chinese(text: str) -> Iterator[Number]:
    for found in _CHINESE.finditer(text):
        value = frozenset({chinese_value(found[0])})
        leading = re.match(r"\d+(?:[.,]\d+)*", found[0])
        counted = text[: found.start()].endswith("第")
        if leading:
            yield Number(found[0], frozenset(meanings(leading[0])), scaled=value)
        else:
            yield Number(found[0], value, in_digits=counted)


def _in_digits(text: str) -> Iterator[Number]:
    for found in _PLAIN.finditer(text):
        values = meanings(found[0])
        if values:
            scaled = _larger(values, text[found.end() :])
            yield Number(found[0], frozenset(values | _shifted(values, text, found)), scaled=frozenset(scaled))
        else:  # a date, a version, an address: each part is a number
            parts = re.split(r"[.,']", found[0])
            yield from (Number(part, frozenset({Decimal(part)})) for part in parts)


def meanings(token: str) -> set[Decimal]:
    """Say what digits with separators could mean: `1.234` is a thousand and more in Rome, and one and a bit in London.

    >>> sorted(map(str, meanings("1.234"))), meanings("1.234,56") == meanings("1,234.56")
    (['1.234', '1234'], True)
    """
    parts, marks = re.split(r"[.,']", token), re.findall(r"[.,']", token)
    if not marks:
        return {Decimal(token)}
    found = {Decimal("".join(parts))} if _grouped(parts, marks) else set()
    whole, whole_marks = parts[:-1], marks[:-1]
    if marks[-1] != "'" and marks[-1] not in whole_marks and (not whole_marks or _grouped(whole, whole_marks)):
        found.add(Decimal("".join(whole) + "." + parts[-1]))
    return found


def _grouped(parts: list[str], marks: list[str]) -> bool:
    """Whether these are groups of thousands; in India all but the last have two digits."""
    first, *middle, last = parts
    sizes = {len(part) for part in middle}
    return len(set(marks)) == 1 and len(first) <= 3 and len(last) == 3 and sizes <= {2, 3}  # noqa: PLR2004


def _larger(values: set[Decimal], following: str) -> set[Decimal]:
    """Multiply by the words behind: 3 million, 3 mil millones."""
    found: set[Decimal] = set()
    while matched := MAGNITUDES.match(following):
        found = {value * factor for value in found or values for factor in MAGNITUDES.factors(matched)}
        following = following[matched.end() :]
    return found


def _shifted(values: set[Decimal], text: str, found: re.Match[str]) -> set[Decimal]:
    """Allow for the other way to write an hour, and for years of other eras."""
    before, after = text[: found.start()].rstrip(), text[found.end() :]
    shifted: set[Decimal] = set()
    half = _HALF.match(after)
    if (half and half[1] in "pP") or before.endswith(_AFTERNOON_BEFORE):
        shifted |= {value + HALF_A_DAY for value in values if value < HALF_A_DAY}
    elif half:
        shifted |= {value - HALF_A_DAY for value in values if value == HALF_A_DAY}
    if _THAI.search(text):
        shifted |= {value - BUDDHIST for value in values if BUDDHIST + 1_800 < value < BUDDHIST + 2_200}
    if era := _ERA.search(before):
        shifted |= {value + ERAS[era[1]] for value in values}
    return shifted


def _roman(text: str) -> Iterator[Number]:
    for found in _ROMAN.finditer(text):
        values = [_ROMAN_VALUES[letter] for letter in found[0] if letter in _ROMAN_VALUES]
        signed = [
            -value if any(later > value for later in values[at + 1 : at + 2]) else value
            for at, value in enumerate(values)
        ]
        yield Number(found[0], frozenset({Decimal(sum(signed))}), in_digits=False)


def _months(text: str) -> Iterator[Number]:
    for found in _MONTH.finditer(text):
        yield Number(found[0], frozenset({Decimal(MONTHS[found[0].casefold()])}), in_digits=False)
