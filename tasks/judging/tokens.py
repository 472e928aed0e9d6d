"""Texts as sequences of words: what is compared where markup, case and marks do not count."""

from __future__ import annotations

import re
import unicodedata

from tasks.markup import COMMENT, TAG

_NO_WORDS = re.compile(r"&[a-z]{2,6};|\\[A-Za-z]+")
"""Entities of HTML, and commands of LaTeX."""
CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")
_TOKEN = re.compile(rf"{CJK.pattern}|(?:(?!{CJK.pattern})[^\W_])+")


def tokens(text: str) -> list[str]:
    """List the words of a text without capitals; each Chinese, Japanese or Korean character is one.

    >>> tokens("<b>Total</b> 9.90: 合同")
    ['total', '9', '90', '合', '同']
    """
    bare = _NO_WORDS.sub(" ", TAG.sub(" ", COMMENT.sub(" ", text)))
    return _TOKEN.findall(unicodedata.normalize("NFKC", bare).casefold())
