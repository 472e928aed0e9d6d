"""What is compared: the text without markup, written one way where Unicode and typography know several."""

from __future__ import annotations

import html
import re
import unicodedata

from tasks.markup import COMMENT, TAG

_PICTURE = re.compile(r"!\[[^\]]*\](?:\([^()\s]*\))?")
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\([^()\s]*\)")
_RULE = re.compile(
    r"^[ \t]*\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?)?[ \t]*$|^[ \t]*(?:-{3,}|\*{3,})[ \t]*$", re.MULTILINE
)
_SYNTAX = re.compile(r"^[ \t]*(?:#{1,6} |> |[-*+] )|\*\*|~~|`|(?<!\w)_|_(?!\w)", re.MULTILINE)
_GAPS = re.compile(r"(?<=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef]) (?=[\u3000-\u30ff\u3400-\u9fff\uff00-\uffef])")
_LEADERS = re.compile(r"[.…·_]{3,}|(?:[.…·_] ){3,}")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_TYPOGRAPHY = str.maketrans(
    "\u2018\u2019\u201a\u201c\u201d\u201e\u00ab\u00bb\u2010\u2011\u2012\u2013\u2014\u2015\u2212", '\'\'\'"""""-------'
)
_MARKS = dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u2060\ufeff"))
"""Soft hyphens and characters of no width: nobody sees them."""


def plain(text: str) -> str:
    """Take off markup: HTML tags and comments, Markdown's own characters, names of pictures, rules of tables.

    >>> plain("# **Total** <b>9</b> ![stamp: paid]").split()
    ['Total', '9']
    """
    text = TAG.sub(" ", _LINK.sub(r"\1", _PICTURE.sub(" ", COMMENT.sub(" ", text))))
    return html.unescape(_SYNTAX.sub("", _RULE.sub(" ", text))).replace("|", " ")


def normalized(text: str, *, ignore_case: bool = False) -> str:
    """Fold what no reader calls an error.

    That is Unicode NFKC (width, ligatures, composed letters), the shape of quotes and dashes, leaders of dots, soft
    hyphens, and any run of white space, which becomes one space, or none between Chinese or Japanese characters.
    """
    text = unicodedata.normalize("NFKC", text).translate(_TYPOGRAPHY).translate(_MARKS)
    text = _GAPS.sub("", " ".join(_LEADERS.sub(" ", text).split()))
    return text.casefold() if ignore_case else text


def squeezed(text: str, *, ignore_case: bool = False) -> str:
    """Normalize, and leave out all spaces."""
    return normalized(text, ignore_case=ignore_case).replace(" ", "")


def words(normal: str) -> list[str]:
    """Part a normalized text into words, without marks; each Chinese or Japanese character is one.

    >>> words("Total: 9.90 合同")
    ['Total', '9.90', '合', '同']
    """
    return [stripped for word in _CJK.sub(r" \g<0> ", normal).split() if (stripped := _bare(word))]


def _bare(word: str) -> str:
    start, end = 0, len(word)
    while start < end and not word[start].isalnum():
        start += 1
    while end > start and not word[end - 1].isalnum():
        end -= 1
    return word[start:end]
