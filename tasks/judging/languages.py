"""Which language a text is written in: by its script, and within a script by its commonest words.

It says nothing of short texts, of tables and of mixtures: a language is named only where its words are many, and at
least half as many again as those of any other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from schemas.languages import parse_tag
from schemas.records import Flag
from tasks.judging.tokens import tokens
from tasks.judging.wordlists import common_words
from tasks.ports import Reading
from tasks.translating.scripts import letters, prose

MIN_LETTERS = 60
MIN_WORDS = 25
"""Of fewer words chance decides how many common ones are among them."""
COMMON_SHARE = 0.12
"""Of running text in any of these languages a quarter and more of the words are among its commonest; of names,
addresses and part numbers hardly any."""
AHEAD = 1.5
"""How many times more common words of its own than of the next language a text must have."""
MAIN_SCRIPT = 0.6
KANA_SHARE = 0.08
"""Japanese prose is more than half kana, its tables and headings still more than this; Chinese quotes none."""

_BY_SCRIPT: Mapping[str, str] = {
    "HANGUL": "ko",
    "THAI": "th",
    "GREEK": "el",
    "HEBREW": "he",
    "DEVANAGARI": "hi",
    "ARABIC": "ar",
}
_CYRILLIC = frozenset({"ru", "uk", "bg"})
_ALIKE = (
    frozenset({"da", "nb", "nn", "no"}),
    frozenset({"id", "ms"}),
    frozenset({"cs", "sk"}),
    frozenset({"fil", "tl"}),
)
_ARABIC_SCRIPT = frozenset({"ar", "fa", "ur", "ps", "ckb"})
_HAN = frozenset({"zh", "yue", "wuu"})
TRANSLATED = 1.0
TRANSCRIBED = 0.7
"""Strength where the layer is in another language: a page may have two, of which a picture shows the other."""
_LINKS = re.compile(r"https?://\S+|\S+@\S+")


def language_of(text: str) -> str | None:
    """Name the language (ISO 639) of a text that is clearly in one; None where it cannot be told."""
    text = _LINKS.sub(" ", prose(text))
    found = Counter(letters(text))
    if found.total() < MIN_LETTERS:
        return None
    script, count = _grouped(found).most_common(1)[0]
    if count < MAIN_SCRIPT * found.total():
        return None
    if script == "EAST":
        return _eastern(found)
    if script in {"LATIN", "CYRILLIC"}:
        return _by_words(text, script)
    return _BY_SCRIPT.get(script)


def _grouped(found: Counter[str]) -> Counter[str]:
    """Count Chinese characters and kana together."""
    east = sum(found[script] for script in ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"))
    rest = {name: count for name, count in found.items() if name in {"LATIN", "CYRILLIC", *_BY_SCRIPT}}
    return Counter({**rest, "EAST": east})


def _eastern(found: Counter[str]) -> str:
    kana = found["HIRAGANA"] + found["KATAKANA"]
    return "ja" if kana >= KANA_SHARE * (kana + found["CJK"]) else "zh"


def _by_words(text: str, script: str) -> str | None:
    words = [word for word in tokens(text) if not word.isdigit()]
    if len(words) < MIN_WORDS:
        return None
    counts = Counter(words)
    hits = Counter(
        {
            language: sum(counts[word] for word in common)
            for language, common in common_words().items()
            if (language in _CYRILLIC) == (script == "CYRILLIC")
        }
    )
    (best, most), (_, second) = hits.most_common(2)
    return best if most >= COMMON_SHARE * len(words) and most >= AHEAD * second else None


def can_be_told(language: str) -> bool:
    """Whether `language_of` knows a language."""
    return language in common_words() or language in {*_BY_SCRIPT.values(), *_ARABIC_SCRIPT, *_HAN, "ja"}


def is_same_language(one: str, other: str) -> bool:
    """Whether two languages are the same, or so near that their commonest words do not tell them apart."""
    if one == other:
        return True
    return any({one, other} <= group for group in (*_ALIKE, _ARABIC_SCRIPT, _HAN))


def wrong_language(reading: Reading, layer: str) -> Iterator[Flag]:
    """Tell of a translation into another language than the wanted one, and of a page that was translated unasked."""
    if reading.target_language is not None:
        wanted = parse_tag(reading.target_language).language
        found = language_of(reading.text or "") if can_be_told(wanted) else None
        if found is not None and not is_same_language(found, wanted):
            yield Flag("wrong_language", TRANSLATED)
    elif reading.transcript is not None:
        written, found = language_of(layer), language_of(reading.transcript)
        if written is not None and found is not None and not is_same_language(written, found):
            yield Flag("wrong_language", TRANSCRIBED)
