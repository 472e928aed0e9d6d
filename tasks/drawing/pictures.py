"""Documents that are pictures: what Pillow reads, a page a frame where the format has pages."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import pillow_heif
from PIL import Image, UnidentifiedImageError

from schemas.documents import PageFacts
from schemas.errors import CorruptDocument, DocumentError, DocumentTooLarge, RenderFailed
from schemas.pixels import Size
from tasks.drawing.bounds import MAX_SOURCE_PIXELS, guard_pixels, page_index
from tasks.drawing.formats import PAGED_PICTURES, PICTURES
from tasks.drawing.handle import open_bytes
from tasks.drawing.looks import ink
from tasks.drawing.modes import plain
from tasks.drawing.mupdf import one_line
from tasks.drawing.scans import jpeg_scan
from tasks.drawing.source import Scan

pillow_heif.register_heif_opener()
Image.MAX_IMAGE_PIXELS = MAX_SOURCE_PIXELS
"""Pillow's own limit also guards what formats unpack inside themselves, before a size is known here."""

_ORIENTATION = 0x0112
_TURNS = {
    2: (0, Image.Transpose.FLIP_LEFT_RIGHT),
    3: (180, Image.Transpose.ROTATE_180),
    4: (180, Image.Transpose.FLIP_TOP_BOTTOM),
    5: (90, Image.Transpose.TRANSPOSE),
    6: (90, Image.Transpose.ROTATE_270),
    7: (270, Image.Transpose.TRANSVERSE),
    8: (270, Image.Transpose.ROTATE_90),
}
"""EXIF orientation: degrees clockwise that a viewer turns the picture, and the transposition that does it."""
_POINTS = 72
_CREDIBLE_DPI = (30.0, 4_800.0)


class PictureDocument:
    """A picture file. It is opened anew for every page asked for, so that no decoded pixels linger."""

    page_labels: tuple[str, ...] = ()
    encrypted = False
    password: str | None = None
    notes: tuple[str, ...] = ()

    def __init__(self, path: str, media_type: str) -> None:
        self._path = path
        self._media_type = media_type
        with self._image(CorruptDocument) as image:
            paged = media_type in PAGED_PICTURES
            self.page_count: int = getattr(image, "n_frames", 1) if paged else 1

    def pymupdf_page(self, page_no: int) -> None:
        """None: there is no text layer."""

    def natural_size(self, page_no: int) -> Size:
        """The picture's own pixels, as displayed."""
        with self._frame(page_no) as image:
            return _turned(image.size, _orientation(image))

    def picture(self, page_no: int, size: Size) -> Image.Image:
        """The picture, upright, at exactly *size*."""
        with self._frame(page_no) as image:
            orientation = _orientation(image)
            wanted = _turned(size, orientation)
            image.draft(None, wanted)
            image.load()
            scaled = plain(image).resize(wanted, Image.Resampling.BICUBIC, reducing_gap=3.0)
            turn = _TURNS.get(orientation)
            return scaled.transpose(turn[1]) if turn else scaled

    def scan(self, page_no: int) -> Scan | None:
        """The file itself, if it is an upright JPEG."""
        if self._media_type != "image/jpeg":
            return None
        page_index(page_no, self.page_count)
        with open_bytes(self._path) as stream:
            return jpeg_scan(stream.read())

    def facts(self, page_no: int, picture: Image.Image) -> PageFacts:
        """Size, rotation and ink; pictures have no text layer."""
        with self._frame(page_no) as image:
            orientation = _orientation(image)
            size = _turned(image.size, orientation)
            dots = _turned(_resolution(image), orientation)
        return PageFacts(
            width=size[0] * _POINTS / dots[0],
            height=size[1] * _POINTS / dots[1],
            rotation=_TURNS[orientation][0] if orientation in _TURNS else 0,
            ink=ink(picture),
        )

    def close(self) -> None:
        """Nothing is held open."""

    @contextmanager
    def _frame(self, page_no: int) -> Iterator[Image.Image]:
        index = page_index(page_no, self.page_count)
        with self._image(RenderFailed, f"page {page_no}: ") as image:
            if index:
                image.seek(index)
            guard_pixels(*image.size)
            yield image

    @contextmanager
    def _image(self, error: type[CorruptDocument | RenderFailed], where: str = "") -> Iterator[Image.Image]:
        with open_bytes(self._path) as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            try:
                with Image.open(stream, formats=(PICTURES[self._media_type],)) as image:
                    yield image
            except (Image.DecompressionBombError, Image.DecompressionBombWarning) as fault:
                raise DocumentTooLarge(where + one_line(fault)) from None
            except UnidentifiedImageError:
                msg = f"{where}its first bytes are those of {self._media_type}, the rest is not"
                raise error(msg) from None
            except (DocumentError, MemoryError):
                raise
            except Exception as fault:  # noqa: BLE001 - a decoder that trusts what it reads raises anything
                raise error(where + (one_line(fault) or type(fault).__name__)) from None


def _orientation(image: Image.Image) -> int:
    """Give the EXIF orientation that is still to be applied: Pillow turns TIFF itself.

    Of a PNG only what stands before its pixels counts: asking for more would decode them.
    """
    if image.format == "TIFF" or (image.format == "PNG" and "exif" not in image.info):
        return 1
    orientation = image.getexif().get(_ORIENTATION, 1)
    return orientation if isinstance(orientation, int) else 1


def _turned(size: tuple[int, int], orientation: int) -> Size:
    """Swap the sides where the orientation lays the picture on its side."""
    turn = _TURNS.get(orientation)
    return Size(size[1], size[0]) if turn and turn[0] in {90, 270} else Size(*size)


def _resolution(image: Image.Image) -> tuple[int, int]:
    """Give dots per inch across and down; 72 where the file says none or nonsense, so that a point is a pixel."""
    try:
        across, down = (float(dots) for dots in image.info.get("dpi", (_POINTS, _POINTS)))
    except (TypeError, ValueError, ZeroDivisionError):
        return _POINTS, _POINTS
    low, high = _CREDIBLE_DPI
    credible = low <= across <= high and low <= down <= high
    return (round(across), round(down)) if credible else (_POINTS, _POINTS)
