"""What the model answers: planted by a test, given by its reader, or a paragraph that follows from the picture.

The form that the answer takes on the wire is not its affair.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING

from PIL import Image

from tests.emulator import layouts, ocr_tasks, sight, tokens
from tests.emulator.reply import Reply, measured

if TYPE_CHECKING:
    from tests.emulator.images import Picture
    from tests.emulator.question import Question

Answer = str | Callable[["Question"], str]
Reader = Callable[[Image.Image, "Question"], str]

WORDS = (
    *("合同", "甲方", "乙方", "金额", "日期", "发票", "编号", "地址", "联系人", "备注", "数量", "单价"),
    *("合计", "付款", "交付", "条款", "附件", "签字", "盖章", "有效期", "invoice", "total", "amount", "date"),
    *("number", "address", "contact", "quantity", "price", "delivery", "terms", "annex", "signature", "page"),
    *("shipment", "balance", "account", "receipt", "customer", "order", "warranty", "period", "notice"),
)
COMPRESSED = frozenset({"JPEG", "PNG", "WEBP"})


@lru_cache(maxsize=65_536)
def paragraph(seed: str) -> str:
    """Give a few lines of Chinese and English words, the same for the same seed."""
    dice = random.Random(seed)
    lines = []
    for _ in range(dice.randint(2, 6)):
        words = dice.sample(WORDS, dice.randint(4, 9))
        lines.append(" ".join(words) + f" {dice.randint(1, 99_999)}" + dice.choice(("。", ".", "")))
    return "\n".join(lines)


_blank: dict[str, bool] = {}


def is_blank(picture: Picture) -> bool:
    """Whether a picture has one colour only."""
    if picture.format in COMPRESSED and len(picture.data) > picture.width * picture.height // 25 + 4_096:
        return False  # one colour is never so many bytes, and decoding a page costs more than all else here
    known = _blank.get(picture.sha256)
    if known is None:
        known = _blank[picture.sha256] = _has_one_colour(picture)
    return known


def _has_one_colour(picture: Picture) -> bool:
    with picture.open() as image:
        image.draft("L", (image.width // 8, image.height // 8))
        low, high = image.convert("L").getextrema()
    return low == high


def _by_default(picture: Picture) -> str:
    return "" if is_blank(picture) else paragraph(picture.sha256)


class Mind:
    """What the emulated models know. All can be set by a test, at any time.

    `answers` maps a picture's SHA-256 to its text, or to a function of the question. `reader` reads pictures that
    have no answer planted. `responder`, if set, answers every question alone. `thought` is what a thinking model
    thinks before each answer. `tells_of_pages` is whether models give the line of facts that they are asked for.
    """

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.reader: Reader | None = None
        self.responder: Callable[[Question], str] | None = None
        self.thought: str | None = None
        self.tells_of_pages = False

    def answer(self, question: Question) -> Reply:
        """Answer in the model's own words, cut at its `max_tokens`."""
        task = question.ocr_options.get("task")
        text = _rest(self._text(question), question.prefix)
        reply = ocr_tasks.perform(task, text, question) if task else Reply(text)
        if question.thinks:
            reply = _thought_of(reply, self.thought or _a_thought(question), question)
        return measured(reply, question.parameters.get("max_tokens") or question.model.max_output)

    def _text(self, question: Question) -> str:
        if self.responder is not None:
            return self.responder(question)
        pictures = question.pictures or tuple(frame for video in question.videos for frame in video.frames[:1])
        if not pictures:
            return paragraph(question.prompt)
        read = [self._read(picture, question) for picture in pictures]
        if question.wants_json:
            return _as_json(read)
        if len(pictures) == 1 and not question.ocr_options:
            return self._formed(read[0], pictures[0], question)
        return "\n\n".join(read)

    def _formed(self, text: str, picture: Picture, question: Question) -> str:
        """Give what was read of one page in the form that the prompt asks for."""
        if layouts.WANTS_BLOCKS in question.prompt:
            text = layouts.blocks(text, picture, question)
        if self.tells_of_pages and layouts.WANTS_FACTS in question.prompt:
            text = layouts.facts(text, picture)
        return text

    def _read(self, picture: Picture, question: Question) -> str:
        planted = self.answers.get(picture.sha256)
        if planted is not None:
            return planted if isinstance(planted, str) else planted(question)
        if self.reader is not None:
            with picture.open() as image:
                return self.reader(sight.upright(image) if picture.turned else image, question)
        return _by_default(picture)


def _rest(text: str, prefix: str | None) -> str:
    """Give what comes behind the prefix that a caller gave, which is no part of the answer."""
    return text.removeprefix(prefix) if prefix else text


def _a_thought(question: Question) -> str:
    return f"The user shows {len(question.pictures)} picture(s). I read them from top to bottom."


def _thought_of(reply: Reply, thought: str, question: Question) -> Reply:
    """Put a thought before the answer, cut where its budget ends; the service then answers at once."""
    budget = question.parameters.get("thinking_budget")
    shown = tokens.cut(thought, budget) if budget else thought
    return replace(reply, reasoning=shown, reasoning_tokens=min(tokens.count(thought), budget or tokens.count(thought)))


def _as_json(read: list[str]) -> str:
    """JSON mode promises an object: the first planted one, else one around what was read."""
    for text in read:
        if text.lstrip().startswith("{"):
            return text
    return json.dumps({"text": "\n\n".join(read)}, ensure_ascii=False)
