"""A schema in the form of the OCR models' own task, and what comes back in its types."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UsageFault
from tasks.extraction.check import violations
from tasks.extraction.fields import kv_result, result_schema, typed
from tasks.extraction.schema import find, names

SCHEMA = {
    "type": "object",
    "properties": {
        "number": {"type": "string", "description": "Number of the paper"},
        "issued": {"type": ["string", "null"], "format": "date"},
        "total": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "count": {"type": "integer"},
        "paid": {"type": "boolean"},
        "kind": {"type": ["string", "null"], "enum": ["A", "B", None]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/Line"}},
    },
    "$defs": {"Line": {"type": "object", "properties": {"amount": {"type": ["number", "null"]}}}},
    "additionalProperties": False,
}


def test_the_form_has_a_word_on_each_value():
    assert result_schema(SCHEMA) == {
        "number": "Number of the paper",
        "issued": "YYYY-MM-DD",
        "total": "a number",
        "count": "a whole number",
        "paid": "true or false",
        "kind": "one of A, B",
        "lines": [{"amount": "a number"}],
    }


@pytest.mark.parametrize("name", names())
def test_the_shipped_schemas_are_flat_enough_for_the_task(name):
    assert result_schema(find(name)).keys() == find(name)["properties"].keys()


def test_a_schema_that_is_nested_too_deeply_is_refused():
    node = {"type": "string"}
    for _ in range(4):
        node = {"type": "object", "properties": {"in": node}}

    assert result_schema(node["properties"]["in"])
    with pytest.raises(UsageFault, match="more than 3 levels"):
        result_schema(node)


def test_a_schema_of_itself_is_too_deep_as_well():
    with pytest.raises(UsageFault, match="more than 3 levels"):
        result_schema({"type": "object", "properties": {"inner": {"$ref": "#"}}})


def test_values_get_the_types_of_the_schema():
    found = {
        "number": "007",
        "issued": "25/12/2018",
        "total": "RM 1,234.50",
        "count": "12",
        "paid": "True",
        "kind": "null",
        "lines": {"amount": "-3"},
    }

    value = typed(found, SCHEMA)

    assert value == {
        "number": "007",
        "issued": "2018-12-25",
        "total": 1234.5,
        "count": 12,
        "paid": True,
        "kind": None,
        "lines": [{"amount": -3}],
    }
    assert violations(value, SCHEMA) == ()


def test_what_could_be_read_in_two_ways_is_left_for_the_check():
    value = typed({"total": "1,234", "issued": "04/05/2019"}, SCHEMA)

    assert value == {"total": "1,234", "issued": "04/05/2019"}
    assert len(violations(value, SCHEMA)) == 2


def test_a_missing_value_is_null_or_left_out_where_null_is_not_admitted():
    missing = dict.fromkeys(("number", "issued", "total", "count", "lines"), "null")

    assert typed(missing, SCHEMA) == {"issued": None, "total": None}


@given(
    st.recursive(
        st.none() | st.text(max_size=5),
        lambda inner: st.dictionaries(st.sampled_from(["total", "lines", "amount", "x"]), inner) | st.lists(inner),
    )
)
def test_whatever_the_task_gives_no_value_of_it_is_a_bug(value):
    typed(value, SCHEMA)


@pytest.mark.parametrize("raw", [{}, {"output": None}, {"output": {"choices": [{"message": {"content": "text"}}]}}])
def test_an_answer_without_the_tasks_object_has_none(raw):
    assert kv_result(raw) is None
