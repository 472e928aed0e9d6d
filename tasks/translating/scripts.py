"""Scripts of letters, and languages by the scripts that they are written in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from schemas.languages import Tag

_LATIN, _CYRILLIC, _ARABIC, _DEVANAGARI = (
    frozenset({"LATIN"}),
    frozenset({"CYRILLIC"}),
    frozenset({"ARABIC"}),
    "DEVANAGARI",
)
_HAN = frozenset({"CJK"})
_JAPANESE = frozenset({"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"})
_BY_SCRIPT: Mapping[str, frozenset[str]] = {
    "Latn": _LATIN,
    "Cyrl": _CYRILLIC,
    "Arab": _ARABIC,
    "Hans": _HAN,
    "Hant": _HAN,
    "Deva": frozenset({_DEVANAGARI}),
    "Grek": frozenset({"GREEK"}),
    "Hebr": frozenset({"HEBREW"}),
}
_LANGUAGES: Mapping[str, tuple[str, frozenset[str]]] = {
    "af": ("Afrikaans", _LATIN),
    "ar": ("Arabic", _ARABIC),
    "bg": ("Bulgarian", _CYRILLIC),
    "bn": ("Bengali", frozenset({"BENGALI"})),
    "ca": ("Catalan", _LATIN),
    "cs": ("Czech", _LATIN),
    "da": ("Danish", _LATIN),
    "de": ("German", _LATIN),
    "el": ("Greek", frozenset({"GREEK"})),
    "en": ("English", _LATIN),
    "es": ("Spanish", _LATIN),
    "et": ("Estonian", _LATIN),
    "fa": ("Persian", _ARABIC),
    "fi": ("Finnish", _LATIN),
    "fr": ("French", _LATIN),
    "he": ("Hebrew", frozenset({"HEBREW"})),
    "hi": ("Hindi", frozenset({_DEVANAGARI})),
    "hr": ("Croatian", _LATIN),
    "hu": ("Hungarian", _LATIN),
    "id": ("Indonesian", _LATIN),
    "it": ("Italian", _LATIN),
    "ja": ("Japanese", _JAPANESE),
    "ko": ("Korean", frozenset({"HANGUL", "CJK"})),
    "lt": ("Lithuanian", _LATIN),
    "lv": ("Latvian", _LATIN),
    "ms": ("Malay", _LATIN),
    "nb": ("Norwegian Bokmål", _LATIN),
    "nl": ("Dutch", _LATIN),
    "no": ("Norwegian", _LATIN),
    "pl": ("Polish", _LATIN),
    "pt": ("Portuguese", _LATIN),
    "ro": ("Romanian", _LATIN),
    "ru": ("Russian", _CYRILLIC),
    "sk": ("Slovak", _LATIN),
    "sl": ("Slovenian", _LATIN),
    "sr": ("Serbian", _CYRILLIC | _LATIN),
    "sv": ("Swedish", _LATIN),
    "sw": ("Swahili", _LATIN),
    "th": ("Thai", frozenset({"THAI"})),
    "tr": ("Turkish", _LATIN),
    "uk": ("Ukrainian", _CYRILLIC),
    "ur": ("Urdu", _ARABIC),
    "vi": ("Vietnamese", _LATIN),
    "zh": ("Chinese", _HAN),
}
_STYLES = {
    "Hans": "simplified characters",
    "Hant": "traditional characters",
    "Latn": "Latin script",
    "Cyrl": "Cyrillic",
}
_MARKUP = re.compile(r"```.*?```|\$\$.+?\$\$|\$[^$\n]+\$|<[^<>]{1,200}>|`[^`\n]+`|!\[[^\]]*\]|\[illegible\]", re.DOTALL)


def language_name(tag: Tag) -> str:
    """Name a language for a prompt: its English name where we know it, and its tag.

    >>> language_name(Tag("zh", "Hant", "TW"))
    'Chinese in traditional characters (zh-Hant-TW)'
    """
    name = _LANGUAGES.get(tag.language, ("the language of the BCP 47 tag", _LATIN))[0]
    style = _STYLES.get(tag.known_script or "")
    return f"{name}{f' in {style}' if style else ''} ({tag})"


def scripts_of(tag: Tag) -> frozenset[str]:
    """Name the scripts that a language is written in; empty where we do not know."""
    if tag.script is not None:
        return _BY_SCRIPT.get(tag.script, frozenset())
    return _LANGUAGES[tag.language][1] if tag.language in _LANGUAGES else frozenset()


@lru_cache(maxsize=8_192)
def script_of(char: str) -> str:
    """Name the script of a letter as Unicode names it; empty where it is no letter."""
    if not char.isalpha():
        return ""
    return unicodedata.name(char, " ").split(" ", 1)[0].removesuffix("-A")


def prose(text: str) -> str:
    """Take off what is not translated: markup, formulas, code."""
    return _MARKUP.sub(" ", text)


def letters(text: str) -> Iterator[str]:
    """List the scripts of a text's letters; marks that no language owns (fullwidth, modifiers) are left out."""
    return (script for char in text if (script := script_of(char)) and script not in {"MODIFIER", "FULLWIDTH", "MICRO"})
