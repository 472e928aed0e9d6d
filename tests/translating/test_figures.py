"""Numbers and dates across languages: what is the same though it is written otherwise, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.translating.figures import Difference, dates_missing, numbers_between
from tasks.translating.numerals import numbers

SAME = [
    ("1,234.56 dollars", "1.234,56 Dollar"),
    ("1,234.56 dollars", "1 234,56 dollars"),
    ("1,234.56 dollars", "1\u202f234,56 dollars"),
    ("1'234.50 francs", "1 234,50 Franken"),
    ("10 000 habitants", "10,000 inhabitants"),
    ("10 000 habitants", "1万人"),
    ("12,34,567 rupees", "1.234.567 Rupien"),
    ("1.5 million people", "150万人"),
    ("1.5 million people", "1,5 Millionen Menschen"),
    ("120 million yen", "1億2千万円"),
    ("3 billion", "3 mil millones"),
    ("3 Milliarden", "30亿"),
    ("2,5 млн рублей", "2.5 million roubles"),
    ("50 %", "百分之五十"),
    ("Article 21", "第二十一条"),
    ("Article 21", "第２１条"),
    ("Article 21", "المادة ٢١"),
    ("١٬٢٣٤٫٥٦ يورو", "1,234.56 euros"),
    ("the 19th century", "siglo XIX"),
    ("im 19. Jahrhundert", "в XIX веке"),
    ("昭和23年", "1948"),
    ("at 3:30 pm", "um 15:30 Uhr"),
    ("um 15 Uhr", "下午3点"),
    ("in 2 of 3 cases", "in zwei von drei Fällen"),
    ("two of three cases", "2 von 3 Fällen"),
    ("10.12.1948", "December 10, 1948"),
    ("version 3.2.1", "الإصدار 3.2.1"),
    ("一切权利", "all rights"),
    ("law¹ of 1999", "Gesetz von 1999¹"),
    ("5kg or 10mm", "5 кг или 10 мм"),
    ("Artikel 5 und Artikel 5 Satz 2", "Article 5, sentence 2"),
]
CHANGED = [
    ("1,234.56 dollars", "1.234,65 Dollar", "1,234.56"),
    ("1.5 million", "15万", "1.5"),
    ("1.5 km", "15 km", "1.5"),
    ("1,5 Millionen", "1.5 billion", "1,5"),
    ("Article 21", "第二十二条", "21"),
    ("第二十一条", "Article 22", "二十一"),
    ("within 30 days", "innerhalb von 20 Tagen", "30"),
    ("in 2 cases", "in 3 Fällen", "2"),
    ("45 pages", "einige Seiten", "45"),
    ("٣٠ يوماً", "13 days", "30"),
    ("2024年", "2023", "2024"),
]


@pytest.mark.parametrize(("source", "target"), SAME)
def test_the_same_number_written_otherwise_is_the_same(source, target):
    assert not numbers_between(source, target).missing
    assert not numbers_between(target, source).missing


@pytest.mark.parametrize(("source", "target", "missing"), CHANGED)
def test_another_number_is_found(source, target, missing):
    assert missing in numbers_between(source, target).missing


def test_a_cell_without_words_must_hold_its_number():
    assert numbers_between("3", "").missing == ("3",)
    assert numbers_between("3", "three") == Difference()


def test_a_number_that_came_from_words_is_only_told():
    assert numbers_between("thirty days", "30 Tage") == Difference(added=("30",))


@given(st.decimals(0, 10**9, places=2))
def test_any_amount_is_the_same_in_the_ways_of_all_countries(amount):
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    french = english.translate(str.maketrans({",": "\u202f", ".": ","}))
    arabic = english.translate(str.maketrans("0123456789,.", "٠١٢٣٤٥٦٧٨٩٬٫"))
    for written in (german, french, arabic):
        assert numbers_between(english, written) == numbers_between(written, english) == Difference()


@given(st.text(max_size=60) | st.text("0123456789.,' 一二三十百万億年月日第XVI٣٫aж", max_size=30))
def test_no_text_is_too_strange(text):
    assert numbers_between(text, text) == Difference()
    assert dates_missing(text, text) == ()
    assert all(number.values for number in numbers(text))


DAY = [
    "10.12.1948",
    "10/12/1948",
    "12/10/1948",
    "1948-12-10",
    "December 10, 1948",
    "10 December 1948",
    "10th of December 1948",
    "10. Dezember 1948",
    "10 décembre 1948",
    "10 de diciembre de 1948",
    "10 декабря 1948 года",
    "10 كانون الأول / ديسمبر 1948",
    "١٠ ديسمبر ١٩٤٨",
    "1948年12月10日",
    "１９４８年１２月１０日",
    "一九四八年十二月十日",
    "昭和23年12月10日",
    "1948년 12월 10일",
]


@pytest.mark.parametrize("source", DAY)
def test_a_day_is_the_same_in_every_order_and_language(source):
    assert [target for target in DAY if dates_missing(source, target)] == []


@pytest.mark.parametrize("source", DAY)
@pytest.mark.parametrize(
    "target", ["11.12.1948", "10. November 1948", "1948年12月11日", "10 декабря 1984 года", "kein Tag"]
)
def test_another_day_is_found(source, target):
    assert dates_missing(source, target)


def test_a_date_in_words_that_we_do_not_know_passes_with_its_parts():
    assert dates_missing("10.12.1948", "Tarehe 10, mwezi wa 12, mwaka 1948") == ()
    assert dates_missing("8.8.2022", "8. Oktober 2022")
