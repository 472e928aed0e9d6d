"""A file's format from its bytes; its name has no say."""

from __future__ import annotations

import re
import zipfile
from typing import BinaryIO

from tasks.drawing.formats import PDF

HEAD = 4_096
_PDF_WITHIN = 1_024
_DIB_HEADERS = frozenset({12, 16, 40, 52, 56, 64, 108, 124})
_MAGICS = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\xffO\xffQ", "image/jp2"),
    (b"icns", "image/x-icns"),
    (b"\0\0\x01\0", "image/x-icon"),
    (b"\x01\xda", "image/sgi"),
)
_BRANDS = {b"avif": "image/avif", b"avis": "image/avif"} | dict.fromkeys(
    (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), "image/heif"
)
_PICTURE_NAMES = re.compile(r"\.(jpe?g|png|gif|bmp|tiff?|webp|jp2|jxr|svg)$", re.IGNORECASE)
_PROLOGUE = rb"(?:\xef\xbb\xbf)?(?:\s|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>)*"
_ROOT = re.compile(_PROLOGUE + rb"<(?:[\w.-]+:)?([\w.-]+)", re.DOTALL)
_ROOTS = {b"svg": "image/svg+xml", b"FictionBook": "application/x-fictionbook+xml"}


def media_type_of(stream: BinaryIO) -> str | None:
    """Name the media type of what *stream* holds, None where it is of no format that is read."""
    stream.seek(0)
    head = stream.read(HEAD)
    return _by_magic(head) or _by_structure(head) or (_by_parts(stream) if head.startswith(b"PK") else None)


def _by_magic(head: bytes) -> str | None:
    for magic, media_type in _MAGICS:
        if head.startswith(magic):
            return media_type
    if b"%PDF-" in head[:_PDF_WITHIN]:
        return PDF
    if head[60:68] in {b"BOOKMOBI", b"TEXtREAd"}:
        return "application/x-mobipocket-ebook"
    return None


def _by_structure(head: bytes) -> str | None:
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _by_brands(head[8 : int.from_bytes(head[:4], "big")])
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _DIB_HEADERS:
        return "image/bmp"
    if _is_dib(head):
        return "image/x-dib"
    root = _ROOT.match(head)
    return _ROOTS.get(root[1]) if root else None


def _by_brands(brands: bytes) -> str | None:
    """Tell AVIF from HEIC, which share a container: by the major brand, and a generic one by its companions."""
    if b"avif" in brands[8:]:
        return "image/avif"
    return _BRANDS.get(brands[:4])


def _is_dib(head: bytes) -> bool:
    """Whether a bitmap stands there without its file header, which has no magic: one plane and a known depth."""
    size = int.from_bytes(head[:4], "little")
    at = 8 if size == min(_DIB_HEADERS) else 12
    planes, depth = (int.from_bytes(head[at + offset : at + offset + 2], "little") for offset in (0, 2))
    return size in _DIB_HEADERS and planes == 1 and depth in {1, 4, 8, 16, 24, 32}


def _by_parts(stream: BinaryIO) -> str | None:
    """Tell the formats apart that are ZIP archives."""
    try:
        with zipfile.ZipFile(stream) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return None
    if "META-INF/container.xml" in names:
        return "application/epub+zip"
    if any(name.endswith(".fdseq") for name in names):
        return "application/oxps"
    files = [name for name in names if not name.endswith("/")]
    pictures = [name for name in files if _PICTURE_NAMES.search(name)]
    office = "[Content_Types].xml" in names
    return "application/vnd.comicbook+zip" if pictures and not office and len(pictures) * 2 > len(files) else None
