"""The OpenAPI document of all rooms together, computed once: that takes most of a second, and anybody may ask."""

from __future__ import annotations

from typing import Any

from ninja import NinjaAPI
from ninja.openapi.schema import REF_TEMPLATE, OpenAPISchema

from otay.web.problems import PROBLEM_JSON, PROBLEM_SCHEMA

_PROBLEM_RESPONSE = {
    "description": "What went wrong (RFC 9457)",
    "content": {PROBLEM_JSON: {"schema": {"$ref": REF_TEMPLATE.format(model="Problem")}}},
}


class RoomsSchema(OpenAPISchema):
    """Keeps schemas of different rooms apart that bear one name (each room has its ``State``): the first keeps the
    name, the next is called after what it is part of (``ReceiptOutState``)."""

    _renamed: dict[str, str]

    def add_schema_definitions(self, definitions: dict[str, Any]) -> None:
        """Take over what a model is made of, under names of their own."""
        self._renamed = {
            name: self._free_name(name, schema, definitions)
            for name, schema in definitions.items()
            if self.schemas.get(name, schema) != schema
        }
        for name, schema in definitions.items():
            self.schemas[self._renamed.get(name, name)] = _with_names(schema, self._renamed)

    def _free_name(self, name: str, schema: Any, definitions: dict[str, Any]) -> str:
        mention = REF_TEMPLATE.format(model=name)
        owners = [owner for owner, whole in definitions.items() if owner != name and _mentions(whole, mention)]
        wanted = f"{owners[0] if owners else ''}{name}"
        number, candidate = 1, wanted
        while candidate in definitions or self.schemas.get(candidate, schema) != schema:
            number += 1
            candidate = f"{wanted}{number}"
        return candidate

    def _create_schema_from_model(self, *args: Any, **kwargs: Any) -> tuple[dict[str, Any], bool]:
        self._renamed = {}
        schema, required = super()._create_schema_from_model(*args, **kwargs)
        return _with_names(schema, self._renamed), required

    def _extract_parameters(self, model: Any) -> list[dict[str, Any]]:
        self._renamed = {}
        return [_with_names(one, self._renamed) for one in super()._extract_parameters(model)]


def _mentions(schema: Any, reference: str) -> bool:
    if isinstance(schema, dict):
        return schema.get("$ref") == reference or any(_mentions(one, reference) for one in schema.values())
    return isinstance(schema, list) and any(_mentions(one, reference) for one in schema)


def _with_names(schema: Any, renamed: dict[str, str]) -> Any:
    """``schema`` with its references to renamed schemas led there."""
    if isinstance(schema, list):
        return [_with_names(one, renamed) for one in schema]
    if not isinstance(schema, dict) or not renamed:
        return schema
    places = {REF_TEMPLATE.format(model=old): REF_TEMPLATE.format(model=new) for old, new in renamed.items()}
    return {
        name: places.get(one, one) if name == "$ref" and isinstance(one, str) else _with_names(one, renamed)
        for name, one in schema.items()
    }


class RoomsApi(NinjaAPI):
    """The API of all rooms."""

    def get_openapi_schema(
        self, *, path_prefix: str | None = None, path_params: dict[str, Any] | None = None
    ) -> OpenAPISchema:
        """The document: an operation answers as it says, or with a problem document. It is not to be changed."""
        prefix = path_prefix if path_prefix is not None else self.get_root_path(path_params or {})
        if prefix not in _documents:
            document = RoomsSchema(self, prefix)
            document["components"]["schemas"]["Problem"] = PROBLEM_SCHEMA
            for operations in document["paths"].values():
                for operation in operations.values():
                    operation["responses"]["default"] = _PROBLEM_RESPONSE
            _documents[prefix] = document
        return _documents[prefix]


_documents: dict[str, OpenAPISchema] = {}
