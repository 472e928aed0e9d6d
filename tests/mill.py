"""Runs of the whole mill for tests: folders of made documents, a reporter that remembers, tables as frames."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pymupdf
from PIL import Image, ImageDraw

from schemas.config import RunConfig
from tasks.run import run

if TYPE_CHECKING:
    from schemas.documents import RejectedDocument
    from schemas.records import CallRecord, PageRecord, RunRecord
    from schemas.requests import Recipe
    from tests.emulator import Emulator

VARYING = ["run_id", "finished_at", "started_at", "request_id", "call_id", "first_byte_at", "ended_at"]
"""Columns that say when and by whom, and so differ between two runs of the same work."""


def card(path: Path, text: str, *, frames: int = 1) -> Path:
    """A small picture with writing on it; more *frames* make a TIFF of as many pages."""
    pictures = []
    for number in range(frames):
        picture = Image.new("L", (160, 64), 255)
        ImageDraw.Draw(picture).text((6, 20), f"{text} {number + 1}", fill=0)
        pictures.append(picture)
    pictures[0].save(path, save_all=frames > 1, append_images=pictures[1:]) if frames > 1 else pictures[0].save(path)
    return path


def paper(path: Path, *pages: str) -> Path:
    """A small PDF; every page is a little card, so that rendering is quick."""
    with pymupdf.open() as drawn:
        for text in pages:
            page = drawn.new_page(width=144, height=72)
            if text:
                page.insert_text((10, 40), text, fontsize=12)
        drawn.save(path)
    return path


@dataclass
class Memory:
    """A reporter that remembers what it was told."""

    pages: list[PageRecord] = field(default_factory=list)
    calls: list[CallRecord] = field(default_factory=list)
    rejections: list[RejectedDocument] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    record: RunRecord | None = None
    stop: asyncio.Event | None = None
    stop_after: int | None = None

    def started(self, run_id: str, recipe: Recipe, config: RunConfig) -> None:
        """Nothing to remember."""

    def found(self, *, files: int, pages: int, kept: int) -> None:
        self.counts = {"files": files, "pages": pages, "kept": kept}

    def rejected(self, document: RejectedDocument) -> None:
        self.rejections.append(document)

    def page(self, record: PageRecord) -> None:
        self.pages.append(record)
        if self.stop is not None and self.stop_after == len(self.pages):
            self.stop.set()

    def call(self, call: CallRecord) -> None:
        self.calls.append(call)

    def note(self, message: str) -> None:
        self.notes.append(message)

    def finished(self, run: RunRecord) -> None:
        self.record = run


@dataclass
class Mill:
    """A source folder, an output and the emulator between them."""

    source: Path
    out: Path
    emulator: Emulator
    settings: dict[str, Any] = field(default_factory=dict)

    def config(self, **settings: Any) -> RunConfig:
        values = {
            "sources": (str(self.source),),
            "out": str(self.out),
            "backend": "dashscope",
            "base_url": self.emulator.base_url,
            "render_workers": 1,
            "in_flight": 16,
            "requests_per_minute": 60_000,
            "tokens_per_minute": 1e9,
        }
        return RunConfig(**{**values, **self.settings, **settings})

    async def run(self, *, stop_after: int | None = None, memory: Memory | None = None, **settings: Any) -> RunRecord:
        stop = asyncio.Event()
        memory = memory or Memory()
        memory.stop, memory.stop_after = stop, stop_after
        return await run(self.config(**settings), reporter=memory, stop=stop)

    def table(self, name: str) -> pd.DataFrame:
        """The table as it lies, with money as floats, which `pytest.approx` takes."""
        frame = pd.read_parquet(self.out / name)
        money = [column for column in frame if column.removeprefix("total_") in {"cost", "cost_known"}]
        return frame.astype(dict.fromkeys(money, "float64"))

    def comparable(self, name: str) -> pd.DataFrame:
        """The table without what differs between two runs of the same work."""
        frame = self.table(name).drop(columns=VARYING, errors="ignore")
        keys = [key for key in ("source", "page_no", "base_key", "attempt") if key in frame]
        return frame.sort_values(keys, ignore_index=True)


def mill_over(backend: str, folder: Path, emulator: Emulator, **settings: Any) -> Mill:
    """A mill that asks the emulated service its native way (`dashscope`) or the compatible one (`openai`)."""
    source = folder / "in"
    source.mkdir()
    address = emulator.base_url if backend == "dashscope" else emulator.compatible_url
    asked = {"backend": backend, "base_url": address, "model": "qwen3-vl-plus"}
    return Mill(source, folder / "out", emulator, asked | settings)


def billed(frame: pd.DataFrame) -> dict[str, int]:
    """Sum the tokens of a table."""
    return {name: int(frame[name].sum()) for name in ("input_tokens", "output_tokens", "image_tokens")}


MADE_UP = {"layer_missing"}
"""What the judge rightly says of the answers that the emulator makes up: the page's own text is not in them."""


def told(pages: pd.DataFrame) -> pd.Series:
    """The status of each page, but for what is only due to an answer that was made up."""
    made_up = pages["flags"].map(lambda flags: {flag["name"] for flag in flags} == MADE_UP)
    status = pages["status"].astype(str)
    return status.mask((status == "suspect") & made_up, "ok")
