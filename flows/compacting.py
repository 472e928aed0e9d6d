"""The command that merges small files: compact."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from flows.options import AsJson, Ledger, Out
from flows.session import Session
from flows.wording import plural

if TYPE_CHECKING:
    from tasks.compaction import Merged

_MB = 1_000_000


def compact(
    ctx: typer.Context,
    out: Out,
    target_mb: Annotated[float, typer.Option("--target-mb", min=0.001, metavar="MB", help="Size of the files.")] = 256,
    ledger: Ledger = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Merge the many small files of the tables into few; readers see every row once throughout."""
    from tasks.compaction import compact as merge_parts

    session: Session = ctx.obj
    done = asyncio.run(merge_parts(out, ledger, target_bytes=round(target_mb * _MB)))
    if as_json:
        session.emit(json.dumps({table: asdict(merged) for table, merged in done.items()}))
    else:
        session.emit(_told(done))


def _told(done: Mapping[str, Merged]) -> str:
    return "\n".join(
        f"{table:<6} {plural(merged.files_before, 'file')} -> {plural(merged.files_after, 'file')}, "
        f"{plural(merged.rows, 'row')}, {merged.size_bytes / _MB:,.1f} MB"
        for table, merged in done.items()
    )
