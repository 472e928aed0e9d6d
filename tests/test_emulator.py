"""The emulated service, asked by the vendor's own SDK."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import dashscope
import pytest

from tests.emulator.pictures import blank, data_uri, picture

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.emulator import Emulator

MODEL = "qwen3-vl-plus"


def ask(emulator: Emulator, *images: bytes, model: str = MODEL, text: str = "\nRead this.", **settings: Any) -> Any:
    content = [{"image": data_uri(image)} for image in images or (picture(),)]
    messages = [{"role": "user", "content": [*content, {"text": text}]}]
    given = {"api_key": emulator.key, "base_address": emulator.base_url, "request_timeout": 5} | settings
    return dashscope.MultiModalConversation.call(model=model, messages=messages, **given)


def words(response: Any) -> str:
    return "".join(item.get("text", "") for item in response.output.choices[0].message.content)


def test_a_picture_is_read_and_billed(emulator: Emulator) -> None:
    image = picture(640, 480)
    response = ask(emulator, image)

    assert response.status_code == 200
    assert words(response)
    (call,) = emulator.calls
    assert (call.images[0].width, call.images[0].height) == (640, 480)
    assert call.images[0].sha256 == hashlib.sha256(image).hexdigest()
    assert call.usage["input_tokens"] == response.usage["input_tokens"]
    assert emulator.totals().per_model[MODEL].billed == 1


def test_the_same_picture_has_the_same_answer_and_another_another(emulator: Emulator) -> None:
    texts = [words(ask(emulator, picture(seed=seed))) for seed in (1, 1, 2)]
    assert texts[0] == texts[1] != texts[2]


def test_a_blank_picture_has_no_text(emulator: Emulator) -> None:
    assert words(ask(emulator, blank())) == ""


def test_a_planted_answer_is_given(emulator: Emulator) -> None:
    emulator.answers[hashlib.sha256(picture(seed=3)).hexdigest()] = "planted"
    assert words(ask(emulator, picture(seed=3))) == "planted"


def test_a_reader_sees_the_pixels(emulator: Emulator) -> None:
    emulator.reader = lambda image, question: f"{image.size} {question.prompt}"
    assert words(ask(emulator, picture(80, 60))) == "(80, 60) \nRead this."


@pytest.fixture
async def aio(emulator: Emulator) -> AsyncIterator[Emulator]:
    yield emulator
    await dashscope.close_shared_aio_session()


async def test_the_asynchronous_class_is_served_too(aio: Emulator) -> None:
    messages = [{"role": "user", "content": [{"image": data_uri(picture())}]}]
    response = await dashscope.AioMultiModalConversation.call(
        model=MODEL, messages=messages, api_key=aio.key, base_address=aio.base_url
    )
    assert response.status_code == 200
    assert words(response)


def test_a_stream_gives_the_same_words(emulator: Emulator) -> None:
    chunks = list(ask(emulator, stream=True, incremental_output=True))
    assert "".join(map(words, chunks)) == words(ask(emulator))
    assert chunks[-1].output.choices[0].finish_reason == "stop"
    assert chunks[0].output.choices[0].finish_reason == "null"
