"""Scanning tables that lie in a store: a small part is fetched whole, of a large one what is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as pafs

if TYPE_CHECKING:
    from tasks.places.objects import Objects

SMALL = 4 * 2**20
"""Bytes up to which an object is fetched at once: what is left out would cost a round trip more than it saves."""
BLOCK = 2**20


def scanned(place: Objects, table: str, schema: pa.Schema) -> ds.Dataset:
    """Open a table of a place as a dataset.

    Raises:
        OutputFault: if it cannot be listed.
    """
    sizes = {f"{table}/{name}": size for name, size in place.files(table).items() if name.endswith(".parquet")}
    if not sizes:
        return ds.dataset(schema.empty_table())
    files = pafs.PyFileSystem(_Parts(place, sizes))
    return ds.FileSystemDataset.from_paths(list(sizes), schema=schema, format=ds.ParquetFileFormat(), filesystem=files)


class _Parts(pafs.FileSystemHandler):  # type: ignore[misc]  # pyarrow has no types
    """The files of a table, as Arrow opens them: only what reading takes."""

    def __init__(self, place: Objects, sizes: dict[str, int]) -> None:
        self._place = place
        self._sizes = sizes

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Parts) and (other._place, other._sizes) == (self._place, self._sizes)

    def __hash__(self) -> int:
        return hash(self._place)

    def get_type_name(self) -> str:
        return "pagemill"

    def normalize_path(self, path: str) -> str:
        return path

    def get_file_info(self, paths: list[str]) -> list[pafs.FileInfo]:
        return [pafs.FileInfo(path, pafs.FileType.File, size=self._sizes.get(path, -1)) for path in paths]

    def open_input_file(self, path: str) -> Any:
        size = self._sizes[path]
        if size <= SMALL:
            return pa.BufferReader(self._place.read(path))
        return pa.PythonFile(self._place.open_large(path, size, BLOCK), mode="r")

    def open_input_stream(self, path: str) -> Any:
        return self.open_input_file(path)

    def _reads_only(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    get_file_info_selector = create_dir = delete_dir = delete_dir_contents = delete_root_dir_contents = _reads_only
    delete_file = move = copy_file = open_output_stream = open_append_stream = _reads_only
