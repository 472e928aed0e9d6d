from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pymupdf
import pytest
from PIL import Image

from schemas.documents import Document, RejectedDocument, SourceFile
from tasks.discover import discover
from tasks.identify import examine, identify
from tasks.workers import WorkerPool
from tests.papers import corpus, found, known, pdf, stripes
from tests.workers import jobs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

OUTCOMES = {
    "encrypted": """
        corruptionOneByteMissing 1 noted
        encryption_nocopy 1 encrypted
        encryption_noprinting 1 encrypted
        encryption_notextaccess 1 encrypted
        encryption_openpassword encrypted
        javascript 1
        veraPDFHiResWrongObjectID 1
    """,
    "gnarly": """
        ambiguous 1 | badlines 10 | bws_book_ch2 48 | discoverworld_crazy_tables 29 | dolma-page-1 1
        edgar 1 | edgar-rotated90 1 | edgar_image 1 | failing_anchor_pg4 8 labelled | failing_pdf_pg9 9
        form_on_later_pages 10 | guidebook_failed_pages 3 | handwriting_bad_ocr 2 | horribleocr 1
        instructions_and_schematics 106 labelled | large_prompt_hint1 27 | large_prompt_hint2 6
        large_prompt_hint3 4 encrypted | load_v_error 16 | lots_of_chem_tables 9 | lots_of_sci_tables 6 | map1 1
        most_content_in_image_form 7 | newspaper 1 | not_parsing 8 | not_parsing2 9 | olmo-page-1 1
        overrun_on_pg8 54 | pdftotext_two_column_issue 14 labelled | repeating_references_on_pg9_pg10 10
        skinnypage 2 | slideshow_mostly_good_some_pages_should_get_filtered 26 | slideshow_mostly_images 68
        small_page_size 1 | some_ocr1 1 | ti89_guidebook_programming 40 | tobacco_missed_tokens_pg1 10
    """,
    "ocrmypdf": """
        2400dpi 1 | 3small 3 | acroform 1 | aspect 1 | baiona 1 image/png | baiona_alpha 1 image/png
        baiona_cmyk 1 image/jpeg | baiona_color 1 image/jpeg | baiona_colormapped 1 image/png
        baiona_gray 1 image/png | blank 1 | c02-22 1 | cardinal 4 | ccitt 1 | cmyk 1 | crom 1 image/png
        docinfo_latin1_key 1 | enormous 1 | epson 1 | formxobject 1 | francais 1 | graph 1 | graph_ocred 1
        hugemono 1 | invalid corrupt | jbig2 1 | jbig2_baddevicen 1 | kcs 1 | lichtenstein 1 | link 2 | linn 1
        linn 1 image/png | linn unsupported | livecycle 1 noted | masks 1 | meta 1 | missing_docinfo 1 | multipage 6
        negzero 1 | no_contents 1 | overlay 1 | palette 1 | poster 1 | rotated_skew 1 | skew 1 | tagged 2 | toc 2
        trivial 1 | truetype_font_nomapping 1 | type3_font_nomapping 1 | typewriter 1 image/png | vector 1
    """,
    "orientation": """
        Portrait_1 1 image/jpeg | Portrait_3 1 image/jpeg | Portrait_6 1 image/jpeg | Portrait_8 1 image/jpeg
    """,
}
"""What becomes of the real files: pages and what is special of them, or the kind of refusal."""


def outcome(file: SourceFile | RejectedDocument) -> str:
    assert isinstance(file, SourceFile)
    result = examine(file, ())
    words = [Path(file.name).stem]
    if isinstance(result, RejectedDocument):
        return " ".join([*words, result.error.kind])
    words.append(str(result.page_count))
    words += [result.media_type] if result.media_type != "application/pdf" else []
    marks = {"encrypted": result.encrypted, "labelled": result.page_labels, "noted": result.notes}
    return " ".join([*words, *(mark for mark, present in marks.items() if present)])


