"""The tables of an output, read as they lie."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.dataset as ds

from schemas.arrow import arrow_schema
from schemas.errors import OutputFault
from schemas.records import ALL_TABLES
from tasks.dataset import known_dataset
from tasks.places import Where, place_at

_LOOKS = 5
"""How often a folder is listed anew after a file that was in it is gone: a run replaced it, or parts were merged."""


class Tables:
    """Reads the tables of one output. Nothing is kept open."""

    def __init__(self, out: Where) -> None:
        self.place = place_at(out)
        known_dataset(self.place)

    def read(self, table: str, columns: Sequence[str] | None = None, rows: ds.Expression | None = None) -> pa.Table:
        """Read a table, or some *columns* and *rows* of it. Columns that older parts do not have are null there.

        Raises:
            OutputFault: if a part is damaged.
        """
        for _ in range(_LOOKS):
            try:
                return self._look(table, columns, rows)
            except FileNotFoundError:
                continue
            except (OSError, pa.ArrowInvalid) as error:
                msg = f"cannot read {self.place.at(table)}: {error}"
                raise OutputFault(
                    msg, advice="delete the file that it names and run again: answers are kept"
                ) from error
        msg = f"the files of {self.place.at(table)} are replaced faster than they can be read"
        raise OutputFault(msg, advice="try again when the run is over")

    def _look(self, table: str, columns: Sequence[str] | None, rows: ds.Expression | None) -> pa.Table:
        schema = arrow_schema(ALL_TABLES[table])
        names = list(columns) if columns is not None else schema.names
        return self.place.dataset(table, schema).to_table(columns=names, filter=rows)
