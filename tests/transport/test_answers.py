from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from schemas.usage import Usage
from tasks.transport.answers import usage_of


@pytest.mark.parametrize(
    ("raw", "usage"),
    [
        ({}, Usage()),
        ({"input_tokens": 0, "output_tokens": 19}, Usage(output_tokens=19)),
        (
            {"input_tokens": 1_277, "output_tokens": 33, "image_tokens": 1_247},
            Usage(1_277, 33, image_tokens=1_247, text_tokens=30),
        ),
        (
            {
                "input_tokens": 926,
                "output_tokens": 72,
                "characters": 0,
                "image_tokens": 754,
                "total_tokens": 998,
                "input_tokens_details": {"image_tokens": 754, "text_tokens": 172},
                "output_tokens_details": {"text_tokens": 72},
            },
            Usage(926, 72, image_tokens=754, text_tokens=172),
        ),
        (
            {
                "input_tokens": 500,
                "output_tokens": 90,
                "input_tokens_details": {"image_tokens": 400, "text_tokens": 60, "video_tokens": 40},
                "output_tokens_details": {"reasoning_tokens": 70, "text_tokens": 20},
                "prompt_tokens_details": {"cached_tokens": 256},
            },
            Usage(500, 90, 400, 60, 40, 256, 70),
        ),
        ({"input_tokens": 500, "output_tokens": 9, "cached_tokens": 256}, Usage(500, 9, cached_tokens=256)),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 10,
                "total_tokens": 110,
                "prompt_tokens_details": {"cached_tokens": 50, "image_tokens": 80, "text_tokens": 20},
                "completion_tokens_details": {"reasoning_tokens": 4},
            },
            Usage(100, 10, image_tokens=80, text_tokens=20, cached_tokens=50, reasoning_tokens=4),
        ),
        ({"total_tokens": 30, "output_tokens": 10}, Usage(20, 10)),
        (
            {
                "input_tokens_details": {"image_tokens": 7, "text_tokens": 3},
                "output_tokens_details": {"text_tokens": 2},
            },
            Usage(10, 2, image_tokens=7, text_tokens=3),
        ),
        ({"input_tokens": "12", "output_tokens": -3, "image_tokens": True, "input_tokens_details": []}, Usage()),
    ],
)
def test_usage_of_every_generation_is_read(raw: Mapping[str, Any], usage: Usage) -> None:
    assert usage_of(raw) == usage
