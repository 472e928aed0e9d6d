"""Files that were seen: what an earlier look found in them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from hashlib import sha256
from os import fsencode
from typing import Any

from sqlalchemy import Connection, Engine, select

from schemas.documents import SourceFile
from tasks.ledger.store import Store, pieces, replacing
from tasks.ledger.tables import files_seen
from tasks.ports import KnownDocument


class FileMemory(Store):
    """Remembers files by path, size and time of change."""

    def __init__(self, engine: Engine, where: str) -> None:
        super().__init__(engine, where)
        self._see = replacing(self.insert(files_seen), "path_hash")

    async def known_files(self, files: Sequence[SourceFile]) -> Mapping[str, KnownDocument]:
        """Look up, by path, what an earlier look found in files of the same size and time of change."""
        return await self.read(partial(_known_files, files=files))

    async def remember_files(self, files: Sequence[tuple[SourceFile, KnownDocument]]) -> None:
        """Remember what was found in files."""
        if files:
            await self.write_rows(lambda: ((self._see, _seen_row(file, found)) for file, found in files))


def _path_hash(file: SourceFile) -> str:
    return sha256(fsencode(file.path)).hexdigest()


def _seen_row(file: SourceFile, found: KnownDocument) -> dict[str, Any]:
    return {
        "path_hash": _path_hash(file),
        "source": file.source,
        "size_bytes": file.size_bytes,
        "mtime_ns": file.mtime_ns,
        "found": json.dumps(asdict(found)),
    }


def _known_files(connection: Connection, files: Sequence[SourceFile]) -> dict[str, KnownDocument]:
    by_hash = {_path_hash(file): file for file in files}
    known = {}
    for some in pieces(tuple(by_hash)):
        for row in connection.execute(select(files_seen).where(files_seen.c.path_hash.in_(some))):
            file = by_hash[row.path_hash]
            found = json.loads(row.found)
            if (row.size_bytes, row.mtime_ns, found.get("version")) == (file.size_bytes, file.mtime_ns, file.version):
                lists = {name: tuple(found[name]) for name in ("page_labels", "notes")}
                known[file.path] = KnownDocument(**{**found, **lists})
    return known
