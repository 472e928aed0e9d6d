"""Where schemas come from, and which of them can be asked by."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from pydantic import BaseModel

from schemas.errors import UsageFault
from tasks.extraction.check import violations
from tasks.extraction.schema import find, names, resolved

if TYPE_CHECKING:
    from pathlib import Path


class Amount(BaseModel):
    value: float
    currency: str | None = None


class Bill(BaseModel):
    number: str
    total: Amount


def own(folder: Path, schema: object) -> str:
    path = folder / "own.json"
    path.write_text(json.dumps(schema))
    return str(path)


@pytest.mark.parametrize("name", names())
def test_a_shipped_schema_admits_a_page_that_has_nothing_of_it_and_says_what_each_field_is(name):
    schema = find(name)

    assert violations({}, schema) == ()
    assert violations(dict.fromkeys(schema["properties"]), schema) == ()
    assert violations({"something": "else"}, schema)
    assert all(field["description"] for field in schema["properties"].values())


def test_the_shipped_schemas_are_those_of_common_papers():
    assert names() == ("contract", "id_card", "invoice", "receipt")


def test_an_unknown_name_is_answered_with_the_known_ones():
    with pytest.raises(UsageFault, match="no schema 'invoices'") as fault:
        find("invoices")

    assert "contract, id_card, invoice, receipt" in fault.value.advice


def test_a_file_of_ones_own_is_a_schema(tmp_path):
    assert find(own(tmp_path, {"type": "object"})) == {"type": "object"}


def test_a_pydantic_model_is_found_where_the_command_runs(tmp_path, monkeypatch):
    (tmp_path / "my_papers.py").write_text(
        "from pydantic import BaseModel\nclass Note(BaseModel):\n    title: str\nnumber = 3\n"
    )
    monkeypatch.chdir(tmp_path)

    schema = find("my_papers:Note")

    assert violations({"title": "x"}, schema) == ()
    assert violations({}, schema) == ("/: 'title' is a required property",)
    with pytest.raises(UsageFault, match="no Pydantic model"):
        find("my_papers:number")
    with pytest.raises(UsageFault, match="cannot be imported"):
        find("no_such_module:Note")


def test_what_a_model_refers_to_is_followed():
    schema = Bill.model_json_schema()

    assert resolved(schema["properties"]["total"], schema)["title"] == "Amount"
    assert violations({"number": "1", "total": {"value": "much"}}, schema) == (
        "/total/value: 'much' is not of type 'number'",
    )


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ({"type": "objekt"}, "not valid"),
        ({"type": "array"}, "does not describe an object"),
        ([], "not valid"),
        (True, "does not describe an object"),
        ({"type": "object", "properties": {"a": {"$ref": "#/$defs/Missing"}}}, "leads nowhere"),
        ({"type": "object", "properties": {"a": {"$ref": "https://example.com/a.json"}}}, "leads nowhere"),
        ({"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}}, "in a circle"),
    ],
)
def test_what_cannot_be_asked_by_is_refused_before_anything_is_asked(tmp_path, schema, why):
    with pytest.raises(UsageFault, match=why):
        find(own(tmp_path, schema))


def test_a_file_that_is_no_schema_is_named(tmp_path):
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\xfd")

    for name, why in (("broken", "not JSON"), ("bytes", "not UTF-8"), ("missing", "No such file")):
        with pytest.raises(UsageFault, match=why):
            find(str(tmp_path / f"{name}.json"))


def test_a_property_may_be_called_like_a_word_of_the_language(tmp_path):
    schema = {"type": "object", "properties": {"$ref": {"type": "string"}, "type": {"type": "string"}}}

    assert violations({"$ref": "a", "type": "b"}, find(own(tmp_path, schema))) == ()
