"""What the documentation says of tables and codes is what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from schemas.describe import describe

DOCS = Path(__file__).parents[1] / "docs"


def test_the_document_of_the_tables_is_made_from_the_code():
    assert (DOCS / "tables.md").read_text(encoding="utf-8") == describe(), "make it anew: python -m schemas.describe"


def test_every_column_is_explained_and_every_code_has_a_meaning():
    rows = re.findall(r"^\| `([^`]+)` \|.*\| *([^|]*) *\|$", describe(), re.MULTILINE)

    assert len(rows) > 100
    assert not [name for name, meaning in rows if not meaning.strip()]


def test_documents_link_to_what_is_there():
    for document in [DOCS.parent / "README.md", *DOCS.rglob("*.md")]:
        links = re.findall(r"\]\((?!https?://|#)([^)#]+)", document.read_text(encoding="utf-8"))
        assert not [link for link in links if not (document.parent / link).exists()], document.name
