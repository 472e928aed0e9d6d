"""The guide to backends says what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tasks import backends
from tasks.catalogue import USER_FILE, find_model

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "backends.md").read_text(encoding="utf-8")


def test_the_entry_of_a_model_of_ones_own_can_be_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (entry,) = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    (price,) = re.findall(r"`(price = .*?)`", GUIDE)
    own = tmp_path / "models.toml"
    own.write_text(f"{entry}{price}\n")
    monkeypatch.setenv(USER_FILE, str(own))
    spec = find_model("Qwen/Qwen3-VL-8B-Instruct", "openai")
    assert (spec.max_input_tokens, spec.limits.in_flight) == (24_576, 16)
    assert spec.price is not None


def test_every_backend_and_every_region_is_in_the_guide() -> None:
    regions = tomllib.loads((ROOT / "data" / "dashscope_regions.toml").read_text(encoding="utf-8"))["regions"]
    for name in (*backends.names(), *regions):
        assert f"`{name}`" in GUIDE
