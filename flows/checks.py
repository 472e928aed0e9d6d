"""What `pagemill doctor` looks at on this machine. Leaves nothing behind."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal

from flows.faults import redacted
from schemas.addresses import scheme_of
from schemas.errors import RunError

State = Literal["ok", "warn", "fail", "skipped"]

OLDEST_PYTHON = (3, 11)
PACKAGES = ("prefect", "fastapi", "dashscope", "pymupdf", "rapidocr", "onnxruntime", "pandas", "pyarrow", "sqlalchemy")
FASTAPI_FIX = "pip install 'fastapi>=0.139,<0.151'"
ENOUGH_SPACE = 1_000_000_000
LEAST_SPACE = 100_000_000
DRAWING_SECONDS = 60.0
OCR_SECONDS = 120.0
WORKER_MEMORY_MB = 4_096


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, and if it is not right, what mends it."""

    name: str
    state: State
    said: str
    mend: str = ""


def python() -> Check:
    """Look at the interpreter."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return Check("python", "fail", f"{found} is too old", "install Python 3.11 or newer")
    return Check("python", "ok", f"{found} at {sys.executable}")


def packages(version_of: Callable[[str], str] = metadata.version) -> Check:
    """Look at the packages, and at the pair of them that is known not to work together."""
    found: dict[str, str] = {}
    for name in PACKAGES:
        try:
            found[name] = version_of(name)
        except metadata.PackageNotFoundError:
            return Check("packages", "fail", f"{name} is not installed", "install pagemill again: pip install pagemill")
    said = ", ".join(f"{name} {version}" for name, version in found.items())
    if _release(found["prefect"]) < (3, 9) and _release(found["fastapi"]) >= (0, 155):
        return Check("packages", "fail", f"{said}; Prefect's server does not start with this FastAPI", FASTAPI_FIX)
    return Check("packages", "ok", said)


def _release(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2] if part.isdigit())


def output(out: str | Path) -> Check:
    """Look whether results can be written, without making the folder; at an address, whether it can be listed."""
    if scheme_of(str(out)) is not None:
        return _stored(str(out))
    out = Path(out)
    if out.exists() and not out.is_dir():
        return Check("output", "fail", f"{out} is a file", "name a folder with --out")
    standing = next((folder for folder in (out, *out.absolute().parents) if folder.is_dir()), Path("/"))
    try:
        with tempfile.TemporaryFile(dir=standing):
            free = shutil.disk_usage(standing).free
    except OSError as error:
        return Check("output", "fail", f"{standing} cannot be written to: {error.strerror}", "name another with --out")
    said = f"{standing} can be written to, {free / 1e9:,.1f} GB free"
    if free < LEAST_SPACE:
        return Check("output", "fail", said, "make room, or name a folder on another disk with --out")
    return Check("output", "ok" if free >= ENOUGH_SPACE else "warn", said, "" if free >= ENOUGH_SPACE else "make room")


def _stored(out: str) -> Check:
    from tasks.dataset import find_dataset
    from tasks.places import place_at
    from tasks.remote import check_installed

    try:
        check_installed([out], "written to")
        place = place_at(out)
        place.prepare()
        held, known = place.entries(), find_dataset(place)
    except RunError as error:
        return Check("output", "fail", redacted(str(error)), error.advice)
    if known is not None:
        return Check("output", "ok", f"{place} is an output of pagemill")
    if held:
        return Check("output", "fail", f"{place} holds something else ({held[0]})", "name another place with --out")
    return Check("output", "ok", f"{place} is empty, or not there; whether it can be written to, the first run finds")


def ledger(where: str | None, out: str | Path) -> Check:
    """Open the ledger; one that is not there yet is left unmade."""
    from tasks.books import ledger_place
    from tasks.ledger.engine import open_engine

    try:
        place = ledger_place(str(out), where)
    except RunError as error:
        return Check("ledger", "fail", str(error), error.advice)
    if "://" not in place and not Path(place).exists():
        return Check("ledger", "ok", f"{place} will be made by the first run")
    try:
        engine, shown = open_engine(place)
    except RunError as error:
        return Check("ledger", "fail", redacted(str(error)), error.advice)
    engine.dispose()
    return Check("ledger", "ok", f"{shown} opens")


async def drawing() -> Check:
    """Have a worker process draw a page that is made for it."""
    from flows.selftest import draw

    return await _in_worker("drawing", draw, DRAWING_SECONDS, "install pagemill again; the drawing library is broken")


async def ocr() -> Check:
    """Have a worker process read a word from a picture that is made for it."""
    from flows.selftest import read

    return await _in_worker("ocr", read, OCR_SECONDS, "install pagemill again: pip install --force-reinstall rapidocr")


async def _in_worker(name: str, job: Callable[[str], str], seconds: float, mend: str) -> Check:
    from tasks.workers import WorkerPool

    with tempfile.TemporaryDirectory(prefix="pagemill-") as folder:
        pool = await asyncio.to_thread(WorkerPool, 1, WORKER_MEMORY_MB)
        try:
            return Check(name, "ok", await pool.run(job, folder, seconds=seconds))
        except Exception as error:  # noqa: BLE001 - whatever a broken library raises is what is looked for
            return Check(name, "fail", f"{type(error).__name__}: {error}", mend)
        finally:
            await asyncio.to_thread(pool.close)
