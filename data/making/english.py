"""Papers in English. All names, numbers and addresses are invented."""

from __future__ import annotations

from data.making.sheet import Cell, Sheet

LEFT, RIGHT = 72, 523
CLAUSES = (
    (
        "1. Services",
        (
            "1.1 The Supplier shall digitise the paper archive described in Schedule A and deliver for each document a "
            "searchable text, a page image and an index entry."
        ),
        (
            "1.2 Work begins on 4 May 2026 and is completed in three stages, each accepted in writing by the Client within "
            "ten (10) working days of delivery."
        ),
        (
            "1.3 The Supplier may engage subcontractors only with the prior written consent of the Client, and remains "
            "liable for their acts as for its own."
        ),
    ),
    (
        "2. Fees and payment",
        (
            "2.1 The Client pays the fees set out in the table below, exclusive of value added tax. Invoices are due "
            "thirty (30) days after receipt."
        ),
        (
            "2.2 If an undisputed amount is not paid when due, interest accrues at 4 % per year above the base rate of "
            "the Bank of Northmere, from the due date until payment."
        ),
    ),
    (
        "3. Accuracy",
        (
            "3.1 The Supplier warrants a character error rate of no more than 1.0 % on printed pages, measured on a "
            "random sample of two hundred (200) pages per stage."
        ),
        (
            "3.2 Where the rate is exceeded, the Supplier repeats the stage at its own cost. Handwritten notes, stamps and "
            "pages that are torn or stained are left out of the measurement."
        ),
    ),
    (
        "4. Confidentiality",
        (
            "4.1 Each party keeps secret what it learns of the other in the course of this Agreement, for its duration "
            "and five (5) years after. This does not apply to what is public, was known before, or must be disclosed by "
            "law."
        ),
        (
            "4.2 Original papers stay the property of the Client and are returned, in the order in which they were "
            "received, no later than fourteen (14) days after acceptance."
        ),
    ),
    (
        "5. Liability",
        (
            "5.1 Neither party is liable for loss of profit or for indirect damage. The total liability of the Supplier is "
            "limited to the fees paid in the twelve (12) months before the event."
        ),
        "5.2 Nothing in this Agreement limits liability for death, personal injury, fraud or wilful misconduct.",
    ),
    (
        "6. Term and termination",
        (
            "6.1 This Agreement runs until acceptance of the last stage. Either party may end it with sixty (60) days' "
            "notice, or at once if the other commits a material breach and does not remedy it within twenty (20) days."
        ),
        "6.2 Clauses 4, 5 and 7 survive termination.",
    ),
    (
        "7. General",
        "7.1 This Agreement is governed by the law of Northmere; the courts of Port Ellery have jurisdiction.",
        "7.2 Changes are valid only in writing, signed by both parties. If a provision is void, the others stand.",
    ),
)
FEES = (
    ("Stage", "Scope", "Pages", "Fee (EUR)"),
    ("A", "Contracts and deeds, 1978-1999", "42,000", "18,900.00"),
    ("B", "Correspondence, 2000-2012", "61,500", "24,600.00"),
    ("C", "Accounts and ledgers", "18,200", "11,830.00"),
    ("", "Total", "121,700", "55,330.00"),
)


def agreement() -> list[Sheet]:
    """Draw a services agreement of three pages."""
    sheets = [Sheet(latin="tiro") for _ in range(3)]
    y = _parties(sheets[0])
    y = _clauses(sheets[0], y, CLAUSES[:2])
    _fees(sheets[0], y + 6)
    _clauses(sheets[1], 90, CLAUSES[2:6])
    y = _clauses(sheets[2], 90, CLAUSES[6:])
    _signatures(sheets[2], y + 30)
    for number, sheet in enumerate(sheets, 1):
        sheet.rule(LEFT, 790, RIGHT, 790, 0.4)
        sheet.row(803, [Cell(LEFT, "Services Agreement PC-2026-118"), Cell(RIGHT, f"Page {number} of 3", "right")], 8)
    return sheets


