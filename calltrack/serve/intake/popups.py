"""Pop-up requests: which page opens at the agent, and the caller's name and company; answered within 500 ms."""

from __future__ import annotations

import asyncio
import csv
import logging
import string
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import msgspec

from calltrack.serve.intake.door import Answer
from calltrack.serve.intake.settings import PopupTable
from calltrack.serve.security.secrets import ConfigError
from calltrack.voicenter.texts import text
from calltrack.words.numbers import normal

NAMES = ("number", "call_id", "extension", "did", "name", "status", "direction")
"""What a template and a hook get."""
_PATIENCE = 0.4  # s for the hook: the vendor waits 3 s, the agent should not
_WORKERS = 8

_log = logging.getLogger("calltrack.serve.intake")
_object = msgspec.json.Decoder(dict[str, Any])

Hook = Callable[[dict[str, str]], Mapping[str, object] | None]


class Known(NamedTuple):
    """Who has a number."""

    name: str
    company: str


class Popups:
    """Answers requests from a template, a lookup file and a hook; raises ConfigError for one that is not usable.

    see: gets each request, as evidence.
    """

    def __init__(self, table: PopupTable, see: Callable[[bytes, dict[str, Any]], None] | None = None) -> None:
        self._url = checked_template(table.url)
        self._lookup = read_lookup(Path(table.lookup)) if table.lookup else {}
        self._hook = find_hook(table.hook) if table.hook else None
        self._see = see
        self._workers = ThreadPoolExecutor(_WORKERS, "popup") if self._hook else None

    async def answer(self, body: bytes) -> Answer:
        """Answer one request; a hook that fails or is slow leaves the template and the lookup."""
        try:
            said = _object.decode(body)
        except (msgspec.DecodeError, UnicodeError):
            return Answer(400, refused("not a JSON object"))
        except RecursionError:
            return Answer(400, refused("nested too deeply"))
        if self._see is not None:
            self._see(body, said)
        values = values_of(said)
        known = self._lookup.get(values["number"], Known("", ""))
        found: dict[str, str] = {"url": self._filled(values), "name": known.name, "company": known.company}
        if self._hook is not None:
            found |= await self._asked({**values, **found})
        url = found["url"]
        total = int(bool(found["name"] or found["company"]))
        return Answer(
            200,
            {"STATUS": "OK", "URL": url, "CLIENTNAME": found["name"], "COMPANY": found["company"], "TOTAL": total},
        )

    def _filled(self, values: dict[str, str]) -> str:
        return self._url.format(**{name: quote(value, safe="") for name, value in values.items()})

    async def _asked(self, values: dict[str, str]) -> dict[str, str]:
        """What the hook says; nothing if it fails."""
        assert self._hook is not None
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(_PATIENCE):
                said = await loop.run_in_executor(self._workers, self._hook, values)
        except TimeoutError:
            _log.warning("the pop-up hook took longer than %.1f s", _PATIENCE)
            return {}
        except Exception as error:
            _log.warning("the pop-up hook failed: %s", type(error).__name__)
            return {}
        if not isinstance(said, Mapping):
            return {}
        return {name: text(said[name]) for name in ("url", "name", "company") if name in said}


def values_of(said: Mapping[str, Any]) -> dict[str, str]:
    """What a request says, by the names of NAMES; numbers as E.164."""
    current = said.get("currentCall")
    inner: Mapping[str, Any] = current if isinstance(current, dict) else {}

    def first(*names: str) -> str:
        return next((found for name in names for place in (said, inner) if (found := text(place.get(name)))), "")

    phone = first("phone", "callerphone", "callerPhone")
    return {
        "number": normal(phone) or phone,
        "call_id": first("ivrid", "ivruniqueid"),
        "extension": first("extenUser"),
        "did": first("did"),
        "name": first("callerName", "callername"),
        "status": first("status", "callstatus"),
        "direction": first("direction"),
    }


def refused(reason: str) -> dict[str, Any]:
    """The answer to what cannot be answered."""
    return {"STATUS": "ERROR", "URL": "", "CLIENTNAME": "", "COMPANY": "", "TOTAL": 0, "ERROR": reason}


def checked_template(url: str) -> str:
    """A template whose names are known; raises ConfigError."""
    try:
        names = {name for _, name, _, _ in string.Formatter().parse(url) if name is not None}
    except ValueError as error:
        raise ConfigError(f"[popup]: url: {error}") from None
    if unknown := names - set(NAMES):
        raise ConfigError(f"[popup]: url: no {', '.join(sorted(unknown))}, but {', '.join(NAMES)}")
    if url and not url.startswith(("https://", "http://")):
        raise ConfigError("[popup]: url begins with https:// or http://")
    return url


def read_lookup(path: Path) -> dict[str, Known]:
    """A CSV file with the columns number, name and company; a row without a number is left out. Raises ConfigError."""
    found: dict[str, Known] = {}
    without: list[int] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            heading = [name.strip().lower() for name in reader.fieldnames or ()]
            if "number" not in heading:
                raise ConfigError(f"[popup]: {path}: needs the column number, and name and company")
            reader.fieldnames = heading
            for row in reader:
                if number := normal(row["number"] or ""):
                    found[number] = Known((row.get("name") or "").strip(), (row.get("company") or "").strip())
                else:
                    without.append(reader.line_num)
    except (OSError, UnicodeError, csv.Error) as error:
        raise ConfigError(f"[popup]: {path} cannot be read: {error}") from None
    if without:
        more = f", nor has that of {len(without) - 1} more lines" if len(without) > 1 else ""
        _log.warning("[popup]: %s:%d: left out, its number has no digit%s", path, without[0], more)
    return found


def find_hook(name: str) -> Hook:
    """A function as `module:function`; raises ConfigError."""
    module, _, function = name.partition(":")
    try:
        found = getattr(import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        raise ConfigError(f"[popup]: hook {name}: {error}") from None
    if not callable(found):
        raise ConfigError(f"[popup]: hook {name} is not a function")
    return found  # type: ignore[no-any-return]
