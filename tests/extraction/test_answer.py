"""Answers that are JSON, nearly JSON, and none."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import MalformedAnswer
from schemas.requests import canonical_json
from tasks.extraction.answer import Parsed, parse

texts = st.text(st.characters(codec="utf-8"), max_size=20)
leaves = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4), max_leaves=12
)
objects = st.dictionaries(texts, values, max_size=5)
plain_texts = st.text("abc 123äé中", min_size=1, max_size=8).filter(lambda text: text.strip() == text)
plain_objects = st.dictionaries(plain_texts, st.integers() | plain_texts | st.booleans(), min_size=1, max_size=5)


@given(objects)
def test_strict_json_is_taken_as_it_is(value):
    assert parse(json.dumps(value)) == Parsed(value)


@given(objects)
def test_a_fence_is_taken_off_without_changing_a_value(value):
    text = json.dumps(value, indent=1).replace("`", "'")

    assert parse(f"Here it is:\n```json\n{text}\n```") == Parsed(json.loads(text), is_mended=True)


@given(plain_objects)
def test_a_trailing_comma_and_words_around_change_no_value(value):
    text = json.dumps(value, ensure_ascii=False)

    assert parse(f"{text[:-1]},}}") == Parsed(value, is_mended=True)
    assert parse(f"The data:\n```\n{text}\n```\nHope it helps!") == Parsed(value, is_mended=True)


@given(st.text(max_size=200))
def test_whatever_comes_is_an_object_that_can_be_written_or_a_fault_of_the_answer(text):
    for variant in (text, "{" + text, f'{{"a": "{text}'):
        try:
            canonical_json(parse(variant).value)
        except MalformedAnswer:
            continue


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{'a': True, 'b': None}", {"a": True, "b": None}),
        ('{"a": "say "hi" now", "b": 2}', {"a": 'say "hi" now', "b": 2}),
        ('{a: 1, "b": [1, 2,],}', {"a": 1, "b": [1, 2]}),
        ('{"a": 1', {"a": 1}),
        ('[{"a": 1}]', {"a": 1}),
    ],
)
def test_usual_slips_are_mended(text, value):
    assert parse(text).value == value


@pytest.mark.parametrize(
    "text",
    ["", "{", "a set {like this}", "I cannot read this page.", "[1, 2]", '{"a": 1} {"a": 2}', '{"a": 1e999}', '"text"'],
)
def test_what_is_not_one_object_is_malformed(text):
    with pytest.raises(MalformedAnswer):
        parse(text)


def test_halves_of_surrogate_pairs_do_not_pass():
    assert canonical_json(parse(r'{"a": "\ud800x"}').value)
