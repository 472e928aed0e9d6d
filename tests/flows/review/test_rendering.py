"""What was read becomes HTML that can do nothing."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.review.rendering import MOST, SPAN, markdown, plain

HARMLESS = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "hr"),
    *("table", "thead", "tbody", "tfoot", "tr", "th", "td", "caption"),
    *("br", "sub", "sup", "u", "b", "i", "em", "strong", "s", "del"),
}
SNIPPETS = """<script> </script> <img_src=x_onerror=a()> <svg_onload=a()> <table <table> </table> <tr> <td_onclick=a()>
</td> <style> <!-- --> <b_onmouseover=a()> <a_href='javascript:a()'> ` &lt; &#60;script&#62; ]]> <![CDATA[ <math><mtext>
<noscript> <template> <plaintext> <textarea> <title> <xmp> x * # > -"""
PIECES = st.lists(
    st.sampled_from(
        [
            *(snippet.replace("_", " ") for snippet in SNIPPETS.split()),
            *("\n", "\n\n", "\n```\n", "\x00", "\n| a | b |\n|---|---|\n"),
        ]
    ),
    max_size=25,
).map("".join)


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.found = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))


@given(PIECES)
def test_no_text_makes_more_than_harmless_tags(text):
    for tag, attributes in Tags(markdown(text)).found:
        assert tag in HARMLESS
        assert attributes.keys() <= {"rowspan", "colspan", "align", "start"}


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("a <script>alert(1)</script>", "<p>a &lt;script&gt;alert(1)&lt;/script&gt;</p>"),
        ("<div>x</div>", "<p>&lt;div&gt;x&lt;/div&gt;</p>"),
        ("H<sub>2</sub>O", "<p>H<sub>2</sub>O</p>"),
        ("[a](http://x.example)", "<p>[a](http://x.example)</p>"),
        ("![a](http://x.example/p.png)", "<p>![a](http://x.example/p.png)</p>"),
        ("[1]: http://x.example", "<p>[1]: http://x.example</p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("    indented", "<p>indented</p>"),
        ("a < b > c & d", "<p>a &lt; b &gt; c &amp; d</p>"),
        ("第一条\n\n**租赁**", "<p>第一条</p>\n<p><strong>租赁</strong></p>"),
    ],
)
def test_what_is_read_is_what_is_shown(text, html):
    assert markdown(text).strip() == html


def test_html_tables_are_tables_and_what_is_in_them_is_text():
    text = 'before<table class=x><tr><td colspan="2" onclick="a()">1\n\n<script>2</script></td></tr></table>**after**'

    html = markdown(text)

    assert '<td colspan="2">1\n\n&lt;script&gt;2&lt;/script&gt;</td>' in html
    assert "<p>before</p>" in html
    assert "<strong>after</strong>" in html


def test_a_table_that_never_ends_is_text():
    assert "&lt;table&gt;" in markdown("<table><tr><td>cut off here")


def test_spans_are_bounded():
    wide = Tags(markdown(f"<table><tr><td colspan={SPAN}>a</td><td colspan={SPAN + 1}>b</td></tr></table>")).found

    assert [attributes for tag, attributes in wide if tag == "td"] == [{"colspan": str(SPAN)}, {}]


def test_what_is_too_long_for_a_page_is_shown_as_it_is():
    text = "<b>" * (MOST // 3 + 1)

    assert markdown(text) == plain(text)


@pytest.mark.parametrize("knot", ["[", "*", "> ", "`a", "<", "<table", "<table>", "|a", "_a", "**a ", "<!--", "<b "])
def test_no_knot_holds_it_up(knot):
    markdown(knot * (20_000 // len(knot)))
