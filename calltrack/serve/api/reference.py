"""The OpenAPI description, for programs, and as a page for people without scripts or anything from elsewhere."""

from __future__ import annotations

from copy import deepcopy
from html import escape
from typing import Any

import msgspec
from litestar import MediaType, Request
from litestar.openapi.plugins import JsonRenderPlugin, OpenAPIRenderPlugin

_PROBLEM = {
    "description": "What is wrong, in words (RFC 9457)",
    "content": {
        "application/problem+json": {
            "schema": {
                "type": "object",
                "required": ["status", "title", "detail"],
                "properties": {
                    "status": {"type": "integer"},
                    "title": {"type": "string"},
                    "detail": {"type": "string"},
                    "parameters": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            }
        }
    },
}


def described(schema: dict[str, Any]) -> dict[str, Any]:
    """Litestar's description with our errors in it, and numbers that may be whole or not as what they are."""
    schema = deepcopy(schema)
    for item in schema["paths"].values():
        for operation in item.values():
            operation["responses"].pop("400", None)
            operation["responses"]["default"] = _PROBLEM
            if empty := operation["responses"].get("204"):
                empty.pop("content", None)
    _mend(schema)
    return schema


def _mend(part: Any) -> None:
    """Of "a whole number or a number" leave the number: a whole one would be both, and oneOf wants one."""
    if isinstance(part, dict):
        either = part.get("oneOf")
        if isinstance(either, list) and {"type": "number"} in either and {"type": "integer"} in either:
            either.remove({"type": "integer"})
        for value in part.values():
            _mend(value)
    elif isinstance(part, list):
        for value in part:
            _mend(value)


class Description(JsonRenderPlugin):
    """For programs."""

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The JSON."""
        return msgspec.json.encode(described(openapi_schema))


class Reference(OpenAPIRenderPlugin):
    """For people: every endpoint with its parameters and answers."""

    def __init__(self) -> None:
        super().__init__(path="/", media_type=MediaType.HTML)

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page."""
        info = openapi_schema["info"]
        parts = [
            '<!doctype html><html lang="en"><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f'<title>{escape(info["title"])}</title><link rel="stylesheet" href="/reference.css">',
            f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description') or '')}</p>",
            '<p>For programs: <a href="/schema/openapi.json">openapi.json</a></p>',
        ]
        for path, item in sorted(described(openapi_schema)["paths"].items()):
            for method, operation in item.items():
                parts += _endpoint(path, method, operation)
        return "".join(parts).encode()


def _endpoint(path: str, method: str, operation: dict[str, Any]) -> list[str]:
    rows = [
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}<td>{escape(one.get('description') or '')}"
        for one in operation.get("parameters") or ()
    ]
    table = f"<table><tr><th>parameter<th>in<th>means{''.join(rows)}</table>" if rows else ""
    statuses = ", ".join(
        f"{escape(str(status))} {escape(one['description'])}" for status, one in operation["responses"].items()
    )
    text = operation.get("description") or operation.get("summary") or ""
    return [
        f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>",
        f"<p>{escape(text)}</p>{table}<p>Answers: {statuses}</p>",
    ]
