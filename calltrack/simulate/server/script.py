"""socket.io's own client script, as the vendor serves it to browsers; it comes from the user's npm package."""

from __future__ import annotations

from pathlib import Path

from aiohttp import web

_PLACES = ("dist/socket.io.min.js", "dist/socket.io.js", "socket.io.js")
"""Where npm's socket.io-client of one age or another has it."""


def script_in(path: Path) -> Path:
    """The script: the file itself, or that of an installed npm package. Raises ValueError if there is none."""
    if path.is_file():
        return path
    for place in _PLACES:
        if (found := path / place).is_file():
            return found
    raise ValueError(f"{path} is neither a script nor the folder of npm's socket.io-client")


class ScriptDesk:
    """Answers GET /monitorAPI/GetSocketClient with a script; without one, 404 and what to do."""

    def __init__(self, path: Path | None) -> None:
        self._script = script_in(path) if path else None

    def routes(self) -> list[web.RouteDef]:
        """Under the vendor's path (sdk)."""
        return [web.get("/monitorAPI/GetSocketClient", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if self._script is None:
            return web.Response(status=404, text="there is no script: start the simulator with --socket-client PATH")
        return web.FileResponse(self._script, headers={"Content-Type": "application/javascript"})
