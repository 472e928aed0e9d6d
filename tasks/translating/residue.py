"""What was left untranslated, or was written in a script that is not the target's."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from tasks.translating.blocks import Block
from tasks.translating.literals import addresses, codes, without
from tasks.translating.scripts import letters, prose, script_of

_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE = re.compile(r"(?<=[.!?;:。！？；])\s*|\n+|(?<=[؟۔])\s*")
MIN_WORDS = 4
"""Common nouns, verbs and particles begin small: a line with fewer of them may be a name or an address."""
MIN_SENTENCE_WORDS = 6
MIN_UNCASED = 12
MIN_UNCASED_RUN = 15
COPIED = 0.8
"""From this share of its small words on, a paragraph is a copy."""
FOREIGN = 0.5
"""From this share of its prose on, a paragraph is in another script."""
FOREIGN_PAGE = 0.3
MIN_LETTERS = 20
KANA = frozenset({"HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA"})


def is_untranslated(block: Block, scripts: frozenset[str]) -> bool:
    """Say whether a paragraph, or a sentence in it, was copied or left in its own script."""
    literal = addresses(block.source) + codes(block.source)
    source, target = without(prose(block.source), literal), without(prose(block.target), literal)
    return _is_copied(source, target) or (bool(scripts) and _is_foreign(target, scripts))


def is_prose(text: str) -> bool:
    """Say whether a text has words that a translation changes; names, addresses and figures may stay as they are."""
    return len(small_words(text)) >= MIN_WORDS or _uncased(text) >= MIN_UNCASED


def small_words(text: str) -> list[str]:
    """List the words of two letters or more that begin small, in scripts that have small letters."""
    return [word for word in _WORD.findall(text) if len(word) > 1 and word[0].islower()]


def _uncased(text: str) -> int:
    return sum(not (char.islower() or char.isupper()) for char in text if char.isalpha())


def _is_copied(source: str, target: str) -> bool:
    if not is_prose(source):
        return False
    if _folded(source) == _folded(target):
        return True
    words, there = small_words(source), set(small_words(target))
    if len(words) >= MIN_WORDS and sum(word in there for word in words) >= COPIED * len(words):
        return True
    stand = {_folded(sentence) for sentence in _long_sentences(source)}
    return any(_folded(sentence) in stand for sentence in _long_sentences(target))


def _long_sentences(text: str) -> Iterable[str]:
    for sentence in _SENTENCE.split(text):
        if len(small_words(sentence)) >= MIN_SENTENCE_WORDS or _uncased(sentence) >= MIN_UNCASED_RUN:
            yield sentence


def _folded(text: str) -> str:
    return "".join(text.casefold().split())


def _is_foreign(target: str, scripts: frozenset[str]) -> bool:
    foreign = [word for word in _WORD.findall(target) if script_of(word[0]) not in scripts]
    cased = sum(len(word) > 1 and word[0].islower() for word in foreign)
    uncased = sum(_uncased(word) for word in foreign)
    if cased < MIN_WORDS and uncased < MIN_UNCASED:
        return False
    found = Counter(letters(target))
    share = 1 - sum(found[script] for script in scripts) / max(1, found.total())
    return share >= FOREIGN or _has_foreign_sentence(target, scripts)


def _has_foreign_sentence(target: str, scripts: frozenset[str]) -> bool:
    for sentence in _long_sentences(target):
        found = Counter(letters(sentence))
        if sum(found[script] for script in scripts) < FOREIGN * found.total():
            return True
    return False


def wrong_script(blocks: Iterable[Block], scripts: frozenset[str]) -> float:
    """Give the share of a page's new letters that are of another script than the target's, if that is too much.

    Letters of words that stand in the source too (names, or what was left untranslated) are not counted.
    """
    found: Counter[str] = Counter()
    for block in blocks:
        copied = set(_WORD.findall(block.source))
        fresh = (word for word in _WORD.findall(prose(block.target)) if word not in copied)
        found += Counter(letters("".join(fresh)))
    total = found.total()
    if not scripts or total < MIN_LETTERS:
        return 0.0
    if scripts >= KANA and total >= 2 * MIN_LETTERS and not any(found[script] for script in KANA):
        return 1.0  # Japanese is not written without kana
    share = 1 - sum(found[script] for script in scripts) / total
    return share if share >= FOREIGN_PAGE else 0.0
