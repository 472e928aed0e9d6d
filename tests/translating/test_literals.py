"""Addresses and codes: what is one, and when it stands in a translation."""

import pytest

from tasks.translating.literals import addresses, codes, squeezed


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "Siehe https://example.org/a?b=1&c=2, oder (www.example.org).",
            ("https://example.org/a?b=1&c=2", "www.example.org"),
        ),
        ("请查看https://example.org/路径或写信至info@example.cn。", ("https://example.org/", "info@example.cn")),
        ("Mail: first.last+tag@mail.example.co.uk.", ("first.last+tag@mail.example.co.uk",)),
        ("[site](https://example.org/x) example.com/path", ("https://example.org/x", "example.com/path")),
        ("ende.Der Satz, z.B. 3.5 und u.a. auch", ()),
    ],
)
def test_addresses_are_found_without_what_stands_around_them(text, found):
    assert addresses(text) == found


@pytest.mark.parametrize(
    "code", ["INV-2024-001", "DE89370400440532013000", "AB1234", "ISO-27001", "12-AB/7", "Q3-2024"]
)
def test_a_code_is_found_in_any_company(code):
    for text in (f"Nr. {code}.", f"发票{code}的", f"الرمز {code}،", f"請求書{code}、"):
        assert codes(text) == (code,)


@pytest.mark.parametrize(
    "word",
    ["NATO", "B2B", "5G", "24-Stunden-Service", "2024", "A4", "3D", "10-12", "1990S", "Mio.", "https://x.org/AB12-34"],
)
def test_words_figures_and_addresses_are_no_codes(word):
    assert codes(f"das {word} da") == ()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("INV-2024-001", "счёт INV‑2024–001"),
        ("AB1234", "код АВ 1234"),
        ("AB1234", "ＡＢ１２３４番"),
        ("X-12/B", "x-12/b"),
    ],
)
def test_a_code_is_there_though_its_dashes_and_width_differ(code, text):
    assert squeezed(code) in squeezed(text)
