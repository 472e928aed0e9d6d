"""What happens to paper on its way into a computer: scanners, cameras and fax machines."""

from __future__ import annotations

import io
import random
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageFilter, ImageOps

from data.making.sheet import Sheet, bind, picture

ORIENTATION = 0x0112
"""The EXIF tag that says how a camera was held."""


def grey(sheet: Sheet, dpi: int) -> Image.Image:
    """Render a sheet as a grey picture."""
    pixmap = picture(sheet, dpi)
    return Image.frombytes("L", (pixmap.width, pixmap.height), pixmap.samples)


def scanned(sheet: Sheet, *, dpi: int, degrees: float, seed: int, noise: float = 0.05) -> Image.Image:
    """Put a sheet on a scanner: a little crooked, on paper that is not quite white, with a soft lens."""
    page = grey(sheet, dpi).rotate(degrees, Image.Resampling.BICUBIC, fillcolor=255)
    page = page.point([round(38 + value * (246 - 38) / 255) for value in range(256)])
    page = ImageChops.multiply(page, _shade(page.size, (255, 236)))
    page = Image.blend(page, _grain(page.size, seed), noise)
    return _specks(page.filter(ImageFilter.GaussianBlur(0.5)), seed, count=25)


def photographed(sheet: Sheet, *, seed: int) -> Image.Image:
    """Lay a receipt on a table and photograph it from above, not quite straight."""
    paper = ImageOps.expand(grey(sheet, 230), 0)
    paper = paper.point([round(30 + value * (238 - 30) / 255) for value in range(256)])
    paper = Image.merge("RGB", (paper, paper, paper.point([round(value * 0.97) for value in range(256)])))
    table = _table((960, 1560), seed)
    corners = (118, 110), (842, 150), (868, 1452), (84, 1424)
    mask = _tilted(Image.new("L", paper.size, 255), table.size, corners)
    shadow = ImageChops.offset(mask, 14, 18).filter(ImageFilter.GaussianBlur(16)).point(lambda value: value * 0.55)
    table.paste((25, 18, 12), mask=shadow)
    table.paste(_tilted(paper, table.size, corners), mask=mask)
    light = _shade(table.size, (255, 178)).convert("RGB")
    table = ImageChops.multiply(table, light).filter(ImageFilter.GaussianBlur(0.9))
    return Image.blend(table, _grain(table.size, seed).convert("RGB"), 0.06)


def faxed(sheet: Sheet, *, seed: int) -> Image.Image:
    """Send a sheet through a fax machine: 204 x 196 dpi, black and white, with specks."""
    page = grey(sheet, 196).resize((1728, 2292), Image.Resampling.BICUBIC)
    page = page.rotate(-0.35, Image.Resampling.BICUBIC, fillcolor=255)
    page = Image.blend(page, _grain(page.size, seed), 0.08)
    return _specks(page, seed, count=60).point(lambda value: 255 if value > 140 else 0).convert("1")


def as_jpeg(image: Image.Image, *, dpi: int, quality: int, turned: bool = False) -> bytes:
    """Encode a picture; *turned* as a phone does that was held upright: pixels lying, EXIF says so."""
    exif = Image.Exif()
    if turned:
        image = image.transpose(Image.Transpose.ROTATE_90)
        exif[ORIENTATION] = 6
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, dpi=(dpi, dpi), exif=exif if turned else b"", optimize=True)
    return out.getvalue()


def as_webp(sheet: Sheet, dpi: int) -> bytes:
    """Take a screenshot."""
    pixmap = sheet.page.get_pixmap(dpi=dpi)
    out = io.BytesIO()
    Image.frombytes("RGB", (pixmap.width, pixmap.height), pixmap.samples).save(out, "WEBP", quality=80, method=6)
    return out.getvalue()


def as_fax(pages: Sequence[Image.Image]) -> bytes:
    """Store fax pages as frames of one TIFF."""
    first, *more = pages
    out = io.BytesIO()
    first.save(out, "TIFF", save_all=True, append_images=more, compression="group4", dpi=(204, 196))
    return out.getvalue()


def as_scanned_pdf(images: Sequence[bytes], size: tuple[float, float]) -> bytes:
    """Wrap JPEGs as a scanner does: a picture a page, no text."""
    sheets = [Sheet(size=size) for _ in images]
    for sheet, image in zip(sheets, images, strict=True):
        sheet.page.insert_image(sheet.page.rect, stream=image)
    return bind(sheets, creator="Scanner")


def _grain(size: tuple[int, int], seed: int) -> Image.Image:
    width, height = size
    noise = random.Random(seed).randbytes(width * height)
    return Image.frombytes("L", size, noise).filter(ImageFilter.GaussianBlur(0.6))


def _shade(size: tuple[int, int], levels: tuple[int, int]) -> Image.Image:
    """Let the light fall off from one corner to the other."""
    bright, dark = levels
    ramp = Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC)
    across = Image.linear_gradient("L").rotate(90).resize(size, Image.Resampling.BICUBIC)
    return Image.blend(ramp, across, 0.4).point([round(bright - value * (bright - dark) / 255) for value in range(256)])


def _specks(image: Image.Image, seed: int, *, count: int) -> Image.Image:
    dice = random.Random(seed)
    for _ in range(count):
        x, y = dice.randrange(image.width - 3), dice.randrange(image.height - 3)
        image.paste(dice.randrange(60, 150), (x, y, x + dice.randint(1, 2), y + dice.randint(1, 2)))
    return image


def _table(size: tuple[int, int], seed: int) -> Image.Image:
    """Make wood: noise drawn out along the grain."""
    narrow = Image.frombytes("L", (size[0] // 3, 6), random.Random(seed).randbytes(size[0] // 3 * 6))
    grain = narrow.resize(size, Image.Resampling.BICUBIC).filter(ImageFilter.GaussianBlur(1.5))
    return ImageOps.colorize(grain, (82, 54, 36), (138, 98, 66))


def _tilted(image: Image.Image, size: tuple[int, int], corners: Sequence[tuple[int, int]]) -> Image.Image:
    """Place a picture so that its corners (clockwise from the upper left) come to lie on *corners*."""
    ends = ((0, 0), (image.width, 0), (image.width, image.height), (0, image.height))
    return image.transform(
        size, Image.Transform.PERSPECTIVE, _perspective(corners, ends), Image.Resampling.BICUBIC, fillcolor=0
    )


def _perspective(placed: Sequence[tuple[int, int]], source: Sequence[tuple[int, int]]) -> list[float]:
    """Solve for the eight numbers that take *placed* to *source*."""
    rows = []
    for (x, y), (u, v) in zip(placed, source, strict=True):
        rows.append([x, y, 1, 0, 0, 0, -u * x, -u * y, u])
        rows.append([0, 0, 0, x, y, 1, -v * x, -v * y, v])
    return _solved([[float(value) for value in row] for row in rows])


def _solved(rows: list[list[float]]) -> list[float]:
    """Eliminate, as at school."""
    count = len(rows)
    for pivot in range(count):
        best = max(range(pivot, count), key=lambda index: abs(rows[index][pivot]))
        rows[pivot], rows[best] = rows[best], rows[pivot]
        rows[pivot] = [value / rows[pivot][pivot] for value in rows[pivot]]
        for index in range(count):
            if index != pivot:
                factor = rows[index][pivot]
                rows[index] = [a - factor * b for a, b in zip(rows[index], rows[pivot], strict=True)]
    return [row[-1] for row in rows]
