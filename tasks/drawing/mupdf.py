"""PyMuPDF without its layout models, quiet, its complaints collected.

Importing PyMuPDF 2 loads ONNX models for layout analysis: most of a second, 80 MB and four threads, in every
process and for nothing that is used here. Threads also do not survive the fork of a worker.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["PARSER_ERRORS", "drain_notes", "errors", "is_out_of_memory", "one_line", "pymupdf", "tidy_notes"]

_UNUSED = ("pymupdf.layout", "pymupdf4llm")
MAX_NOTES = 20
MAX_NOTE_LENGTH = 200


@contextmanager
def _hidden(names: tuple[str, ...]) -> Iterator[None]:
    """Make imports of *names* fail meanwhile, as PyMuPDF expects where they are not installed."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is how Python blocks an import
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


with _hidden(_UNUSED):
    import pymupdf

pymupdf.TOOLS.mupdf_display_errors(False)  # noqa: FBT003 - the library's signature
pymupdf.TOOLS.mupdf_display_warnings(False)  # noqa: FBT003 - the same
errors = pymupdf.mupdf

PARSER_ERRORS = (errors.FzErrorBase, RuntimeError, ValueError, TypeError, IndexError, OSError)
"""What PyMuPDF raises on a broken document: MuPDF's own errors, and Python's where it trusts what it parsed."""


def is_out_of_memory(fault: BaseException) -> bool:
    """Whether MuPDF gave up because an allocation failed; it wraps that in an error of its own."""
    words = f"{fault} {fault.__cause__ or ''}"
    return isinstance(fault, MemoryError) or re.search(r"\b[cm]alloc\b.*failed", words) is not None


def drain_notes() -> tuple[str, ...]:
    """Take MuPDF's complaints since the last call: each once, one line each, and not more than a reader reads."""
    lines = pymupdf.TOOLS.mupdf_warnings(reset=True).splitlines()
    return tidy_notes(line for line in lines if not re.fullmatch(r"\.\.\. repeated \d+ times\.\.\.", line))


def tidy_notes(lines: Iterator[str]) -> tuple[str, ...]:
    """Fold whitespace, drop repetitions, and cap both the lines and their number."""
    notes = dict.fromkeys(one_line(line) for line in lines)
    notes.pop("", None)
    if len(notes) <= MAX_NOTES:
        return tuple(notes)
    return (*tuple(notes)[:MAX_NOTES], f"and {len(notes) - MAX_NOTES} more complaints")


def one_line(text: object) -> str:
    """Fold whitespace and cap the length, so that a parser's words fit a table's cell."""
    folded = " ".join(str(text).split())
    clean = folded.encode("utf-8", "backslashreplace").decode()
    return clean if len(clean) <= MAX_NOTE_LENGTH else clean[: MAX_NOTE_LENGTH - 1] + "…"
