"""Which rows hold now: of each page the newest, and of each file those of the bytes that were read last. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

KEYS: Mapping[str, tuple[str, ...]] = {
    "pages": ("source", "page_no", "operation", "variant", "model"),
    "files": ("source", "operation", "variant", "model"),
    "calls": ("call_id",),
    "runs": ("run_id",),
    "reviews": ("doc_id", "source", "page_no", "operation", "variant", "model"),
}
"""What names a row of each table, whatever was read of it before."""
NEWER: Mapping[str, str] = {
    "pages": "finished_at",
    "files": "finished_at",
    "calls": "started_at",
    "runs": "finished_at",
    "reviews": "marked_at",
}
"""By what one row is newer than another of the same name."""
SEEN = ("source", "doc_id", "finished_at")
"""The columns that tell which bytes were found under a path, and when."""


def latest(rows: pa.Table, table: str) -> pa.Table:
    """Keep the newest row of each name, sorted by name."""
    keys, when = list(KEYS[table]), NEWER[table]
    named = rows.select([*keys, when]).append_column("at", pa.array(range(rows.num_rows), pa.int64()))
    ordered = named.sort_by([(when, "ascending"), ("at", "ascending")])
    newest = ordered.group_by(keys, use_threads=False).aggregate([("at", "last")])
    return rows.take(newest.sort_by([(key, "ascending") for key in keys])["at_last"])


def current(*seen: pa.Table) -> pa.Array:
    """Give the documents that the paths hold now, from tables of `SEEN`: of each path the one that was read last.

    A look that could not even hash the file says nothing of its content.
    """
    looks = pa.concat_tables(seen, promote_options="default")
    looks = looks.filter(looks["doc_id"].is_valid()).sort_by("finished_at")
    newest = looks.group_by("source", use_threads=False).aggregate([("doc_id", "last")])
    return _named(newest["source"], newest["doc_id_last"])


def of_current(rows: pa.Table, documents: pa.Array) -> pa.Table:
    """Leave out the rows of a file's earlier contents."""
    holds = pc.is_in(_named(rows["source"], rows["doc_id"]), value_set=documents)
    return rows.filter(pc.or_(holds, rows["doc_id"].is_null()))


def column_names(table: str, wanted: Sequence[str]) -> list[str]:
    """Add to the *wanted* columns those that choosing rows takes."""
    needed = (*KEYS[table], NEWER[table], *(("doc_id",) if table in {"pages", "files"} else ()))
    return list(dict.fromkeys([*wanted, *needed]))


def _named(source: pa.ChunkedArray, doc_id: pa.ChunkedArray) -> pa.Array:
    named = pc.binary_join_element_wise(doc_id, source, " ")
    return named.combine_chunks() if isinstance(named, pa.ChunkedArray) else named
