"""The guide to translations says what is so."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from benchmarks.translation_checks import FAULTS
from flows.options import option_of
from schemas.languages import parse_tag
from tasks.translating import checks
from tasks.translating.glossary import MAX_TERMS

GUIDE = (Path(__file__).parents[2] / "docs" / "translation.md").read_text(encoding="utf-8")


def test_every_option_is_in_the_guide_and_every_tag_of_it_is_one():
    assert all(f"`{option_of(field)}`" in GUIDE for field in ("target_language", "glossary", "tone", "repair"))
    assert option_of("prompt") in GUIDE
    (tags,) = re.findall(r"as a tag: (.*) \|", GUIDE)
    assert [str(parse_tag(tag)) for tag in re.findall(r"`(.*?)`", tags)] == re.findall(r"`(.*?)`", tags)
    assert f"{MAX_TERMS:,}" in GUIDE


def test_every_check_is_in_the_guide():
    named = set(re.findall(r'Finding\(\s*"(\w+)"', inspect.getsource(checks))) | {"addresses_differ", "codes_differ"}
    assert len(named) == 11
    assert {name for name in named if f"`{name}`" not in GUIDE} == set()


def test_every_fault_that_is_planted_has_its_figure():
    rows = re.findall(r"^\| (?:a|an|one|two|the|half) .* \| \d+ \| \d+ % \|$", GUIDE, re.MULTILINE)
    assert len(rows) == len(FAULTS) + 1
