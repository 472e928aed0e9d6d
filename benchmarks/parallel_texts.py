"""One text in nine languages, cut into pages, with a paragraph of figures that we wrote ourselves in each of them."""

from __future__ import annotations

import random
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from schemas.languages import parse_tag
from tasks.translating.blocks import Block
from tasks.translating.checks import Wanted
from tasks.translating.wordlists import month_names

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

ARTICLES_A_PAGE = 5
_SPACE = "{http://efele.net/udhr}"
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_BILLS = {
    "ar": (
        "الفاتورة رقم {code} المؤرخة {date} بمبلغ {amount} يورو مستحقة خلال {days} يوماً؛ انظر {url} أو اكتب إلى {mail}."
    ),
    "de": (
        "Die Rechnung {code} vom {date} über {amount} Euro ist in "
        "{days} Tagen fällig; siehe {url} oder schreiben Sie an {mail}."
    ),
    "en": ("The invoice {code} of {date} for {amount} euros is due within {days} days; see {url} or write to {mail}."),
    "es": (
        "La factura {code} del {date} por {amount} euros vence dentro de "
        "{days} días; consulte {url} o escriba a {mail}."
    ),
    "fr": (
        "La facture {code} du {date} de {amount} euros est payable sous {days} jours ; voir {url} ou écrire à {mail}."
    ),
    "ja": (
        "{date}付の請求書{code}、金額{amount}ユーロは、"
        "{days}日以内にお支払いください。詳細は {url} をご覧になるか、{mail} までご連絡ください。"
    ),
    "ko": (
        "{date}자 청구서 {code}의 금액 {amount}유로는 "
        "{days}일 이내에 지급해야 합니다. {url} 을 참조하거나 {mail} 로 문의하십시오."
    ),
    "ru": (
        "Счёт {code} от {date} на сумму {amount} евро подлежит оплате в течение "
        "{days} дней; см. {url} или пишите на {mail}."
    ),
    "zh": "{date}的发票{code}金额为{amount}欧元,须在{days}天内付清;请查看 {url} 或写信至 {mail} 。",
}
_TERMS = {
    "ar": ("الفاتورة", "الورقة"),
    "de": ("Rechnung", "Quittung"),
    "en": ("invoice", "receipt"),
    "es": ("factura", "boleta"),
    "fr": ("facture", "quittance"),
    "ja": ("請求書", "領収証"),
    "ko": ("청구서", "영수증"),
    "ru": ("Счёт", "Чек"),
    "zh": ("发票", "收据"),
}
"""What the bill is called, and a word that is not in the glossary."""
_HEADS = {
    "ar": ("البند", "السعر"),
    "de": ("Posten", "Preis"),
    "en": ("Item", "Price"),
    "es": ("Artículo", "Precio"),
    "fr": ("Article", "Prix"),
    "ja": ("品目", "価格"),
    "ko": ("품목", "가격"),
    "ru": ("Позиция", "Цена"),
    "zh": ("项目", "价格"),
}
_MARKS = {"de": ".,", "es": ".,", "fr": "\u202f,", "ru": "\u00a0,", "ar": "\u066c\u066b"}
_DATES = {
    "en": "{name} {day}, {year}",
    "de": "{day}.{month:02}.{year}",
    "es": "{day} de {name} de {year}",
    "ru": "{day} {name} {year} года",
    "ko": "{year}년 {month}월 {day}일",
    "ja": "{year}年{month}月{day}日",
    "zh": "{year}年{month}月{day}日",
}


@dataclass(frozen=True)
class Bill:
    """What the paragraph of figures says."""

    code: str
    day: date
    amount: Decimal
    days: int
    url: str = "https://pay.example.org/bills?id=7"
    mail: str = "billing@example.org"

    def written(self, language: str) -> str:
        """Write it as it is customary."""
        figures = {"code": self.code, "url": self.url, "mail": self.mail, "days": _digits(str(self.days), language)}
        day, amount = written_date(self.day, language), written_amount(self.amount, language)
        return _BILLS[language].format(**figures, date=day, amount=amount)

    def table(self, language: str) -> str:
        """Write a table of it."""
        rows = "".join(
            f"<tr><td>{count}</td><td>{written_amount(self.amount + 17 * count, language)}</td></tr>"
            for count in (1, 2, 3)
        )
        item, price = _HEADS[language]
        return f"<table><tr><th>{item}</th><th>{price}</th></tr>{rows}</table>"


