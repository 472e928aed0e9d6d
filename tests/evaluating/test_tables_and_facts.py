"""Tables and facts: cells, their neighbours, and what must stand on a page."""

from __future__ import annotations

import pytest

from tasks.evaluating.facts import Page, holds
from tasks.evaluating.grids import grids, table_hits
from tasks.evaluating.truth import Fact

HTML = (
    "<table><tr><th>Item</th><th colspan=2>Year</th></tr><tr><td></td><td>2023</td><td>2022</td></tr>"
    "<tr><td>Cash</td><td>7</td><td>6</td></tr></table>"
)
PIPES = "|Item|2023|2022|\n|---|---|---|\n|Debt|9|8|\n|Cash|7|6|"


def fact(kind, text, **more):
    return Fact(kind=kind, text=text, **more)


def test_tables_are_found_in_html_and_in_markdown():
    assert grids(f"Before\n\n{HTML}\n\nbetween\n\n{PIPES}\n") == (
        (("Item", "Year", ""), ("", "2023", "2022"), ("Cash", "7", "6")),
        (("Item", "2023", "2022"), ("Debt", "9", "8"), ("Cash", "7", "6")),
    )


def test_the_same_table_in_another_markup_is_the_same():
    html = "<table><tr><td>Item</td><td>2023</td><td>2022</td></tr><tr><td>Debt</td><td>9</td><td>8</td></tr><tr>"
    hits = table_hits(PIPES, f"{html}<td>Cash</td><td>7</td><td>6</td></tr></table>")
    assert hits.shared_cells == hits.truth_cells == hits.read_cells == 9
    assert hits.shared_relations == hits.truth_relations == hits.read_relations == 12


def test_figures_in_the_wrong_column_keep_their_cells_and_lose_relations():
    hits = table_hits(PIPES, PIPES.replace("|9|8|", "|8|9|"))
    assert hits.shared_cells == 9
    assert hits.shared_relations < hits.truth_relations


def test_a_table_read_as_lines_has_no_cells():
    hits = table_hits(PIPES, "Item 2023 2022\nDebt 9 8\nCash 7 6")
    assert (hits.truth_tables, hits.truth_cells, hits.read_cells, hits.shared_relations) == (1, 9, 0, 0)


def test_where_the_truth_has_no_table_none_is_counted():
    assert table_hits("a list", PIPES).read_cells == 0


def test_tables_are_paired_by_what_they_hold_not_by_their_order():
    other = "|Name|Age|\n|---|---|\n|Ann|31|"
    hits = table_hits(f"{PIPES}\n\ntext\n\n{other}", f"{other}\n\ntext\n\n{PIPES}")
    assert hits.shared_relations == hits.truth_relations


@pytest.mark.parametrize(
    ("said", "true"),
    [
        (fact("present", "QUICK brown"), True),
        (fact("present", "QUICK brown", ignore_case=False), False),
        (fact("present", "quick brovn", differences=1), True),
        (fact("present", "quick brovn"), False),
        (fact("present", "lazy dog", first=10), False),
        (fact("present", "lazy dog", last=10), True),
        (fact("absent", "Page 95"), True),
        (fact("absent", "lazy dog"), False),
        (fact("order", "quick", after="lazy"), True),
        (fact("order", "lazy", after="quick"), False),
        (fact("order", "quick", after="cat"), False),
        (fact("math", r"\left( x_{1} \right)^2"), True),
        (fact("math", r"(x_2)^2"), False),
        (fact("value", 1939.0), True),
        (fact("value", 1938.0), False),
        (fact("value", "2024-05-03"), True),
        (fact("value", "3 years", also=("three years",)), True),
        (fact("value", "4 years"), False),
    ],
)
def test_a_fact_holds_or_does_not(said, true):
    text = "# The **quick brown** fox\n\nfrom 3 May 2024 for three years, EUR 1.939,00; $(x_1)^2$\n\njumps the lazy dog"
    assert holds(said, Page(text)) is true


@pytest.mark.parametrize(
    ("beside", "true"),
    [
        ({"up": "9", "right": "6", "left_heading": "Cash", "top_heading": "2023"}, True),
        ({"top_heading": "2022"}, False),
        ({"down": "9"}, False),
        ({"left": "Cash"}, True),
    ],
)
def test_a_cell_is_found_with_its_neighbours_and_headings(beside, true):
    assert holds(fact("table", "7", beside=beside), Page(PIPES)) is true


def test_headings_over_several_columns_are_over_the_first():
    assert holds(fact("table", "7", beside={"top_heading": "Year", "up": "2023"}), Page(HTML))
