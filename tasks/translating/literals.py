"""What a translation copies to the letter: addresses on the net, and codes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_DOMAINS = "com|org|net|edu|gov|int|info|io|eu|at|br|ca|ch|cn|de|es|fr|in|it|jp|kr|nl|pl|pt|ru|uk|us"
_ADDRESS = re.compile(
    r"(?:https?://|www\.)[!-;=?-~]+"
    r"|(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"
    rf"|(?<![\w.@-])(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}(?:{_DOMAINS})(?![\w.-])(?:/[!-;=?-~]*)?"
)
_PARTED = r"A-Za-z0-9_@\u00c0-\u04ff"
"""What cannot stand beside a code; Chinese and Arabic words can."""
_CODE = re.compile(rf"(?<![{_PARTED}.])[A-Z0-9]+(?:[-_/.:][A-Z0-9]+)*(?![{_PARTED}])")
_TRAILING = ".,;:!?)]}'\"*"
_GAP = re.compile(r"[\s\-_/.:\u2010-\u2015\u00a0]+")
_LOOKALIKES = str.maketrans("АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEKMHOPCTYXIJSABEZHIKMNOPTYX")
MIN_CODE = 4


def addresses(text: str) -> tuple[str, ...]:
    """List addresses of pages and of mailboxes, each once."""
    found = (match[0].rstrip(_TRAILING) for match in _ADDRESS.finditer(unicodedata.normalize("NFKC", text)))
    return tuple(dict.fromkeys(address for address in found if address))


def codes(text: str) -> tuple[str, ...]:
    """List codes, each once: capitals and two digits or more, beginning with a letter or with a mark between.

    `B2B`, `5G` and `24-Stunden-Service` are words; `INV-2024-001`, `DE89370400440532013000` and `AB1234` are codes.
    """
    text = _ADDRESS.sub(" ", unicodedata.normalize("NFKC", text))
    return tuple(dict.fromkeys(match[0] for match in _CODE.finditer(text) if _is_code(match[0])))


def _is_code(token: str) -> bool:
    letters = sum(char.isalpha() for char in token)
    digits = len(token) - letters - len(_GAP.findall(token))
    marked = _GAP.search(token) is not None
    return len(token) >= MIN_CODE and digits >= 2 and letters >= 1 and (token[0].isalpha() or marked)  # noqa: PLR2004


def squeezed(text: str) -> str:
    """Fold what may differ in a copy: width, case, spaces, the kind of dash, letters that look alike."""
    folded = unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
    return _GAP.sub("", folded).casefold()


def without(text: str, literals: tuple[str, ...]) -> str:
    """Take literals out of a text, however they are spaced in it."""
    text = unicodedata.normalize("NFKC", text)
    return _any_of(literals).sub(" ", text) if literals else text


@lru_cache(maxsize=64)
def _any_of(literals: tuple[str, ...]) -> re.Pattern[str]:
    """Make one pattern of all: a table of part numbers has hundreds, and is looked through cell by cell."""
    longest_first = sorted((_GAP.sub("", literal) for literal in literals), key=len, reverse=True)
    spaced = (r"[\s\-_/.:\u2010-\u2015]*".join(map(re.escape, literal)) for literal in longest_first)
    return re.compile("|".join(spaced), re.IGNORECASE)
