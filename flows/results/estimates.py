"""What an estimate would have said of what was read, beside what it came to."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import SecretStr

from flows.reporters import Several
from schemas.config import RunConfig
from tasks.estimate import estimate

TOKENS = ("input_tokens", "output_tokens")
"""The sums over files that an estimate is held against, beside the known cost."""


class Reads(Protocol):
    """What is needed of open results."""

    def arrow(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read columns of a table as it holds now."""
        ...


async def estimates(read: Reads, passwords: Sequence[str]) -> list[dict[str, Any]]:
    """Estimate anew, by what each recipe was asked, as if nothing of it were known; the files are read again for it.

    Raises:
        RunError: if the settings name what no longer exists.
    """
    asked = read.arrow("files", ["source", "recipe_id", "cost_known", *TOKENS])
    runs = read.arrow("runs", ["run_id", "recipe_id", "config", "operation", "model"]).sort_by("run_id").to_pylist()
    by_recipe = {run["recipe_id"]: run for run in runs}
    with tempfile.TemporaryDirectory() as nowhere:
        return [
            await _estimated(run, asked.filter(pc.equal(asked["recipe_id"], recipe_id)), Path(nowhere), passwords)
            for recipe_id, run in by_recipe.items()
        ]


async def _estimated(run: dict[str, Any], files: pa.Table, nowhere: Path, passwords: Sequence[str]) -> dict[str, Any]:
    config = RunConfig.model_validate_json(run["config"]).model_copy(
        update={
            "sources": tuple(files["source"].to_pylist()),
            "out": str(nowhere / "out"),
            "ledger": None,
            "passwords": tuple(map(SecretStr, passwords)),
        }
    )
    actual = {name: pc.sum(files[name]).as_py() or 0 for name in TOKENS}
    actual["cost_known"] = float(pc.sum(files["cost_known"]).as_py() or 0)
    said = asdict(await estimate(config, reporter=Several()))
    estimated_input = {"input_tokens_likely": said.pop("input_tokens")}
    named = {name: run[name] for name in ("recipe_id", "operation", "model")}
    return named | said | estimated_input | actual
