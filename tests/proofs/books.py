"""Two books laid side by side: what the service says it was sent and billed, and what the product wrote down."""

from __future__ import annotations

import sqlite3
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from tasks.dataset import read_manifest
from tasks.sinks.parquet import ParquetSink

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.emulator import Call

TOKENS = ("input_tokens", "output_tokens", "image_tokens")
TABLES = ("pages", "files", "calls", "runs")
KEYS = {"pages": ["source", "page_no"], "files": ["source"], "calls": ["call_id"], "runs": ["run_id"]}


def journal(place: Path) -> pd.DataFrame:
    """The sends as a ledger has them: that of an output, or one by its own name."""
    file = place / "ledger.sqlite3" if place.is_dir() else place
    with closing(sqlite3.connect(file)) as ledger:
        return pd.read_sql_query("select * from calls", ledger)


@dataclass(frozen=True)
class Books:
    """The journal of sends beside the service's own log."""

    journal: pd.DataFrame
    seen: Sequence[Call]

    @cached_property
    def answered(self) -> pd.DataFrame:
        return self.journal[self.journal["outcome"] == "answered"]

    @cached_property
    def lost(self) -> pd.DataFrame:
        return self.journal[self.journal["outcome"] == "lost"]

    @cached_property
    def unheard(self) -> list[Call]:
        """What was billed and whose answer nobody took."""
        heard = set(self.answered["request_id"])
        return [call for call in self.seen if call.billed and call.request_id not in heard]

    def owed(self) -> dict[str, int]:
        """Tokens billed, without those of answers that nobody took."""
        heard = set(self.answered["request_id"])
        taken = [call.usage for call in self.seen if call.billed and call.request_id in heard]
        return {name: sum(usage[name] for usage in taken) for name in TOKENS}

    def check(self) -> None:
        """Every answer is one that the service billed, and every send beyond is listed as lost, page by page."""
        assert set(self.journal["outcome"]) <= {"answered", "lost"}
        assert tokens(self.journal) == self.owed()
        assert self.answered["request_id"].is_unique
        assert self.answered["request_key"].is_unique
        page_of = dict(zip(self.answered["request_id"], self.answered["request_key"], strict=True))
        key_of = {call.digest: page_of[call.request_id] for call in self.seen if call.request_id in page_of}
        beyond = Counter(key_of[call.digest] for call in self.unheard)
        assert beyond <= Counter(self.lost["request_key"])
        assert len(self.seen) <= len(self.journal)


def tokens(frame: pd.DataFrame) -> dict[str, int]:
    return {name: int(frame[name].sum()) for name in TOKENS}


def check_tables(out: Path) -> None:
    """Each row is there once, calls are the ledger's, the manifest is true, and nothing half-made lies about."""
    tables = {name: pd.read_parquet(out / name) for name in TABLES}
    for name, rows in tables.items():
        assert not rows.duplicated(KEYS[name]).any(), name
    kept = journal(out)
    columns = ["call_id", "request_key", "outcome", *TOKENS]
    ours, theirs = (frame[columns].sort_values("call_id", ignore_index=True) for frame in (tables["calls"], kept))
    assert ours.astype(str).equals(theirs.astype(str))
    check_manifest(out)


def check_manifest(out: Path) -> None:
    manifest, sink = read_manifest(out), ParquetSink(out)
    assert manifest is not None
    for name in TABLES:
        assert dict(manifest.tables[name]) == {part: sink.size(name, part) for part in sink.parts(name)}
        assert {path.suffix for path in (out / name).iterdir()} == {".parquet"}
    assert not list(out.rglob("*.tmp"))


def undisturbed(frame: pd.DataFrame, names: Sequence[str] = ()) -> pd.DataFrame:
    """The rows without what a kill may change: how often was asked, and what is known of the cost of that."""
    return frame.drop(columns=["calls", "retries", "cost", "cost_known", *names], errors="ignore")