def refusal(path: Path, *passwords: str) -> str:
    result = examine(found(path), passwords)
    assert isinstance(result, RejectedDocument)
    return result.error.kind


@pytest.mark.parametrize("folder", OUTCOMES)
def test_real_files_are_told_for_what_they_are(folder):
    expected = [line.strip() for line in OUTCOMES[folder].replace("|", "\n").splitlines() if line.strip()]
    assert sorted(map(outcome, discover([str(corpus(folder))]))) == sorted(expected)


async def test_identifying_happens_in_a_worker(tmp_path):
    path = pdf(tmp_path / "a.pdf", "one", "two")
    with WorkerPool(1, memory_mb=400) as workers:
        document = await identify(found(path), passwords=[], workers=workers, seconds=60)
    assert isinstance(document, Document)
    assert document.doc_id == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (document.media_type, document.page_count, document.pages) == ("application/pdf", 2, (1, 2))
    assert (document.page_labels, document.encrypted, document.password, document.notes) == ((), False, None, ())


class Hanging:
    """Workers whose every job hangs."""

    def __init__(self, workers: WorkerPool, folder: Path) -> None:
        self.workers = workers
        self.folder = folder

    async def run(self, job: object, *args: object, seconds: float | None = None) -> None:
        await self.workers.run(jobs.say_hello_then_hang, str(self.folder / "pid"), seconds=seconds)


async def test_a_file_that_hangs_its_parser_is_rejected_in_time(tmp_path):
    with WorkerPool(1, memory_mb=400) as workers:
        file = found(pdf(tmp_path / "a.pdf", "one"))
        result = await identify(file, passwords=[], workers=Hanging(workers, tmp_path), seconds=0.5)
    assert isinstance(result, RejectedDocument)
    assert (result.file, result.error.kind) == (file, "render_timeout")


PICTURES = {
    "BMP": "image/bmp",
    "DIB": "image/x-dib",
    "ICNS": "image/x-icns",
    "ICO": "image/x-icon",
    "JPEG": "image/jpeg",
    "JPEG2000": "image/jp2",
    "PNG": "image/png",
    "SGI": "image/sgi",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
    "GIF": "image/gif",
    "HEIF": "image/heif",
    "AVIF": "image/avif",
}


@pytest.mark.parametrize(("written", "media_type"), PICTURES.items())
def test_pictures_are_known_by_content_under_any_name(tmp_path, written, media_type):
    path = tmp_path / "scan.pdf"
    stripes(128, 128).save(path, written)
    document = known(path)
    assert (document.media_type, document.page_count) == (media_type, 1)


@pytest.mark.parametrize(("written", "frames"), [("TIFF", 3), ("GIF", 3), ("WEBP", 3), ("PNG", 3), ("AVIF", 3)])
def test_frames_are_pages(tmp_path, written, frames):
    first, *more = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    first.save(tmp_path / "frames", written, save_all=True, append_images=more)
    assert known(tmp_path / "frames").page_count == frames


def test_further_sizes_of_an_icon_are_no_pages(tmp_path):
    stripes(128, 128, "RGBA").save(tmp_path / "a.ico", sizes=[(16, 16), (64, 64), (128, 128)])
    assert known(tmp_path / "a.ico").page_count == 1


def svg(path: Path, prologue: str = "") -> Path:
    path.write_text(prologue + '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><rect width="9"/></svg>')
    return path


