"""What the emulated service refuses, and how: the same things as the service, in its words."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from tests.emulator.pictures import data_uri, picture

if TYPE_CHECKING:
    from tests.emulator import Emulator

PATH = "/services/aigc/multimodal-generation/generation"
MODEL = "qwen3-vl-plus"
OCR = "qwen-vl-ocr-latest"


def item(width: int = 64, height: int = 48, form: str = "PNG", **beside: Any) -> dict[str, Any]:
    return {"image": data_uri(picture(width, height, form=form), f"image/{form.lower()}"), **beside}


def post(
    emulator: Emulator,
    *items: dict[str, Any],
    model: str = MODEL,
    parameters: dict[str, Any] | None = None,
    role: str = "user",
    stream: bool = False,
    key: str | None = None,
) -> requests.Response:
    body = {"model": model, "input": {"messages": [{"role": role, "content": list(items)}]}}
    headers = {"authorization": f"Bearer {key or emulator.key}"} | ({"x-dashscope-sse": "enable"} if stream else {})
    given = body | ({"parameters": parameters} if parameters else {})
    return requests.post(emulator.base_url + PATH, json=given, headers=headers, timeout=20)


def refusal(response: requests.Response) -> tuple[int, str]:
    assert set(response.json()) == {"code", "message", "request_id"}
    return response.status_code, response.json()["code"]


def test_a_missing_an_unknown_and_a_revoked_key(emulator: Emulator) -> None:
    bare = requests.post(emulator.base_url + PATH, json={}, timeout=60)
    assert refusal(bare) == (401, "InvalidApiKey")
    assert refusal(post(emulator, item(), key="sk-other")) == (401, "InvalidApiKey")
    key = emulator.key
    emulator.revoke_key()
    assert refusal(post(emulator, item(), key=key)) == (401, "InvalidApiKey")


def test_an_account_in_arrears_until_it_is_paid(emulator: Emulator) -> None:
    emulator.set_arrears()
    assert refusal(post(emulator, item())) == (400, "Arrearage")
    emulator.set_arrears(on=False)
    assert post(emulator, item()).ok


def test_an_unknown_and_a_retired_model(emulator: Emulator) -> None:
    assert refusal(post(emulator, item(), model="no-such-model")) == (404, "ModelNotFound")
    emulator.retire_model(MODEL)
    assert refusal(post(emulator, item())) == (404, "ModelNotFound")


def test_a_model_without_eyes_has_another_address(emulator: Emulator) -> None:
    response = post(emulator, item(), model="qwen-plus")
    assert refusal(response) == (400, "InvalidParameter")
    assert "url error" in response.json()["message"]


@pytest.mark.parametrize(
    ("width", "height", "accepted"),
    [(11, 11, True), (10, 100, False), (100, 10, False), (11, 2_200, True), (11, 2_201, False)],
)
def test_sides_and_their_ratio(emulator: Emulator, width: int, height: int, accepted: bool) -> None:
    response = post(emulator, item(width, height))
    assert response.ok is accepted
    if not accepted:
        assert refusal(response) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("form", "accepted"), [("JPEG", True), ("BMP", True), ("TIFF", True), ("WEBP", True), ("GIF", False)]
)
def test_formats(emulator: Emulator, form: str, accepted: bool) -> None:
    assert post(emulator, item(form=form)).ok is accepted


def test_beyond_4k_only_jpeg_and_png(emulator: Emulator) -> None:
    assert post(emulator, item(4_200, 100)).ok
    assert not post(emulator, item(4_200, 100, form="BMP")).ok


@pytest.mark.parametrize(
    "reference",
    ["", "page.png", "file:///page.png", "data:image/png;base64,!!!!", "data:image/png;base64,aGVsbG8=", 7],
)
def test_what_is_not_a_picture(emulator: Emulator, reference: object) -> None:
    assert refusal(post(emulator, {"image": reference})) == (400, "InvalidParameter")


def test_pictures_elsewhere_are_not_downloaded(emulator: Emulator) -> None:
    response = post(emulator, {"image": "https://example.com/page.png"})
    assert refusal(response) == (400, "InvalidParameter.DataInspection")


def test_a_picture_string_over_ten_megabytes(emulator: Emulator) -> None:
    padded = base64.b64encode(picture() + bytes(7_900_000)).decode()
    response = post(emulator, {"image": f"data:image/png;base64,{padded}"})
    assert refusal(response) == (400, "InvalidParameter")
    assert "10485760" in response.json()["message"]


def test_a_body_beyond_the_gateway(emulator: Emulator) -> None:
    assert post(emulator, {"text": "x" * (17 * 1024 * 1024)}).status_code == 413
    padded = base64.b64encode(picture() + bytes(6_000_000)).decode()
    items = [{"image": f"data:image/png;base64,{padded}"}] * 3
    assert post(emulator, *items).status_code == 413


def test_ocr_models_take_one_picture_in_one_message(emulator: Emulator) -> None:
    assert post(emulator, item(), model=OCR).ok
    assert refusal(post(emulator, item(), item(), model=OCR)) == (400, "InvalidParameter")
    assert refusal(post(emulator, {"text": "hello"}, model=OCR)) == (400, "InvalidParameter")


def test_ocr_models_take_no_more_than_their_pixels(emulator: Emulator) -> None:
    assert post(emulator, item(3_960, 3_959), model=OCR).ok
    assert refusal(post(emulator, item(3_960, 3_960), model=OCR)) == (400, "InvalidParameter")


def test_more_tokens_than_the_model_takes(emulator: Emulator) -> None:
    response = post(emulator, *[item()] * 250, model="qvq-max")
    assert refusal(response) == (404, "ModelNotFound")
    high = item(2_000, 2_000, max_pixels=12_845_056)
    response = post(emulator, *[high] * 30, model="qwen2.5-vl-72b-instruct")
    assert refusal(response) == (400, "InvalidParameter")
    assert "Range of input length" in response.json()["message"]


def test_more_pictures_than_a_request_takes(emulator: Emulator) -> None:
    assert post(emulator, *[item()] * 250).ok
    assert refusal(post(emulator, *[item()] * 251)) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    "parameters",
    [
        {"temperature": 2},
        {"temperature": "0.1"},
        {"top_p": 0},
        {"seed": -1},
        {"max_tokens": 0},
        {"max_tokens": 40_000},
        {"n": 2},
        {"top_logprobs": 6},
        {"enable_thinking": "no"},
        {"response_format": {"type": "json_object"}},
        {"response_format": {"type": "json_schema"}},
        {"ocr_options": {"task": "text_recognition"}},
    ],
    ids=str,
)
def test_parameters_out_of_range(emulator: Emulator, parameters: dict[str, Any]) -> None:
    assert refusal(post(emulator, item(), {"text": "Read."}, parameters=parameters)) == (400, "InvalidParameter")
    assert emulator.totals().billed == 0


def test_parameters_that_nobody_knows_pass_unread(emulator: Emulator) -> None:
    assert post(emulator, item(), parameters={"timeout": 3}).ok
    assert emulator.calls[0].parameters == {"timeout": 3}


def test_json_mode_wants_the_word_and_no_thinking(emulator: Emulator) -> None:
    mode = {"response_format": {"type": "json_object"}}
    response = post(emulator, item(), {"text": "Answer in JSON."}, parameters=mode)
    assert json.loads(response.json()["output"]["choices"][0]["message"]["content"][0]["text"])
    thinking = post(emulator, item(), {"text": "Answer in JSON."}, parameters=mode | {"enable_thinking": True})
    assert "enable_thinking" in thinking.json()["message"]
    by_default = post(emulator, item(), {"text": "Answer in JSON."}, parameters=mode, model="qwen3.6-plus")
    assert refusal(by_default) == (400, "InvalidParameter")


def test_a_model_that_only_streams(emulator: Emulator) -> None:
    model = "qwen3-vl-235b-a22b-thinking"
    assert refusal(post(emulator, item(), model=model)) == (400, "InvalidParameter")
    streamed = post(emulator, item(), model=model, stream=True)
    assert "reasoning_content" in streamed.text


def test_a_stream_is_refused_by_an_event_of_the_model_and_by_plain_http_of_the_gateway(emulator: Emulator) -> None:
    by_model = post(emulator, item(5, 5), stream=True)
    assert by_model.status_code == 200
    assert "event:error\n:HTTP_STATUS/400\n" in by_model.text
    assert refusal(post(emulator, item(), model="no-such-model", stream=True)) == (404, "ModelNotFound")


def test_a_body_that_is_no_request(emulator: Emulator) -> None:
    headers = {"authorization": f"Bearer {emulator.key}"}
    for body in (
        b"",
        b"{",
        b"[]",
        b'{"model": 1}',
        b'{"model": "qwen3-vl-plus"}',
        b'{"model":"qwen3-vl-plus","input":{}}',
    ):
        response = requests.post(emulator.base_url + PATH, data=body, headers=headers, timeout=60)
        assert refusal(response) == (400, "InvalidParameter")


def test_other_paths_are_not_served_and_leave_their_trace(emulator: Emulator) -> None:
    headers = {"authorization": f"Bearer {emulator.key}"}
    response = requests.get(f"{emulator.base_url}/uploads?action=getPolicy", headers=headers, timeout=60)
    assert response.status_code == 404
    assert [call.path for call in emulator.calls] == ["/api/v1/uploads"]
