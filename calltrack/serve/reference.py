"""The OpenAPI description as a page for people: plain, without a script, and nothing fetched from elsewhere."""

from __future__ import annotations

from html import escape
from typing import Any

from litestar import MediaType, Request
from litestar.openapi.plugins import OpenAPIRenderPlugin


class Reference(OpenAPIRenderPlugin):
    """Every endpoint with its parameters and answers."""

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
        for path, item in sorted(openapi_schema["paths"].items()):
            for method, told in item.items():
                if isinstance(told, dict):
                    parts += _endpoint(path, method, told)
        return "".join(parts).encode()


def _endpoint(path: str, method: str, told: dict[str, Any]) -> list[str]:
    rows = [
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}<td>{escape(one.get('description') or '')}"
        for one in told.get("parameters") or ()
    ]
    table = f"<table><tr><th>parameter<th>in<th>means{''.join(rows)}</table>" if rows else ""
    answers = ", ".join(
        f"{escape(str(status))} {escape(answer.get('description') or '')}"
        for status, answer in told["responses"].items()
    )
    return [
        f"<h2><code>{escape(method.upper())} {escape(path)}</code></h2>",
        f"<p>{escape(told.get('description') or told.get('summary') or '')}</p>{table}<p>Answers: {answers}</p>",
    ]