@dataclass(frozen=True)
class ParallelPage:
    """A page and its translation, as a model that makes no mistake would give them."""

    source: str
    target: str
    blocks: tuple[Block, ...]
    bill: Bill

    @property
    def wanted(self) -> Wanted:
        """What the checks are told."""
        return Wanted(parse_tag(self.target), ((_TERMS[self.source][0], _TERMS[self.target][0]),))


def wrong_term(text: str, language: str) -> str:
    """Put another word in the place of the glossary's."""
    return text.replace(*_TERMS[language])


def written_amount(amount: Decimal, language: str) -> str:
    """Write an amount with the separators of a language."""
    thousands, point = _MARKS.get(language, ",.")
    text = f"{amount:,.2f}".translate(str.maketrans({",": thousands, ".": point}))
    return _digits(text, language)


def written_date(day: date, language: str) -> str:
    """Write a date in the order and the words of a language."""
    name = month_names(language)[day.month - 1] if language in {"ar", "en", "es", "fr", "ru"} else ""
    form = _DATES.get(language, "{day} {name} {year}")
    if language == "en":
        name = name.title()
    return _digits(form.format(day=day.day, month=day.month, year=day.year, name=name), language)


def _digits(text: str, language: str) -> str:
    return text.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")) if language == "ar" else text


def texts(folder: Path) -> Mapping[str, Mapping[str, Sequence[str]]]:
    """Read the text in all languages: number of the article to its title and paragraphs; 0 is the preamble."""
    found = {}
    for path in sorted(folder.glob("*.xml")):
        root = ET.parse(path).getroot()  # noqa: S314 - files of ours
        articles = {str(article.get("number")): _paragraphs(article) for article in root.iter(f"{_SPACE}article")}
        preamble = root.find(f"{_SPACE}preamble")
        if preamble is not None:  # its paragraphs are cut differently from language to language
            title, *paragraphs = _paragraphs(preamble)
            articles["0"] = [title, "\n\n".join(paragraphs)]
        found[str(root.get(_LANG))[:2]] = articles
    return found


def _paragraphs(element: ET.Element) -> list[str]:
    parts = [part for part in element.iter() if part.tag in {f"{_SPACE}title", f"{_SPACE}para"}]
    return [" ".join("".join(part.itertext()).split()) for part in parts]


def pages(folder: Path, *, seed: int = 0) -> Iterator[ParallelPage]:
    """Cut the text into pages, for every pair of languages and both directions."""
    dice = random.Random(seed)
    known = texts(folder)
    for source in known:
        for target in known:
            if source == target:
                continue
            numbers = [number for number in known[source] if number in known[target]]
            for start in range(0, len(numbers), ARTICLES_A_PAGE):
                chosen = numbers[start : start + ARTICLES_A_PAGE]
                blocks = [block for number in chosen for block in _blocks(known[source][number], known[target][number])]
                bill = _bill(dice)
                blocks.append(Block(bill.written(source), bill.written(target), source))
                blocks.append(Block(bill.table(source), bill.table(target), source))
                yield ParallelPage(source, target, tuple(blocks), bill)


def _blocks(source: Sequence[str], target: Sequence[str]) -> Iterator[Block]:
    if len(source) != len(target):
        source, target = [source[0], "\n\n".join(source[1:])], [target[0], "\n\n".join(target[1:])]
    yield from (Block(before, after) for before, after in zip(source, target, strict=True))


def _bill(dice: random.Random) -> Bill:
    day = date(dice.randint(1990, 2029), dice.randint(1, 12), dice.randint(1, 28))
    amount = Decimal(dice.randint(100_000, 99_999_999)) / 100
    return Bill(f"INV-{dice.randint(1000, 9999)}-{dice.choice('ABCDEF')}", day, amount, dice.randint(14, 90))
