"""The emulator's answers have the shape of answers recorded from the live service, field by field."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from tests.emulator.models import late_2024
from tests.emulator.pictures import data_uri, picture

if TYPE_CHECKING:
    from tests.emulator import Emulator

RECORDINGS = Path(__file__).parents[2] / "shared" / "corpus" / "dashscope_traffic"
EXCHANGES = {
    "auth-error-nosse": "2025",
    "parameter-error-nosse": "2025",
    "parameter-error-sse": "2025",
    "multimodal-generation-vl-nosse": "2024",
    "multimodal-generation-vl-sse": "2024",
    "multimodal-generation-vl-ocr-nosse": "2024",
    "multimodal-generation-vl-ocr-sse": "2025",
    "multimodal-generation-vl-ocr-advanced-recognition-nosse": "2025",
    "multimodal-generation-vl-ocr-key-information-extraction-nosse": "2025",
    "multimodal-generation-vl-video-nosse": "2024",
    "multimodal-generation-vl-video-sse": "2024",
    "multimodal-generation-vl-video-file-sse": "2025",
}
FRAMES = [data_uri(picture(448, 252, seed=seed)) for seed in range(4)]


def recorded(name: str) -> str:
    if not RECORDINGS.is_dir() and "CI" not in os.environ:
        pytest.skip(f"the recordings are not here: {RECORDINGS}")
    return (RECORDINGS / name).read_text(encoding="utf-8-sig")


def with_own_pictures(value: Any) -> Any:
    """Put a picture of ours in place of every address of one."""
    if isinstance(value, list):
        return [with_own_pictures(item) for item in value]
    if not isinstance(value, dict):
        return value
    own = {key: with_own_pictures(item) for key, item in value.items()}
    if "image" in own:
        own["image"] = data_uri(picture(640, 480))
    if "video" in own:
        own["video"] = FRAMES
    return own


def shape(value: Any) -> Any:
    """Keep keys and types; of a list, the different shapes of its items."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        return ["list", *sorted({json.dumps(shape(item), sort_keys=True) for item in value})]
    return type(value).__name__


def events(text: str) -> list[tuple[list[str], Any]]:
    """Take a stream apart: for each frame its lines before the data, without numbers, and the data."""
    found = []
    for block in text.strip().split("\n\n"):
        *lines, data = block.splitlines()
        found.append(([line.rstrip("0123456789") if line[:3] == "id:" else line for line in lines], data))
    return [(lines, json.loads(data.removeprefix("data:"))) for lines, data in found]


def finish_reason(payload: Any) -> Any:
    return payload["output"]["choices"][0]["finish_reason"] if "output" in payload else None


async def replay(emulator: Emulator, name: str) -> tuple[int, dict[str, str], str]:
    first_line = recorded(f"{name}.request.header.txt").splitlines()[0]
    body = with_own_pictures(json.loads(recorded(f"{name}.request.body.json")))
    key = "wrong" if name.startswith("auth") else emulator.key
    headers = {"authorization": f"Bearer {key}"} | ({"x-dashscope-sse": "enable"} if name.endswith("-sse") else {})
    url = emulator.url + first_line.split()[1]
    async with aiohttp.ClientSession() as session, session.post(url, json=body, headers=headers) as response:
        return response.status, {name.lower(): value for name, value in response.headers.items()}, await response.text()


@pytest.fixture
def as_then(emulator: Emulator) -> Emulator:
    """Serve the models as they were when the recordings were made."""
    for name in ("qwen-vl-max", "qwen-vl-plus"):
        emulator.restore_model(name)
    return emulator


@pytest.mark.parametrize("name", EXCHANGES)
async def test_an_answer_has_the_recorded_shape(as_then: Emulator, name: str) -> None:
    as_then.models.update(late_2024() if EXCHANGES[name] == "2024" else {})
    status, headers, text = await replay(as_then, name)
    theirs = recorded(f"{name}.response.body.txt")

    status_line, *header_lines = recorded(f"{name}.response.header.txt").strip().splitlines()
    assert status == int(status_line.split()[1])
    their_headers = {line.split(":")[0].lower() for line in header_lines}
    assert their_headers - headers.keys() <= ({"content-encoding"} if name.endswith("-sse") else set())
    if name.endswith("-sse"):
        assert_same_frames(events(text), events(theirs))
    else:
        assert shape(json.loads(text)) == shape(json.loads(theirs))


def assert_same_frames(ours: list[tuple[list[str], Any]], theirs: list[tuple[list[str], Any]]) -> None:
    assert shape(ours[0][1]) == shape(theirs[0][1])
    assert shape(ours[-1][1]) == shape(theirs[-1][1])
    assert finish_reason(ours[-1][1]) == finish_reason(theirs[-1][1])
    known = [shape(payload) for _, payload in theirs]
    for lines, payload in ours:
        assert lines in [their_lines for their_lines, _ in theirs]
        assert shape(payload) in known
    for _, payload in ours[:-1]:
        assert finish_reason(payload) == finish_reason(theirs[0][1])


@pytest.mark.parametrize(
    ("name", "era"),
    [
        ("multimodal-generation-vl-ocr-nosse", "2024"),
        ("multimodal-generation-vl-video-nosse", "2024"),
        ("multimodal-generation-vl-ocr-sse", "2025"),
        ("multimodal-generation-vl-video-file-sse", "2025"),
    ],
)
async def test_the_text_of_a_request_costs_what_the_service_counted(as_then: Emulator, name: str, era: str) -> None:
    as_then.models.update(late_2024() if era == "2024" else {})
    await replay(as_then, name)
    text = recorded(f"{name}.response.body.txt")
    theirs = events(text)[-1][1]["usage"] if name.endswith("-sse") else json.loads(text)["usage"]
    assert text_tokens(as_then.calls[0].usage) == text_tokens(theirs)


def text_tokens(usage: dict[str, Any]) -> int:
    return usage["input_tokens"] - usage.get("image_tokens", 0) - usage.get("video_tokens", 0)
