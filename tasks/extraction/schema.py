"""The JSON Schema that says what is to be found: a shipped one, a file, or a Pydantic model."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from pydantic import BaseModel
from pydantic.errors import PydanticUserError

from schemas.errors import UsageFault

Schema = Mapping[str, Any]

FOLDER = resources.files("data").joinpath("extraction")
SUFFIX = ".json"
MOST_REFERENCES = 32
"""References that are followed for one place of a schema; more are a circle."""


def names() -> tuple[str, ...]:
    """Name the schemas that are shipped."""
    return tuple(sorted(entry.name.removesuffix(SUFFIX) for entry in FOLDER.iterdir() if entry.name.endswith(SUFFIX)))


def find(name: str) -> Schema:
    """Find a schema: by the name of a shipped one, by the path of a file, or as `package.module:Model`.

    Raises:
        UsageFault: if there is none, or it is no schema of an object.
    """
    if name in names():
        found = _parsed(FOLDER.joinpath(name + SUFFIX).read_text(encoding="utf-8"), name)
    elif name.endswith(SUFFIX) or Path(name).is_file():
        found = _of_file(Path(name))
    elif ":" in name:
        found = _of_model(name)
    else:
        msg = f"there is no schema {name!r}"
        raise UsageFault(msg, advice=how_to_choose())
    return _checked(found, name)


def called(reference: str) -> str:
    """Name a schema shortly, as tables and exports have it: `invoice`, however its file or its model was reached.

    >>> called("forms/invoice.json"), called("shop.models:Invoice")
    ('invoice', 'Invoice')
    """
    return Path(reference.rpartition(":")[2]).name.removesuffix(SUFFIX)


def how_to_choose() -> str:
    """Say what `--schema` takes."""
    return f"set --schema to one of {', '.join(names())}, to a JSON Schema file, or to package.module:Model"


def resolved(node: Schema, schema: Schema) -> Schema:
    """Follow the references of a place in a schema, which all lead into the schema itself.

    Raises:
        UsageFault: if a reference leads nowhere, or in a circle.
    """
    for _ in range(MOST_REFERENCES):
        reference = node.get("$ref")
        if reference is None:
            return node
        node = _at(str(reference), schema)
    msg = f"the schema's reference {reference} leads in a circle"
    raise UsageFault(msg, advice="let every $ref lead to a definition")


def settled(node: Schema, schema: Schema, depth: int = 0) -> Schema:
    """Follow the references of a place, and choose of alternatives the first that is not null.

    Raises:
        UsageFault: if alternatives lead in a circle.
    """
    if depth > MOST_REFERENCES:
        raise UsageFault("the schema's alternatives lead in a circle", advice="let each of them state a type")
    node = resolved(node, schema)
    for word in ("anyOf", "oneOf", "allOf"):
        for option in node.get(word, ()):
            if (inner := settled(option, schema, depth + 1)).get("type") != "null":
                return {**node, **inner, **{key: node[key] for key in ("description",) if key in node}}
    return node


def is_of_type(node: Schema, kind: str) -> bool:
    """Say whether a place admits values of a type, by what it states itself."""
    stated = node.get("type")
    return kind in stated if isinstance(stated, list) else kind == stated


def _of_file(path: Path) -> Any:
    try:
        return _parsed(path.read_text(encoding="utf-8-sig"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        msg = f"the schema {path} cannot be read: {why}"
        raise UsageFault(msg, advice=how_to_choose()) from error


def _parsed(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        msg = f"the schema {name} is not JSON: {error}"
        raise UsageFault(msg, advice="give a file with one JSON Schema in it") from error


def _of_model(name: str) -> Schema:
    module, _, attribute = name.partition(":")
    model = getattr(_imported(module, name), attribute, None)
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        msg = f"{name} is no Pydantic model"
        raise UsageFault(msg, advice="name a subclass of pydantic.BaseModel as package.module:Model")
    try:
        return model.model_json_schema()
    except PydanticUserError as error:
        msg = f"{name} has no JSON Schema: {error}"
        raise UsageFault(msg, advice="leave out of the model what JSON cannot hold") from error


def _imported(module: str, name: str) -> object:
    """Import a module from where Python looks, and from the working folder, where a script of one's own lies."""
    here = str(Path.cwd())
    sys.path.append(here)
    try:
        return importlib.import_module(module)
    except Exception as error:
        msg = f"{name} cannot be imported: {error}"
        raise UsageFault(msg, advice="name a module that Python finds, from the folder the command runs in") from error
    finally:
        sys.path.remove(here)


def _checked(schema: Any, name: str) -> Schema:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        msg = f"the schema {name} is not valid: {error.json_path}: {error.message}"
        raise UsageFault(msg, advice="correct it by the rules of JSON Schema, draft 2020-12") from error
    if not (isinstance(schema, dict) and is_of_type(resolved(schema, schema), "object")):
        msg = f"the schema {name} does not describe an object"
        raise UsageFault(msg, advice='give it "type": "object" and properties; a list can be one of them')
    for node in _nodes(schema):
        settled(node, schema)
    return schema


def _nodes(value: Any) -> Iterator[Schema]:
    """Walk over all objects that a schema consists of."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref", ""), str):
            yield value
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            yield from _nodes(item)


def _at(reference: str, schema: Schema) -> Schema:
    node: Any = schema
    for step in reference.removeprefix("#").split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        node = node.get(key) if isinstance(node, dict) else None
    if not (reference == "#" or reference.startswith("#/")) or not isinstance(node, dict):
        msg = f"the schema's reference {reference} leads nowhere"
        raise UsageFault(msg, advice="put what is referred to under $defs of the same schema")
    return node
