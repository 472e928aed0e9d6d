from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_test_that_the_promises_rest_on_is_there():
    named = set(re.findall(r"tests/[\w/]+\.py", (ROOT / "docs/reliability.md").read_text()))
    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []
