"""The API's own page, drawn on the server from the OpenAPI document: works offline and under the node's policy."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from otay.web.api import api

METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST_EXAMPLE = 6


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter or a member of a schema: ``kind`` in words, ``link`` to the schema it refers to."""

    name: str
    kind: str
    link: str
    required: bool
    text: str
    where: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    key: str
    method: str
    path: str
    summary: str
    text: str
    parameters: list[Field]
    body: list[Field]
    answers: list[Field]
    example: str


@dataclass(frozen=True, slots=True)
class Schema:
    """A named shape and its members; ``choices`` are those of an enumeration."""

    name: str
    text: str
    fields: list[Field]
    choices: list[str]


@login_not_required
@require_GET
def api_docs(request: HttpRequest) -> HttpResponse:
    """Every operation with its parameters, shapes and an example to paste into a shell."""
    return render(request, "web/api_docs.html", _contents())


@cache  # the doors of a running node do not change
def _contents() -> dict[str, Any]:
    document = api.get_openapi_schema()
    groups: dict[str, list[Operation]] = {}
    for path, method, operation in _operations(document):
        tag = (operation.get("tags") or ["Otay"])[0]
        groups.setdefault(tag, []).append(_described(document, path, method, operation))
    shapes = document.get("components", {}).get("schemas", {})
    return {
        "groups": groups,
        "schemas": [_schema(name, shape) for name, shape in sorted(shapes.items())],
        "text": document["info"].get("description", ""),
        "document_url": reverse("api:openapi-json"),
    }


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield path, method, item[method]


def _described(document: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> Operation:
    parameters = [
        _field(own["name"], own.get("schema", {}), own.get("required", False), own.get("description", ""), own["in"])
        for own in operation.get("parameters", [])
    ]
    content = operation.get("requestBody", {}).get("content", {})
    return Operation(
        key=slugify(f"{method}-{path}"),
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        text=operation.get("description", ""),
        parameters=parameters,
        body=[_field(kind, item.get("schema", {}), True, "") for kind, item in content.items()],
        answers=[_answer(status, answer) for status, answer in operation.get("responses", {}).items()],
        example=_curl(document, path, method, content),
    )


def _answer(status: Any, answer: dict[str, Any]) -> Field:
    content: dict[str, Any] = next(iter(answer.get("content", {}).values()), {})
    return _field(str(status), content.get("schema", {}), True, answer.get("description", ""))


def _field(name: str, shape: dict[str, Any], required: bool, text: str, where: str = "") -> Field:
    kind, link = _kind(shape)
    return Field(name, kind, link, required, text or shape.get("description", ""), where)


def _kind(shape: dict[str, Any]) -> tuple[str, str]:
    """The type in words, and the schema it refers to (empty for a plain type)."""
    if "$ref" in shape:
        name = shape["$ref"].rsplit("/", 1)[-1]
        return name, name
    for word in ("anyOf", "oneOf", "allOf"):
        if word in shape:
            parts = [_kind(part) for part in shape[word] if part.get("type") != "null"]
            return " | ".join(kind for kind, _link in parts), next((link for _kind, link in parts if link), "")
    if shape.get("type") == "array":
        kind, link = _kind(shape.get("items", {}))
        return f"[{kind}]", link
    if "const" in shape:
        return json.dumps(shape["const"]), ""
    return " ".join(filter(None, (str(shape.get("type", "")), _bounds(shape)))), ""


def _bounds(shape: dict[str, Any]) -> str:
    words = [str(shape["format"])] if "format" in shape else []
    if "enum" in shape:
        words.append(" | ".join(map(str, shape["enum"])))
    low, high = shape.get("minLength", shape.get("minimum")), shape.get("maxLength", shape.get("maximum"))
    if low is not None or high is not None:
        words.append(f"{'' if low is None else low}..{'' if high is None else high}")
    return " ".join(words)


def _schema(name: str, shape: dict[str, Any]) -> Schema:
    required = set(shape.get("required", []))
    fields = [_field(key, member, key in required, "") for key, member in shape.get("properties", {}).items()]
    return Schema(name, shape.get("description", ""), fields, [str(value) for value in shape.get("enum", [])])


def _curl(document: dict[str, Any], path: str, method: str, content: dict[str, Any]) -> str:
    lines = [f"curl -X {method.upper()} {settings.OTAY.url}{path}", '-H "Authorization: Bearer $TOKEN"']
    if content:
        kind, item = next(iter(content.items()))
        if kind == "application/json":
            body = json.dumps(_example(document, item.get("schema", {}), 0), indent=2, ensure_ascii=False)
            lines += ['-H "Content-Type: application/json"', f"-d {shlex.quote(body)}"]
        elif kind == "multipart/form-data":
            lines += [f"-F {name}=@FILE" for name in item.get("schema", {}).get("properties", {})]
        else:
            lines += [f'-H "Content-Type: {kind}"', "--data-binary @FILE"]
    return " \\\n  ".join(lines)


def _example(document: dict[str, Any], shape: dict[str, Any], depth: int) -> Any:
    """A value of ``shape``: the author's example where there is one, else the plainest that fits."""
    if depth > DEEPEST_EXAMPLE:
        return None
    if "$ref" in shape:
        named = document["components"]["schemas"].get(shape["$ref"].rsplit("/", 1)[-1], {})
        return _example(document, named, depth + 1)
    for key in ("example", "const", "default"):
        if shape.get(key) is not None:
            return shape[key]
    if shape.get("examples") or shape.get("enum"):
        return (shape.get("examples") or shape["enum"])[0]
    for word in ("anyOf", "oneOf", "allOf"):
        if shape.get(word):
            return _example(document, shape[word][0], depth + 1)
    if shape.get("type") == "array":
        return [_example(document, shape.get("items", {}), depth + 1)]
    if "properties" in shape:
        members = shape["properties"]
        wanted = [key for key in shape.get("required") or members if key in members]
        return {key: _example(document, members[key], depth + 1) for key in wanted}
    return _plain(shape)


def _plain(shape: dict[str, Any]) -> Any:
    least = shape.get("minimum", 1)
    by_format = {"date": "2023-11-24", "date-time": "2023-11-24T14:05:00Z"}
    by_type = {"integer": least, "number": least, "boolean": True, "object": {}, "string": "…"}
    return by_format.get(shape.get("format", "")) or by_type.get(shape.get("type", ""))
