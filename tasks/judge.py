"""Weighing an answer against what is known of its page: what status it deserves, and why.

Pure: the same answer and facts give the same verdict, so that kept answers can be judged again for free. Single
signals are weak; each is stored with its strength, and only a strong one, or several together, make a page
`suspect`. Nothing is ever deleted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from schemas.documents import PageFacts
from schemas.errors import AnswerError, TruncatedAnswer
from schemas.records import Flag, PageStatus
from schemas.requests import ModelResponse, Recipe
from tasks.extraction.sighting import doubts, sighted
from tasks.looping import has_loop
from tasks.ports import Operation, Reading, Verdict

LOOPED = Flag("repetition", 1.0)
SUSPECT = 1.0
"""From this sum of signal strengths on, a page is suspect."""
BLANK_INK = 0.0005
"""A page with less ink holds no writing: one short line of 10-point type on A4 covers about three times that."""
EMPTY_INK = 0.01
"""A page with more ink than this holds something that a reader would see; a memo of one paragraph has 0.012."""
LOW_OCR_SCORE = 0.88
"""Below this mean confidence local OCR read another script than it knows, or noise: what it can read scores 0.93 and
more, Greek, of which it loses a third of the letters, 0.82."""
LAYER_CHARS = 200
"""A text layer shorter than this proves nothing."""

_WORD = re.compile(r"[^\W_]+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_REFUSALS = re.compile(
    r"(?i)^\W*(?:i(?:'m| am) (?:sorry|unable)|i can(?:no|')t (?:see|read|view|process|help|assist)|sorry, (?:but )?i|"
    r"(?:there is )?no image (?:was |has been )?(?:provided|attached|found)|"
    r"the (?:provided )?(?:image|input) is missing|"
    r"as an ai\b|抱歉|对不起|很遗憾|我无法|无法(?:识别|查看|读取)|未(?:提供|上传)图[片像]|请提供图[片像])"
)


def judge(
    response: ModelResponse,
    facts: tuple[PageFacts, ...],
    operation: Operation,
    recipe: Recipe,
    *,
    found: tuple[Flag, ...] = (),
) -> Verdict:
    """Give the verdict on one answer; *found* is what was already found of it."""
    try:
        reading = operation.read(response, recipe)
    except AnswerError as error:
        return _unusable(response, error)
    reading = replace(reading, evidence=sighted(reading.evidence, facts)) if reading.evidence else reading
    flags = found + reading.flags + tuple(signals(reading, facts))
    if response.stop_reason == "loop" and LOOPED.name not in {flag.name for flag in flags}:
        flags += (LOOPED,)  # what it went round in may be its reasoning
    if response.stop_reason == "content_filter":
        return Verdict("blocked", reading, "blocked", "the service's content filter cut the answer", flags)
    if response.stop_reason not in {"stop", "loop"}:
        return Verdict("truncated", reading, "truncated", _CUT[response.stop_reason], flags)
    is_blank = reading.is_empty and _is_blank(facts) and not any(fact.damaged for fact in facts)
    if is_blank and response.stop_reason == "stop":
        return Verdict("blank", reading, flags=flags)
    if sum(flag.score for flag in flags) >= SUSPECT:
        return Verdict("suspect", reading, "suspect", ", ".join(flag.name for flag in flags), flags)
    return Verdict("ok", reading, flags=flags)


def _unusable(response: ModelResponse, error: AnswerError) -> Verdict:
    reading = Reading(text=response.text)
    if response.stop_reason == "loop":
        return Verdict("suspect", reading, "suspect", LOOPED.name, (LOOPED,))
    status: PageStatus = "truncated" if isinstance(error, TruncatedAnswer) else "invalid"
    return Verdict(status, reading, error.kind, str(error))


_CUT = {
    "length": "the answer reached the longest output that the model gives",
    "partial": "the service cut the answer at its time limit",
    "error": "the answer ended without saying that it was complete",
}


def _is_blank(facts: tuple[PageFacts, ...]) -> bool:
    return all(fact.ink is not None and fact.ink < EMPTY_INK and not fact.layer_text for fact in facts)


def signals(reading: Reading, facts: tuple[PageFacts, ...]) -> Iterator[Flag]:
    """List what speaks against the answer."""
    text = (reading.text or "").strip()
    if not facts:
        return
    if not text and not reading.result:
        yield from _silence_signals(facts)
        return
    if _REFUSALS.match(text) and len(text) < 600:  # noqa: PLR2004 - a page of prose that begins so is no refusal
        yield Flag("refusal", 1.0)
    transcript = reading.transcript
    if (transcript or reading.evidence) and all(fact.ink is not None and fact.ink < BLANK_INK for fact in facts):
        yield Flag("text_without_ink", 1.0)
    if has_loop(text):
        yield LOOPED
    if reading.ocr_score is not None and reading.ocr_score < LOW_OCR_SCORE:
        yield Flag("low_ocr_score", 1.0)
    if any(fact.hidden_text for fact in facts):
        yield Flag("hidden_text", 0.3)
    if transcript is not None:
        yield from _layer_signals(transcript, facts)
    yield from doubts(reading.evidence or (), facts)


def _silence_signals(facts: tuple[PageFacts, ...]) -> Iterator[Flag]:
    if not _is_blank(facts):
        yield Flag("empty_answer", 1.0)
    elif any(fact.damaged for fact in facts):
        yield Flag("blank_where_damaged", 1.0)


def _layer_signals(text: str, facts: tuple[PageFacts, ...]) -> Iterator[Flag]:
    layer = " ".join(fact.layer_text for fact in facts if not fact.hidden_text)
    if len(layer) < LAYER_CHARS:
        return
    missing = 1.0 - recall(layer, text)
    # A layer with a broken encoding misses everything; a few missing words are hyphens and ligatures.
    if missing > 0.5:  # noqa: PLR2004 - the middle of a scale from 0 to 1
        yield Flag("layer_missing", round(min(missing, 0.9), 3))


def recall(truth: str, text: str) -> float:
    """Share of the distinct words (CJK: characters) of *truth* that stand in *text*."""
    wanted = _tokens(truth)
    return len(wanted & _tokens(text)) / len(wanted) if wanted else 1.0


def _tokens(text: str) -> set[str]:
    folded = text.casefold()
    return set(_WORD.findall(_CJK.sub(" ", folded))) | set(_CJK.findall(folded))
