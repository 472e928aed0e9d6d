"""Tables, in HTML and in Markdown, cell by cell."""

import pytest

from tasks.translating.tables import taken_apart

HTML = "<table><tr><th>Item</th><th>Price</th></tr><tr><td>Tea &amp; milk</td><td>3<br>4</td></tr></table>"
PIPES = "| Item | Price |\n|---|--:|\n| Tea & milk | 3 4 |"


@pytest.mark.parametrize("table", [HTML, PIPES, HTML.replace("</td>", "").replace("</tr>", "")])
def test_a_table_is_taken_out_of_its_text(table):
    found = taken_apart(f"Before\n\n{table}\n\nafter")
    assert found.tables == ((("Item", "Price"), ("Tea & milk", "3 4")),)
    assert found.shape == ((2, 2),)
    assert found.prose.split() == ["Before", "after"]


def test_tables_keep_their_order_whatever_they_are_written_in():
    found = taken_apart(f"{PIPES}\n\n{HTML}\n\n{PIPES}\n| Coffee | 5 |")
    assert found.shape == ((2, 2), (2, 2), (2, 2, 2))
    assert len(found.cells) == 14


@pytest.mark.parametrize("text", ["", "a | b", "| one line |", "<table>", "a < b"])
def test_what_is_no_table_has_no_cells(text):
    assert taken_apart(text).cells == ()
