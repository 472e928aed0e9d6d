from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows import wording

ANY_TEXT = st.text(st.characters(), max_size=40)


@given(ANY_TEXT)
def test_visible_text_holds_nothing_that_a_terminal_acts_on(text):
    seen = wording.visible(text)
    assert not any(character in seen for character in "\x1b\n\r\t\x07\u202e\u2028\x9b")
    seen.encode("utf-8")


def test_visible_text_leaves_ordinary_names_of_every_script_alone():
    for name in ("report (final).pdf", "发票 2026.pdf", "[bold]odd[/bold].png", "café.jp2", "كتاب.pdf"):
        assert wording.visible(name) == name


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1), min_size=1))
def test_a_command_is_read_back_as_its_words(words):
    assert shlex.split(wording.command(*words)) == words


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_a_python_command_is_read_back_as_its_code(code):
    assert shlex.split(wording.python_command(code)) == ["python", "-c", code]


@pytest.mark.parametrize(
    ("amount", "known", "currency", "said"),
    [
        (2.314, 2.314, "CNY", "¥2.31"),
        (0.0, 0.0, "CNY", "¥0.00"),
        (0.0042, 0.0042, "USD", "$0.0042"),
        (12_345.6, 12_345.6, "CHF", "CHF 12,345.60"),
        (None, 1.2, "CNY", "cost unknown (known ¥1.20)"),
        (None, 0.0, None, "cost unknown"),
    ],
)
def test_money_that_is_not_wholly_known_says_so(amount, known, currency, said):
    assert wording.cost(amount, known, currency) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(4.21, "4.2 s"), (125, "2 min 05 s"), (59.96, "60.0 s"), (11_225, "3 h 07 min")]
)
def test_durations_are_written_as_people_say_them(seconds, said):
    assert wording.duration(seconds) == said


def test_a_typo_is_answered_with_what_is_near_and_else_with_all_there_is():
    assert wording.nearest("faild", ["failed", "blocked"]) == "did you mean failed?"
    assert wording.nearest("xyz", ["failed", "blocked"]) == "known are: blocked, failed"


def test_long_messages_are_cut_and_folded_to_one_line():
    said = wording.short("a\n\n  b" + "x" * 400)
    assert said.startswith("a b")
    assert len(said) == 300
