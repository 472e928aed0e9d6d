"""All checks together: what makes a page suspect, how strongly, and where to look."""

import pytest

from schemas.languages import parse_tag
from tasks.translating.blocks import Block
from tasks.translating.checks import Wanted, check, flags
from tasks.translating.prompts import MOST_FAULTS, question, repair

GERMAN = Wanted(parse_tag("de"))
TABLE = "<table><tr><td>Tea</td><td>3.50</td></tr><tr><td>Milk</td><td>1.20</td></tr></table>"
TABELLE = "<table><tr><td>Tee</td><td>3,50</td></tr><tr><td>Milch</td><td>1,20</td></tr></table>"
RIGHT = (
    Block("# Invoice INV-2024-001", "# Rechnung INV-2024-001", "en"),
    Block(
        "Pay 1,234.56 euros by March 5, 2024 at https://example.org/pay or ask a@example.org.",
        "Zahlen Sie 1.234,56 Euro bis 5.3.2024 auf https://example.org/pay oder fragen Sie a@example.org.",
        "en",
    ),
    Block(TABLE, TABELLE, "en"),
    Block("The goods remain the property of the seller.", "Die Ware bleibt Eigentum des Verkäufers.", "en"),
)


def found(at, target, wanted=GERMAN, **changes):
    blocks = list(RIGHT)
    blocks[at] = Block(changes.get("source", blocks[at].source), target, changes.get("language", "en"))
    return {finding.check: finding.score for finding in check(blocks, wanted)}


def test_a_right_translation_raises_nothing():
    assert check(RIGHT, GERMAN) == ()


@pytest.mark.parametrize(
    ("at", "old", "new", "name"),
    [
        (0, "INV-2024-001", "INV-2024-010", "codes_differ"),
        (1, "1.234,56", "1.243,56", "numbers_differ"),
        (1, "5.3.2024", "5.4.2024", "dates_differ"),
        (1, "https://example.org/pay", "der Seite", "addresses_differ"),
        (1, "a@example.org", "b@example.org", "addresses_differ"),
        (2, "3,50", "1,20", "numbers_differ"),
        (2, "<tr><td>Milch</td><td>1,20</td></tr>", "", "table_differs"),
        (2, "<td>Milch</td>", "<td>Milch</td><td></td>", "table_differs"),
        (3, RIGHT[3].target, RIGHT[3].source, "untranslated"),
        (3, RIGHT[3].target, "", "paragraph_missing"),
        (3, RIGHT[3].target, RIGHT[3].target * 4, "length_ratio"),
    ],
)
def test_each_fault_is_found_by_its_own_check(at, old, new, name):
    assert old in RIGHT[at].target
    assert found(at, RIGHT[at].target.replace(old, new)).get(name) == 1.0


def test_a_paragraph_that_no_source_has_is_found():
    assert found(3, "Das steht so auf gar keiner der Seiten.", source="") == {"paragraph_added": 1.0}


def test_a_term_of_the_glossary_must_be_used():
    wanted = Wanted(parse_tag("de"), (("property", "Eigentum"), ("seller", "Lieferant")))
    assert found(3, RIGHT[3].target, wanted) == {"glossary_missed": 1.0}


def test_a_number_that_was_in_words_is_a_weak_signal():
    assert found(3, "Nach 30 Tagen bleibt die Ware Eigentum des Verkäufers.") == {"numbers_differ": 0.5}


def test_what_is_in_the_language_already_may_stand_as_it_is():
    text = "Die Ware bleibt bis zur vollen Bezahlung Eigentum des Verkäufers."
    assert found(3, text, source=text, language="de-AT") == {}
    assert found(3, text, source=text, language=None) == {"untranslated": 1.0}


def test_a_page_in_another_script_is_told_once():
    blocks = [
        Block(block.source, "Товар остаётся собственностью продавца до полной оплаты.", "en") for block in RIGHT[3:]
    ]
    assert [finding.check for finding in check(blocks, GERMAN)] == ["untranslated", "wrong_script"]


def test_a_signal_is_as_strong_as_its_strongest_finding():
    findings = check([RIGHT[0], Block("ten, 45", "10, 30, 54"), Block("ten", "30")], GERMAN)
    assert [(flag.name, flag.score) for flag in flags(findings)] == [("numbers_differ", 1.0)]


def test_what_is_to_be_put_right_is_said_with_its_place():
    findings = check([Block("In all 45 cases.", "In allen 54 Fällen.")], GERMAN)
    assert "- in “In all 45 cases.”: 45 is not in the translation, which has 54" in repair(findings)
    assert repair(findings * 50).count("\n- ") == 1
    many = check([Block(f"Case {n} of all", f"Fall {n + 500} von allen") for n in range(100, 150)], GERMAN)
    assert repair(many).count("\n- ") == MOST_FAULTS


def test_the_question_names_language_tone_and_terms():
    asked = question("German (de)", tone="formal", glossary=(("feu", "Feuer"),))
    assert "into German (de)" in asked
    assert "Write formally" in asked
    assert "  - feu = Feuer\n" in asked
    assert "terms" not in question("German (de)")


@pytest.mark.timeout(60)  # a pattern that goes back over the loop takes minutes
@pytest.mark.parametrize("piece", ["1", "一", "I", "1.", "a.", "1 000 ", "|-", "http://", "$", "[", "A-1"])
def test_an_answer_that_ends_in_a_loop_is_checked_soon(piece):
    looped = piece * (6_000 // len(piece))
    assert all(finding.check in {"untranslated", "wrong_script"} for finding in check([Block(looped, looped)], GERMAN))
