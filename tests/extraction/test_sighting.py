"""Whether values stand in the text layer."""

from __future__ import annotations

import pytest

from schemas.documents import PageFacts
from schemas.records import Flag
from tasks.extraction.sighting import Layer, doubts, evidence_of, sighted

LAYER = (
    "ACME Trading GmbH, Große Straße 7 Invoice No. INV-2024/017 Date: 19 April 2024 "
    "Pos 1 Paper, A4, white 3 x 1.234,50 EUR Total 3 703,50 EUR 发票号码 12345678 VAT ID DE 123 456 789 "
    "Payable within 14 days without deduction to the account named below."
)


@pytest.mark.parametrize(
    "value",
    [
        "acme trading  GMBH",
        "INV-2024/017",
        "inv2024017",
        "2024-04-19",
        1234.5,
        3703.5,
        -3,
        "12345678",
        "发票",
        "DE123456789",
        "A4",
        "1",
        "no",
    ],
)
def test_what_stands_there_is_found_however_it_is_written(value):
    assert Layer(LAYER).has(value)


@pytest.mark.parametrize("value", ["ACME Trading Ltd", "2024-04-20", 1234.6, 12, "ay", "收据"])
def test_what_does_not_stand_there_is_not_found(value):
    assert not Layer(LAYER).has(value)


def facts(*layers: str) -> tuple[PageFacts, ...]:
    return tuple(PageFacts(ink=0.1, layer_text=layer) for layer in layers)


def seen(value, *layers, quoted=None):
    return {one.path: (one.image, one.in_text_layer) for one in sighted(evidence_of(value, quoted), facts(*layers))}


def test_strings_and_numbers_are_looked_up_and_nothing_else():
    value = {"a": "ACME", "b": None, "c": True, "d": [3, {"e": "Berlin"}], "f": " - "}

    assert seen(value, LAYER) == {"/a": (1, True), "/d/0": (1, True), "/d/1/e": (1, False)}


def test_the_page_that_has_a_value_is_its_page():
    assert seen({"a": "ACME", "b": "nowhere"}, "another page", LAYER) == {"/a": (2, True), "/b": (None, False)}


def test_without_a_layer_nothing_is_known():
    assert seen({"a": "ACME"}, "") == {"/a": (1, None)}
    assert seen({"a": "ACME"}, "", LAYER) == {"/a": (None, None)}


def test_a_layer_that_cannot_be_seen_proves_nothing():
    hidden = PageFacts(layer_text=LAYER, hidden_text=True)

    (one,) = sighted(evidence_of({"a": "ACME"}), [hidden])

    assert one.in_text_layer is None


def test_a_quote_is_looked_up_in_place_of_the_value_on_the_page_that_it_names():
    quoted = [
        {"path": "total", "page": 2, "quote": "3 703,50"},
        {"path": "/due", "page": 1, "quote": "19 April 2024"},
        {"path": "/lost", "page": 9, "quote": 3},
        {"page": 1},
        "nonsense",
    ]

    found = seen({"total": 1, "due": "soon", "lost": "ACME"}, "a page", LAYER, quoted=quoted)

    assert found == {"/total": (2, True), "/due": (1, False), "/lost": (2, True)}


def test_a_result_most_of_which_stands_nowhere_is_doubted():
    (right, wrong) = ({"a": "ACME", "b": 3, "c": "Paper"}, {"a": "Globex", "b": 99, "c": "Paper"})

    def doubted(value, *layers):
        known = facts(*layers)
        return list(doubts(sighted(evidence_of(value), known), known))

    assert doubted(right, LAYER) == []
    assert doubted(wrong, LAYER) == [Flag("not_in_layer", 0.4)]
    assert doubted(wrong, "a short layer") == []
    assert doubted({"a": "Globex"}, LAYER) == []
