"""What was extracted by a schema, as typed columns: a table of documents, and one for each list of objects.

`invoice` has a row for each file, `invoice_lines` one for each line of each. Both have `doc_id`, `file_source` and
`read_by` (the model), by which they join. Dates are dates, numbers numbers; what has no one type is JSON.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from operator import itemgetter
from typing import Any, Protocol

import pyarrow as pa

from tasks.extraction.flat import Field, Flat, Kind, flat
from tasks.extraction.schema import called, find
from tasks.operations.structured import Structured

TYPES: dict[Kind, pa.DataType] = {
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
    "json": pa.string(),
}
OF_THE_FILE = {
    "doc_id": "doc_id",
    "source": "file_source",
    "name": "file_name",
    "status": "file_status",
    "model": "read_by",
}
NUMBER = "number_in_file"


class Reads(Protocol):
    """What is needed of open results."""

    def arrow(self, table: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Read columns of a table as it holds now."""
        ...


def extracted(read: Reads) -> Iterator[tuple[str, pa.Table]]:
    """Give the tables of every schema that the output was asked by, each with its name.

    Raises:
        UsageFault: if a schema is no longer where it was.
    """
    files = read.arrow("files", ["operation", "variant", "result", *OF_THE_FILE]).to_pylist()
    by_schema: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for file in files:
        if file["operation"] == Structured.name and file["variant"] is not None and file["result"] is not None:
            by_schema[file["variant"]].append(file)
    references = _references(read)
    for name, found in by_schema.items():
        # A run that was killed has left files and no row of its own; a schema that is shipped is found by its name.
        for table in flat(find(references.get(name, name)), name):
            yield table.name, _arrow(table, found)


def _references(read: Reads) -> dict[str, str]:
    """Say where each schema was found, by the last run that asked by one of this name."""
    runs = sorted(read.arrow("runs", ["run_id", "config"]).to_pylist(), key=itemgetter("run_id"))
    found = (json.loads(run["config"]).get("extraction_schema") for run in runs)
    return {called(reference): reference for reference in found if reference}


def _arrow(table: Flat, files: Sequence[dict[str, Any]]) -> pa.Table:
    rows = [(file, number, row) for file in files for number, row in table.rows(json.loads(file["result"]))]
    columns = {ours: pa.array([file[theirs] for file, _, _ in rows]) for theirs, ours in OF_THE_FILE.items()}
    if table.items:
        columns[NUMBER] = pa.array([number for _, number, _ in rows], pa.int64())
    for index, field in enumerate(table.fields):
        name = field.name
        while name in columns:
            name += "_"
        columns[name] = _column(field, [row[index] for _, _, row in rows])
    return pa.table(columns)


def _column(field: Field, values: list[Any]) -> pa.Array:
    """Give the column its type; one that a value does not have (the schema was another then) is JSON throughout."""
    kind = TYPES[field.kind]
    try:
        if field.kind == "json":
            return _as_json(values)
        if field.kind == "date":
            values = [_dates(value) for value in values]
        return pa.array(values, pa.list_(kind) if field.is_list else kind)
    except (ValueError, TypeError, OverflowError):  # pyarrow's own errors are among them
        return _as_json(values)


def _dates(value: Any) -> Any:
    if isinstance(value, list):
        return [_dates(item) for item in value]
    return None if value is None else date.fromisoformat(value)


def _as_json(values: Sequence[Any]) -> pa.Array:
    written = [None if value is None else json.dumps(value, ensure_ascii=False, default=str) for value in values]
    return pa.array(written, pa.string())
