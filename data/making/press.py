"""Print in English: a newsletter in two columns, and a till's receipt. All names are invented."""

from __future__ import annotations

from data.making.sheet import Cell, Sheet

ARTICLES = (
    (
        "The lamp is back",
        (
            "After eleven months in the workshop the great lens of Cape Lowen light has returned to its tower. Forty "
            "volunteers carried the brass frame up 143 steps on the morning of 6 March, one segment at a time, with a rest "
            "on every landing and soup at the top."
        ),
        (
            "The lens was made in 1871 and had not been taken down since. Each of its 24 panels was cleaned with spirit and "
            "rain water, and two cracked prisms were replaced by castings from the original moulds, which a retired "
            "keeper had kept in his garden shed for thirty years."
        ),
        "The light will be lit for visitors on the first Saturday of each month, from dusk until ten.",
    ),
    (
        "A good year on the jetty",
        (
            "Our counting box at the foot of the jetty says that 18,240 people came to see us last year, a third more than "
            "the year before. August alone brought 4,106. The chart on this page shows how the figure has grown."
        ),
        (
            "Most visitors stay for about an hour. They ask for a place to sit out of the wind, and for coffee. The first "
            "we have now: six benches of driftwood, given by the rowing club. The second is under discussion."
        ),
    ),
    (
        "Wanted: old photographs",
        (
            "For the exhibition in autumn we look for pictures of the herring fleet between 1920 and 1960. Please bring "
            "them to the office; we copy them while you wait, and give them back. Names of boats and people written on "
            "the back are worth as much to us as the picture itself."
        ),
    ),
)
VISITORS = (("2022", 9_870), ("2023", 11_430), ("2024", 13_710), ("2025", 18_240))
COLUMN = 236


def newsletter() -> Sheet:
    """Draw a page in two columns with a small chart."""
    sheet = Sheet(latin="tiro")
    sheet.line(297, 82, "The Harbour Lantern", 32, font="tibo", align="centre")
    sheet.rule(50, 94, 545, 94, 1.5)
    sheet.row(107, [Cell(50, "News from the Cape Lowen Museum"), Cell(545, "No. 27 - Spring 2026", "right")], 9.5)
    sheet.rule(50, 113, 545, 113)
    y = _article(sheet, 50, 140, ARTICLES[0])
    _article(sheet, 50, y + 18, ARTICLES[1])
    y = _article(sheet, 309, 140, ARTICLES[2])
    _chart(sheet, 309, y + 24)
    sheet.rule(50, 782, 545, 782)
    sheet.line(297, 796, "Cape Lowen Museum - The Jetty 1 - Port Ellery - lantern@capelowen.example", 9, align="centre")
    return sheet


def _article(sheet: Sheet, x: float, y: float, article: tuple[str, ...]) -> float:
    title, *paragraphs = article
    sheet.line(x, y, title, 15, font="tibo")
    y += 19
    for paragraph in paragraphs:
        y = sheet.prose(x, y, COLUMN, paragraph, 10.5, leading=1.32) + 5
    return y


def _chart(sheet: Sheet, x: float, y: float) -> None:
    sheet.line(x, y, "Visitors a year", 12, font="tibo")
    floor = y + 150
    for number, (_, count) in enumerate(VISITORS):
        left = x + 14 + 56 * number
        sheet.box(left, floor - count / 160, left + 34, floor, fill=0.35 + 0.1 * number)
    sheet.row(floor - 122, [], 9)
    sheet.said.pop()
    for number, (_, count) in enumerate(VISITORS):
        sheet.put(x + 31 + 56 * number, floor - count / 160 - 4, f"{count:,}", 9, align="centre")
    sheet.said.append(" ".join(f"{count:,}" for _, count in VISITORS))
    sheet.rule(x, floor, x + COLUMN, floor)
    sheet.row(floor + 13, [Cell(x + 31 + 56 * number, year, "centre") for number, (year, _) in enumerate(VISITORS)])


GROCERIES = (
    ("SOURDOUGH LOAF 800G", "4.20"),
    ("OAT MILK 1L       2 @ 1.95", "3.90"),
    ("CHEDDAR MATURE 350G", "5.15"),
    ("PEARS LOOSE 0.842KG", "2.53"),
    ("EGGS FREE RANGE 12", "3.80"),
    ("MATCHES", "0.75"),
)


def receipt() -> Sheet:
    """Draw what a till prints: 80 mm wide, thermal."""
    sheet = Sheet(size=(226, 400), latin="cour", ink=(0.2, 0.2, 0.24))
    for y, text, size in (
        (34, "THE CORNER LARDER", 15),
        (50, "22 HERRING LANE, PORT ELLERY", 9),
        (62, "TEL +00 555 0186", 9),
    ):
        sheet.line(113, y, text, size, font="cobo", align="centre")
    sheet.row(86, [Cell(14, "22/03/2026 18:41"), Cell(212, "TILL 03", "right")], 9.5)
    sheet.line(14, 99, "RECEIPT 0041-7733", 9.5)
    y = 122
    for name, price in GROCERIES:
        sheet.row(y, [Cell(14, " ".join(name.split())), Cell(212, price, "right")], 9.5)
        y += 15
    sheet.rule(14, y - 6, 212, y - 6)
    sheet.row(y + 12, [Cell(14, "TOTAL EUR"), Cell(212, "20.33", "right")], 14, font="cobo")
    for number, (label, value) in enumerate((("CASH", "25.00"), ("CHANGE", "4.67"), ("VAT 7 % INCL.", "1.33"))):
        sheet.row(y + 32 + 14 * number, [Cell(14, label), Cell(212, value, "right")], 9.5)
    sheet.line(113, y + 88, "THANK YOU - PLEASE CALL AGAIN", 9.5, align="centre")
    _barcode(sheet, 40, y + 102)
    return sheet


def _barcode(sheet: Sheet, x: float, y: float) -> None:
    """Draw bars that encode nothing."""
    for number, width in enumerate((1, 2, 1, 3, 1, 1, 2, 3, 1, 2, 1, 1, 3, 2, 1, 1, 2, 1, 3, 1, 2, 1, 1, 2)):
        sheet.page.draw_rect((x + 6 * number, y, x + 6 * number + 1.2 * width, y + 34), fill=sheet.ink, color=None)
