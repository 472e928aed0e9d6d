"""Names of exported files: like those that were read, and harmless on any system. Pure."""

from __future__ import annotations

import hashlib
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from flows.results.finding import Reading

_LONGEST = 180
"""Bytes of a component: file systems take 255, and endings come behind."""
_FORBIDDEN = frozenset('<>:"|?*\\/')
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_DEVICES = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})


def assigned(readings: Sequence[Reading], ending: str) -> Mapping[Reading, PurePosixPath]:
    """Give each reading a relative path of its own, also where case or composed letters make no difference.

    It is the name of the file with *ending* behind it. Where several would have the same, or one that is a folder's,
    each of them is told apart by its operation and a hash, whichever came first.
    """
    plain = {reading: f"{safe_path(reading.name)}{ending}" for reading in readings}
    claims = Counter(map(_folded, plain.values()))
    folders = {_folded(str(parent)) for path in plain.values() for parent in PurePosixPath(path).parents}
    taken = {key for key, count in claims.items() if count == 1} | folders
    chosen = {}
    for reading, path in plain.items():
        clashes = claims[_folded(path)] > 1 or _folded(path) in folders
        stem = path.removesuffix(ending)
        chosen[reading] = PurePosixPath(_told_apart(reading, stem, ending, taken) if clashes else path)
    return chosen


def safe_path(name: str) -> str:
    """Give a relative path like *name*, below wherever it is put and valid on any system."""
    parts = [part for part in name.split("/") if part not in {"", "."}]
    return "/".join(map(safe_name, parts)) or "_"


def safe_name(name: str) -> str:
    """Give one component: no character that a system refuses or does not show, no device, nothing hidden."""
    clean = "".join("_" if _is_unsafe(character) else character for character in name).rstrip(" .")
    if not clean or clean.startswith(".") or clean.split(".")[0].casefold() in _DEVICES:
        clean = f"_{clean.lstrip('.')}"
    data = clean.encode()
    if len(data) <= _LONGEST:
        return clean
    return f"{data[:_LONGEST].decode(errors='ignore')}~{_digest(name)}"


def _is_unsafe(character: str) -> bool:
    return character in _FORBIDDEN or unicodedata.category(character) in _HIDDEN


def _told_apart(reading: Reading, stem: str, ending: str, taken: set[str]) -> str:
    mark = _digest(f"{reading.source}\0{reading.operation}\0{reading.variant}\0{reading.model}")
    path = f"{stem}.{reading.operation}-{mark}{ending}"
    while _folded(path) in taken:
        path = f"{path.removesuffix(ending)}_{ending}"
    taken.add(_folded(path))
    return path


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _folded(path: str) -> str:
    return unicodedata.normalize("NFC", path.casefold())
