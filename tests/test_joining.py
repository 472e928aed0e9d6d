"""Joining the texts of the two overlapping halves of a page, on real texts."""

import re
from textwrap import wrap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.completion import halved
from tasks.joining import join
from tests.papers import corpus

WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


def real_texts():
    """The Universal Declaration in the languages of the corpus, as lines of print."""
    for path in sorted(corpus("udhr").glob("udhr_*.xml")):
        paragraphs = re.findall(r"<(?:para|title)>([^<]+)</", path.read_text(encoding="utf-8"))
        width = 34 if WIDE.search(paragraphs[1]) else 76
        yield path.stem, [line for each in paragraphs for line in wrap(" ".join(each.split()), width)]


def cut_through(line, share):
    """What is left of a line of which the cut shows only a sliver: some of it misread."""
    return line[: int(len(line) * share)].replace("e", "c").replace("的", "白")


def halves(lines, garbage):
    """The lines of both halves of a page as they are cut, with *garbage* where the cut went through."""
    (_, end), (start, _) = halved(None)
    last, first = round(len(lines) * end), round(len(lines) * start)
    upper, lower = lines[:last], lines[first:]
    if garbage:
        upper, lower = [*upper, cut_through(lines[last], 0.7)], [cut_through(lines[first - 1], 0.7), *lower]
    return "\n".join(upper), "\n".join(lower)


@pytest.mark.parametrize("in_upper", [False, True])
def test_a_line_that_one_half_misread_is_taken_from_the_other(in_upper):
    """As local OCR did with a page of a contract, whose line it read as `ii  s  s    t s      n y  yt.`"""
    pages = 0
    for name, lines in real_texts():
        for start in range(0, len(lines) - 48, 48):
            page = lines[start : start + 48]
            upper, lower = (half.split("\n") for half in halves(page, garbage=False))
            half, at = (upper, -4) if in_upper else (lower, 3)
            if len(half[at].encode()) < 30:  # of a heading of two words nobody can tell which reading is the poorer
                continue
            half[at] = "ii  s  s    t s"
            joined = join("\n".join(upper), "\n".join(lower))
            assert joined == ("\n".join(page), True), (name, start)
            pages += 1
    assert pages > 9


@pytest.mark.parametrize("garbage", [False, True])
@pytest.mark.parametrize("size", [24, 48, 80])
def test_pages_of_real_text_are_joined_as_they_stand(size, garbage):
    pages = 0
    for name, lines in real_texts():
        for start in range(0, len(lines) - size, size):
            page = lines[start : start + size]
            joined = join(*halves(page, garbage))
            assert joined.is_sure, (name, start)
            assert joined.text == "\n".join(page), (name, start)
            pages += 1
    assert pages > 9


def test_a_paragraph_that_is_cut_goes_on_within_its_line():
    text = "The General Assembly proclaims this Universal Declaration of Human Rights as a common standard"
    upper, lower = text[:69], text[28:]
    joined = join(f"# Preamble\n\n{upper}", f"{lower}.\n\nArticle 1")
    assert joined == (f"# Preamble\n\n{text}.\n\nArticle 1", True)


def test_a_table_that_is_cut_stays_one_table():
    rows = [f"<tr><td>{number}</td><td>article {number}</td><td>{number * 7}.00</td></tr>" for number in range(20)]
    upper = "<table>" + "".join(rows[:11]) + "</table>"
    lower = "<table>" + "".join(rows[9:]) + "</table>"
    assert join(upper, lower) == ("<table>" + "".join(rows) + "</table>", True)


def test_what_shares_nothing_is_put_together_and_said_to_be_unsure():
    assert join("A heading\n", "\nAnother paragraph") == ("A heading\n\nAnother paragraph", False)
    assert join("Chapter one, the beginning", "the end") == ("Chapter one, the beginning\n\nthe end", False)


@pytest.mark.parametrize(("upper", "lower"), [("", "text\n"), ("text\n", ""), ("  \n", "text")])
def test_half_a_page_can_be_empty(upper, lower):
    assert join(upper, lower).text.strip() == "text"
    assert join(upper, lower).is_sure


@given(st.lists(st.text("abcdefghij ", min_size=1, max_size=30), min_size=1), st.integers(0, 40))
def test_nothing_but_the_overlap_is_lost(lines, at):
    text = "\n".join(lines)
    distinct = "\n".join(f"{number} {line}" for number, line in enumerate(text.splitlines()))
    cut = min(at, len(distinct))
    shared = "the words of the overlap that both parts of the page have"
    upper, lower = distinct[:cut], distinct[cut:]

    joined = join(f"{upper}\n{shared}", f"{shared}\n{lower}")

    assert joined == (f"{upper}\n{shared}\n{lower}", True)
