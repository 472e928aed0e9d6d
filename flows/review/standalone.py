"""The review page as one file: everything that was read, and as many pictures as are worth their size."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

from flows.review import shell
from flows.review.detail import Detail, detail, wanted_places
from flows.review.gathered import Gathered, mark_of
from flows.review.pictures import Pictures
from schemas.errors import DocumentError
from schemas.records import ReviewRecord
from tasks.picture import Box
from tasks.places import Place
from tasks.reviews import MarkedPage, latest_reviews, read_reviews

MAX_SIDE = 1_200
"""Pixels of the longer side of a picture in the file: print is read with ease, and a page takes some 80 KB."""
TOGETHER = 50
"""Pages that are packed, and unpacked by the browser, at once."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The pictures of a file, by page, and what was seen in the layers of their pages; *refused* could not be drawn."""

    webp: Mapping[str, bytes]
    places: Mapping[str, Mapping[str, Sequence[Box]]]
    refused: int


async def embedded(gathered: Gathered, pictures: Pictures, *, count: int, megabytes: float) -> Embedded:
    """Draw the most doubtful pages, as many as *count* and *megabytes* allow."""
    webp: dict[str, bytes] = {}
    places: dict[str, Mapping[str, Sequence[Box]]] = {}
    room, refused = megabytes * 1e6, 0
    for line in sorted(gathered.lines, key=lambda line: -line.doubt):
        if len(webp) >= count:
            break
        page = gathered.pages[line.id]
        try:
            picture = await pictures.webp(page)
        except DocumentError:
            refused += 1
            continue
        room -= len(picture) * 4 / 3
        if room < 0:
            break
        webp[line.id] = picture
        places[line.id] = await pictures.places(page, wanted_places(page))
    return Embedded(webp, places, refused)


def write(place: Place, name: str, gathered: Gathered, held: Embedded, *, title: str, dataset_id: str) -> int:
    """Write the file, whole or not at all; give its size in bytes.

    Raises:
        OutputFault: if it cannot be written.
    """
    about = {
        "title": title,
        "dataset_id": dataset_id,
        "served": False,
        "of": gathered.of,
        "pictures": len(held.webp),
        "together": TOGETHER,
    }
    with place.writing(name) as file:
        for piece in shell.page(about, _blocks(gathered, held), served=False):
            file.write(piece.encode())
        return file.tell()


def _blocks(gathered: Gathered, held: Embedded) -> Iterator[tuple[str, str]]:
    yield "lines", packed([asdict(line) for line in gathered.lines])
    marks = latest_reviews(read_reviews(gathered.read.place))
    for start in range(0, len(gathered.lines), TOGETHER):
        some = gathered.lines[start : start + TOGETHER]
        yield f"pages-{start // TOGETHER}", packed([asdict(_detail(line.id, gathered, held, marks)) for line in some])
    for name, picture in held.webp.items():
        yield f"picture-{name}", base64.b64encode(picture).decode("ascii")


def _detail(name: str, gathered: Gathered, held: Embedded, marks: Mapping[MarkedPage, ReviewRecord]) -> Detail:
    page = gathered.pages[name]
    return detail(name, page, mark_of(page, marks), held.places.get(name, {}))


def packed(value: object) -> str:
    """Pack a value so that it takes a fifth of its room and can stand in HTML: JSON, gzip, base 64."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return base64.b64encode(gzip.compress(text, compresslevel=6, mtime=0)).decode("ascii")
