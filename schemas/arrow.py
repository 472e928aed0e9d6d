"""Records as Arrow: the schema of a table comes from its dataclass, and rows go there and back unchanged.

Importing this module imports pyarrow, which takes half a second; `schemas.records` stays free of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from schemas.records import MONEY, MONEY_PLACES, SCHEMA_VERSION, Record

VERSION_KEY = "pagemill.schema_version"
PLAIN_TYPES: dict[type, pa.DataType] = {
    str: pa.string(),
    int: pa.int64(),
    float: pa.float64(),
    bool: pa.bool_(),
    datetime: pa.timestamp("us", tz="UTC"),
}

MONEY_TYPE = pa.decimal128(18, MONEY_PLACES)

AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True, slots=True)
class Column:
    """One column as its dataclass states it. `annotation` is without `None`; `choices` are those of a closed set."""

    name: str
    annotation: Any
    nullable: bool
    doc: str
    is_money: bool = False

    @property
    def choices(self) -> tuple[str, ...]:
        """The values there are, where they are a closed set."""
        return get_args(self.annotation) if get_origin(self.annotation) is Literal else ()

    @property
    def element(self) -> Any:
        """What a list column is a list of; None where it is no list."""
        return get_args(self.annotation)[0] if get_origin(self.annotation) is tuple else None

    @property
    def field(self) -> pa.Field:
        """The column in Arrow's words."""
        metadata = {"doc": self.doc} if self.doc else None
        return pa.field(self.name, self._type(), nullable=self.nullable, metadata=metadata)

    def _type(self) -> pa.DataType:
        if self.is_money:
            return MONEY_TYPE
        if self.choices:
            return pa.dictionary(pa.int32(), pa.string())
        if self.element is not None:
            return pa.list_(Column("element", self.element, nullable=False, doc="").field)
        if isinstance(self.annotation, type) and is_dataclass(self.annotation):
            return pa.struct([column.field for column in columns(self.annotation)])
        return PLAIN_TYPES[self.annotation]


def columns(record_type: type[Any]) -> tuple[Column, ...]:
    """List the columns of a record, or the members of a struct within one, in order."""
    hints = get_type_hints(record_type, include_extras=True)
    return tuple(_column(field.name, hints[field.name]) for field in fields(record_type))


def arrow_schema(record_type: type[Any]) -> pa.Schema:
    """Derive the schema of a table: types, nullability, the columns' documentation, and its version."""
    return pa.schema(
        [column.field for column in columns(record_type)],
        metadata={VERSION_KEY: str(SCHEMA_VERSION)},
    )


def to_arrow(record_type: type[AnyRecord], records: Sequence[AnyRecord]) -> pa.Table:
    """Turn rows into a table.

    Raises:
        ValueError: if a value is not of its closed set, or a time has no zone.
    """
    arrays = [_array(column, [getattr(record, column.name) for record in records]) for column in columns(record_type)]
    return pa.table(arrays, schema=arrow_schema(record_type))


def from_arrow(record_type: type[AnyRecord], table: pa.Table) -> list[AnyRecord]:
    """Turn a table into rows. Columns that it does not have yet are null; those it has besides are left out.

    Raises:
        ValueError: if a column is missing that was there from the first day.
    """
    values = [_values(column, table) for column in columns(record_type)]
    names = [column.name for column in columns(record_type)]
    return [record_type(**dict(zip(names, row, strict=True))) for row in zip(*values, strict=True)]


def _column(name: str, hint: Any) -> Column:
    doc, marks = "", ()
    if hasattr(hint, "__metadata__"):
        doc, *marks = hint.__metadata__
        hint = hint.__origin__
    nullable = get_origin(hint) in {Union, UnionType}
    if nullable:
        (hint,) = (option for option in get_args(hint) if option is not type(None))
    return Column(name, hint, nullable, doc, MONEY in marks)


def _array(column: Column, values: list[Any]) -> pa.Array:
    if column.choices:
        return _coded(column, values)
    if column.is_money:
        values = [None if value is None else Decimal(f"{value:.{MONEY_PLACES}f}") for value in values]
    if is_dataclass(column.element):
        values = [None if items is None else [asdict(item) for item in items] for items in values]
    if column.annotation is datetime and any(value is not None and value.tzinfo is None for value in values):
        msg = f"a time without a zone stands in column {column.name}"
        raise ValueError(msg)
    try:
        return pa.array(values, column.field.type)
    except UnicodeEncodeError:
        return pa.array([_mended(value) for value in values], column.field.type)


def _coded(column: Column, values: list[Any]) -> pa.DictionaryArray:
    """Number the values of a closed set. The whole set is written, so that all parts have the same categories."""
    codes: dict[str | None, int | None] = {choice: code for code, choice in enumerate(column.choices)}
    codes[None] = None
    unknown = set(values) - set(codes)
    if unknown:
        msg = f"column {column.name} has no value {min(unknown)!r}"
        raise ValueError(msg)
    return pa.DictionaryArray.from_arrays(pa.array([codes[value] for value in values], pa.int32()), column.choices)


def _mended(value: Any) -> Any:
    """Replace halves of surrogate pairs, which a model's JSON can hold and UTF-8 cannot."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, tuple | list):
        return [_mended(item) for item in value]
    if isinstance(value, dict):
        return {key: _mended(item) for key, item in value.items()}
    return value


def _values(column: Column, table: pa.Table) -> list[Any]:
    if column.name not in table.column_names:
        if not column.nullable:
            msg = f"column {column.name} is missing"
            raise ValueError(msg)
        return [None] * table.num_rows
    values: list[Any] = table.column(column.name).to_pylist()
    if column.is_money:
        return [None if value is None else float(value) for value in values]
    element = column.element
    if isinstance(element, type) and is_dataclass(element):
        return [None if items is None else tuple(element(**item) for item in items) for items in values]
    if element is not None:
        return [None if items is None else tuple(items) for items in values]
    return values
