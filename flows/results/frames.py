"""Tables as DataFrames, with the types that their columns mean."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa

from schemas.arrow import Column, columns
from schemas.records import ALL_TABLES

if TYPE_CHECKING:
    import pandas as pd

_OF_THE_FILE = ("status", "media_type", "size_bytes", "modified_at", "page_count", "duplicate_of", "error_kind")
_SAME_PAGE = ["doc_id", "page_no", "recipe_id"]
_SAME_FILE = ["source", "operation", "variant", "model"]


def frame(rows: pa.Table, table: str) -> pd.DataFrame:
    """Turn a table into a DataFrame: closed sets as categories, counts that can be unknown as `Int64`, times in UTC.

    Lists stay lists: `flags` of dicts with name and score, `notes` of strings. Money is float64, with which pandas can
    reckon and plot: rounded to nine places, a sum of it is exact up to millions.
    """
    import pandas as pd

    known = {column.name: column for column in columns(ALL_TABLES[table])}
    return pd.DataFrame({name: _series(rows[name], known[name]) for name in rows.column_names}, copy=False)


def typed(rows: pa.Table) -> pd.DataFrame:
    """Turn a table of extracted data into a DataFrame: dates as `datetime64`, counts that may be missing as `Int64`."""
    import pandas as pd

    types = {
        pa.int64(): pd.Int64Dtype(),
        pa.bool_(): pd.BooleanDtype(),
        pa.string(): pd.StringDtype(na_value=float("nan")),
    }
    return rows.to_pandas(types_mapper=types.get, date_as_object=False)


def _series(values: pa.ChunkedArray, column: Column) -> Any:
    import pandas as pd

    if column.element is not None:
        return pd.Series(values.to_pylist(), dtype=object)
    if column.is_money:
        return values.cast(pa.float64()).to_pandas()
    types = {pa.string(): pd.StringDtype(na_value=float("nan"))}  # also of a column that is null all along
    if column.nullable:
        types |= {pa.int64(): pd.Int64Dtype(), pa.bool_(): pd.BooleanDtype()}
    return values.to_pandas(types_mapper=types.get)


def with_files(pages: pd.DataFrame, files: pd.DataFrame) -> pd.DataFrame:
    """Lay beside each page what is known of its file, under `file_…` where the page has a column of that name."""
    named = {name: name if name not in pages.columns else f"file_{name}" for name in _OF_THE_FILE}
    beside = files[[*_SAME_FILE, *named]].rename(columns=named)
    return pages.merge(beside, how="left", on=_SAME_FILE, validate="many_to_one")


def with_pages(calls: pd.DataFrame, pages: pd.DataFrame) -> pd.DataFrame:
    """Lay beside each call the page that it was about, the first of several, so that sums over calls stay right.

    Of files with the same bytes it is the page of the one that carries the cost.
    """
    carriers = pages.sort_values(["calls", "finished_at"], ascending=False, kind="stable").drop_duplicates(_SAME_PAGE)
    beside = carriers[[*_SAME_PAGE, "source", "name", "status", "flags"]].rename(columns={"status": "page_status"})
    numbers = calls["pages"].str.extract(r"(\d+)", expand=False).astype("int64")
    return calls.assign(page_no=numbers).merge(beside, how="left", on=_SAME_PAGE, validate="many_to_one")


def flags_of(pages: pd.DataFrame) -> pd.DataFrame:
    """List every flag of every page, a row each."""
    import pandas as pd

    which = ["source", "name", "page_no", "operation", "variant", "model", "status"]
    raised = pages.loc[pages["flags"].str.len() > 0, [*which, "flags"]].explode("flags", ignore_index=True)
    names = [flag["name"] for flag in raised["flags"]]
    scores = [flag["score"] for flag in raised["flags"]]
    return raised[which].assign(flag=pd.Series(names, dtype="str"), score=pd.Series(scores, dtype="float64"))