def _parties(sheet: Sheet) -> float:
    sheet.line(297, 96, "SERVICES AGREEMENT", 17, font="tibo", align="centre")
    sheet.line(297, 114, "No. PC-2026-118", 10, font="tiit", align="centre")
    y = sheet.prose(LEFT, 146, RIGHT - LEFT, "This Agreement is made on 17 April 2026 between:", 10.5)
    for text in (
        (
            "(1) Pellworth & Crane Shipping Ltd, a company registered in Northmere under number 00482913, of 14 Lantern "
            "Quay, Port Ellery (the “Client”); and"
        ),
        (
            "(2) Ninefold Archive Services GmbH, of Musterallee 9, 00000 Beispielstadt, represented by its managing "
            "director Dr. Ottilie Brandsæter (the “Supplier”)."
        ),
    ):
        y = sheet.prose(LEFT + 18, y + 4, RIGHT - LEFT - 18, text.replace("“", '"').replace("”", '"'), 10.5)
    return y + 4


def _clauses(sheet: Sheet, y: float, clauses: tuple[tuple[str, ...], ...]) -> float:
    for title, *paragraphs in clauses:
        sheet.line(LEFT, y + 12, title, 11.5, font="tibo")
        y += 30
        for paragraph in paragraphs:
            y = sheet.prose(LEFT, y, RIGHT - LEFT, paragraph, 10.5) + 4
    return y


def _fees(sheet: Sheet, y: float) -> None:
    sheet.box(LEFT, y, RIGHT, y + 18, fill=0.9)
    for number, (stage, scope, pages, fee) in enumerate(FEES):
        font = "tibo" if number in {0, len(FEES) - 1} else ""
        cells = [Cell(82, stage), Cell(130, scope), Cell(400, pages, "right"), Cell(RIGHT - 10, fee, "right")]
        sheet.row(y + 12.5 + 18 * number, [cell for cell in cells if cell.text], 10, font=font)
        sheet.rule(LEFT, y + 18 * number, RIGHT, y + 18 * number)
    sheet.rule(LEFT, y + 18 * len(FEES), RIGHT, y + 18 * len(FEES))
    for x in (LEFT, 120, 330, 410, RIGHT):
        sheet.rule(x, y, x, y + 18 * len(FEES))


def _signatures(sheet: Sheet, y: float) -> None:
    sheet.line(LEFT, y, "Signed in two copies, one for each party.", 10.5)
    for x, party, signer in (
        (LEFT, "For Pellworth & Crane Shipping Ltd", "Idris Okonjo-Vale, Director"),
        (310, "For Ninefold Archive Services GmbH", "Dr. Ottilie Brandsæter, Managing Director"),
    ):
        sheet.line(x, y + 34, party, 10.5, font="tibo")
        sheet.rule(x, y + 96, x + 200, y + 96)
        sheet.line(x, y + 109, signer, 9.5)
        sheet.line(x, y + 123, "Place, date: Port Ellery, 17 April 2026", 9.5)
    _scrawl(sheet, LEFT + 20, y + 88)
    _scrawl(sheet, 335, y + 84)


def _scrawl(sheet: Sheet, x: float, y: float) -> None:
    """Sign illegibly, as directors do."""
    shape = sheet.page.new_shape()
    for number in range(6):
        at = x + 21 * number
        rise = 26 - 5 * (number % 3)
        shape.draw_bezier((at, y), (at + 4, y - rise), (at + 14, y - rise), (at + 12, y + 3))
        shape.draw_bezier((at + 12, y + 3), (at + 9, y - 8), (at + 19, y - 12), (at + 21, y))
    shape.finish(color=(0.1, 0.15, 0.5), width=1.1, closePath=False)
    shape.commit()


ITEMS = (
    ("1", "Copy paper A4, 80 g, box of 5 reams", "12", "21.40", "256.80"),
    ("2", "Ring binder, 8 cm, marbled grey", "40", "3.15", "126.00"),
    ("3", "Toner cartridge LX-300, black", "4", "74.90", "299.60"),
    ("4", "Label rolls 57 x 32 mm, pack of 6", "5", "11.80", "59.00"),
    ("5", "Express delivery", "1", "14.50", "14.50"),
)


