"""Small pictures for tests, each different from the others, and their form in a request."""

from __future__ import annotations

import base64
import io

from PIL import Image, ImageDraw


def picture(width: int = 64, height: int = 48, *, seed: int = 0, form: str = "PNG") -> bytes:
    """Draw a picture that is not blank; another seed is another picture."""
    with Image.new("RGB", (width, height), "white") as image:
        draw = ImageDraw.Draw(image)
        for bit in range(16):
            if (seed + 1) >> bit & 1:
                left = bit * width // 16
                draw.rectangle((left, 0, left + max(1, width // 20), height // 2), fill="black")
        return _encoded(image, form)


def blank(width: int = 64, height: int = 48, *, form: str = "PNG", colour: str = "white") -> bytes:
    """Give a picture of one colour."""
    with Image.new("RGB", (width, height), colour) as image:
        return _encoded(image, form)


def _encoded(image: Image.Image, form: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def data_uri(data: bytes, media_type: str = "image/png") -> str:
    """Write a picture as a request holds it."""
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"
