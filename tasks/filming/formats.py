"""What kind of film a file is, by its bytes."""

from __future__ import annotations

from typing import BinaryIO, Final

FRAMES: Final = "image/x-frames"
"""A folder of the frames of a film; a name of our own."""
MP4, QUICKTIME = "video/mp4", "video/quicktime"
_MAGICS = (
    (0, b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (0, b"FLV\x01", "video/x-flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-wmv"),
    (8, b"AVI ", "video/x-msvideo"),
    (4, b"moov", QUICKTIME),
    (4, b"mdat", QUICKTIME),
    (4, b"wide", QUICKTIME),
)
_STILL_BRANDS = (b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
FILMS: Final = frozenset({FRAMES, MP4, *(media_type for _, _, media_type in _MAGICS)})
"""What the service takes: MP4, AVI, MKV, MOV, FLV, WMV; and frames. Source: Alibaba Model Studio, mid-2026."""


def film_type_of(stream: BinaryIO) -> str | None:
    """Name the media type of a film, None where it is none that is read."""
    stream.seek(0)
    head = stream.read(16)
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return None if brand in _STILL_BRANDS else QUICKTIME if brand == b"qt  " else MP4
    return next((media_type for at, magic, media_type in _MAGICS if head[at : at + len(magic)] == magic), None)
