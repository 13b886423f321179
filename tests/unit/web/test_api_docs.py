from __future__ import annotations

import json
from typing import Any

import pytest

from otay.web import api_docs

DOCUMENT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Item": {
                "type": "object",
                "required": ["code"],
                "properties": {"code": {"type": "string", "examples": ["8471.30"]}, "text": {"type": "string"}},
            },
            "Loop": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Loop"}}},
        }
    }
}


@pytest.mark.parametrize(
    ("shape", "kind", "link"),
    [
        ({"type": "string", "format": "date"}, "string date", ""),
        ({"type": "string", "minLength": 1, "maxLength": 35}, "string 1..35", ""),
        ({"type": "integer", "minimum": 0}, "integer 0..", ""),
        ({"$ref": "#/components/schemas/Item"}, "Item", "Item"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Item"}}, "[Item]", "Item"),
        ({"anyOf": [{"$ref": "#/components/schemas/Item"}, {"type": "null"}]}, "Item", "Item"),
        ({"type": "string", "enum": ["red", "green"]}, "string red | green", ""),
        ({}, "", ""),
    ],
)
def test_a_type_is_told_in_words(shape: dict[str, Any], kind: str, link: str) -> None:
    assert api_docs._kind(shape) == (kind, link)


def test_an_example_takes_the_authors_own_values_and_the_required_members() -> None:
    assert api_docs._example(DOCUMENT, {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}, 0) == [
        {"code": "8471.30"}
    ]


def test_a_shape_that_holds_itself_ends() -> None:
    assert json.dumps(api_docs._example(DOCUMENT, {"$ref": "#/components/schemas/Loop"}, 0))


def test_the_command_can_be_pasted_into_a_shell() -> None:
    import shlex

    content = {
        "application/json": {
            "schema": {"type": "object", "properties": {"text": {"type": "string", "example": "don't"}}}
        }
    }
    words = shlex.split(api_docs._curl(DOCUMENT, "/api/v1/x", "post", content).replace("\\\n", ""))
    assert words[:3] == ["curl", "-X", "POST"]
    assert json.loads(words[words.index("-d") + 1]) == {"text": "don't"}
