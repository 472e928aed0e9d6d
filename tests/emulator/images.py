"""Pictures as the service takes them: fetched, decoded, measured, refused."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PIL import Image, UnidentifiedImageError

from tests.emulator.models import OCR_PIXELS, Model
from tests.emulator.refusal import TooLarge, bad_image, bad_parameter, not_downloaded

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Fetch = Callable[[str], Awaitable[bytes]]

DATA_URI = re.compile(r"data:image/([\w.+-]+);base64,", re.IGNORECASE)
MAX_BASE64 = 10_485_760
MAX_GATEWAY_ITEM = 20 * 1024 * 1024
FORMATS = frozenset({"BMP", "JPEG", "MPO", "PNG", "TIFF", "WEBP", "HEIF"})
FORMATS_TO_8K = frozenset({"JPEG", "MPO", "PNG"})
FOUR_K = 4_096
BOMB = 89_478_485
UNREADABLE = (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError)
MIN_SIDE = 10
MAX_RATIO = 200
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that arrived: its bytes, what they are, what it is billed as, whether it is to be turned upright."""

    data: bytes = field(repr=False)
    sha256: str
    format: str
    width: int
    height: int
    tokens: int = 0
    turned: bool = False

    def open(self) -> Image.Image:
        """Open the pixels; the caller closes it."""
        return Image.open(io.BytesIO(self.data))


async def load(reference: object, fetch: Fetch) -> Picture:
    """Get the picture that a content item points to, and look at its header."""
    if not isinstance(reference, str) or not reference:
        message = "The image must be a URL or a data URI."
        raise bad_parameter(message)
    found = DATA_URI.match(reference)
    if found:
        data = _decoded(reference, found.end())
    elif reference.startswith(("http://", "https://")):
        data = await _downloaded(reference, fetch)
    else:
        message = "The provided URL does not appear to be valid. Ensure it is correctly formatted."
        raise bad_image(message)
    return Picture(data, *_header(data))


def _decoded(uri: str, start: int) -> bytes:
    length = len(uri) - start
    if length > MAX_GATEWAY_ITEM:
        raise TooLarge
    if length > MAX_BASE64:
        message = f"Exceeded limit on max bytes per data-uri item : {MAX_BASE64}"
        raise bad_image(message)
    try:
        return base64.b64decode(memoryview(uri.encode("ascii"))[start:], validate=True)
    except (binascii.Error, UnicodeEncodeError) as fault:
        message = "The image format is illegal and cannot be opened."
        raise bad_image(message) from fault


async def _downloaded(url: str, fetch: Fetch) -> bytes:
    if urlsplit(url).hostname not in LOOPBACK:
        raise not_downloaded()
    try:
        return await fetch(url)
    except OSError as fault:
        raise not_downloaded() from fault


def _header(data: bytes) -> tuple[str, str, int, int]:
    """Name the bytes and read format, width and height, without decoding pixels."""
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        with Image.open(io.BytesIO(data)) as image:
            return sha256, image.format or "", image.width, image.height
    except (*UNREADABLE, Image.DecompressionBombWarning) as fault:
        size = _heif_size(data)
        if size is None:
            message = "The image format is illegal and cannot be opened."
            raise bad_image(message) from fault
        return sha256, "HEIF", *size


def _heif_size(data: bytes) -> tuple[int, int] | None:
    """Read a HEIC header without teaching Pillow the format: the product under test shares this process."""
    import pillow_heif

    if not pillow_heif.is_supported(data):
        return None
    width, height = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False).size
    return width, height


def check(picture: Picture, model: Model) -> None:
    """Refuse what the service refuses by a picture's header."""
    sides = sorted((picture.width, picture.height))
    if sides[0] <= MIN_SIDE:
        message = (
            "The image length and width do not meet the model restrictions. "
            f"[height:{picture.height} or width:{picture.width} must be larger than {MIN_SIDE}]"
        )
        raise bad_image(message)
    if sides[1] > MAX_RATIO * sides[0]:
        message = f"absolute aspect ratio must be smaller than {MAX_RATIO}, got {sides[1] / sides[0]}"
        raise bad_image(message)
    taken = FORMATS if sides[1] <= FOUR_K else FORMATS_TO_8K
    if picture.format not in taken or picture.width * picture.height > BOMB:
        message = "The image format is illegal and cannot be opened."
        raise bad_image(message)
    if model.ocr and picture.width * picture.height > OCR_PIXELS:
        message = f"The image size is beyond the limit: at most {OCR_PIXELS} pixels."
        raise bad_image(message)
