"""Finding the pages that are one scanned JPEG and nothing else: its bytes can go on as they are.

Every condition is on the safe side: where one fails the page is rendered, which costs time and nothing else.
"""

from __future__ import annotations

import io
import re
from typing import Any

from PIL import Image

from schemas.pixels import Size
from tasks.drawing.source import Scan

_EDGE = 0.01
"""How far, as a share of the page, the picture's edges may lie from the page's."""
_SKEW = 1e-3
_STRETCH = 0.02
_ORIENTATION = 0x0112
_MAX_CONTENT = 1_000_000
_STRING = re.compile(rb"\((?:[^()\\]|\\.)*\)", re.DOTALL)
_TEXT = re.compile(rb"(?<!\S)BT\b.*?\bET(?!\S)", re.DOTALL)
_MARK = re.compile(rb"/[\w.-]+\s+(?:BMC|(?:<<[^<>]*>>|/[\w.-]+)\s+(?:BDC|DP))|EMC")
_NUMBER = rb"[-+\d.]+\s+"
_CLIP = re.compile(rb"((?:" + _NUMBER + rb"){4})re\s+W\*?\s+n(?!\S)")
_PLACED = rb"(?:" + _NUMBER + rb"){6}cm|/(?P<name>[^\s/<>\[\]()]+)\s+Do"
_CONTENT = re.compile(rb"\s*(?:(?:q|Q|/\w+\s+ri|" + _PLACED + rb")(?:\s+|$))+")
_NO_CHANGE = {
    "SMask": {"null"},
    "Mask": {"null"},
    "Decode": {"null", "[0 1]", "[0 1 0 1 0 1]"},
}
_PLAIN_COLOURS = re.compile(r"Device(RGB|Gray)|Cal(RGB|Gray)|ICCBased\((RGB|Gray)\b.*")


def jpeg_scan(data: bytes) -> Scan | None:
    """Describe a JPEG that any reader shows alike: upright, grey or RGB."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            upright = image.getexif().get(_ORIENTATION, 1) == 1
            if image.format != "JPEG" or image.mode not in {"L", "RGB"} or not upright:
                return None
            return Scan(data, Size(*image.size), grey=image.mode == "L")
    except (OSError, SyntaxError, ValueError):
        return None


def find_scan(document: Any, page: Any, drawn: dict[str, Any]) -> Scan | None:
    """Give the JPEG that a PDF's *page* consists of; *drawn* is the only picture drawn on it."""
    if page.rotation or page.first_annot or page.first_widget or not _is_whole_page(drawn, page.rect):
        return None
    if drawn["has-mask"] or not _PLAIN_COLOURS.fullmatch(drawn["cs-name"]):
        return None
    name = _only_picture(page.read_contents(), page.mediabox)
    xrefs = {image[0] for image in page.get_images(full=True) if image[7] == name and image[9] == 0}
    if len(xrefs) != 1 or _shows_more(page):
        return None
    return _embedded(document, xrefs.pop(), Size(drawn["width"], drawn["height"]))


def _is_whole_page(drawn: dict[str, Any], rect: Any) -> bool:
    """Whether the picture stands upright, unstretched, edge to edge."""
    a, b, c, d, left, top = drawn["transform"]
    if a <= 0 or d <= 0 or abs(b) > _SKEW * a or abs(c) > _SKEW * d:
        return False
    across, down = _EDGE * rect.width, _EDGE * rect.height
    edges = ((left - rect.x0, across), (left + a - rect.x1, across), (top - rect.y0, down), (top + d - rect.y1, down))
    stretch = (drawn["width"] / drawn["height"]) / (a / d)
    return all(abs(gap) <= allowed for gap, allowed in edges) and abs(stretch - 1) <= _STRETCH


def _only_picture(content: bytes, mediabox: Any) -> str | None:
    """Name the one picture that a content stream places; None if the stream does anything else but write text.

    Whether that text is invisible is asked separately. A graphics state (`gs`), a path, a colour, or a clip
    that does not leave the whole page makes it something else.
    """
    if len(content) > _MAX_CONTENT:
        return None
    placing = _MARK.sub(b" ", _TEXT.sub(b" ", _STRING.sub(b" ", content)))
    before, scaled, after = placing.partition(b" cm")
    match = _CONTENT.fullmatch(_CLIP.sub(lambda clip: _unless_whole(clip, mediabox), before) + scaled + after)
    if match is None or placing.count(b" Do") != 1 or match["name"] is None:
        return None
    return match["name"].decode("latin-1")


def _unless_whole(clip: re.Match[bytes], mediabox: Any) -> bytes:
    """Take a clip out of the stream that leaves the page whole; it stands before any change of scale."""
    try:
        x, y, width, height = (float(number) for number in clip[1].split())
    except ValueError:
        return clip[0]
    across, down = _EDGE * mediabox.width, _EDGE * mediabox.height
    whole = x <= mediabox.x0 + across and x + width >= mediabox.x1 - across
    return b" " if whole and y <= mediabox.y0 + down and y + height >= mediabox.y1 - down else clip[0]


def _shows_more(page: Any) -> bool:
    """Whether anything but the picture and invisible text is drawn."""
    kinds = [kind for kind, _ in page.get_bboxlog()]
    return kinds.count("fill-image") != 1 or any(kind not in {"fill-image", "ignore-text"} for kind in kinds)


def _embedded(document: Any, xref: int, size: Size) -> Scan | None:
    """Take the JPEG out of the file, if the file shows it without changing its colours."""
    values = {key: document.xref_get_key(xref, key)[1] for key in ("Filter", "DecodeParms", *_NO_CHANGE)}
    if values["Filter"] not in {"/DCTDecode", "[/DCTDecode]"} or "ColorTransform 0" in values["DecodeParms"]:
        return None
    if any(values[key] not in allowed for key, allowed in _NO_CHANGE.items()):
        return None
    scan = jpeg_scan(document.xref_stream_raw(xref))
    return scan if scan is not None and scan.size == size else None
