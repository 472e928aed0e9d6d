"""How figures and names are written for people. Pure; safe for names that were chosen to harm a terminal."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import timedelta
from difflib import get_close_matches

_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "JPY": "JP¥"}
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_UNSAFE_IN_DOUBLE_QUOTES = frozenset('"$`\\!')
_THOUSAND = 1_000
_MILLION = 1_000_000
_MINUTE = 60
_HOUR = 3_600


def visible(text: str) -> str:
    r"""Write what a terminal would act on, or not show, as escapes: control characters, bidi marks, surrogates.

    A name can hold a newline, an escape sequence or a right-to-left override; as `\x1b` it is only text.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(character) if _acts(character) else character for character in text)


def _acts(character: str) -> bool:
    return unicodedata.category(character) in _HIDDEN


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def short(text: str, limit: int = 300) -> str:
    """Make a message of a parser or a service fit on a line or three."""
    text = visible(" ".join(text.split()))
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def tokens(count: int) -> str:
    """Write a number of tokens: 812, 4.1k, 1.21M."""
    if count < _THOUSAND:
        return str(count)
    if count < _MILLION:
        return f"{count / _THOUSAND:.1f}k"
    return f"{count / _MILLION:.2f}M"


def money(amount: float | None, known: float, currency: str | None) -> str:
    """Write money; what is not wholly known says so, and how much of it is known."""
    if amount is None:
        return f"unknown (known {_amount(known, currency)})" if known else "unknown"
    return _amount(amount, currency)


def cost(amount: float | None, known: float, currency: str | None) -> str:
    """Write money where nothing else says that it is money."""
    return f"{'cost ' if amount is None else ''}{money(amount, known, currency)}"


def _amount(amount: float, currency: str | None) -> str:
    sign = _SIGNS.get(currency or "", f"{currency} " if currency else "")
    cents = 0.01
    return f"{sign}{amount:,.2f}" if amount >= cents or amount == 0 else f"{sign}{amount:.2g}"


def duration(seconds: float) -> str:
    """Write a length of time: 4.2 s, 2 min 05 s, 3 h 07 min."""
    if seconds < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02} min"


def span_of(delta: timedelta) -> str:
    """Write the time between two moments."""
    return duration(max(0.0, delta.total_seconds()))


def plural(count: int, noun: str) -> str:
    """Count a noun: 1 page, 2 pages."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def counts(figures: Mapping[str, int]) -> str:
    """List what is not zero: `340 ok, 3 blank`; nothing at all is `none`."""
    return ", ".join(f"{count:,} {name}" for name, count in figures.items() if count) or "none"


def nearest(word: str, known: Iterable[str]) -> str:
    """Answer a typo: the names that are near it, else all there are."""
    names = sorted(known)
    if near := get_close_matches(word, names, n=3):
        return f"did you mean {' or '.join(near)}?"
    return f"known are: {', '.join(names)}" if names else "none are known"


def command(*words: str) -> str:
    """Write a command so that a shell reads it back as these words."""
    return shlex.join(words)


def python_command(code: str, python: str = "python") -> str:
    """Write a `python -c` command, in double quotes where they are safe, because code is full of single ones."""
    if _UNSAFE_IN_DOUBLE_QUOTES.isdisjoint(code):
        return f'{command(python)} -c "{code}"'
    return command(python, "-c", code)
