"""Every door of the node: pages and API operations, with a request that is good enough to reach what is behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from otay.web.api import api

API = "/api/v1/"
SAMPLES = {"int": "1", "path": "x/y", "uuid": "00000000-0000-0000-0000-000000000000"}


@dataclass(frozen=True, slots=True)
class Door:
    """``name`` is the address as its routes write it (``/node/people/<int:pk>/``), ``address`` one that fits it."""

    name: str
    address: str
    url_name: str = ""


def pages() -> list[Door]:
    """Every page, by address; the API is in :func:`operations`, but for its own pages."""
    found = {door.name: door for door in _routes(get_resolver(), "/", "/", "")}
    in_api = {operation.name for operation in operations()}
    return [door for name, door in sorted(found.items()) if re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", name) not in in_api]


def _routes(resolver: URLResolver, name: str, address: str, space: str) -> Iterator[Door]:
    for item in resolver.url_patterns:
        route = _plain(str(item.pattern))
        if isinstance(item, URLResolver):
            inner = f"{space}{item.namespace}:" if item.namespace else space
            yield from _routes(item, name + route, address + _filled(route), inner)
        elif isinstance(item, URLPattern):
            yield Door(name + route, address + _filled(route), space + (item.name or ""))


def _plain(route: str) -> str:
    """A regular expression as ``<name:pattern>``, so that it reads like the other routes."""
    route = re.sub(r"\(\?P<(\w+)>([^()]*)\)", r"<\2:\1>", route)
    return route.replace("^", "").replace("\\Z", "").replace("$", "")


def _filled(route: str) -> str:
    return re.sub(r"<(?:([^<>]*):)?\w+>", lambda found: _sample(found[1] or "str"), route)


def _sample(kind: str) -> str:
    if "\\d" in kind:
        return "1"
    return SAMPLES.get(kind) or (kind.split("|")[0] if "|" in kind else "x")


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API: ``name`` is its address in the OpenAPI document, ``call`` sends it a good request."""

    method: str
    name: str
    described: Mapping[str, Any]

    def address(self) -> str:
        """With every parameter that must be there."""
        address, query = self.name, []
        for one in self.described.get("parameters", ()):
            value = str(example(one["schema"]))
            if one["in"] == "path":
                address = address.replace("{" + one["name"] + "}", value)
            elif one["in"] == "query" and one.get("required"):
                query.append(f"{one['name']}={value}")
        return address + ("?" + "&".join(query) if query else "")

    def call(self, client: Client) -> HttpResponse:
        """Send it."""
        content = self.described.get("requestBody", {}).get("content", {})
        if "multipart/form-data" in content:
            return client.post(self.address(), _form(content["multipart/form-data"]["schema"]))
        body = example(content["application/json"]["schema"]) if "application/json" in content else {}
        return client.generic(self.method, self.address(), json.dumps(body), content_type="application/json")


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    return dict(api.get_openapi_schema())


def operations() -> list[Operation]:
    """Every operation, as the OpenAPI document lists them."""
    return [
        Operation(method.upper(), path, described)
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
    ]


def _form(schema: Mapping[str, Any]) -> dict[str, Any]:
    schema = _resolved(schema)
    return {
        name: SimpleUploadedFile("x.json", b"{}") if "binary" in json.dumps(one) else example(one)
        for name, one in schema["properties"].items()
        if name in schema.get("required", ())
    }


def _resolved(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    return schema


FORMATS = {"date": "2026-01-02", "date-time": "2026-01-02T03:04:05Z", "time": "03:04", "uuid": SAMPLES["uuid"]}


def example(schema: Mapping[str, Any]) -> Any:
    """The smallest value that ``schema`` allows, near enough: what it must have, nothing else."""
    schema = _resolved(schema)
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return example(schema[name][0])
    if "const" in schema or "enum" in schema:
        return schema["const"] if "const" in schema else schema["enum"][0]
    match schema.get("type"):
        case "object":
            return {name: example(one) for name, one in schema.get("properties", {}).items() if name in _must(schema)}
        case "array":
            return [example(schema["items"]) for _ in range(max(1, schema.get("minItems", 0)))]
        case "integer" | "number":
            return schema.get("minimum", schema.get("exclusiveMinimum", 0) + 1)
        case "boolean":
            return True
        case "null":
            return None
    return FORMATS.get(schema.get("format", "")) or "x" * max(1, schema.get("minLength", 1))


def _must(schema: Mapping[str, Any]) -> list[str]:
    return list(schema.get("required", ()))
