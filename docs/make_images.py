"""Make the pictures of the documentation: `PYTHONPATH=. python docs/make_images.py`, with Chromium installed.

The samples are read by the local backend, and where that cannot (a translation, a schema, an answer that goes wrong) by
the emulated service with the answers that stand below. What is seen is what `pagemill review` and a run leave.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Page, sync_playwright

from flows import results
from flows.report import write
from tests.emulator import Emulator
from tests.mill import Mill

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
RECEIPT = "receipts/IMG_20260322_1841.jpg"
LOOP = "PACKING LIST TO ORDER 7731\n\n" + "13-24 Ledger, quarto, 192 leaves, grey 214.8\n" * 60
LEASE, FAX, FAPIAO = "contracts/房屋租赁合同.jpg", "letters/fax-20260309.tif", "invoices/增值税专用发票.pdf"
PAIRS = (
    ("房屋租赁合同", "# Lease Agreement"),
    ("合同编号：FW-2026-0041", "Contract No.: FW-2026-0041"),
    (
        "出租方（甲方）：林望舒\n承租方（乙方）：星桥港物流有限公司",
        "Lessor (Party A): Lin Wangshu\nLessee (Party B): Xingqiao Harbour Logistics Co., Ltd.",
    ),
    (
        "第一条 甲方将位于样本市示例区长桥路88号3幢502室的房屋出租给乙方作办公使用，建筑面积126.5平方米。",
        "**Article 1.** Party A leases to Party B, as offices, Room 502, Building 3, No. 88 Changqiao Road, 126.5 m².",
    ),
    (
        "第二条 租赁期限自2026年4月1日起至2028年3月31日止，共计24个月。",
        "**Article 2.** The term runs from 1 April 2026 to 31 March 2028, 24 months in all.",
    ),
    (
        "第三条 月租金为人民币捌仟陆佰元整（¥8,600.00），按季支付，先付后用。",
        "**Article 3.** The monthly rent is RMB 8,600.00, payable quarterly in advance.",
    ),
)
INVOICE = {
    "invoice_number": "26990000000000417338",
    "invoice_date": "2026-03-18",
    "seller": {"name": "云杉谷数据服务有限公司", "tax_id": "91990000MA0000725K"},
    "buyer": {"name": "星桥港物流有限公司", "tax_id": "91990000MA0000018X"},
    "currency": "CNY",
    "lines": [
        {"description": "*信息技术服务*档案数字化扫描", "quantity": 20000, "unit_price": 0.35, "amount": 7000.0},
        {"description": "*信息技术服务*文字识别校对", "quantity": 20000, "unit_price": 0.12, "amount": 2400.0},
        {"description": "*纸制品*无酸档案盒", "quantity": 150, "unit_price": 18.6, "amount": 2790.0},
    ],
    "net_amount": 12190.0,
    "tax_amount": 926.7,
    "total_amount": 13161.7,
}
"""As a model reads it that turns two digits of the total around."""


def translation() -> str:
    """Answer as the operation asks for it."""
    return "\n".join(f'<source lang="zh">{source}</source>\n<target>{target}</target>' for source, target in PAIRS)


def fill(folder: Path) -> Path:
    """Read the samples in every way that is shown."""
    source, out = folder / "samples", Path("archive-2026")
    shutil.copytree(ROOT / "data" / "samples", source)
    run = [sys.executable, "-m", "flows.cli", "run", str(source), "--out", str(out), "--backend", "local", "--quiet"]
    subprocess.run(run, check=True, stderr=subprocess.DEVNULL)
    (source / "letters" / "torn.pdf").write_bytes(b"%PDF-1.4 and nothing more")
    with Emulator() as emulator:
        os.environ["DASHSCOPE_API_KEY"] = emulator.key

        def read(name: str, answer: str, **settings: object) -> None:
            emulator.reader = lambda *_: answer
            record = asyncio.run(Mill(source / name, out, emulator).run(**settings))
            write(record, str(out))

        read(LEASE, translation(), operation="translation", target_language="en")
        read(FAPIAO, json.dumps(INVOICE, ensure_ascii=False), operation="structured", extraction_schema="invoice")
        emulator.plan.next("429")
        emulator.reader = reader(source, out)
        write(asyncio.run(Mill(source, out, emulator).run()), str(out))
    return out


def reader(source: Path, out: Path) -> Callable[[Image.Image, str], str]:
    """Answer with what was read locally of the page that a picture resembles; a fax begins to loop, one is refused."""
    with results.open(out) as read:
        pages = read.pages[read.pages["operation"] == "text"]
        known = {
            (name, page_no): (_small(read.page_image(str(source / name), page_no, operation="text")), text)
            for name, page_no, text in zip(pages["name"], pages["page_no"], pages["text"].fillna(""), strict=True)
        }

    def answer(picture: Image.Image, _question: str) -> str:
        small = _small(picture)
        (name, page_no), (_, text) = min(known.items(), key=lambda it: float(np.abs(it[1][0] - small).mean()))
        if name == RECEIPT:
            return "I'm sorry, I can't assist with that."
        return LOOP if (name, page_no) == (FAX, 2) else text or "<blank/>"

    return answer


def _small(picture: Image.Image) -> np.ndarray:
    return np.asarray(picture.convert("L").resize((48, 48)), dtype=float)


@contextmanager
def served(out: Path) -> Iterator[str]:
    """Give the address of the review page."""
    command = [sys.executable, "-m", "flows.cli", "review", "--out", str(out), "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield (process.stdout.readline() if process.stdout else "").removeprefix("review: ").strip()
        finally:
            process.terminate()


def turn_to(page: Page, file: str, way: str, number: int = 1) -> None:
    """Go to a page of a file that was read in one way."""
    page.evaluate(
        "([name, way, number]) => go(shown.findIndex((it) => name.endsWith(it.name) && wayOf(it).startsWith(way)"
        " && it.page_no === number))",
        [file, way, number],
    )
    page.wait_for_function("() => view.detail && document.querySelector('.sheet img')?.naturalWidth > 0")


def shoot(page: Page, name: str, *, whole: bool = False) -> None:
    """Keep what is seen, in few colours: a picture is some 100 KB."""
    page.wait_for_timeout(300)
    shot = Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")
    shot.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(IMAGES / f"{name}.png", optimize=True)


def draw(out: Path) -> None:
    """Take every picture."""
    look = {"viewport": {"width": 1360, "height": 800}, "locale": "en-GB"}
    with sync_playwright() as playwright, served(out) as address:
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=flags)
        page = browser.new_context(**look).new_page()
        page.goto(address)
        turn_to(page, "contracts/services-agreement.pdf", "text · qwen")
        shoot(page, "review")
        turn_to(page, FAPIAO, "structured")
        page.hover(".value[data-path='/net_amount']")
        shoot(page, "review-evidence")
        turn_to(page, LEASE, "translation")
        shoot(page, "review-translation")
        page.goto("about:blank")
        page = browser.new_context(**look | {"locale": "zh-CN"}, color_scheme="dark").new_page()
        page.goto(address)
        page.select_option("#status", "suspect")
        turn_to(page, FAX, "text", 2)
        shoot(page, "review-dark")
        page = browser.new_context(**look | {"viewport": {"width": 1120, "height": 800}}).new_page()
        page.goto((out / "report.html").absolute().as_uri())
        shoot(page, "report")
        browser.close()


if __name__ == "__main__":
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with tempfile.TemporaryDirectory() as folder, chdir(folder):  # so that no path of this machine is in a picture
        draw(fill(Path(folder)))
