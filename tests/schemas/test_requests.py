"""A request is named by what determines its answer, and by nothing else."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.documents import Document, SourceFile, Span
from schemas.requests import ModelRequest, Recipe, RenderSpec, Turn, canonical_json, request_key
from schemas.usage import Usage

RECIPE = Recipe("text", 1, "dashscope", "m", (Turn("user", "read", images=True),), {"temperature": 0.1, "top_k": 1})
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def document(path: str = "/a.pdf", doc_id: str = "d" * 64) -> Document:
    file = SourceFile(path, path, path, 1, datetime(2026, 1, 1, tzinfo=UTC), 0)
    return Document(file, doc_id, "application/pdf", 3)


@given(st.dictionaries(st.text(), JSON, max_size=4))
def test_the_order_of_parameters_does_not_matter(parameters):
    backwards = dict(reversed(parameters.items()))

    assert replace(RECIPE, parameters=parameters).recipe_id == replace(RECIPE, parameters=backwards).recipe_id


@pytest.mark.parametrize(
    "change",
    [
        {"operation": "translation"},
        {"operation_version": 2},
        {"backend": "openai"},
        {"model": "n"},
        {"turns": ()},
        {"parameters": {"temperature": 0.2, "top_k": 1}},
        {"options": {"text_format": "plain"}},
        {"render": RenderSpec(max_pixels=1_000_000)},
    ],
)
def test_whatever_determines_the_answer_changes_the_name(change):
    assert replace(RECIPE, **change).recipe_id != RECIPE.recipe_id


def test_the_path_of_a_file_is_not_part_of_the_question():
    here, there = (ModelRequest(RECIPE, Span(document(path), (1,))) for path in ("/a.pdf", "/b.pdf"))

    assert here.key == there.key


def test_bytes_pages_generation_and_turns_are_part_of_the_question():
    request = ModelRequest(RECIPE, Span(document(), (1,)))
    others = [
        ModelRequest(RECIPE, Span(document(doc_id="e" * 64), (1,))),
        ModelRequest(RECIPE, Span(document(), (2,))),
        ModelRequest(RECIPE, Span(document(), (1, 2))),
        replace(request, generation=1),
        replace(request, more_turns=(Turn("user", "again"),)),
    ]

    assert len({request.key, *(other.key for other in others)}) == 6
    assert replace(request, generation=1).base_key == request.base_key == request.key


@given(st.lists(st.integers(1, 99), min_size=1, max_size=4, unique=True), st.integers(0, 3))
def test_equal_questions_have_equal_names_and_others_do_not(pages, generation):
    name = request_key("r", "d", tuple(pages), generation=generation)

    assert name == request_key("r", "d", tuple(pages), generation=generation)
    assert name != request_key("r", "d", tuple(pages), generation=generation + 1)
    assert name != request_key("r", "d", (*pages, 100), generation=generation)


def test_what_is_no_json_cannot_be_part_of_a_question():
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"temperature": float("nan")})
    with pytest.raises(TypeError):
        canonical_json({"when": datetime(2026, 1, 1, tzinfo=UTC)})


usages = st.builds(Usage, *[st.integers(0, 10**9)] * 7)


@given(usages, usages, usages)
def test_usage_adds_like_numbers_do(one, two, three):
    assert (one + two) + three == one + (two + three)
    assert one + two == two + one
    assert sum([one, two, three]) == one + two + three
    assert one + Usage() == one
    assert (one + two).total_tokens == one.total_tokens + two.total_tokens
