"""A Markdown file for each document, in folders like those that were read: `sub/b.pdf` becomes `sub/b.pdf.md`.

Each page stands behind an anchor, `<a id="page-3"></a>`; a comment says so where a page is not simply as it was read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from flows.filenames import assigned
from flows.results import Results
from tasks.aside import written_aside


def write(read: Results, to: Path) -> Iterator[Path]:
    """Write a file for each document of which a page has its row."""
    paths = assigned(read.readings, ".md")
    for document in read.documents():
        if not document.pages:
            continue
        path = to / paths[document.reading]
        with written_aside(to, path) as file:
            file.write(f"{document.text}\n".encode())
        yield path
