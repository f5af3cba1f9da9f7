"""When the client of a request goes."""

from __future__ import annotations

from litestar.types import Receive


async def left(receive: Receive) -> None:
    """Return when the client is gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
