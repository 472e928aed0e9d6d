"""Weighing an answer against what is known of its page: what status it deserves, and why.

Pure: the same answer and facts give the same verdict, so that kept answers can be judged again for free. Single
signals are weak; each is stored with its strength, and only a strong one, or several together, make a page
`suspect`. Nothing is ever deleted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from schemas.documents import PageFacts
from schemas.errors import AnswerError, TruncatedAnswer
from schemas.records import Flag, PageStatus
from schemas.requests import ModelResponse, Recipe
from tasks.extraction.sighting import doubts, sighted
from tasks.judging.injection import injection
from tasks.judging.languages import wrong_language
from tasks.judging.layer import against_layer
from tasks.judging.phrases import phrases
from tasks.judging.repeats import repeats
from tasks.looping import has_loop
from tasks.ports import Operation, Reading, Verdict

LOOPED = Flag("repetition", 1.0)
SUSPECT = 1.0
"""From this sum of signal strengths on, a page is suspect."""
HIDDEN_TEXT = 0.3
"""A scan that was recognized before carries its text hidden, so that this alone says little."""
BLANK_INK = 0.0005
"""A page with less ink holds no writing: one short line of 10-point type on A4 covers about three times that."""
EMPTY_INK = 0.01
"""A page with more ink than this holds something that a reader would see; a memo of one paragraph has 0.012."""
LOW_OCR_SCORE = 0.88
"""Below this mean confidence local OCR read another script than it knows, or noise: what it can read scores 0.93 and
more, Greek, of which it loses a third of the letters, 0.82."""


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
    return Verdict(status, reading, error.kind, str(error), (LOOPED,) if has_loop(response.text) else ())


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
    transcript = reading.transcript
    if (transcript or reading.evidence) and all(fact.ink is not None and fact.ink < BLANK_INK for fact in facts):
        yield Flag("text_without_ink", 1.0)
    if has_loop(text):
        yield LOOPED
    elif transcript is not None:
        yield from repeats(transcript, _layer(facts))
    if reading.ocr_score is not None and reading.ocr_score < LOW_OCR_SCORE:
        yield Flag("low_ocr_score", 1.0)
    yield from _signals_of_text(text or reading.result or "", reading, facts)
    yield from doubts(reading.evidence or (), facts)


def _silence_signals(facts: tuple[PageFacts, ...]) -> Iterator[Flag]:
    if not _is_blank(facts):
        yield Flag("empty_answer", 1.0)
    elif any(fact.damaged for fact in facts):
        yield Flag("blank_where_damaged", 1.0)


def _signals_of_text(text: str, reading: Reading, facts: tuple[PageFacts, ...]) -> Iterator[Flag]:
    """List what the words of the answer, and those of the page's own text layer, say."""
    layer = " ".join(fact.layer_text for fact in facts)
    visible = _layer(facts)
    transcript = reading.transcript
    is_hidden = any(fact.hidden_text for fact in facts)
    if is_hidden:
        yield Flag("hidden_text", HIDDEN_TEXT)
    yield from phrases(text, layer, is_transcript=transcript is not None)
    if transcript is not None:
        yield from against_layer(transcript, visible)
    yield from wrong_language(reading, visible)
    yield from injection(transcript or text, layer, is_hidden=is_hidden, is_transcript=transcript is not None)


def _layer(facts: tuple[PageFacts, ...]) -> str:
    """Give the text layers that can be taken for what people see."""
    return " ".join(fact.layer_text for fact in facts if not fact.hidden_text)
