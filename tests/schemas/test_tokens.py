"""Input tokens before a request is sent."""

from __future__ import annotations

import pytest

from schemas.requests import Turn
from schemas.tokens import input_tokens, prompt_tokens, text_tokens
from tests.ask.doubles import rendered, request
from tests.emulator.tokens import count

PROMPTS = [
    "Transcribe the page as Markdown. Keep the reading order, write tables as HTML, and leave out nothing.",
    "请将本页内容完整转写为 Markdown，保持阅读顺序；表格使用 HTML；不要遗漏任何文字，也不要添加说明。",
    'Answer with JSON that fits this schema: {"type": "object", "properties": {"total": {"type": "number"}}}.',
]


@pytest.mark.parametrize("prompt", PROMPTS)
def test_a_prompt_is_estimated_near_the_vendors_own_count(prompt):
    assert 0.95 * count(prompt) <= text_tokens(prompt) <= 2 * count(prompt)


def test_images_count_exactly_and_only_where_they_are_shown():
    asked = request()

    assert input_tokens(asked, [rendered(), rendered(2)]) == 2 * (32 * 45 + 2) + prompt_tokens(asked.turns)


def test_each_turn_has_its_frame():
    assert prompt_tokens([Turn("user", "")] * 3) == 3 * prompt_tokens([Turn("user", "")]) > 0