def invoice() -> Sheet:
    """Draw an invoice for stationery."""
    sheet = Sheet()
    sheet.box(60, 56, 92, 88, fill=0.25)
    sheet.line(104, 78, "MARROW & FINCH", 20, font="hebo")
    sheet.line(104, 92, "Office Supplies - 3 Tannery Row - Port Ellery PE4 9XX", 8.5)
    sheet.line(535, 80, "INVOICE", 22, align="right")
    for number, (label, value) in enumerate(
        (("Invoice no.", "MF-20417"), ("Date", "17 April 2026"), ("Customer no.", "K 3381"), ("Due", "17 May 2026"))
    ):
        sheet.row(132 + 15 * number, [Cell(380, label), Cell(535, value, "right")], 10)
    for number, text in enumerate(
        ("Pellworth & Crane Shipping Ltd", "Accounts payable", "14 Lantern Quay", "Port Ellery PE1 2ZZ")
    ):
        sheet.line(60, 132 + 15 * number, text, 10.5)
    y = _items(sheet, 230)
    for label, value, font in (
        ("Subtotal", "755.90", ""),
        ("VAT 19 %", "143.62", ""),
        ("Total EUR", "899.52", "hebo"),
    ):
        sheet.row(y, [Cell(400, label), Cell(529, value, "right")], 11 if font else 10, font=font)
        y += 18
    sheet.rule(395, y - 12, 535, y - 12, 1.2)
    y = sheet.prose(
        60, y + 40, 470, "Payment within 30 days without deduction. Goods remain our property until paid in full.", 9.5
    )
    sheet.line(60, y + 6, "Bank of Northmere - IBAN XX00 1234 0000 5678 0000 90 - BIC NMREXX00", 9.5)
    sheet.line(60, y + 22, "VAT ID XX 000 417 338 - accounts@marrow-finch.example - +00 555 0142", 9.5)
    return sheet


def _items(sheet: Sheet, y: float) -> float:
    columns = ((66, "left"), (92, "left"), (380, "right"), (452, "right"), (529, "right"))
    sheet.box(60, y, 535, y + 20, fill=0.85)
    rows = (("#", "Description", "Qty", "Unit price", "Amount"), *ITEMS)
    for number, row in enumerate(rows):
        cells = [Cell(x, text, align) for (x, align), text in zip(columns, row, strict=True)]
        sheet.row(y + 14 + 22 * number, cells, 10, font="" if number else "hebo")
        sheet.rule(60, y + 20 + 22 * number, 535, y + 20 + 22 * number, 0.4)
    return y + 22 * len(rows) + 24


LETTER = (
    "Dear Ms Aldous,",
    (
        "Thank you for your telephone call of this morning. We confirm the following change to our order 7731 of 2 March: "
        "instead of 24 we require 36 cases of the quarto ledgers, bound in grey cloth, delivered to warehouse B."
    ),
    (
        "Please note that the lift at Lantern Quay is out of service until the end of the month. Your driver should "
        "report at the north gate before 11 a.m.; our foreman, Mr Petrossian, will see to the unloading."
    ),
    "Kindly confirm by return of fax, and let us know whether the earlier delivery date of 20 March can still be met.",
    "Yours sincerely,",
    "Tamsin Arkwright-Boole",
    "Purchasing",
)
PACKING = (
    ("Case", "Contents", "Weight kg"),
    ("1-12", "Ledger, quarto, 192 leaves, grey", "214.8"),
    ("13-24", "Ledger, quarto, 192 leaves, grey", "214.8"),
    ("25-36", "Ledger, quarto, 192 leaves, grey", "214.8"),
    ("37", "Index cards, ruled, 5 x 1000", "9.2"),
    ("", "Gross weight", "653.6"),
)


def fax() -> list[Sheet]:
    """Draw a letter and a packing list as they come out of a fax machine."""
    letter, packing = Sheet(latin="cour", ink=(0, 0, 0)), Sheet(latin="cour", ink=(0, 0, 0))
    for number, sheet in enumerate((letter, packing), 1):
        sheet.line(40, 28, f"09/03/2026 14:22  FROM: PELLWORTH CRANE  +00 555 0117  P.{number:02}/02", 9, font="cobo")
    letter.line(72, 90, "TELEFAX", 22, font="cobo")
    for number, text in enumerate(("To: Aldous & Daughters, Bookbinders", "Date: 9 March 2026", "Pages: 2")):
        letter.line(72, 124 + 17 * number, text, 11.5)
    y = 200.0
    for text in LETTER:
        y = letter.prose(72, y, 450, text, 11.5) + 12
    packing.line(72, 90, "PACKING LIST TO ORDER 7731", 15, font="cobo")
    for number, row in enumerate(PACKING):
        cells = [Cell(78, row[0]), Cell(150, row[1]), Cell(515, row[2], "right")]
        packing.row(128 + 24 * number, [cell for cell in cells if cell.text], 11.5, font="" if number else "cobo")
        packing.rule(72, 136 + 24 * number, 523, 136 + 24 * number, 0.8)
    packing.prose(72, 310, 450, "All cases marked P&C / PORT ELLERY / 7731 and stacked no more than four high.", 11.5)
    return [letter, packing]
