"""Files made to break a reader: bombs, loops, lies and stumps, each written as small as it can be."""

from __future__ import annotations

import io
import zipfile
import zlib
from functools import cache
from typing import TYPE_CHECKING

from PIL import Image

from tests.mill import card, paper

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIDE = 18_000
"""Pixels of a bomb's side: 324 million in all, 70 KB as a file."""


def pdf_of(*objects: bytes, root: int = 1) -> bytes:
    """A PDF of these objects, numbered from 1, with a true cross-reference table."""
    body, offsets = bytearray(b"%PDF-1.7\n"), []
    for number, content in enumerate(objects, 1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    body += b"trailer\n<< /Size %d /Root %d 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, start)
    return bytes(body)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %b >>\nstream\n%b\nendstream" % (len(content), entries, content)


def one_page(content: bytes, *more: bytes, entries: bytes = b"", catalog: bytes = b"", box: int = 200) -> bytes:
    """A PDF with one page of this content; *more* are objects from number 5 on."""
    return pdf_of(
        b"<< /Type /Catalog /Pages 2 0 R %b >>" % catalog,
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R %b >>" % (box, box, entries),
        stream(content),
        *more,
    )


@cache
def picture_of(side: int, kind: str, **saving: object) -> bytes:
    buffer = io.BytesIO()
    Image.new("1", (side, side), 1).save(buffer, kind, **saving)
    return buffer.getvalue()


def zipped(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def bomb_png() -> bytes:
    return picture_of(SIDE, "PNG")


def bomb_tiff() -> bytes:
    return picture_of(SIDE, "TIFF", compression="group4")


def huge_picture_in_a_pdf() -> bytes:
    pixels = b"/Type /XObject /Subtype /Image /Width 35000 /Height 35000 /BitsPerComponent 1 /ColorSpace /DeviceGray"
    drawn = stream(zlib.compress(bytes(4_375 * 100)), pixels + b" /Filter /FlateDecode")
    return one_page(b"q 200 0 0 200 0 0 cm /I Do Q", drawn, entries=b"/Resources << /XObject << /I 5 0 R >> >>")


def giant_page() -> bytes:
    """A page as wide as a small country: 14,400 points of 1,000,000 times their size."""
    return one_page(b"0 0 7000 7000 re f", entries=b"/UserUnit 1000000", box=14_400)


def no_pages() -> bytes:
    return pdf_of(b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [] /Count 0 >>")


def page_tree_loop() -> bytes:
    return pdf_of(
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 /Parent 2 0 R >>"
    )


def millions_of_pages_claimed() -> bytes:
    return pdf_of(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 5000000 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] >>",
    )


def page_tree_that_doubles() -> bytes:
    """Each level names the next one twice: 2 to the power of 20 pages in 22 objects."""
    levels = 20
    nodes = [
        b"<< /Type /Pages /Kids [%d 0 R %d 0 R] /Count %d >>" % (level + 3, level + 3, 2 ** (levels - level))
        for level in range(levels)
    ]
    leaf = b"<< /Type /Page /MediaBox [0 0 200 200] >>"
    return pdf_of(b"<< /Type /Catalog /Pages 2 0 R >>", *nodes, leaf)


def messages_without_end() -> bytes:
    return one_page(b"".join(b"/F%d 12 Tf (x) Tj nonsense%d\n" % (n, n) for n in range(20_000)))


def forms_that_multiply() -> bytes:
    """Ten forms, each drawing the next one ten times: ten thousand million rectangles."""
    depth = 10
    forms = [
        stream(
            b"/X Do " * 10 if level < depth else b"0 0 9 9 re f",
            b"/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources << /XObject << /X %d 0 R >> >>"
            % (level + 5),
        )
        for level in range(1, depth + 1)
    ]
    return one_page(b"/X Do", *forms, entries=b"/Resources << /XObject << /X 5 0 R >> >>")


def form_that_draws_itself() -> bytes:
    form = b"/Type /XObject /Subtype /Form /BBox [0 0 200 200] /Resources << /XObject << /X 5 0 R >> >>"
    drawn = stream(b"0 0 100 100 re f /X Do", form)
    return one_page(b"/X Do", drawn, entries=b"/Resources << /XObject << /X 5 0 R >> >>")


def actions() -> bytes:
    """It wants to run a script, a program and a form, and to load a page of its own from elsewhere."""
    return one_page(
        b"0 0 100 100 re f",
        b"<< /S /JavaScript /JS (app.launchURL\\('http://127.0.0.1:9'\\)) /Next 6 0 R >>",
        b"<< /S /Launch /F (/bin/touch) /Win << /F (cmd.exe) >> /Next 7 0 R >>",
        b"<< /S /URI /URI (http://127.0.0.1:9/) >>",
        entries=b"/AA << /O 5 0 R >>",
        catalog=b"/OpenAction 5 0 R",
    )


def xfa() -> bytes:
    template = stream(b"<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'><template/></xdp:xdp>")
    form = b"/AcroForm << /Fields [] /XFA 5 0 R /NeedAppearances true >> /NeedsRendering true"
    return one_page(b"0 0 100 100 re f", template, catalog=form)


def portfolio() -> bytes:
    return one_page(b"0 0 100 100 re f", catalog=b"/Collection << /Type /Collection /View /D >>")


def stream_from_another_file() -> bytes:
    return pdf_of(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R >>",
        stream(b"", b"/F (/etc/passwd)"),
    )


def bomb_in_a_comic() -> bytes:
    return zipped({"1.png": picture_of(SIDE, "PNG"), "2.png": picture_of(64, "PNG")})


def bomb_in_a_book() -> bytes:
    """A chapter of 200 MB in 200 KB."""
    chapter = b"<html xmlns='http://www.w3.org/1999/xhtml'><body><p>%b</p></body></html>" % (b"a" * 200_000_000)
    return zipped(book(chapter))


def book(chapter: bytes) -> dict[str, bytes]:
    container = b"<container><rootfiles><rootfile full-path='c.opf'/></rootfiles></container>"
    manifest = b"<manifest><item id='a' href='a.xhtml' media-type='application/xhtml+xml'/></manifest>"
    package = (
        b"<package xmlns='http://www.idpf.org/2007/opf'>%b<spine><itemref idref='a'/></spine></package>" % manifest
    )
    return {"META-INF/container.xml": container, "c.opf": package, "a.xhtml": chapter}


def entities_that_multiply() -> bytes:
    lines = [b'<!ENTITY a0 "laughter laughter">']
    lines += [b'<!ENTITY a%d "%b">' % (n, b"&a%d;" % (n - 1) * 10) for n in range(1, 10)]
    return (
        b"<?xml version='1.0'?><!DOCTYPE svg [%b]><svg xmlns='http://www.w3.org/2000/svg' width='90' height='90'>"
        % (b"".join(lines))
        + b"<rect width='50' height='50'/><text y='60'>&a9;</text></svg>"
    )


def drawing_from_elsewhere(address: str) -> bytes:
    """A drawing that wants pictures, styles and entities from the network and from this machine's files."""
    return f"""<?xml version='1.0'?><?xml-stylesheet href='{address}/style.css'?>
<!DOCTYPE svg [<!ENTITY here SYSTEM 'file:///etc/passwd'><!ENTITY there SYSTEM '{address}/entity'>]>
<svg xmlns='http://www.w3.org/2000/svg' xmlns:xlink='http://www.w3.org/1999/xlink' width='90' height='90'>
<image xlink:href='{address}/picture.png' width='40' height='40'/>
<image xlink:href='file:///etc/hostname' width='40' height='40'/>
<use xlink:href='{address}/other.svg#x'/><rect width='50' height='50'/><text y='60'>&here;&there;</text>
<script xlink:href='{address}/script.js'/></svg>""".encode()


def book_from_elsewhere(address: str) -> bytes:
    link = f"<img src='{address}/a.png'/><link rel='stylesheet' href='{address}/a.css'/><p>words</p>"
    chapter = (
        f"<html xmlns='http://www.w3.org/1999/xhtml'><body>{link}<img src='../../../../etc/hostname'/></body></html>"
    )
    return zipped(book(chapter.encode()))


MADE: dict[str, Callable[[], bytes]] = {
    "bomb.png": bomb_png,
    "bomb.tiff": bomb_tiff,
    "huge-picture.pdf": huge_picture_in_a_pdf,
    "giant-page.pdf": giant_page,
    "no-pages.pdf": no_pages,
    "page-tree-loop.pdf": page_tree_loop,
    "claimed-pages.pdf": millions_of_pages_claimed,
    "doubling-pages.pdf": page_tree_that_doubles,
    "messages.pdf": messages_without_end,
    "multiplying-forms.pdf": forms_that_multiply,
    "form-in-itself.pdf": form_that_draws_itself,
    "actions.pdf": actions,
    "xfa.pdf": xfa,
    "portfolio.pdf": portfolio,
    "elsewhere.pdf": stream_from_another_file,
    "bomb.cbz": bomb_in_a_comic,
    "entities.svg": entities_that_multiply,
}


def stumps(folder: Path) -> None:
    """A document that ends too early, at several places."""
    whole = paper(folder / "whole.pdf", "one", "two").read_bytes()
    for share in (1, 25, 50, 75, 95):
        (folder / f"stump-{share}.pdf").write_bytes(whole[: len(whole) * share // 100])


def disguised(folder: Path) -> None:
    """Documents under names of other formats."""
    card(folder / "card.png", "card").rename(folder / "picture.pdf")
    paper(folder / "paper.pdf", "paper").rename(folder / "paper.jpg")
    (folder / "words.pdf").write_text("these are words, and no document")
    (folder / "nothing.pdf").touch()


def make(folder: Path) -> None:
    """Fill a folder with all of them."""
    for name, content in MADE.items():
        (folder / name).write_bytes(content())
    stumps(folder)
    disguised(folder)
