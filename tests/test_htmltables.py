from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.htmltables import Grid, pieces


def grid(html):
    (found,) = pieces(f"<table>{html}</table>")
    return found.rows


def test_a_table_is_taken_out_of_the_text_around_it():
    before, found, after = pieces("# Prices\n<table><tr><td>a</td><td>1</td></tr></table>\nuntil June")
    assert (before, after) == ("# Prices\n", "\nuntil June")
    assert found == Grid((("a", "1"),), has_header=False)


def test_a_text_without_a_whole_table_stays_as_it_is():
    for text in ("no table", "a < b", "<table><tr><td>cut off", "<table></table>", "table</table>"):
        assert list(pieces(text)) == [text]
    assert list(pieces(" \n")) == []


def test_headings_are_known():
    (found,) = pieces("<TABLE><thead><tr><th>a</th></tr></thead><tr><td>1</td></tr></TABLE>")
    assert found == Grid((("a",), ("1",)), has_header=True)


def test_cells_over_rows_and_columns_leave_room():
    assert grid("<tr><td rowspan='2'>a</td><td>b</td></tr><tr><td>c</td></tr><tr><td colspan=2>d</td></tr>") == (
        ("a", "b"),
        ("", "c"),
        ("d", ""),
    )
    assert grid("<tr><td>a</td><td rowspan='2'>b</td></tr><tr><td>c</td></tr><tr><td>d</td><td>e</td></tr>") == (
        ("a", "b"),
        ("c", ""),
        ("d", "e"),
    )


def test_entities_and_breaks_are_text():
    assert grid("<tr><td>a &amp; &lt;b&gt;<br>c</td></tr>") == (("a & <b>\nc",),)


def test_a_table_that_is_too_wide_to_draw_stays_text():
    text = "<table><tr><td colspan='999'>a</td><td>b</td></tr></table>"
    assert list(pieces(text)) == [text]


@settings(max_examples=60)
@given(
    st.lists(
        st.sampled_from(["<table>", "</table>", "<tr>", "</tr>", "<td>", "<td rowspan=3>", "<th colspan=2>", "x", " "]),
        max_size=25,
    )
)
def test_whatever_is_written_every_row_is_as_long_as_the_others(words):
    for piece in pieces("".join(words)):
        if isinstance(piece, Grid):
            assert {len(row) for row in piece.rows} == {piece.width}
