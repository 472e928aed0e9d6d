"""The output as a whole: the marker that says it is ours, and the manifest that says what it holds."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from schemas.errors import NoInput, OutputFault
from schemas.records import SCHEMA_VERSION, TABLES
from schemas.version import version
from tasks.aside import FOLDER, make_folder, output_fault, place_once, sweep, written_aside
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


def open_dataset(out: Path) -> DatasetInfo:
    """Open an output, or make one where nothing is.

    Raises:
        OutputFault: if the folder holds something else, is of a newer layout, or cannot be written.
    """
    try:
        make_folder(out)
        if not (out / MARKER).exists():
            _mark(out)
    except OSError as error:
        raise output_fault(out, error) from error
    sweep(out)
    return _info(out / MARKER)


def find_dataset(out: Path) -> DatasetInfo | None:
    """Look at an output without making or changing anything; None where there is none.

    Raises:
        OutputFault: if it is of a newer layout or its marker is damaged.
    """
    return _info(out / MARKER) if (out / MARKER).is_file() else None


def known_dataset(out: Path) -> DatasetInfo:
    """Look at an output that is to be there, without changing anything.

    Raises:
        NoInput: if there is none of ours.
        OutputFault: if it is of a newer layout or its marker is damaged.
    """
    info = find_dataset(out)
    if info is None:
        msg = f"{out} is no output of pagemill"
        raise NoInput(msg, advice="name the folder that was given to a run as --out")
    return info


def write_manifest(out: Path, sink: Sink, run_id: str) -> Manifest:
    """List what is there. Comes last in a run: who waits for it sees whole runs only.

    Raises:
        OutputFault: if it cannot be written, or a part cannot be read.
    """
    tables = {table: {part: sink.size(table, part) for part in sink.parts(table)} for table in TABLES}
    manifest = Manifest(_info(out / MARKER).dataset_id, run_id, SCHEMA_VERSION, tables)
    _write_json(out, MANIFEST, asdict(manifest))
    return manifest


def read_manifest(out: Path) -> Manifest | None:
    """Read what the last whole run left; None before the first.

    Raises:
        OutputFault: if it is damaged.
    """
    path = out / MANIFEST
    if not path.exists():
        return None
    content = _read_json(path)
    try:
        tables = {
            table: {part: PartSize(**size) for part, size in parts.items()}
            for table, parts in content["tables"].items()
        }
        return Manifest(content["dataset_id"], content["run_id"], content["schema_version"], tables)
    except (KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, error) from error


def _mark(out: Path) -> None:
    strangers = sorted(entry.name for entry in out.iterdir() if entry.name not in HARMLESS)
    if strangers and not (out / MARKER).exists():  # another run may have marked it a moment ago
        message = f"{out} is not empty and not an output of pagemill (it holds {strangers[0]})"
        raise OutputFault(message, advice="choose an empty or a new folder as --out")
    info = DatasetInfo(LAYOUT_VERSION, str(uuid.uuid4()), f"pagemill {version()}")
    _write_json(out, MARKER, asdict(info), once=True)


def _info(path: Path) -> DatasetInfo:
    content = _read_json(path)
    try:
        info = DatasetInfo(int(content["layout_version"]), str(content["dataset_id"]), str(content["created_by"]))
    except (KeyError, TypeError, ValueError) as error:
        raise _damaged(path, error) from error
    if info.layout_version > LAYOUT_VERSION:
        message = f"{path.parent} was made by {info.created_by}, whose layout this {version()} does not know"
        raise OutputFault(message, advice="upgrade pagemill, or choose another --out")
    return info


def _write_json(out: Path, name: str, content: Mapping[str, Any], *, once: bool = False) -> None:
    write = partial(written_aside, place=place_once) if once else written_aside
    with write(out, out / name) as file:
        file.write(json.dumps(content, indent=2, ensure_ascii=False).encode() + b"\n")


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}"
        raise OutputFault(message, advice="get the right to read it, or choose another --out") from error
    except ValueError as error:
        raise _damaged(path, error) from error


def _damaged(path: Path, error: Exception) -> OutputFault:
    return OutputFault(f"{path} is damaged: {error!r}", advice="restore that file, or choose another --out")
