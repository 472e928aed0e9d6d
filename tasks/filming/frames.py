"""The frames of a film as the model will see them: which, how many, how large."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from PIL import Image

from schemas.documents import Document, PageFacts, RenderedPage
from schemas.errors import CorruptDocument, DocumentError, DocumentTooLarge, UnsupportedDocument
from schemas.pixels import Size, fit, video_tokens
from schemas.requests import FrameSpec
from tasks.drawing import media_type_of, open_bytes
from tasks.drawing.formats import PICTURES
from tasks.drawing.pictures import PictureDocument
from tasks.filming.examine import unchanged
from tasks.filming.folders import frame_paths
from tasks.filming.formats import FRAMES
from tasks.filming.reel import reel
from tasks.render import shown_at

SHORTEST = 2.0
"""Seconds that a film has at least. Source: Alibaba Model Studio, video understanding, mid-2026, as all rules here."""
SLOWEST = 0.1
"""Frames a second that the service takes at least."""


def take_frames(document: Document, spec: FrameSpec) -> tuple[RenderedPage, ...]:
    """Take the frames of a film; the job of a worker.

    Raises:
        DocumentError: if it cannot be read, or is too short or too long for the model.
    """
    with unchanged(document.file):
        if document.media_type == FRAMES:
            return _frames_of_folder(document, spec)
        return _frames_of_file(document, spec)


def film_tokens(document: Document, spec: FrameSpec) -> int:
    """Count the tokens of a film by its length and the size of its pictures; the job of a worker.

    Raises:
        DocumentError: as `take_frames`.
    """
    if document.media_type == FRAMES:
        paths = _paths(document, spec)
        return video_tokens(len(paths), *_size(paths[0]), spec)
    with reel(document.file.path) as film:
        return video_tokens(len(moments(film.seconds, spec)), *film.size, spec)


def moments(seconds: float, spec: FrameSpec) -> list[float]:
    """Say at which seconds of a film frames are taken: evenly, at the rate wanted as far as the model takes so many.

    Raises:
        UnsupportedDocument: if the film is too short.
        DocumentTooLarge: if it is too long, even at the lowest rate.
    """
    if seconds < SHORTEST:
        msg = f"the film is {seconds:.1f} s long, and the service takes none of less than {SHORTEST:g} s"
        raise UnsupportedDocument(msg)
    longest = spec.max_frames / SLOWEST
    if seconds > longest:
        msg = f"the film is {seconds / 60:.0f} minutes long; {spec.max_frames} frames reach for {longest / 60:.0f}"
        raise DocumentTooLarge(msg)
    count = min(max(round(seconds * spec.fps), spec.min_frames), spec.max_frames)
    return [number * seconds / count for number in range(count)]


def _frames_of_file(document: Document, spec: FrameSpec) -> tuple[RenderedPage, ...]:
    with reel(document.file.path) as film:
        times = moments(film.seconds, spec)
        shown = _shares(spec, len(times))
        taken = tuple(
            _frame(number, *each, film.size, shown) for number, each in enumerate(film.pictures(times), start=1)
        )
    if len(taken) < spec.min_frames:
        msg = f"only {len(taken)} pictures of the film can be decoded, and the service wants {spec.min_frames}"
        raise CorruptDocument(msg)
    return taken


def _frames_of_folder(document: Document, spec: FrameSpec) -> tuple[RenderedPage, ...]:
    paths = _paths(document, spec)
    size, shown = _size(paths[0]), _shares(spec, len(paths))
    wanted = fit(*size, spec)
    return tuple(
        _frame(number, (number - 1) / spec.fps, _picture(path, wanted), size, shown)
        for number, path in enumerate(paths, start=1)
    )


def _frame(number: int, second: float, picture: Image.Image, size: Size, spec: FrameSpec) -> RenderedPage:
    facts = PageFacts(width=float(size.width), height=float(size.height))
    return RenderedPage(number, facts, shown_at(picture, fit(*size, spec), spec), second)


def _shares(spec: FrameSpec, count: int) -> FrameSpec:
    """Share out the bytes that a film may take among its frames."""
    return replace(spec, max_bytes=spec.max_bytes // count)


def _paths(document: Document, spec: FrameSpec) -> list[Path]:
    paths = frame_paths(document.file.path)
    if len(paths) < spec.min_frames:
        msg = f"the folder holds {len(paths)} frames, and the service wants {spec.min_frames} at least"
        raise UnsupportedDocument(msg)
    if len(paths) > spec.max_frames:
        msg = f"the folder holds {len(paths)} frames, and the model takes {spec.max_frames} at most"
        raise DocumentTooLarge(msg)
    return paths


@contextmanager
def _opened(path: Path) -> Iterator[PictureDocument]:
    """Open a frame; whatever is wrong with it is said with its name.

    Raises:
        CorruptDocument: if it is no picture, or a broken one.
    """
    try:
        with open_bytes(str(path)) as stream:
            media_type = media_type_of(stream)
        if media_type not in PICTURES:
            raise CorruptDocument("it is no picture")
        yield PictureDocument(str(path), media_type)
    except DocumentError as fault:
        msg = f"the frame {path.name}: {fault}"
        raise CorruptDocument(msg) from None


def _size(path: Path) -> Size:
    with _opened(path) as frame:
        return frame.natural_size(1)


def _picture(path: Path, size: Size) -> Image.Image:
    with _opened(path) as frame:
        return frame.picture(1, size)
