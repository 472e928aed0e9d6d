"""Schemas as tables."""

from __future__ import annotations

import pytest

from schemas.errors import UsageFault
from tasks.extraction.flat import Field, flat
from tasks.extraction.schema import find, names, settled


def test_an_invoice_is_a_table_of_invoices_and_one_of_their_lines():
    invoices, lines = flat(find("invoice"), "invoice")

    assert (invoices.name, lines.name, lines.items) == ("invoice", "invoice_lines", ("lines",))
    assert Field("seller_tax_id", ("seller", "tax_id"), "text") in invoices.fields
    assert Field("due_date", ("due_date",), "date") in invoices.fields
    assert Field("amount", ("amount",), "number") in lines.fields
    assert "lines" not in {field.name for field in invoices.fields}


@pytest.mark.parametrize("name", names())
def test_every_field_of_a_shipped_schema_has_a_column_of_a_type(name):
    tables = flat(find(name), name)

    assert all(field.kind != "json" for table in tables for field in table.fields)
    assert len({field.name for field in tables[0].fields}) == len(tables[0].fields)


def test_rows_are_taken_out_of_a_result_whatever_of_it_is_there():
    invoices, lines = flat(find("invoice"), "invoice")
    result = {"seller": {"name": "ACME"}, "lines": [{"amount": 1}, {"amount": 2.5}]}

    ((number, row),) = invoices.rows(result)
    values = dict(zip([field.name for field in invoices.fields], row, strict=True))

    assert (number, values["seller_name"], values["buyer_name"]) == (1, "ACME", None)
    amount = [field.name for field in lines.fields].index("amount")
    assert [(number, row[amount]) for number, row in lines.rows(result)] == [(1, 1), (2, 2.5)]
    assert list(lines.rows({"lines": None})) == []


def test_lists_of_words_are_lists_and_what_has_no_one_type_is_json():
    inner = {"type": "object", "properties": {"deep": {"type": "array", "items": {"$ref": "#"}}}}
    schema = {
        "type": "object",
        "properties": {
            "tags": {"type": "array", "items": {"type": "string"}},
            "any": {},
            "either": {"type": ["string", "number"]},
            "maybe": {"anyOf": [{"type": "null"}, {"type": "integer"}]},
            "rows": {"type": "array", "items": inner},
            "self": {"$ref": "#"},
        },
    }

    root, rows = flat(schema, "own")

    kinds = {field.name: (field.kind, field.is_list) for field in root.fields if len(field.path) == 1}
    assert kinds == {
        "tags": ("text", True),
        "any": ("json", False),
        "either": ("json", False),
        "maybe": ("integer", False),
    }
    assert rows.fields == (Field("deep", ("deep",), "json"),)


def test_alternatives_that_lead_in_a_circle_are_refused():
    schema = {"type": "object", "properties": {"a": {"anyOf": [{"$ref": "#/properties/a"}]}}}

    with pytest.raises(UsageFault, match="in a circle"):
        settled(schema["properties"]["a"], schema)
