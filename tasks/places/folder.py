"""An output in a folder of this machine: files are written aside and renamed."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from tasks.aside import make_folder, output_fault, place_once, sweep, written_aside

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.dataset as ds


class Folder:
    """An output in a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.path.resolve().name

    def __str__(self) -> str:
        """Give its path as it was named."""
        return str(self.path)

    def at(self, name: str) -> str:
        """Give the path of what is in it."""
        return str(self.path / name)

    def prepare(self) -> None:
        """Make the folder.

        Raises:
            OutputFault: if it cannot be made.
        """
        try:
            make_folder(self.path)
        except OSError as error:
            raise output_fault(self.path, error) from error

    def sweep(self) -> None:
        """Delete files in the making whose writers are dead."""
        sweep(self.path)

    def entries(self) -> list[str]:
        """List the names of what lies directly in it.

        Raises:
            OutputFault: if it cannot be listed.
        """
        try:
            return sorted(entry.name for entry in self.path.iterdir())
        except OSError as error:
            raise output_fault(self.path, error) from error

    def holds(self, name: str) -> bool:
        """Say whether a file of this name is in it.

        Raises:
            OutputFault: if the system does not say.
        """
        try:
            return (self.path / name).is_file()
        except OSError as error:
            raise output_fault(self.path / name, error) from error

    def read(self, name: str) -> bytes:
        """Read a file of it.

        Raises:
            OSError: as the system raises it.
        """
        return (self.path / name).read_bytes()

    def writing(self, name: str, *, once: bool = False) -> AbstractContextManager[BinaryIO]:
        """Give a file to write to: see `tasks.aside`.

        Raises:
            OutputFault: if it cannot be written.
        """
        final = self.path / name
        return written_aside(self.path, final, place=place_once) if once else written_aside(self.path, final)

    def dataset(self, table: str, schema: pa.Schema) -> ds.Dataset:
        """Open a table to be scanned; one that is not there has no rows."""
        from pyarrow import dataset

        folder = self.path / table
        if not folder.is_dir():
            return dataset.dataset(schema.empty_table())
        return dataset.dataset(folder, schema=schema, format="parquet")
