"""The output as a whole: the marker that says it is ours, and the manifest that says what it holds."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from schemas.errors import NoInput, OutputFault
from schemas.records import SCHEMA_VERSION, TABLES
from schemas.version import version
from tasks.aside import FOLDER
from tasks.places import Place, Where, place_at
from tasks.ports import PartSize, Sink

LAYOUT_VERSION = 1
MARKER = "_pagemill.json"
MANIFEST = "manifest.json"
HARMLESS = frozenset({FOLDER, "lost+found", ".DS_Store"})
"""What may lie in a folder that counts as empty."""


@dataclass(frozen=True, slots=True)
class DatasetInfo:
    """Who made an output, and in which layout. `dataset_id` names it for good, wherever it is moved."""

    layout_version: int
    dataset_id: str
    created_by: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an output held when its last run was over: by table, each part with its size."""

    dataset_id: str
    run_id: str
    schema_version: int
    tables: Mapping[str, Mapping[str, PartSize]]

    def rows(self, table: str) -> int:
        """Count the rows of a table."""
        return sum(size.rows for size in self.tables.get(table, {}).values())


def open_dataset(out: Where) -> DatasetInfo:
    """Open an output, or make one where nothing is.

    Raises:
        OutputFault: if the place holds something else, is of a newer layout, or cannot be written.
    """
    place = place_at(out)
    place.prepare()
    if not place.holds(MARKER):
        _mark(place)
    place.sweep()
    return _info(place)


def find_dataset(out: Where) -> DatasetInfo | None:
    """Look at an output without making or changing anything; None where there is none.

    Raises:
        OutputFault: if it is of a newer layout or its marker is damaged, or its store cannot be reached.
    """
    place = place_at(out)
    return _info(place) if place.holds(MARKER) else None


def known_dataset(out: Where) -> DatasetInfo:
    """Look at an output that is to be there, without changing anything.

    Raises:
        NoInput: if there is none of ours.
        OutputFault: if it is of a newer layout or its marker is damaged, or its store cannot be reached.
    """
    info = find_dataset(out)
    if info is None:
        msg = f"{out} is no output of pagemill"
        raise NoInput(msg, advice="name the folder or the address that was given to a run as --out")
    return info


def write_manifest(out: Where, sink: Sink, run_id: str) -> Manifest:
    """List what is there. Comes last in a run: who waits for it sees whole runs only.

    Raises:
        OutputFault: if it cannot be written, or a part cannot be read.
    """
    place, tables = place_at(out), {table: sink.sizes(table) for table in TABLES}
    manifest = Manifest(_info(place).dataset_id, run_id, SCHEMA_VERSION, tables)
    _write_json(place, MANIFEST, asdict(manifest))
    return manifest


def read_manifest(out: Where) -> Manifest | None:
    """Read what the last whole run left; None before the first.

    Raises:
        OutputFault: if it is damaged.
    """
    place = place_at(out)
    if not place.holds(MANIFEST):
        return None
    content = _read_json(place, MANIFEST)
    try:
        tables = {
            table: {part: PartSize(**size) for part, size in parts.items()}
            for table, parts in content["tables"].items()
        }
        return Manifest(content["dataset_id"], content["run_id"], content["schema_version"], tables)
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(place.at(MANIFEST), error) from error


def _mark(place: Place) -> None:
    strangers = [name for name in place.entries() if name not in HARMLESS]
    if strangers and not place.holds(MARKER):  # another run may have marked it a moment ago
        message = f"{place} is not empty and not an output of pagemill (it holds {strangers[0]})"
        raise OutputFault(message, advice="choose an empty or a new folder as --out")
    info = DatasetInfo(LAYOUT_VERSION, str(uuid.uuid4()), f"pagemill {version()}")
    _write_json(place, MARKER, asdict(info), once=True)


def _info(place: Place) -> DatasetInfo:
    content = _read_json(place, MARKER)
    try:
        info = DatasetInfo(int(content["layout_version"]), str(content["dataset_id"]), str(content["created_by"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(place.at(MARKER), error) from error
    if info.layout_version > LAYOUT_VERSION:
        message = f"{place} was made by {info.created_by}, whose layout this {version()} does not know"
        raise OutputFault(message, advice="upgrade pagemill, or choose another --out")
    return info


def _write_json(place: Place, name: str, content: Mapping[str, Any], *, once: bool = False) -> None:
    with place.writing(name, once=once) as file:
        file.write(json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")


def _read_json(place: Place, name: str) -> Any:
    try:
        return json.loads(place.read(name))
    except OSError as error:
        message = f"cannot read {place.at(name)}: {error.strerror or 'it is gone'}"
        raise OutputFault(message, advice="get the right to read it, or choose another --out") from error
    except ValueError as error:
        raise _damaged(place.at(name), error) from error


def _damaged(where: str, error: Exception) -> OutputFault:
    return OutputFault(f"{where} is damaged: {error!r}", advice="restore that file, or choose another --out")
