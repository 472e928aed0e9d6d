"""Pages as the model will see them: rendered at exactly its pixels, or passed on as they stand in the file."""

from __future__ import annotations

import asyncio
import io
import math
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image

from schemas.documents import Document, PageImage, RenderedPage, Span, Strip
from schemas.errors import (
    DocumentChanged,
    DocumentError,
    DocumentTooLarge,
    MissingDocument,
    UndrawnPages,
    UnreachableDocument,
    UnreadableDocument,
)
from schemas.pixels import MAX_RATIO, MIN_SIDE, Size, fit
from schemas.requests import RenderSpec
from tasks.drawing import PageSource, Scan, opened
from tasks.drawing.looks import has_colour
from tasks.ports import Workers

_LESSER_QUALITIES = (75, 65, 50)
_SHRINK = 0.8
_OF_THE_FILE = (MissingDocument, UnreadableDocument, UnreachableDocument, DocumentChanged)
"""What befalls all pages alike: those that were drawn before it are not shown without the others."""
_ENLARGED = 2
"""A scan that would be drawn at more than twice its own size is drawn: small print reads better enlarged."""


_TURNS = {
    90: Image.Transpose.ROTATE_270,
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}
"""Pillow turns counterclockwise."""


class Frame(NamedTuple):
    """The picture that is sent, and how much of it the page takes from the top left; the rest is white."""

    sent: Size
    page: Size


async def render_span(span: Span, spec: RenderSpec, *, workers: Workers, seconds: float) -> tuple[RenderedPage, ...]:
    """Render the span's pages in worker processes, each as a job of its own; a page may take *seconds*.

    Raises:
        UndrawnPages: if pages of several cannot be rendered; names them all.
        DocumentError: if the one page cannot be rendered, or the file is no longer the one that was identified.
    """
    if span.strip is not None:
        (page_no,) = span.page_nos
        return await workers.run(render_strip, span.document, page_no, span.strip, spec, seconds=seconds)
    jobs = (workers.run(render_pages, span.document, (page_no,), spec, seconds=seconds) for page_no in span.page_nos)
    drawn = await asyncio.gather(*jobs, return_exceptions=True)
    faults = {}
    for page_no, outcome in zip(span.page_nos, drawn, strict=True):
        if isinstance(outcome, BaseException):
            if not isinstance(outcome, DocumentError) or isinstance(outcome, _OF_THE_FILE) or len(drawn) == 1:
                raise outcome
            faults[page_no] = outcome.with_traceback(None)
    if faults:
        raise UndrawnPages(faults)
    return tuple(page for pages in drawn if not isinstance(pages, BaseException) for page in pages)


def render_strip(document: Document, page_no: int, strip: Strip, spec: RenderSpec) -> tuple[RenderedPage, ...]:
    """Render a strip of one page, as finely as the model sees a strip; the job of a worker."""
    top, bottom = strip
    with opened(document) as source:
        natural = _turned(source.natural_size(page_no), spec)
        frame = framed(Size(natural.width, max(1, round(natural.height * (bottom - top)))), spec)
        whole = Size(frame.page.width, max(1, round(frame.page.height / (bottom - top))))
        page = source.picture(page_no, _turned(whole, spec))
        facts = source.facts(page_no, page)
        if spec.turn:
            page = page.transpose(_TURNS[spec.turn])
        start = min(round(whole.height * top), whole.height - frame.page.height)
        picture = page.crop((0, start, frame.page.width, start + frame.page.height))
    return (RenderedPage(page_no, facts, encoded(_on_canvas(_coloured(picture, spec), frame.sent), spec)),)


def render_pages(document: Document, page_nos: Sequence[int], spec: RenderSpec) -> tuple[RenderedPage, ...]:
    """Render pages of one document; the job of a worker."""
    with opened(document) as source:
        return tuple(render_page(source, page_no, spec) for page_no in page_nos)


def render_page(source: PageSource, page_no: int, spec: RenderSpec) -> RenderedPage:
    """Render one page, or pass it on where it is a JPEG that the model sees whole."""
    natural = _turned(source.natural_size(page_no), spec)
    scan = source.scan(page_no)
    if scan is not None and can_pass(scan, natural, spec):
        glance = _glance(scan)
        if glance is not None:
            image = PageImage(scan.data, "image/jpeg", *scan.size, passed_through=True)
            return RenderedPage(page_no, source.facts(page_no, glance), image)
    frame = framed(natural, spec)
    picture = source.picture(page_no, _turned(frame.page, spec))
    facts = source.facts(page_no, picture)
    if spec.turn:
        picture = picture.transpose(_TURNS[spec.turn])
    return RenderedPage(page_no, facts, encoded(_on_canvas(_coloured(picture, spec), frame.sent), spec))


