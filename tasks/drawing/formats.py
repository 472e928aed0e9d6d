"""The formats that are read, by media type, and who reads them."""

from __future__ import annotations

from typing import Final

PDF: Final = "application/pdf"

PAGED: Final = {
    PDF: "pdf",
    "application/oxps": "xps",
    "application/epub+zip": "epub",
    "application/x-mobipocket-ebook": "mobi",
    "application/x-fictionbook+xml": "fb2",
    "application/vnd.comicbook+zip": "cbz",
    "image/svg+xml": "svg",
}
"""Documents that PyMuPDF reads, with its name for the format."""

PICTURES: Final = {
    "image/bmp": "BMP",
    "image/x-dib": "DIB",
    "image/x-icns": "ICNS",
    "image/x-icon": "ICO",
    "image/jpeg": "JPEG",
    "image/jp2": "JPEG2000",
    "image/png": "PNG",
    "image/sgi": "SGI",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/gif": "GIF",
    "image/heif": "HEIF",
    "image/avif": "AVIF",
}
"""Pictures that Pillow reads, with its name for the format."""

PAGED_PICTURES: Final = frozenset({"image/tiff", "image/gif", "image/webp", "image/png", "image/avif"})
"""Picture formats whose frames are pages. In the others, further pictures are thumbnails or smaller sizes."""
