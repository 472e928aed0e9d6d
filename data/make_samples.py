"""Make the samples and what is written on them: `python data/make_samples.py [FOLDER]`, the same each time."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data.making import chinese, english, press, wear
from data.making.sheet import A4, Sheet, bind


@dataclass(frozen=True)
class Sample:
    """One file: its bytes, and what a reader would type off each of its pages."""

    content: bytes
    pages: tuple[str, ...]


def sample(content: bytes, sheets: Sequence[Sheet]) -> Sample:
    """Keep what was said on the sheets beside the file that they became."""
    return Sample(content, tuple("\n".join(sheet.said) for sheet in sheets))


def services_agreement() -> Sample:
    """Three pages with a text layer."""
    sheets = english.agreement()
    return sample(bind(sheets, title="Services Agreement PC-2026-118", author="Ninefold Archive Services GmbH"), sheets)


def vat_invoice() -> Sample:
    """One page with a text layer."""
    sheet = chinese.vat_invoice()
    return sample(bind([sheet], title="电子发票", creator="电子发票服务平台（样例）"), [sheet])


def newsletter() -> Sample:
    """Two columns and a chart, with a text layer."""
    sheet = press.newsletter()
    return sample(bind([sheet], title="The Harbour Lantern"), [sheet])


def scanned_invoice() -> Sample:
    """Front and empty back, as a duplex scanner leaves them: no text layer."""
    front, back = english.invoice(), Sheet()
    images = [
        wear.as_jpeg(wear.scanned(front, dpi=170, degrees=-0.6, seed=417), dpi=170, quality=52),
        wear.as_jpeg(wear.scanned(back, dpi=170, degrees=0.4, seed=418, noise=0.03), dpi=170, quality=52),
    ]
    return sample(wear.as_scanned_pdf(images, A4), [front, back])


def scanned_lease() -> Sample:
    """A page in Chinese, scanned."""
    sheet = chinese.lease()
    return sample(wear.as_jpeg(wear.scanned(sheet, dpi=160, degrees=0.5, seed=88), dpi=160, quality=58), [sheet])


def photographed_receipt() -> Sample:
    """A till's receipt on a table, held upright: EXIF orientation 6."""
    sheet = press.receipt()
    return sample(wear.as_jpeg(wear.photographed(sheet, seed=22), dpi=72, quality=66, turned=True), [sheet])


def faxed_letter() -> Sample:
    """Two frames in black and white."""
    sheets = english.fax()
    frames = [wear.faxed(sheet, seed=7731 + number) for number, sheet in enumerate(sheets)]
    return sample(wear.as_fax(frames), sheets)


def shop_ticket() -> Sample:
    """A screenshot of a receipt in an app."""
    sheet = chinese.ticket()
    return sample(wear.as_webp(sheet, 200), [sheet])


SAMPLES: dict[str, Callable[[], Sample]] = {
    "contracts/services-agreement.pdf": services_agreement,
    "contracts/房屋租赁合同.jpg": scanned_lease,
    "invoices/增值税专用发票.pdf": vat_invoice,
    "invoices/invoice-MF-20417-scan.pdf": scanned_invoice,
    "letters/fax-20260309.tif": faxed_letter,
    "letters/harbour-lantern.pdf": newsletter,
    "receipts/IMG_20260322_1841.jpg": photographed_receipt,
    "receipts/电子小票.webp": shop_ticket,
}
PAGE_BREAK = "\f\n"


def write(root: Path) -> None:
    """Write samples to `root/samples`, and the truth, which is not to be read with them, to `root/truth`."""
    for name, make in SAMPLES.items():
        made = make()
        path, truth = root / "samples" / name, (root / "truth" / name).with_suffix(".txt")
        for folder in (path.parent, truth.parent):
            folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(made.content)
        truth.write_text(PAGE_BREAK.join(f"{page}\n" if page else "" for page in made.pages), encoding="utf-8")
        print(f"{len(made.content):>9,}  {name}")


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
