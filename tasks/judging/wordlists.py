"""What judging knows of languages, from `data/judging.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

_QUOTES = str.maketrans("\u2018\u2019\u02bc\u201c\u201d\u201e", "'''\"\"\"")


@cache
def _tables() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("data").joinpath("judging.toml").read_text(encoding="utf-8"))


@cache
def common_words() -> Mapping[str, frozenset[str]]:
    """Give the commonest words of each language."""
    return {language: frozenset(words.split()) for language, words in _tables()["common_words"].items()}


@cache
def pattern(table: str, *, at_the_beginning: bool = False) -> re.Pattern[str]:
    """Make one pattern of all that a table lists, in all languages."""
    listed = [each for patterns in _tables()[table].values() for each in patterns]
    either = "|".join(f"(?:{each})" for each in listed)
    return re.compile(rf"^[\W_]*(?:{either})" if at_the_beginning else either, re.IGNORECASE)


def straight(text: str) -> str:
    """Write quotes and apostrophes as the patterns do."""
    return text.translate(_QUOTES)


def squeezed(text: str) -> str:
    """Leave the letters and digits of a text alone."""
    return "".join(char for char in straight(text).casefold() if char.isalnum())