def archive(path: Path, members: Mapping[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w") as parts:
        for name, content in members.items():
            parts.writestr(name, content)
    return path


CONTAINER = """<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="book.opf" media-type="application/oebps-package+xml"/></rootfiles></container>"""
PACKAGE = """<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="2.0"><metadata/>
<manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="a"/></spine></package>"""
XPS_NAMESPACE = 'xmlns="http://schemas.microsoft.com/xps/2005/06"'
XPS = {
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship '
    'Type="http://schemas.microsoft.com/xps/2005/06/fixedrepresentation" Target="/a.fdseq" Id="R0"/></Relationships>',
    "a.fdseq": f'<FixedDocumentSequence {XPS_NAMESPACE}><DocumentReference Source="/a.fdoc"/></FixedDocumentSequence>',
    "a.fdoc": f'<FixedDocument {XPS_NAMESPACE}><PageContent Source="/1.fpage" Width="90" Height="60"/></FixedDocument>',
    "1.fpage": f'<FixedPage {XPS_NAMESPACE} Width="90" Height="60"/>',
}
CHAPTER = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>A</title></head><body><p>Once.</p></body></html>'


def test_a_vector_drawing_is_a_document_with_or_without_a_prologue(tmp_path):
    prologue = '\ufeff<?xml version="1.0"?>\n<!-- made -->\n<!DOCTYPE svg PUBLIC "x" "y">\n'
    for path in (svg(tmp_path / "a"), svg(tmp_path / "b", prologue)):
        assert known(path).media_type == "image/svg+xml"


def test_books_and_comics_are_documents(tmp_path):
    stripes(60, 80).save(tmp_path / "1.png")
    picture = (tmp_path / "1.png").read_bytes()
    epub = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER}
    book = archive(tmp_path / "book", epub | {"book.opf": PACKAGE, "a.xhtml": CHAPTER})
    comic = archive(tmp_path / "comic", {"1.png": picture, "2.png": picture})
    paper = archive(tmp_path / "paper", XPS)
    story = tmp_path / "story"
    story.write_text(
        '<?xml version="1.0"?><FictionBook xmlns="http://www.gribuser.ru/xml/fictionbook/2.0">'
        "<body><section><p>Once.</p></section></body></FictionBook>"
    )
    documents = [known(path) for path in (book, comic, story, paper)]
    assert [(each.media_type, each.page_count) for each in documents] == [
        ("application/epub+zip", 1),
        ("application/vnd.comicbook+zip", 2),
        ("application/x-fictionbook+xml", 1),
        ("application/oxps", 1),
    ]


@pytest.mark.parametrize(
    "content",
    [
        b"plain text, which begins with words",
        b"BM is how this text begins, and it is no bitmap",
        b'{"json": true}',
        b"a\tb\n1\t2\n",
        b"<!DOCTYPE html><html><body><svg></svg></body></html>",
        b"<?xml version='1.0'?><note/>",
        b"%!PS-Adobe-3.0\n",
        b"\0" * 5_000,
        gzip.compress(b"<svg/>", mtime=0),
        b"MZ" + bytes(range(256)),
    ],
)
def test_other_content_is_unsupported_whatever_its_name(tmp_path, content):
    (tmp_path / "a.pdf").write_bytes(content)
    assert refusal(tmp_path / "a.pdf") == "unsupported"


def test_an_office_file_with_pictures_is_no_comic(tmp_path):
    archive(tmp_path / "a.docx", {"[Content_Types].xml": "<x/>", "word/a.png": b"x", "word/b.png": b"x"})
    assert refusal(tmp_path / "a.docx") == "unsupported"


def test_unsupported_files_are_not_read_to_their_end(tmp_path):
    (tmp_path / "film").write_bytes(b"no magic")
    os.truncate(tmp_path / "film", 1 << 40)
    assert refusal(tmp_path / "film") == "unsupported"


def test_junk_before_a_pdf_is_stepped_over(tmp_path):
    content = pdf(tmp_path / "clean.pdf", "one").read_bytes()
    (tmp_path / "a.pdf").write_bytes(b"HTTP/1.1 200 OK\r\n\r\n" + content)
    assert known(tmp_path / "a.pdf").page_count == 1


def locked(path: Path, user: str) -> Path:
    return pdf(path, "secret", encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw=user)


def test_a_password_opens_what_it_locks_and_the_document_remembers_it(tmp_path):
    path = locked(tmp_path / "a.pdf", "sesame")
    document = known(path, "wrong", "sesame")
    assert (document.encrypted, document.password, document.page_count) == (True, "sesame", 1)
    assert "sesame" not in repr(document)
    assert refusal(path) == "encrypted"
    assert refusal(path, "wrong") == "encrypted"


def test_an_empty_user_password_simply_opens(tmp_path):
    document = known(locked(tmp_path / "a.pdf", ""))
    assert (document.encrypted, document.password) == (True, None)


def test_a_refusal_still_names_the_content(tmp_path):
    path = locked(tmp_path / "a.pdf", "sesame")
    result = examine(found(path), ())
    assert isinstance(result, RejectedDocument)
    assert result.doc_id == hashlib.sha256(path.read_bytes()).hexdigest()
    assert str(result.error) == "the document is encrypted, and no password was given"


def with_page_tree(path: Path, kids: str) -> Path:
    path.write_bytes(
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[" + kids.encode() + b"]/Count 0>>endobj\ntrailer<</Root 1 0 R/Size 3>>\n%%EOF\n"
    )
    return path


def test_a_document_without_pages_is_empty(tmp_path):
    assert refusal(with_page_tree(tmp_path / "a.pdf", "")) == "empty"


@pytest.mark.parametrize(
    "magic", [b"%PDF-1.7\nand then nothing", b"\x89PNG\r\n\x1a\nbut no chunks", b"GIF89a", b"II*\0"]
)
def test_broken_content_is_corrupt_with_the_parsers_words_in_one_line(tmp_path, magic):
    (tmp_path / "a").write_bytes(magic)
    result = examine(found(tmp_path / "a"), ())
    assert isinstance(result, RejectedDocument)
    assert result.error.kind == "corrupt"
    assert str(result.error)
    assert "\n" not in str(result.error)


def test_a_repaired_document_says_so(tmp_path):
    content = pdf(tmp_path / "a.pdf", "one").read_bytes()
    (tmp_path / "b.pdf").write_bytes(content.replace(b"startxref", b"startxxxx"))
    assert known(tmp_path / "b.pdf").notes[0] == "the file is damaged and was repaired"


def test_pages_bear_the_labels_that_the_document_gives_them(tmp_path):
    with pymupdf.open() as drawn:
        for _ in range(6):
            drawn.new_page()
        drawn.set_page_labels(
            [
                {"startpage": 0, "style": "r", "firstpagenum": 3},
                {"startpage": 2, "style": "D"},
                {"startpage": 4, "prefix": "A-", "style": "A", "firstpagenum": 26},
            ]
        )
        drawn.save(tmp_path / "a.pdf")
    document = known(tmp_path / "a.pdf")
    assert document.page_labels == ("iii", "iv", "1", "2", "A-Z", "A-AA")
    assert document.page_label(2) == "iv"


def altered(file: SourceFile, change: str) -> Iterable[str]:
    path = Path(file.path)
    if change == "removed":
        path.unlink()
    elif change == "grown":
        path.write_bytes(path.read_bytes() + b"\n")
    else:
        os.utime(path, ns=(1, 1))
    return ()


@pytest.mark.parametrize(("change", "kind"), [("removed", "missing"), ("grown", "changed"), ("touched", "changed")])
def test_a_file_that_changes_after_it_was_found_is_not_taken(tmp_path, change, kind):
    file = found(pdf(tmp_path / "a.pdf", "one"))
    altered(file, change)
    result = examine(file, ())
    assert isinstance(result, RejectedDocument)
    assert result.error.kind == kind


def test_names_of_any_bytes_open(tmp_path):
    clean = pdf(tmp_path / "clean.pdf", "one")
    for name in (b"\xff\xfe.pdf", b"new\nline.pdf", "é".encode() * 100):
        shutil.copy(clean, tmp_path / os.fsdecode(name))
    documents = [examine(file, ()) for file in discover([str(tmp_path)]) if isinstance(file, SourceFile)]
    assert [isinstance(each, Document) and each.page_count for each in documents] == [1, 1, 1, 1]
