"""What the tests of outputs in a store share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from schemas.arrow import arrow_schema
from schemas.records import ALL_TABLES
from tasks.places import place_at
from tests.mill import VARYING, Mill, card, paper
from tests.remote.bucket import bucket

if TYPE_CHECKING:
    import pandas as pd

    from tests.emulator import Emulator

__all__ = ["bucket", "mill"]
OUT = "s3://inbox/results"


@dataclass
class FarMill(Mill):
    """A mill whose output lies in a bucket."""

    at: str = OUT

    def config(self, **settings: Any):
        return super().config(**{"out": self.at, "ledger": str(self.out / "ledger.sqlite3"), **settings})

    def table(self, name: str) -> pd.DataFrame:
        return place_at(self.at).dataset(name, arrow_schema(ALL_TABLES[name])).to_table().to_pandas()

    def near(self) -> FarMill:
        """The same mill with an output on this machine."""
        return FarMill(self.source, self.out / "near", self.emulator, at=str(self.out / "near"))


@pytest.fixture
def mill(tmp_path: Path, emulator: Emulator, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> FarMill:
    """A mill with a few documents, whose output lies in a bucket and whose ledger on this machine."""
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    source = tmp_path / "in"
    source.mkdir()
    paper(source / "letter.pdf", "one", "two", "three")
    card(source / "card.png", "a card")
    card(source / "scan.tiff", "a scan", frames=2)
    (source / "broken.pdf").write_bytes(b"%PDF-1.4 and nothing that makes sense")
    (tmp_path / "here").mkdir()
    return FarMill(source, tmp_path / "here", emulator)


def rows(frame: pd.DataFrame) -> list[str]:
    """The rows of a table as comparable words, without what differs between two runs of the same work."""
    frame = frame.drop(columns=VARYING, errors="ignore")
    return sorted(repr([str(value) for value in row]) for row in frame.itertuples(index=False))