def shown_at(picture: Image.Image, size: Size, spec: RenderSpec) -> PageImage:
    """Give a picture at exactly *size*, encoded: grey where it has no colour."""
    scaled = picture if picture.size == size else picture.resize(size, Image.Resampling.BICUBIC, reducing_gap=3.0)
    return encoded(_coloured(scaled, spec), spec)


def sent_size(source: PageSource, page_no: int, spec: RenderSpec) -> Size:
    """Say how large the picture of a page will be, without rendering it.

    Raises:
        DocumentError: if the page does not say how large it is.
    """
    natural = _turned(source.natural_size(page_no), spec)
    scan = source.scan(page_no)
    passes = scan is not None and can_pass(scan, natural, spec)
    return scan.size if scan is not None and passes else framed(natural, spec).sent


def framed(natural: Size, spec: RenderSpec) -> Frame:
    """Give the size at which the model sees a page of *natural* pixels, white added where no model takes its shape.

    Rounding to the model's patches can double a ratio, so half of what the service refuses is taken as its limit.
    """
    least = max(MIN_SIDE, spec.patch, math.ceil(max(natural) * 2 / MAX_RATIO))
    padded = Size(max(natural.width, least), max(natural.height, least))
    sent = fit(*padded, spec)
    page = Size(
        max(1, round(natural.width * sent.width / padded.width)),
        max(1, round(natural.height * sent.height / padded.height)),
    )
    return Frame(sent, page)


def can_pass(scan: Scan, natural: Size, spec: RenderSpec) -> bool:
    """Whether the JPEG in the file serves the model as well as a rendered one."""
    longer, shorter = max(scan.size), min(scan.size)
    return (
        not spec.turn
        and shorter >= MIN_SIDE
        and longer <= shorter * MAX_RATIO
        and longer * shorter <= spec.max_pixels
        and len(scan.data) <= spec.max_bytes
        and spec.colour in {"auto", "grey" if scan.grey else "rgb"}
        and natural.width <= scan.size.width * _ENLARGED
    )


def encoded(picture: Image.Image, spec: RenderSpec) -> PageImage:
    """Encode as JPEG within the specification's bytes: at lower quality if need be, and then smaller.

    Raises:
        DocumentTooLarge: if not even the smallest picture is small enough.
    """
    while True:
        for quality in (spec.jpeg_quality, *(lower for lower in _LESSER_QUALITIES if lower < spec.jpeg_quality)):
            buffer = io.BytesIO()
            picture.save(buffer, "JPEG", quality=quality)
            if buffer.tell() <= spec.max_bytes:
                return PageImage(buffer.getvalue(), "image/jpeg", *picture.size)
        smaller = fit(picture.width * _SHRINK, picture.height * _SHRINK, spec)
        if smaller == picture.size:
            msg = f"its picture cannot be encoded in {spec.max_bytes} bytes"
            raise DocumentTooLarge(msg)
        picture = picture.resize(smaller, Image.Resampling.BICUBIC)


def _turned(size: Size, spec: RenderSpec) -> Size:
    """Give the size that a picture has when it is turned."""
    return Size(size.height, size.width) if spec.turn % 180 else size


def _glance(scan: Scan) -> Image.Image | None:
    """Decode at half size, which is enough to measure a page; None if the JPEG is broken after all."""
    try:
        with Image.open(io.BytesIO(scan.data), formats=("JPEG",)) as image:
            image.draft(None, (image.width // 2, image.height // 2))
            image.load()
            return image
    except (OSError, SyntaxError, ValueError):
        return None


def _coloured(picture: Image.Image, spec: RenderSpec) -> Image.Image:
    grey = spec.colour == "grey" or (spec.colour == "auto" and not has_colour(picture))
    mode = "L" if grey else "RGB"
    return picture if picture.mode == mode else picture.convert(mode)


def _on_canvas(picture: Image.Image, size: Size) -> Image.Image:
    if picture.size == size:
        return picture
    canvas = Image.new(picture.mode, size, "white")
    canvas.paste(picture)
    return canvas
