"""A template of this package as a page: values are escaped, and one that is missing is an error."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def rendered(template: str, **values: Any) -> str:
    """The HTML of a template's file with these values."""
    environment = Environment(
        loader=PackageLoader("calltrack.report", "."), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template(template).render(**values)
